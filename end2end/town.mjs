// A whole town for a browser test: stand-ins, server and demo data, each a real process on a free
// port, in a folder of its own that is removed afterwards.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const folder = mkdtempSync(join(tmpdir(), "mendian-e2e-"));
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
        await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5_000))]);
        if (child.exitCode === null) child.kill("SIGKILL");
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian's Chromium. */
export const browser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
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

/** A page whose script faults and failed requests for our own files fail the test. */
export async function visitor(opened, { javaScriptEnabled, width = 390, height = 844 }) {
  const context = await opened.newContext({
    javaScriptEnabled,
    viewport: { width, height },
    locale: "zh-CN",
    geolocation: { latitude: 31.2304, longitude: 121.4737 },
    permissions: ["geolocation"],
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
