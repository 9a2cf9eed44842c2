// What a store prints of an order: a list to pick by, and a receipt on a roll of 80 mm; and picking it at the shelf; on a
// PC and on a phone, with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, newMember, opening, pay, picture, putInCart, staffMember, staffToken } from "./town.mjs";

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

      test(`lines are ticked off at the shelf by scanner and tap, and the order is packed, on a ${size}`, async () => {
        const order = await paidOrder();
        const token = await staffToken(home, "clerk");
        const { page, faults, close } = await staffMember(home, opened, "clerk", { javaScriptEnabled, ...view });
        await page.goto(`${home.base}/console/orders/${order.id}`);
        await page.click("button:text-is('接单')");
        await page.waitForSelector("text=请开始备货");
        await page.click("a:text-is('拣货')");
        await page.waitForSelector("text=已拣 0/3 件");
        if (javaScriptEnabled) await page.waitForSelector("html[data-islands=ready]");
        const list = await api("GET", `/console/orders/${order.id}/picking`, undefined, token);
        const twice = list.find((line) => line.quantity === 2);
        const once = list.find((line) => line.quantity === 1);

        // What is not on the list changes nothing, and is said beside the field.
        await page.fill("#field-code", "6900000000000");
        await page.press("#field-code", "Enter");
        await page.waitForSelector("#scan >> text=没有找到");
        assert.ok(await page.isVisible("text=已拣 0/3 件"));
        await page.fill("#field-code", twice.code);
        await page.press("#field-code", "Enter");
        await page.waitForSelector("text=已拣 1/3 件");

        // The whole line with one tap, back with another, and piece by piece.
        await page.click(`#line-${twice.line} button:text-is('拣好')`);
        await page.waitForSelector("text=已拣 2/3 件");
        await page.click(`#line-${twice.line} button:text-is('撤销')`);
        await page.waitForSelector("text=已拣 0/3 件");
        await page.click(`#line-${twice.line} button[aria-label$='加一']`);
        await page.waitForSelector("text=已拣 1/3 件");
        await page.click(`#line-${twice.line} button:text-is('拣好')`);
        await page.waitForSelector("text=已拣 2/3 件");
        assert.equal(await page.$("input[name=packages]"), null, "a piece is still missing");
        await picture(page, `pick-${size}`);

        // Another device picks the rest; saying it twice is saying it once.
        for (let times = 0; times < 2; times += 1) {
          const said = { line: once.line, picked: 1 };
          assert.equal((await api("PUT", `/console/orders/${order.id}/picking`, said, token)).picked, 1);
        }
        await page.goto(`${home.base}/console/orders/${order.id}/pick`);
        await page.waitForSelector("text=已拣 3/3 件");
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "nothing is cut off");

        await page.fill("input[name=packages]", "0");
        await page.click("button:text-is('备货完成')");
        await page.waitForSelector("text=包数须是 1 到 99 的整数");
        assert.equal(await page.inputValue("input[name=packages]"), "0", "what was typed is still there");
        await picture(page, `pick-packages-${size}`);
        await page.fill("input[name=packages]", "2");
        await page.click("button:text-is('备货完成')");
        await page.waitForSelector("text=备货完成，共 2 包");
        assert.equal(await page.$("#field-code"), null, "what is ready is picked no more");

        await page.goto(`${home.base}/console/orders/${order.id}`);
        const seen = await page.textContent("main");
        assert.match(seen, /店员[^]*2\/2/, "who picked, and how many");
        assert.match(seen, /备货完成，待自提，共 2 包/);
        for (const paper of ["receipt", "picking"]) {
          await page.goto(`${home.base}/console/orders/${order.id}/${paper}`);
          assert.match(await page.textContent("main"), /共 2 包/, paper);
        }
        assert.deepEqual(faults, []);
        await close();
      });
    }
  });
}
