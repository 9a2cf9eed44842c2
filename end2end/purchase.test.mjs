// A purchase from proposal to payable: head office is told what runs out, orders it in one go, takes it in in parts,
// enters the supplier's invoice and pays it in parts; with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, opening, PC, picture, request, staffMember, staffToken } from "./town.mjs";

const { home, opened } = await opening();
const token = await staffToken(home, "hq");

const api = (method, path, body) => request(home, method, path, body, token);

/** A warehouse with a single piece of a tea, of which thirty are to be left at all times; answers its name and the tea. */
async function emptyWarehouse(code) {
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const product = await api("GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
  const sku = product.skus[0];
  const stock = await api("GET", `/console/stock/${store.id}?limit=200`);
  const entry = stock.items.find((one) => one.sku_id === sku.id);
  const [id, name] = [newId(), `采购仓 ${code}`];
  await api("PUT", `/hq/warehouses/${id}`, { code, name, region: "310000", address: "一号" });
  const lines = [{ sku_id: sku.id, quantity: 1 }];
  await api("POST", "/console/receipts", { id: newId(), location_id: id, lines, note: "期初" });
  const goods = { for: "sku", code: entry.code };
  await api("PUT", "/console/alert-rules", { kind: "low", location_id: id, goods, threshold: 30 });
  return { id, name, code: entry.code, sku: sku.id };
}

/** Pays the invoice of the page: a part of it, which is taken back, then another part, then the rest. */
async function payInParts(page, suffix) {
  const pay = async (amount, reference) => {
    await page.fill("input[name=amount]", amount);
    await page.fill("input[name=paid_on]", "2026-01-02");
    await page.fill("input[name=reference]", reference);
    await page.click("button:text-is('登记')");
  };
  assert.equal(await page.inputValue("input[name=amount]"), "130.00", "all of it stands there");
  await pay("130.01", "ICBC-887");
  await page.waitForSelector("p:has-text('还有 ¥130.00 未结清，请填写不超过它的金额')");
  assert.equal(await page.inputValue("input[name=reference]"), "ICBC-887", "what was typed is still there");
  await pay("50.00", "ICBC-887");
  await page.waitForSelector("dd:has-text('¥80.00')");
  assert.ok(await page.isVisible("dd:has-text('部分付款')"));
  await page.click("summary:has-text('登记错了，撤销这笔')");
  await page.fill("input[name^='reason.']", "付给了另一家供应商");
  await page.click("button:text-is('撤销这笔付款')");
  await page.waitForSelector("text=已撤销：付给了另一家供应商");
  assert.equal(await page.inputValue("input[name=amount]"), "130.00", "all of it is owed again");
  await pay("30.00", "ICBC-888");
  await page.waitForSelector("dd:has-text('¥100.00')");
  await picture(page, `paid-in-part-${suffix}`);
  await pay("100.00", "ICBC-889");
  await page.waitForSelector("dd:has-text('已付款')");
}

const office = (javaScriptEnabled) => staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });

for (const [javaScriptEnabled, suffix, price] of [[true, "A", "3.50"], [false, "B", "3.40"]]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("a purchase from proposal to payable", async () => {
      const warehouse = await emptyWarehouse(`CG-${suffix}`);
      const { page, faults, close } = await office(javaScriptEnabled);

      await page.goto(`${home.base}/hq/suppliers`);
      await page.click("a:has-text('新建供应商')");
      await page.fill("input[name=code]", `JN-${suffix}1`);
      await page.fill("input[name=name]", `江南食品 ${suffix}`);
      await page.fill("input[name=terms_days]", "30");
      await page.fill("input[name=lead_days]", "7");
      await page.click("button:text-is('保存')");
      await page.waitForSelector("text=已保存");
      await page.fill("textarea[name=table]", `SKU\t进价\t每箱\t起订\n${warehouse.code}\t${price}\t12\t24`);
      await page.click("button:has-text('保存采购价')");
      await page.waitForSelector("text=1 行已生效");
      const table = `SKU,进价(元),每箱件数,起订件数,生效日\n${warehouse.code},9.99,12,24,2099-01-01\n无此商品,1\n`;
      await page.setInputFiles("input[name=file]", { name: "采购价.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
      await page.click("button:has-text('上传采购价')");
      await page.waitForSelector("text=1 行已生效，1 行有问题、没有改动：无此商品：没有这个 SKU 编码或条码");
      assert.ok(await page.isVisible("td:has-text('2099-01-01 起 ¥9.99')"));
      const file = await page.request.get(page.url().replace(/[?#].*/, "") + "/prices/csv");
      assert.match(await file.text(), new RegExp(`${warehouse.code},${price},12,24,`));
      await picture(page, `supplier-${suffix}`);

      await page.goto(`${home.base}/hq/replenishment?location=${warehouse.id}`);
      assert.ok(await page.isVisible("td:has-text('安全库存 30 − 可用 1，按每箱 12 件、起订 24 件')"));
      await picture(page, `proposals-${suffix}`);
      await page.click("button:has-text('一键下单')");
      await page.waitForSelector("text=已生成草稿");
      assert.equal(await page.inputValue("input[name^='pieces.']"), "36");
      await picture(page, `draft-${suffix}`);
      await page.click("button:text-is('提交')");
      await page.waitForSelector("text=已提交并通过");

      const came = "input[name^='pieces.']";
      await page.fill(came, "40");
      await page.fill("input[name=note]", "送货单 7，多送 4 件");
      await page.click("button:has-text('确认收货')");
      await page.waitForSelector("text=还差 36 件未到，不能多收");
      assert.equal(await page.inputValue(came), "40", "what was typed is still there");
      await picture(page, `too-many-${suffix}`);
      await page.fill(came, "24");
      await page.click("button:has-text('确认收货')");
      await page.waitForSelector("text=已收货，可以销售了");
      assert.ok(await page.isVisible("dd:has-text('部分收货')"));
      await page.click("button:has-text('确认收货')");
      await page.waitForSelector("dd:has-text('已收齐')");
      await picture(page, `purchase-${suffix}`);

      await page.goto(`${home.base}/hq/invoices`);
      await page.selectOption("select[name=enter]", { label: `江南食品 ${suffix}` });
      await page.click("button:has-text('登记发票')");
      for (const box of await page.$$("input[name^='receipt.']")) await box.check();
      await page.fill("input[name=number]", `3100-${suffix}`);
      await page.fill("input[name=dated]", "2026-11-20");
      await page.fill("input[name=amount]", "130.00");
      await page.selectOption("select[name=tax_percent]", "13");
      await page.click("button:text-is('登记')");
      await page.waitForSelector("text=核对无误请写明原因");
      await picture(page, `difference-${suffix}`);
      await page.fill("input[name=difference_note]", "含运费");
      await page.click("button:text-is('登记')");
      await page.waitForSelector("text=已登记，付款前会一直在应付里");
      assert.match(await page.textContent("dl"), /13%，含税额 ¥14\.96/);
      await picture(page, `invoice-${suffix}`);
      await page.goto(`${home.base}/hq/invoices`);
      assert.ok(await page.isVisible(`tr:has-text('江南食品 ${suffix}'):has-text('¥130.00')`));
      await picture(page, `payables-${suffix}`);
      await page.click(`a:has-text('3100-${suffix}')`);
      await payInParts(page, suffix);

      const lot = { code: `B-${suffix}`, expires_on: "2099-01-01", quantity: 5 };
      await api("PUT", `/console/stock-places/${warehouse.id}/skus/${warehouse.sku}/batches`, lot);
      await page.goto(`${home.base}/hq/purchases?q=${encodeURIComponent(warehouse.name)}`);
      await picture(page, `purchases-${suffix}`);
      await page.click("td a.link");
      await page.click("a:has-text('要退货给供应商')");
      await page.fill(came, "37");
      await page.selectOption("select[name^='batch.']", lot.code);
      await page.fill("input[name=reason]", "包装破损");
      await page.click("button:has-text('确认退货')");
      await page.waitForSelector("text=这张单只收到 36 件，不能多退");
      assert.equal(await page.inputValue("select[name^='batch.']"), lot.code, "what was chosen is still there");
      await page.fill(came, "2");
      await page.click("button:has-text('确认退货')");
      await page.waitForSelector("dd:has-text('退 2 件')");
      await page.waitForSelector(`li:has-text('批次 ${lot.code}（2099-01-01 到期）2 件')`);
      await picture(page, `returned-${suffix}`);
      await page.goto(`${home.base}/hq/movements?location=${warehouse.id}`);
      await page.click("tr:has-text('退供应商') a:has-text('CG')");
      await page.waitForSelector(`li:has-text('批次 ${lot.code}')`);

      await page.goto(`${home.base}/hq/costs?location=${warehouse.id}`);
      assert.ok(await page.isVisible(`td:text-is('¥${price}')`));
      await picture(page, `costs-${suffix}`);
      await page.goto(`${home.base}/hq/products?q=${warehouse.code}`);
      assert.ok(await page.isVisible("th:has-text('毛利率')"));
      await picture(page, `products-${suffix}`);
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
