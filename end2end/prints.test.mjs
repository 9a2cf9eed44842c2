// What a store prints of an order: a list to pick by, and a receipt on a roll of 80 mm; on a PC and on a phone, with and
// without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, newMember, opening, pay, picture, putInCart, staffMember } from "./town.mjs";

const SIZES = { pc: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const { home, opened, api } = await opening();

/** A paid order of two kinds of tea, one of them twice. */
async function paidOrder() {
  const { token } = await newMember(home);
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 2);
  await putInCart(home, token, store, "qh-mingqian-longjing", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = {
    id: newId(),
    store_id: store.id,
    slot: quote.slots[0].start,
    expected_total_fen: quote.total_fen,
    note: "少冰，谢谢",
  };
  const { number } = await api("POST", "/orders", order, token);
  const { pickup_code: code } = await pay(home, order.id, token);
  return { ...order, number, code, total: `¥${(quote.total_fen / 100).toFixed(2)}` };
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    for (const [size, view] of Object.entries(SIZES)) {
      test(`an order is picked by a list without prices and handed over with a receipt, on a ${size}`, async () => {
        const order = await paidOrder();
        const { page, faults, close } = await staffMember(home, opened, "manager", { javaScriptEnabled, ...view });
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
