// Every page of the three faces through axe: at the size of a phone and of a PC, for staff light and
// dark. What axe cannot see (order of focus, sense of a label) the journeys and people look at.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { codeFor, newId, opening, PHONE, visitor } from "./town.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PC = { width: 1280, height: 800 };
const TABLET = { width: 820, height: 1180 };

const { home, opened } = await opening();

/** A person with a browser of this size and colour scheme. */
const person = (viewport, colorScheme) => visitor(opened, { javaScriptEnabled: true, ...viewport, colorScheme });

/** What axe finds on the page that is open, a line for each finding. */
async function findings(page) {
  const look = async () => {
    await page.evaluate(AXE);
    return page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), RULES);
  };
  // An order's page that hears of a change loads itself anew, and is looked at again.
  const found = await look().catch((fault) => (/context was destroyed/.test(fault.message) ? look() : Promise.reject(fault)));
  return found.violations.map(({ id, nodes }) => `${page.url()}: ${id}: ${nodes[0].html.slice(0, 120)}`);
}

async function look(page, paths) {
  const found = [];
  for (const path of paths) {
    await page.goto(home.base + path);
    found.push(...(await findings(page)));
  }
  return found;
}

/** Logs a shopper in, and leaves a line in the cart and an order; answers the pages that this opens. */
async function shop(page, phone) {
  await page.goto(`${home.base}/login`);
  await page.fill("input[name=phone]", phone);
  await page.click("button:has-text('获取验证码')");
  await page.waitForSelector("input[name=code]");
  await page.fill("input[name=code]", await codeFor(home, phone));
  await page.click("button:has-text('登录')");
  await page.waitForURL((url) => url.pathname !== "/login");
  await page.goto(`${home.base}/s/QH-SH-001/p/qh-zhenzhu-naicha`);
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
  const cart = await findings(page);
  await page.click("a:has-text('去结算')");
  await page.waitForURL("**/checkout/**");
  const checkout = await findings(page);
  await page.click("button:has-text('提交订单')");
  await page.waitForURL("**/orders/**");
  return [...cart, ...checkout, ...(await findings(page)), ...(await together(page))];
}

/** Lines of two stores in the cart, their checkout, and an order of it. */
async function together(page) {
  for (const store of ["QH-SH-001", "QH-SH-002"]) {
    await page.goto(`${home.base}/s/${store}/p/qh-zhenzhu-naicha`);
    await page.click("button:has-text('加入购物车')");
    await page.waitForURL("**/cart");
  }
  const found = await look(page, ["/cart", "/checkout"]);
  await page.click("button:has-text('提交订单，一起付款')");
  await page.waitForURL("**/orders/**");
  return [...found, ...(await findings(page))];
}

/** The photos of a store: with none, after some were sent and one was no picture, and after one was removed. */
async function photos(page) {
  const empty = await look(page, ["/console/photos"]);
  await page.setInputFiles("#file", ["public/pictures/americano-640.webp", "public/pictures/baby-cream-640.webp", "package.json"]);
  await page.click("button:has-text('上传')");
  await page.waitForSelector("text=其余没有添加");
  const some = await findings(page);
  await page.click("button[aria-label='移除']");
  await page.waitForSelector("text=最近移除");
  return [...empty, ...some, ...(await findings(page))];
}

/** What is bought, supplied, kept by batches and sent: the lists, and a supplier, an order and a warehouse that are new. */
async function supply(page) {
  const lists = ["/hq/suppliers", "/hq/purchases", "/hq/replenishment", "/hq/invoices", "/hq/costs", "/hq/margins"];
  lists.push("/hq/stock", "/hq/movements", "/hq/batches", "/hq/stock-models", "/hq/warehouses", "/hq/transfers");
  lists.push("/hq/transfers/new", "/hq/allocations/new", "/hq/supply-prices", "/hq/imports", "/hq/imports/new?kind=suppliers");
  lists.push(...["/hq/suppliers", "/hq/purchases", "/hq/warehouses", "/hq/freight"].map((list) => `${list}/${newId()}`));
  lists.push("/console/purchases", "/console/transfers", "/console/shortages", "/console/stock", "/console/movements", "/console/batches");
  lists.push("/console/delivery", "/console/opening");
  lists.push("/console/till", "/console/till?scan=qh-zhenzhu-naicha-l", "/console/till?scan=zzz", "/console/till/sales");
  return look(page, lists);
}

async function staffLogIn(page, account) {
  await page.goto(`${home.base}/console/login`);
  await page.fill("input[name=account]", account);
  await page.fill("input[name=password]", `demo-${account}-2026`);
  await page.click("button[type=submit]");
  await page.waitForURL((url) => !url.pathname.endsWith("/login"));
}

describe("axe finds nothing", { timeout: 600_000 }, () => {
  for (const [size, viewport] of [["a phone", PHONE], ["a PC", PC]]) {
    test(`in the shop on ${size}`, async () => {
      const { page, close } = await person(viewport, "light");
      await page.context().addCookies([
        { name: "place", value: encodeURIComponent("31.2304,121.4737|上海 · 人民广场"), url: home.base },
      ]);
      const open = ["/", "/stores", "/stores?q=zzz", "/s/QH-SH-001", "/s/QH-SH-001?q=zzz"];
      open.push("/s/QH-SH-001/p/qh-zhenzhu-naicha", "/login", "/login?way=password", "/cart", "/nothing-here");
      const found = await look(page, open);
      found.push(...(await shop(page, viewport === PHONE ? "13700000001" : "13700000002")));
      found.push(...(await look(page, ["/orders", "/me", "/me/account", "/me/phone", "/me/wechat", "/me/data"])));
      assert.deepEqual(found, []);
      await close();
    });
  }
  for (const scheme of ["light", "dark"]) {
    test(`in the console and at head office, ${scheme}`, async () => {
      const { page, close } = await person(TABLET, scheme);
      const found = await look(page, ["/console/login"]);
      await staffLogIn(page, "manager");
      found.push(...(await look(page, ["/console/account", "/console", "/console/orders"])));
      await page.click("table a[href*='/console/orders/']");
      await page.waitForURL("**/console/orders/**");
      found.push(...(await findings(page)));
      const order = new URL(page.url()).pathname;
      found.push(...(await look(page, [`${order}/receipt`, `${order}/picking`, `${order}/pick`])));
      // Each colour scheme with goods of its own, since one proposal of a kind may be open.
      await page.goto(`${home.base}/console/proposals/new`);
      found.push(...(await findings(page)));
      await page.click(`table tr:nth-child(${scheme === "light" ? 1 : 2}) a:has-text('选择')`);
      found.push(...(await findings(page)));
      await page.fill("input[name=price]", "7.77");
      await page.fill("textarea[name=reason]", "试卖价");
      await page.click("button:has-text('提交审批')");
      await page.waitForSelector("text=已提交");
      found.push(...(await findings(page)), ...(await look(page, ["/console/proposals"])));
      const proposal = new URL(page.url()).pathname;
      await page.click("table a[href*='/console/proposals/']");
      await page.waitForURL(`**${proposal}/**`);
      const decided = new URL(page.url()).pathname.replace("/console", "/hq");
      found.push(...(await photos(page)));
      await page.context().clearCookies();
      await staffLogIn(page, "hq");
      found.push(...(await look(page, ["/hq/proposals", "/hq/approval-limits", decided])));
      await page.goto(`${home.base}/console/counts/new`);
      found.push(...(await findings(page)));
      await page.check("input[name=kind][value=cycle]");
      await page.click("main button:has-text('开始盘点')");
      await page.waitForURL(/counts\/[0-9a-f]{8}-/);
      found.push(...(await findings(page)));
      found.push(...(await look(page, ["/console/counts", "/console/losses", "/console/losses/new", "/console/losses/many", "/console/alerts", "/console/alerts/many", "/hq/counts", "/hq/losses", "/hq/alerts", "/hq/alerts/many", "/hq/shortages", "/hq/cancel-rules", "/console/cancel-rules", "/hq/unclaimed", "/hq/freight"])));
      found.push(...(await look(page, ["/hq", "/hq/orders", "/hq/order-batches", "/hq/refunds", "/hq/stores", "/hq/products", "/hq/keys", "/hq/keys/new", "/hq/webhooks", "/hq/webhooks/new", "/hq/staff", "/hq/staff/new", "/hq/roles", "/hq/groups", "/hq/merchants", "/hq/departments", "/hq/audit"])));
      found.push(...(await supply(page)));
      for (const list of ["/hq/merchants", "/hq/departments"]) {
        await page.goto(home.base + list);
        await page.click(`table a[href*='${list}/']`);
        await page.waitForURL(`**${list}/**`);
        found.push(...(await findings(page)));
      }
      await page.goto(`${home.base}/hq/staff`);
      await page.click("table a[href*='/hq/staff/']");
      await page.waitForURL("**/hq/staff/**");
      found.push(...(await findings(page)));
      await page.goto(`${home.base}/hq/orders`);
      await page.click("table a[href*='/hq/orders/']");
      await page.waitForURL("**/hq/orders/**");
      found.push(...(await findings(page)));
      assert.deepEqual(found, []);
      await close();
    });
  }
});
