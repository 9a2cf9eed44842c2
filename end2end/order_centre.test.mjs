// Head office's order centre: an order is given to another store, written about and called off, and several are called
// off together; with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, newMember, opening, pay, PC, pictures, putInCart, staffMember, staffToken } from "./town.mjs";

const { home, opened, api } = await opening();

/** A member who has paid for so many orders of one tea each; answers their numbers, and what they saw of them. */
async function paidOrders(many) {
  return (await paid(many)).map((order) => order.number);
}

async function paid(many) {
  const { token } = await newMember(home);
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const orders = [];
  for (let place = 0; place < many; place += 1) {
    await putInCart(home, token, store, "qh-zhenzhu-naicha", 1);
    const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
    const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
    await api("POST", "/orders", order, token);
    orders.push(await pay(home, order.id, token));
  }
  return orders;
}

const office = (javaScriptEnabled) => staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });

/** Asks for the page again until something stands on it; without a script nothing else does. */
async function reloadUntil(page, selector) {
  for (let tries = 0; tries < 60; tries += 1) {
    if (await page.isVisible(selector)) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
    await page.reload();
  }
  assert.fail(`${selector} never came`);
}

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
      await pictures(page, "order");
      const chosen = await page.$eval("select[name=store] option:checked", (option) => option.textContent);
      await page.click("button:has-text('改派')");
      await page.waitForSelector("text=已改由这家门店服务");
      const store = chosen.split(" · ")[0].trim();
      assert.ok(await page.isVisible(`a:text-is('${store}')`), store);

      await page.fill("form[action$='call_off_order'] input[name=reason]", "门店停业");
      await page.click("button:has-text('取消并退款')");
      await page.waitForSelector("text=款项原路退回，库存已释放");
      await pictures(page, "order-called-off");

      await page.goto(`${home.base}/hq/orders?channel=api`);
      for (const number of [moved, ...others]) await page.check(`tr:has-text('${number}') input[type=checkbox]`);
      await page.click("summary:has-text('批量处理')");
      await page.selectOption("select[name=act]", "call_off");
      await pictures(page, "orders");
      await page.fill("form[action$='draft_order_batch'] input[name=reason]", "门店停业");
      await page.click("button:has-text('预览')");
      await page.waitForURL(/\/hq\/order-batches\//);
      assert.ok(await page.isVisible("text=还没有改动任何订单"));
      assert.ok(await page.isVisible(`tr:has-text('${moved}'):has-text('订单已经取消，不用处理')`));
      await pictures(page, "batch-preview");
      await page.click("button:has-text('确认取消并退款 2 笔')");
      await reloadUntil(page, "text=已结束");
      assert.ok(await page.isVisible(`tr:has-text('${moved}'):has-text('未处理')`));
      await pictures(page, "batch-ended");
      for (const number of others) assert.ok(await page.isVisible(`tr:has-text('${number}'):has-text('已取消')`));
      await page.goto(`${home.base}/hq/order-batches`);
      assert.ok(await page.isVisible("tr:has-text('取消并退款'):has-text('门店停业')"));
      assert.deepEqual(faults, []);
      await close();
    });

    test("a completed order is paid back in part, and its page shows the case", async () => {
      const [order] = await paid(1);
      const manager = await staffToken(home, "manager");
      await api("POST", `/console/orders/${order.id}/accept`, {}, manager);
      await api("POST", "/console/redemptions", { code: order.pickup_code }, manager);
      const { page, faults, close } = await office(javaScriptEnabled);
      await page.goto(`${home.base}/hq/orders/${order.id}`);
      await page.fill("form[action$='refund_order'] input[name=reason]", "饮品洒漏");
      await pictures(page, "order-completed");
      await page.click("button:text-is('退款')");
      await page.waitForSelector("text=已退款，款项原路退回");
      assert.ok(await page.isVisible("table:has-text('仅退款') >> text=已退款"));
      assert.ok(!(await page.isVisible("form[action$='refund_order']")), "nothing is left");
      await pictures(page, "order-refunded");
      assert.deepEqual(faults, []);
      await close();
    });

    test("a refund that the gateway could not pay out is settled by other means", async () => {
      const [order] = await paid(1);
      const trick = JSON.stringify({ next_refund: "ABNORMAL" });
      const headers = { "content-type": "application/json" };
      assert.ok((await fetch(`${home.pay}/control`, { method: "POST", headers, body: trick })).ok);
      const token = await staffToken(home, "hq");
      await api("POST", `/hq/orders/${order.id}/call-off`, { reason: "门店停业" }, token);
      const { page, faults, close } = await office(javaScriptEnabled);
      await page.goto(`${home.base}/hq/refunds`);
      await reloadUntil(page, `a:text-is('${order.number}')`);
      assert.ok(await page.isVisible("nav >> text=异常退款"));
      await page.goto(`${home.base}/hq/orders/${order.id}`);
      assert.ok(await page.isVisible("text=退款异常或延迟"));
      await page.goto(`${home.base}/console/orders/${order.id}`);
      assert.ok(await page.isVisible("text=退款延迟，总部正在处理"));
      await page.goto(`${home.base}/hq/refunds`);
      const card = page.locator(".panel, .card, section", { has: page.locator(`a:text-is('${order.number}')`) }).last();
      await card.locator("button:text-is('立即重试')").click();
      await page.waitForSelector("text=已用同一退款单号重新提交给网关");
      await reloadUntil(page, `a:text-is('${order.number}')`);
      const again = page.locator(".panel, .card, section", { has: page.locator(`a:text-is('${order.number}')`) }).last();
      await again.locator("summary").click();
      await pictures(page, "refunds");
      await again.locator("textarea").fill("原卡已注销，财务转账");
      await again.locator("input[name^=proof]").fill("20261126000123");
      await again.locator("button:has-text('登记并结束')").click();
      await page.waitForSelector("text=已登记为其他方式退款");
      assert.ok(!(await page.isVisible(`a:text-is('${order.number}')`)));
      await page.goto(`${home.base}/hq/refunds?settled=on`);
      assert.ok(await page.isVisible("text=20261126000123"));
      await pictures(page, "refunds-settled");
      for (const path of [`/hq/orders/${order.id}`, `/console/orders/${order.id}`]) {
        await page.goto(`${home.base}${path}`);
        assert.ok(await page.isVisible("text=已用其他方式退回（凭证号 20261126000123）"), path);
      }
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
