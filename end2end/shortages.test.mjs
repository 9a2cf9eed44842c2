// Head office's list of what is promised and not there, and an order that another store serves from a case's page; with
// and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, newMember, opening, pay, PC, picture, putInCart, staffMember, staffToken } from "./town.mjs";

const { home, opened, api } = await opening();

/** A paid order of two pieces of goods of which nothing is left afterwards; answers its number. */
async function shortOrder(code) {
  const { token } = await newMember(home);
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const product = await putInCart(home, token, store, code, 2);
  const sku = product.skus[0];
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
  const { number } = await api("POST", "/orders", order, token);
  await pay(home, order.id, token);
  const [manager, office] = [await staffToken(home, "manager"), await staffToken(home, "hq")];
  const id = newId();
  const what = { kind: "adjustment", sku_id: sku.id, difference: -sku.available };
  await api("POST", "/proposals", { id, store_id: store.id, what, reason: "盘点" }, manager);
  await api("POST", `/proposals/${id}/decision`, { approve: true }, office);
  return { number, name: product.name };
}

for (const [javaScriptEnabled, code] of [[true, "qh-zhenzhu-naicha"], [false, "qh-mingqian-longjing"]]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("a case of too little is in the list with what to do, and ends with another store serving its order", async () => {
      const { number, name } = await shortOrder(code);
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
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
