// A whole town for a browser test: stand-ins, server and demo data, each a real process on a free
// port, in a folder of its own that is removed afterwards.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const BIN = process.env.MENDIAN_BIN ?? "target/debug";
const READY_MS = 60_000;

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function until(what, ready) {
  const end = Date.now() + READY_MS;
  while (Date.now() < end) {
    if (await ready().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} was not ready within ${READY_MS} ms`);
}

/** An id as clients make them: UUID version 7. */
export function newId() {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Starts the town, with more settings where some are given; `end()` stops it. */
export async function town(more = {}) {
  const folder = mkdtempSync(join(process.env.MENDIAN_SCRATCH ?? tmpdir(), "mendian-e2e-"));
  chmodSync(folder, 0o755);
  const running = [];
  const start = (name, program, args, env = {}) => {
    const log = openSync(join(folder, `${name}.log`), "a");
    const child = spawn(join(BIN, program), args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    running.unshift(child);
    return child;
  };
  const [sms, pay, web, riders, parcels] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
  const base = `http://127.0.0.1:${web}`;
  const gateway = join(folder, "gateway");
  start("sms", "sandbox", ["sms", "--listen", `127.0.0.1:${sms}`]);
  start("pay", "sandbox", ["wechat-pay", "--listen", `127.0.0.1:${pay}`, "--data", gateway]);
  const couriers = join(folder, "couriers");
  const told = ["--callback-url", `${base}/callbacks/couriers`];
  start("couriers", "sandbox", ["couriers", "--listen", `127.0.0.1:${riders}`, "--data", couriers, ...told]);
  await until("the courier's account", async () => existsSync(join(couriers, "account.json")));
  const trackers = join(folder, "trackers");
  start("trackers", "sandbox", ["trackers", "--listen", `127.0.0.1:${parcels}`, "--data", trackers]);
  await until("the trackers' account", async () => existsSync(join(trackers, "account.json")));
  await until("the gateway's keys", async () => existsSync(join(gateway, "merchant.json")));
  await until("the gateway", async () => (await fetch(`http://127.0.0.1:${pay}/`)).ok);
  const settings = {
    MENDIAN_LISTEN: `127.0.0.1:${web}`,
    MENDIAN_PUBLIC_URL: base,
    MENDIAN_DATA: join(folder, "data"),
    MENDIAN_SMS_URL: `http://127.0.0.1:${sms}`,
    MENDIAN_WECHAT_PAY: join(gateway, "merchant.json"),
    MENDIAN_COURIERS: join(couriers, "account.json"),
    MENDIAN_TRACKERS: join(trackers, "account.json"),
    MENDIAN_LOG_INS: "1000",
    ...more,
  };
  delete process.env.DATABASE_URL;
  start("server", "mendian", ["serve"], settings);
  const town = { base, sms: `http://127.0.0.1:${sms}`, pay: `http://127.0.0.1:${pay}`, riders: `http://127.0.0.1:${riders}`, parcels: `http://127.0.0.1:${parcels}`, folder, end };
  try {
    await until("the server", async () => (await fetch(`${base}/health`)).ok);
    execFileSync(join(BIN, "mendian"), ["demo", "--size", "new"], { env: { ...process.env, ...settings } });
  } catch (fault) {
    process.stderr.write(readFileSync(join(folder, "server.log"), "utf8").slice(-4000));
    await end();
    throw fault;
  }
  return town;

  async function end() {
    for (const child of running) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        // Does not keep the file's own process waiting once all have ended.
        await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
        if (child.exitCode === null) child.kill("SIGKILL");
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The town and the browser of a file of journeys, gone after its last test; `api` sends a request that must succeed. */
export async function opening() {
  const home = await town();
  const opened = await browser().catch(async (fault) => {
    await home.end();
    throw fault;
  });
  after(async () => {
    await opened.close();
    await home.end();
  });
  return { home, opened, api: (method, path, body, token) => request(home, method, path, body, token) };
}

/** Debian's Chromium, with more options where some are given. */
export const browser = (more = []) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      // A camera that shows a pattern, and that nobody has to allow.
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", ...more,
    ],
  });

/** A request of a town's API that must succeed; answers what it does. */
export async function request(town, method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${town.base}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** The newest code that was sent to a number. */
export async function codeFor(town, phone) {
  const messages = await (await fetch(`${town.sms}/messages?phone=${phone}`)).json();
  return /验证码 (\d{6})/.exec(JSON.stringify(messages))[1];
}

/** A member who has just logged in by a code: the phone and the token. */
export async function newMember(town) {
  const phone = `135${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await request(town, "POST", "/auth/codes", { phone });
  const { token } = await request(town, "POST", "/auth/sessions", { phone, code: await codeFor(town, phone) });
  return { phone, token };
}

/** Puts so many of a product's first variant into a member's cart, with what must be chosen; answers the product. */
export async function putInCart(town, token, store, code, quantity) {
  const product = await request(town, "GET", `/stores/${store.id}/products/${code}`);
  const options = product.modifiers.filter((one) => one.at_least === 1).map((one) => one.options[0].code);
  const line = { store_id: store.id, sku_id: product.skus[0].id, options, quantity };
  await request(town, "PUT", "/cart/lines", line, token);
  return product;
}

/** Pays an order; answers it as its member sees it then. */
export async function pay(town, order, token) {
  const payment = newId();
  await request(town, "POST", `/orders/${order}/payments`, { id: payment, cashier: "h5" }, token);
  const body = JSON.stringify({ out_trade_no: payment.replaceAll("-", "") });
  const headers = { "content-type": "application/json" };
  assert.ok((await fetch(`${town.pay}/sandbox/pay`, { method: "POST", headers, body })).ok);
  for (let tries = 0; tries < 100; tries += 1) {
    const seen = await request(town, "GET", `/orders/${order}`, undefined, token);
    if (seen.state === "paid") return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail("the payment did not arrive");
}

/** The token of one of the demo's staff. */
export async function staffToken(town, account) {
  const known = { account, password: `demo-${account}-2026` };
  return (await request(town, "POST", "/auth/staff-sessions", known)).token;
}

/** One of the demo's staff, logged in at a browser. */
export async function staffMember(town, opened, account, size) {
  const someone = await visitor(opened, size);
  await someone.page.goto(`${town.base}/console/login`);
  await someone.page.fill("input[name=account]", account);
  await someone.page.fill("input[name=password]", `demo-${account}-2026`);
  await someone.page.click("main button[type=submit]");
  await someone.page.waitForURL(/\/(hq|console)$/);
  return someone;
}

export const PHONE = { width: 390, height: 844 };
export const PC = { width: 1440, height: 900 };

/** A picture of a page, for whoever wants to look. */
export async function picture(page, name) {
  if (!process.env.PICTURES) return;
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });
}

/** Pictures of a page as a desk and as a phone have it; its window is as it was afterwards. */
export async function pictures(page, name) {
  if (!process.env.PICTURES) return;
  const before = page.viewportSize();
  for (const [size, window] of [["", PC], ["-phone", PHONE]]) {
    await page.setViewportSize(window);
    await picture(page, name + size);
  }
  await page.setViewportSize(before);
}

/**
 * A page whose script faults and failed requests for our own files fail the test. Its visitor wants no motion: a page
 * that still fades in when its window changes size reports that as a fault, and a journey has nothing to learn from it.
 */
export async function visitor(opened, { javaScriptEnabled, width = 390, height = 844, colorScheme }) {
  const context = await opened.newContext({
    javaScriptEnabled,
    colorScheme,
    viewport: { width, height },
    locale: "zh-CN",
    geolocation: { latitude: 31.2304, longitude: 121.4737 },
    permissions: ["geolocation"],
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  // An open page looks again by itself when something happens; whoever goes on at that very moment goes again.
  const go = page.goto.bind(page);
  page.goto = async (address, options) => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await go(address, options);
      } catch (fault) {
        if (tries === 3 || !/interrupted by another navigation|net::ERR_ABORTED/.test(fault.message)) throw fault;
        await page.waitForTimeout(500);
      }
    }
  };
  const faults = [];
  page.on("pageerror", (fault) => faults.push(`script: ${fault.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400 && /\/(pkg|pictures)\//.test(response.url())) faults.push(`${response.status()} ${response.url()}`);
  });
  return { page, faults, close: () => context.close() };
}
