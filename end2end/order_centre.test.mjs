// Head office's order centre: an order is given to another store, written about and called off, and several are called
// off together; with and without JavaScript.
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

/** A member who has paid for so many orders of one tea each; answers their numbers. */
async function paidOrders(many) {
  const phone = `136${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await api("POST", "/auth/codes", { phone });
  const { token } = await api("POST", "/auth/sessions", { phone, code: await codeFor(home, phone) });
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const product = await api("GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
  const options = product.modifiers.filter((one) => one.at_least === 1).map((one) => one.options[0].code);
  const numbers = [];
  for (let place = 0; place < many; place += 1) {
    const line = { store_id: store.id, sku_id: product.skus[0].id, options, quantity: 1 };
    await api("PUT", "/cart/lines", line, token);
    const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
    const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
    const placed = await api("POST", "/orders", order, token);
    const payment = newId();
    await api("POST", `/orders/${order.id}/payments`, { id: payment, cashier: "h5" }, token);
    const body = JSON.stringify({ out_trade_no: payment.replaceAll("-", "") });
    const headers = { "content-type": "application/json" };
    assert.ok((await fetch(`${home.pay}/sandbox/pay`, { method: "POST", headers, body })).ok);
    for (let tries = 0; tries < 50; tries += 1) {
      if ((await api("GET", `/orders/${order.id}`, undefined, token)).state === "paid") break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    numbers.push(placed.number);
  }
  return numbers;
}

async function office(javaScriptEnabled) {
  const someone = await visitor(opened, { javaScriptEnabled, ...PC });
  await someone.page.goto(`${home.base}/console/login`);
  await someone.page.fill("input[name=account]", "hq");
  await someone.page.fill("input[name=password]", "demo-hq-2026");
  await someone.page.click("main button[type=submit]");
  await someone.page.waitForURL(/\/(hq|console)$/);
  return someone;
}

/** A picture for whoever wants to look. */
const picture = async (page, name) =>
  process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("an order goes to another store and is called off there; others together", async () => {
      const [moved, ...others] = await paidOrders(3);
      const { page, faults, close } = await office(javaScriptEnabled);
      await page.goto(`${home.base}/hq/orders?q=${moved}`);
      await page.click(`a:has-text('${moved}')`);

      await page.fill("textarea[name=text]", "顾客同意换一家店取货");
      await page.click("button:has-text('保存备注')");
      await page.waitForSelector("text=备注已保存");
      assert.ok(await page.isVisible("li:has-text('顾客同意换一家店取货')"));

      await page.fill("form[action$='reroute_order'] input[name=reason]", "原门店缺货");
      await picture(page, "order");
      const chosen = await page.$eval("select[name=store] option:checked", (option) => option.textContent);
      await page.click("button:has-text('改派')");
      await page.waitForSelector("text=已改由这家门店服务");
      const store = chosen.split(" · ")[0].trim();
      assert.ok(await page.isVisible(`a:text-is('${store}')`), store);

      await page.fill("form[action$='call_off_order'] input[name=reason]", "门店停业");
      await page.click("button:has-text('取消并退款')");
      await page.waitForSelector("text=款项原路退回，库存已释放");
      await picture(page, "order-called-off");

      await page.goto(`${home.base}/hq/orders?channel=api`);
      for (const number of others) await page.check(`tr:has-text('${number}') input[type=checkbox]`);
      await page.click("summary:has-text('批量取消')");
      await picture(page, "orders");
      await page.fill("form[action$='call_off_orders'] input[name=reason]", "门店停业");
      await page.click("button:has-text('取消所选订单')");
      await page.waitForSelector("text=已取消 2 笔订单");
      for (const number of others) assert.ok(await page.isVisible(`tr:has-text('${number}'):has-text('已取消')`));
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
