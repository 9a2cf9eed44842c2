// What a store prints of an order: a list to pick by, and a receipt on a roll of 80 mm; on a PC and on a phone, with and
// without JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, codeFor, newId, town, visitor } from "./town.mjs";

const SIZES = { pc: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
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

/** A paid order of two kinds of tea, one of them twice. */
async function paidOrder() {
  const phone = `135${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await api("POST", "/auth/codes", { phone });
  const { token } = await api("POST", "/auth/sessions", { phone, code: await codeFor(home, phone) });
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const put = async (code, quantity) => {
    const product = await api("GET", `/stores/${store.id}/products/${code}`);
    const options = product.modifiers.filter((one) => one.at_least === 1).map((one) => one.options[0].code);
    await api("PUT", "/cart/lines", { store_id: store.id, sku_id: product.skus[0].id, options, quantity }, token);
  };
  await put("qh-zhenzhu-naicha", 2);
  await put("qh-mingqian-longjing", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = {
    id: newId(),
    store_id: store.id,
    slot: quote.slots[0].start,
    expected_total_fen: quote.total_fen,
    note: "少冰，谢谢",
  };
  const { number } = await api("POST", "/orders", order, token);
  const payment = newId();
  await api("POST", `/orders/${order.id}/payments`, { id: payment, cashier: "h5" }, token);
  const body = JSON.stringify({ out_trade_no: payment.replaceAll("-", "") });
  const headers = { "content-type": "application/json" };
  assert.ok((await fetch(`${home.pay}/sandbox/pay`, { method: "POST", headers, body })).ok);
  let seen;
  for (let tries = 0; tries < 50; tries += 1) {
    seen = await api("GET", `/orders/${order.id}`, undefined, token);
    if (seen.state === "paid") break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { ...order, number, code: seen.pickup_code, total: `¥${(quote.total_fen / 100).toFixed(2)}` };
}

/** A picture for whoever wants to look. */
const picture = async (page, name) =>
  process.env.PICTURES && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    for (const [size, view] of Object.entries(SIZES)) {
      test(`an order is picked by a list without prices and handed over with a receipt, on a ${size}`, async () => {
        const order = await paidOrder();
        const { page, faults, close } = await visitor(opened, { javaScriptEnabled, ...view });
        await page.goto(`${home.base}/console/login`);
        await page.fill("input[name=account]", "manager");
        await page.fill("input[name=password]", "demo-manager-2026");
        await page.click("main button[type=submit]");
        await page.waitForURL(/\/console$/);
        await page.goto(`${home.base}/console/orders/${order.id}`);
        await picture(page, `order-${size}`);
        await page.click("a:has-text('拣货单')");
        await page.waitForSelector("h1");
        const list = await page.textContent("main");
        assert.match(list, /少冰，谢谢/);
        assert.match(list, /共 3 件/);
        assert.doesNotMatch(list, /¥/, "no prices");
        assert.ok(!list.includes(order.code), "the code is the shopper's");
        await picture(page, `picking-${size}`);
        await page.emulateMedia({ media: "print" });
        await picture(page, `picking-${size}-paper`);
        assert.ok(!(await page.isVisible("text=打印")), "what is said on the screen is not printed");
        await page.emulateMedia({ media: "screen" });
        await page.click("a:has-text('回到订单')");
        await page.click("a:has-text('小票')");
        await page.waitForSelector("text=实付");
        const slip = await page.textContent("main");
        assert.ok(slip.includes(order.number) && slip.includes(order.total), slip);
        assert.ok(!slip.includes(order.code), "the code is the shopper's");
        const width = await page.$eval("main", (main) => main.scrollWidth);
        assert.ok(width <= 303, `80 mm are 302 px, not ${width}`);
        await picture(page, `receipt-${size}`);
        await page.emulateMedia({ media: "print" });
        await picture(page, `receipt-${size}-paper`);
        assert.deepEqual(faults, []);
        await close();
      });
    }
  });
}
