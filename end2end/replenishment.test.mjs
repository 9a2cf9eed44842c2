// Head office sees what all its places are short of, summed up by place and supplier, and orders for several in one act;
// with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, opening, PC, pictures, request, staffMember, staffToken } from "./town.mjs";

const { home, opened } = await opening();
const token = await staffToken(home, "hq");

const api = (method, path, body) => request(home, method, path, body, token);

/** Two variants of a tea: their ids and codes. */
async function teas() {
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const product = await api("GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
  const stock = await api("GET", `/console/stock/${store.id}?limit=200`);
  const code = (sku) => stock.items.find((one) => one.sku_id === sku.id).code;
  return product.skus.slice(0, 2).map((sku) => ({ id: sku.id, code: code(sku) }));
}

/** A warehouse with a single piece of each of these goods, of which so many are to be left at all times. */
async function warehouse(code, goods, threshold) {
  const [id, name] = [newId(), `补货仓 ${code}`];
  await api("PUT", `/hq/warehouses/${id}`, { code, name, region: "310000", address: "一号" });
  const lines = goods.map((one) => ({ sku_id: one.id, quantity: 1 }));
  await api("POST", "/console/receipts", { id: newId(), location_id: id, lines, note: "期初" });
  await api("PUT", "/console/alert-rules", { kind: "low", location_id: id, goods: { for: "all" }, threshold });
  return { id, name };
}

/** A supplier who asks less than all others for the first of the goods. */
async function supplier(code, [first], price_fen) {
  const [id, name] = [newId(), `低价茶业 ${code}`];
  const known = { code, name, contact: "", phone: "", terms_days: 30, lead_days: 2, closed: false };
  await api("PUT", `/hq/suppliers/${id}`, known);
  const rows = [{ sku: first.code, price_fen, pack: 12, minimum: 12 }];
  const [row] = await api("PUT", `/hq/suppliers/${id}/prices`, { rows });
  assert.ok(row.set, JSON.stringify(row));
  return { id, name };
}

const goods = await teas();

for (const [javaScriptEnabled, suffix, price] of [[true, "A", 30], [false, "B", 20]]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("many places are ordered for in one act", async () => {
      const from = await supplier(`BH-${suffix}1`, goods, price);
      const north = await warehouse(`BN-${suffix}`, goods, 30);
      const south = await warehouse(`BS-${suffix}`, goods, 10);
      const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });

      await page.goto(`${home.base}/hq/replenishment`);
      await page.selectOption("select[name=supplier]", { label: from.name });
      await page.click("button:text-is('筛选')");
      await page.waitForURL(new RegExp(`supplier=${from.id}`));
      const row = (place) => `tr:has(a:text-is('${place.name}')):has-text('${from.name}')`;
      assert.ok(await page.isVisible(`${row(north)} td:text-is('36')`), "29 pieces in packs of 12");
      assert.ok(await page.isVisible(`${row(south)} td:text-is('12')`));
      await page.click(`${row(north)} summary`);
      assert.ok(await page.isVisible(`${row(north)} li:has-text('安全库存 30 − 可用 1，按每箱 12 件、起订 12 件')`));
      await pictures(page, `shortfalls-${suffix}`);

      await page.click("a:text-is('全不选')");
      await page.waitForURL(/picked=none/);
      await page.click("button:has-text('生成采购单')");
      await page.waitForSelector("text=请勾选 1 到 100 行");
      await page.check(`${row(north)} input[type=checkbox]`);
      await page.check(`${row(south)} input[type=checkbox]`);
      await page.click("button:has-text('生成采购单')");
      await page.waitForSelector("text=已生成 2 张采购单草稿");
      const made = page.locator("ul[aria-label='刚生成的采购单'] a");
      assert.equal(await made.count(), 2);
      assert.ok(!(await page.isVisible(row(north))), "what is ordered is short no longer");
      await pictures(page, `ordered-${suffix}`);
      await page.click(`ul[aria-label='刚生成的采购单'] a:has-text('${south.name}')`);
      await page.waitForURL(/\/hq\/purchases\//);
      assert.equal(await page.inputValue("input[name^='pieces.']"), "12");
      await page.click("button:text-is('提交')");
      await page.waitForSelector("text=已提交并通过");
      assert.deepEqual(faults, []);
      await close();
    });
  });
}

test("what no supplier has a price for is said, with the place it lacks at", async () => {
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const stock = await api("GET", `/console/stock/${store.id}?limit=200`);
  const suppliers = await api("GET", "/hq/suppliers");
  const lists = await Promise.all(suppliers.map((one) => api("GET", `/hq/suppliers/${one.id}/prices`)));
  const priced = new Set(lists.flat().map((one) => one.sku_id));
  const unpriced = stock.items.find((one) => !priced.has(one.sku_id));
  const place = await warehouse("BW-1", [{ id: unpriced.sku_id }], 5);
  const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled: false, ...PC });
  await page.goto(`${home.base}/hq/replenishment?location=${place.id}`);
  const section = page.locator("section:has(h2:text-is('要补货，但没有供应商报价'))");
  await section.locator("summary").click();
  assert.ok(await section.locator(`li:has-text('${unpriced.code}')`).isVisible());
  await pictures(page, "without-price");
  await section.locator("a:has-text('去录入采购价')").click();
  await page.waitForURL(/\/hq\/suppliers$/);
  assert.deepEqual(faults, []);
  await close();
});
