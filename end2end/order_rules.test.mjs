// What head office and a store say becomes of orders by themselves: those that cannot be served and those that nobody
// fetches; until when shoppers call theirs off, and asking for it afterwards; from which amounts on somebody else must agree;
// and a mini-program's orders in head office's list.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, newId, opening, pay, PC, PHONE, picture, putInCart, staffMember, staffToken, visitor } from "./town.mjs";

const { home, opened, api } = await opening();

/** A paid order of a member who came by a mini-program; answers it with the member's phone and token. */
async function miniOrder() {
  const phone = `135${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await api("POST", "/auth/codes", { phone });
  const { token } = await api("POST", "/auth/sessions", { phone, code: await codeFor(home, phone), app: "mini_program" });
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
  const { number } = await api("POST", "/orders", order, token);
  await pay(home, order.id, token);
  return { id: order.id, number, token, phone };
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("head office and a store say what becomes of a shortage, and a refused rule changes nothing", async () => {
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      await page.goto(`${home.base}/hq/shortages`);
      const form = "form[action$='set_house_shortage_rule']";
      await page.selectOption(`${form} select[name=act]`, "reroute_then_refund");
      await page.fill(`${form} input[name=wait_hours]`, "337");
      await page.click(`${form} button`);
      await page.waitForSelector(`${form} :text('请填写 1 到 336 的整数')`);
      assert.equal(await page.inputValue(`${form} select[name=act]`), "reroute_then_refund", "what was typed is still there");
      await picture(page, "shortage-rule-refused");
      await page.fill(`${form} input[name=wait_hours]`, "12");
      await page.click(`${form} button`);
      await page.waitForSelector("text=给人 12 小时处理");

      const store = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PHONE });
      await store.page.goto(`${home.base}/console/shortages`);
      await store.page.click("summary:has-text('设置门店自己的规则')");
      await store.page.selectOption("form[action$='set_shortage_rule'] select[name=act]", "wait");
      await store.page.click("form[action$='set_shortage_rule'] button");
      await store.page.waitForSelector("text=已保存");
      await store.page.waitForSelector("li:has-text('12 小时后提醒总部处理')");
      await picture(store.page, "shortage-rule-console");
      await page.reload();
      await page.waitForSelector("li:has-text('12 小时后提醒总部处理')");
      await picture(page, "shortage-rules");
      await page.setViewportSize(PHONE);
      await picture(page, "shortage-rules-phone");
      await page.click("form[action$='end_store_shortage_rule'] button");
      await page.waitForSelector("text=所有门店都按总部的规则");
      assert.deepEqual([...faults, ...store.faults], []);
      await store.close();
      await close();
    });

    test("a shopper asks to call off what the store has taken on, and the store refuses once and then agrees", async () => {
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      await page.goto(`${home.base}/hq/cancel-rules`);
      const rule = "form[action$='set_house_cancel_rule']";
      await page.selectOption(`${rule} select[name=until]`, "minutes");
      await page.fill(`${rule} input[name=minutes]`, "0");
      await page.click(`${rule} button`);
      await page.waitForSelector(`${rule} :text('请填写 1 到 1440 的整数')`);
      await picture(page, "cancel-rule-refused");
      await page.selectOption(`${rule} select[name=until]`, "accepted");
      await page.click(`${rule} button`);
      await page.waitForSelector("text=已保存");
      await picture(page, "cancel-rules");
      await page.setViewportSize(PHONE);
      await picture(page, "cancel-rules-phone");

      const order = await miniOrder();
      const clerk = await staffToken(home, "clerk");
      await api("POST", `/console/orders/${order.id}/accept`, {}, clerk);
      const shopper = await visitor(opened, { javaScriptEnabled, ...PHONE });
      await shopper.page.context().addCookies([{ name: "mendian", value: order.token, url: home.base }]);
      const store = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PC });
      const asks = async () => {
        await shopper.page.goto(`${home.base}/orders/${order.id}`);
        await shopper.page.click("summary:has-text('申请取消')");
        await shopper.page.selectOption("form[action$='ask_cancel'] select[name=reason]", "too_slow");
        await shopper.page.click("form[action$='ask_cancel'] button");
        await shopper.page.waitForSelector("text=请等门店答复");
        await store.page.goto(`${home.base}/console`);
        await store.page.waitForSelector("a:has-text('顾客申请取消，请答复')");
        await store.page.click(`a[href='/console/orders/${order.id}']:has-text('顾客申请取消')`);
      };
      await asks();
      await picture(shopper.page, "cancel-asked");
      const refuse = "form:has(input[value=refuse])";
      // A browser lets nothing empty through, and takes a space for something.
      await store.page.fill(`${refuse} input[name=note]`, " ");
      await store.page.click(`${refuse} button`);
      await store.page.waitForSelector(`${refuse} :text('请写明不同意的原因')`);
      await picture(store.page, "cancel-answer");
      await store.page.fill(`${refuse} input[name=note]`, "已经做好了");
      await store.page.click(`${refuse} button`);
      await store.page.waitForSelector("text=已答复顾客，订单继续");
      await shopper.page.goto(`${home.base}/orders/${order.id}`);
      await shopper.page.waitForSelector("text=门店未同意：已经做好了");
      await asks();
      await store.page.click("form:has(input[value=agree]) button");
      await store.page.waitForSelector("text=已同意取消");
      await shopper.page.goto(`${home.base}/orders/${order.id}`);
      await shopper.page.waitForSelector("h2:has-text('已取消')");
      await picture(shopper.page, "cancel-agreed");
      assert.deepEqual([...faults, ...shopper.faults, ...store.faults], []);
      await shopper.close();
      await store.close();
      await close();
    });

    test("head office says from which amounts on somebody else must agree, and whoever waits reads why", async () => {
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      const [store] = await api("GET", "/stores?q=QH-SH-001");
      const [depot, code] = [newId(), javaScriptEnabled ? "XE-A" : "XE-B"];
      const warehouse = { code, name: `限额仓 ${code}`, region: "310000", address: "一号" };
      await api("PUT", `/hq/warehouses/${depot}`, warehouse, await staffToken(home, "hq"));
      await page.goto(`${home.base}/hq/proposals`);
      await page.click("a:has-text('审批限额')");
      const form = "form[action$='/set_approval_limits']";
      await page.fill(`${form} input[name=purchase]`, "六千");
      await page.click(`${form} button`);
      await page.waitForSelector(`${form} :text('请填写 0 到 10,000,000 元的金额')`);
      assert.equal(await page.inputValue(`${form} input[name=purchase]`), "六千", "what was typed is still there");
      await picture(page, "approval-limits-refused");
      await page.fill(`${form} input[name=purchase]`, "6000");
      await page.click(`${form} button`);
      await page.waitForSelector("dd:has-text('¥6000.00')");
      const own = "form[action$='/set_place_approval_limits']";
      for (const [place, kind, pieces, value] of [[store.id, "门店", "1", "10"], [depot, "仓库", "2", "5"]]) {
        await page.selectOption(`${own} select[name=place]`, place);
        await page.fill(`${own} input[name=pieces]`, pieces);
        await page.fill(`${own} input[name=value]`, value);
        await page.click(`${own} button`);
        await page.waitForSelector(`ul[aria-label='${kind}'] li:has-text('${pieces} 件、¥${value}.00')`);
      }
      await picture(page, "approval-limits");
      await page.setViewportSize(PHONE);
      await picture(page, "approval-limits-phone");
      await page.setViewportSize(PC);

      const manager = await staffToken(home, "manager");
      const { skus } = await api("GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
      const loss = { id: newId(), location_id: store.id, sku_id: skus[0].id, quantity: 2, kind: "broken", reason: "搬运时打翻" };
      await api("POST", "/console/losses", loss, manager);
      const boss = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PHONE });
      await boss.page.goto(`${home.base}/console/losses/${loss.id}`);
      await boss.page.waitForSelector("text=超过这里可自行决定的 1 件或 ¥10.00（单独设置的限额），已交给上级审批");
      await picture(boss.page, "loss-beyond-the-store");
      await api("POST", `/console/losses/${loss.id}/withdraw`, {}, manager);
      for (const kind of ["门店", "仓库"]) {
        await page.click(`ul[aria-label='${kind}'] form[action$='/end_place_approval_limits'] button`);
        await page.waitForSelector(`text=所有${kind}都按统一限额`);
      }
      await page.fill(`${form} input[name=purchase]`, "5000");
      await page.click(`${form} button`);
      await page.waitForSelector("dd:has-text('¥5000.00')");
      assert.deepEqual([...faults, ...boss.faults], []);
      await boss.close();
      await close();
    });

    test("a mini-program's order is found under its source, and its shopper reads until when to fetch it", async () => {
      const order = await miniOrder();
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      await page.goto(`${home.base}/hq/orders?channel=mini_program`);
      await page.waitForSelector(`tr:has-text('${order.number}'):has-text('小程序')`);
      await picture(page, "orders-mini-program");
      await page.goto(`${home.base}/hq/orders?channel=shop`);
      assert.equal(await page.locator(`tr:has-text('${order.number}')`).count(), 0);

      await page.click("a:has-text('逾期未取规则')");
      await page.fill("input[name=days]", "91");
      await page.click("form[action$='set_unclaimed_rule'] button");
      await page.waitForSelector("form[action$='set_unclaimed_rule'] :text('请填写 0 到 90 的整数')");
      await page.fill("input[name=days]", javaScriptEnabled ? "3" : "4");
      await page.click("form[action$='set_unclaimed_rule'] button");
      await page.waitForSelector("text=天还没取，系统自动取消");
      await picture(page, "unclaimed");
      await page.setViewportSize(PHONE);
      await picture(page, "unclaimed-phone");
      const clerk = await staffToken(home, "clerk");
      await api("POST", `/console/orders/${order.id}/accept`, {}, clerk);
      await api("POST", `/console/orders/${order.id}/prepare`, {}, clerk);
      const seen = await api("GET", `/orders/${order.id}`, undefined, order.token);
      assert.ok(seen.claim_before > seen.slot.end, JSON.stringify(seen.claim_before));
      assert.equal(seen.channel, "mini_program");
      const shopper = await visitor(opened, { javaScriptEnabled, ...PHONE });
      await shopper.page.context().addCookies([{ name: "mendian", value: order.token, url: home.base }]);
      await shopper.page.goto(`${home.base}/orders/${order.id}`);
      await shopper.page.waitForSelector("text=逾期自动取消并退款");
      await picture(shopper.page, "order-to-be-fetched");
      await shopper.close();
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
