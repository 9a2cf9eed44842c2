// Head office's list of what is promised and not there, and an order that another store serves from a case's page; with
// and without JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, codeFor, newId, town, visitor } from "./town.mjs";

const PC = { width: 1440, height: 900 };
let home;
let opened;
before(async () => {
  [home, opened] = [await town(), await browser()];
}, { timeout: 120_000 });
after(async () => {
  await opened?.close();
  await home?.end();
});

/** A request of the API that must succeed. */
async function api(method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${home.base}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A paid order of two pieces of goods of which nothing is left afterwards; answers its number. */
async function shortOrder(code) {
  const phone = `134${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await api("POST", "/auth/codes", { phone });
  const { token } = await api("POST", "/auth/sessions", { phone, code: await codeFor(home, phone) });
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const product = await api("GET", `/stores/${store.id}/products/${code}`);
  const options = product.modifiers.filter((one) => one.at_least === 1).map((one) => one.options[0].code);
  const sku = product.skus[0];
  await api("PUT", "/cart/lines", { store_id: store.id, sku_id: sku.id, options, quantity: 2 }, token);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
  const { number } = await api("POST", "/orders", order, token);
  const payment = newId();
  await api("POST", `/orders/${order.id}/payments`, { id: payment, cashier: "h5" }, token);
  const body = JSON.stringify({ out_trade_no: payment.replaceAll("-", "") });
  const headers = { "content-type": "application/json" };
  assert.ok((await fetch(`${home.pay}/sandbox/pay`, { method: "POST", headers, body })).ok);
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await api("GET", `/orders/${order.id}`, undefined, token)).state === "paid") break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const log = async (account, password) => (await api("POST", "/auth/staff-sessions", { account, password })).token;
  const [manager, office] = [await log("manager", "demo-manager-2026"), await log("hq", "demo-hq-2026")];
  const id = newId();
  const what = { kind: "adjustment", sku_id: sku.id, difference: -sku.available };
  await api("POST", "/proposals", { id, store_id: store.id, what, reason: "盘点" }, manager);
  await api("POST", `/proposals/${id}/decision`, { approve: true }, office);
  return { number, name: product.name };
}

/** A picture for whoever wants to look. */
const picture = async (page, name) =>
  process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

for (const [javaScriptEnabled, code] of [[true, "qh-zhenzhu-naicha"], [false, "qh-mingqian-longjing"]]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("a case of too little is in the list with what to do, and ends with another store serving its order", async () => {
      const { number, name } = await shortOrder(code);
      const { page, faults, close } = await visitor(opened, { javaScriptEnabled, ...PC });
      await page.goto(`${home.base}/console/login`);
      await page.fill("input[name=account]", "hq");
      await page.fill("input[name=password]", "demo-hq-2026");
      await page.click("main button[type=submit]");
      await page.waitForURL(/\/(hq|console)$/);
      await page.goto(`${home.base}/hq`);
      await page.click("a:has-text('缺货')");
      await page.waitForSelector(`tr:has-text('${name}'):has-text('系统规则')`);
      await picture(page, "shortages");
      await page.click(`tr:has-text('${name}') a:has-text('处理')`);
      await page.fill("input[name=hours]", "6");
      await page.fill("textarea[name=note]", " ");
      await page.click("form[action$='let_case_wait'] button");
      await page.waitForSelector("form[action$='let_case_wait'] :text('请')");
      await page.fill("textarea[name=note]", "仓库今晚补货");
      await page.click("form[action$='let_case_wait'] button");
      await page.waitForSelector("text=已记下");
      await page.click(`li:has-text('${number}') a:has-text('改由其他门店')`);
      await page.waitForSelector(`text=订单 ${number} 改由其他门店服务`);
      await picture(page, "shortage");
      await page.click("form[action$='reroute_short_order'] button");
      await page.waitForSelector("text=已改由这家门店服务");
      await page.waitForSelector("text=货已补足");
      await picture(page, "shortage-over");
      assert.equal(await page.locator(`li:has-text('${number}')`).count(), 0);
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
