// Express: head office says what it costs and who sends, a store sends an order off in two parcels, the shopper has it;
// what its carrier tells shows by itself, and a refused parcel comes back; with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, newId, newMember, opening, pay, PC, picture, putInCart, staffMember, visitor } from "./town.mjs";

const STORE = "QH-SH-001";
const { home, opened, api } = await opening();

/** A member who has paid for two teas by express; answers their phone and the order. */
async function paidExpress() {
  const { phone, token } = await newMember(home);
  const address = newId();
  const where = { name: "小林", phone, region_code: "330100", detail: "西湖大道 1 号" };
  await api("POST", "/me/addresses", { id: address, ...where }, token);
  const [store] = await api("GET", `/stores?q=${STORE}`);
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 2);
  const wish = `fulfilment=express&address_id=${address}`;
  const quote = await api("GET", `/cart/quotes/${store.id}?${wish}`, undefined, token);
  assert.equal(quote.freight_fen, 1_000, "¥8 for the first and ¥2 for the second");
  const order = {
    id: newId(),
    store_id: store.id,
    slot: quote.slots[0].start,
    expected_total_fen: quote.total_fen,
    fulfilment: "express",
    address_id: address,
  };
  await api("POST", "/orders", order, token);
  await pay(home, order.id, token);
  return { phone, order: order.id };
}

async function shopper(phone, javaScriptEnabled) {
  const someone = await visitor(opened, { javaScriptEnabled });
  const { page } = someone;
  await page.goto(`${home.base}/login`);
  await page.fill("input[name=phone]", phone);
  await page.click("main button[type=submit]");
  await page.waitForSelector("input[name=code]");
  await page.fill("input[name=code]", await codeFor(home, phone));
  await page.click("form:has(input[name=code]) button[type=submit]");
  await page.waitForURL((url) => url.pathname !== "/login");
  return someone;
}

/** The carrier does this with a parcel, once it has been asked to tell of it. */
async function happen(number, state) {
  const body = JSON.stringify({ number, state });
  const headers = { "content-type": "application/json" };
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`${home.parcels}/sandbox/happen`, { method: "POST", headers, body });
    if (answer.ok) return;
    assert.equal(answer.status, 404, "the parcel is not subscribed yet");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`nobody asked for ${number}`);
}

/** The page shows the words: by itself, or where nothing runs in it when it is asked for again. */
async function seen(page, words, byItself) {
  if (byItself) return page.waitForSelector(`text=${words}`);
  for (let tries = 0; tries < 50; tries += 1) {
    await page.reload();
    if (await page.locator(`text=${words}`).count()) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`the page never says ${words}`);
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("what is sent in two parcels has all come when the shopper says so", async () => {
      const name = javaScriptEnabled ? "标准快递" : "标准快递二";
      const office = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      await office.page.goto(`${home.base}/hq/freight`);
      await picture(office.page, "freight-empty");
      await office.page.click("a:has-text('新建运费模板')");
      await office.page.fill("input[name=name]", name);
      await office.page.click("main form[action$='save_freight'] button[type=submit]");
      await office.page.waitForSelector("text=请填写整数");
      assert.equal(await office.page.inputValue("input[name=name]"), name, "what was typed is kept");
      await office.page.fill("input[name='regions.0']", "新疆维吾尔自治区、西藏自治区");
      await office.page.selectOption("select[name='served.0']", "no");
      for (const [field, value] of [["first", "1"], ["first_fen", "8"], ["further", "1"], ["further_fen", "2"]])
        await office.page.fill(`input[name='${field}.elsewhere']`, value);
      await picture(office.page, "freight-form");
      await office.page.check("input[name=default]");
      await office.page.click("main form[action$='save_freight'] button[type=submit]");
      await office.page.waitForSelector(`td:has-text('${name}')`);
      await office.page.fill("form[action$='set_express_stores'] textarea[name=stores]", STORE);
      await office.page.click("form[action$='set_express_stores'] button[type=submit]");
      await office.page.waitForSelector(`td:text-is('${STORE}')`);
      await picture(office.page, "freight");

      const { phone, order } = await paidExpress();
      const counter = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PC });
      const { page } = counter;
      await page.goto(`${home.base}/console/orders/${order}`);
      await page.click("form[action$='accept_order'] button");
      await page.waitForSelector("form[action$='prepare_order'] button");
      await page.goto(`${home.base}/console/orders/${order}/shipment`);
      await page.fill("input[name='pieces.1']", "3");
      await page.fill("input[name=tracking_number]", "SF 100000001");
      await page.click("form[action$='ship_parcel'] button");
      await page.waitForSelector("text=只剩 2 件没有发出");
      await page.fill("input[name='pieces.1']", "1");
      await picture(page, "ship");
      const tracking = javaScriptEnabled ? "SF10000000" : "SF20000000";
      await page.fill("input[name=tracking_number]", `${tracking}1`);
      await page.click("form[action$='ship_parcel'] button");
      await page.waitForSelector("text=已发货");

      const buyer = await shopper(phone, javaScriptEnabled);
      await buyer.page.goto(`${home.base}/orders/${order}`);
      await buyer.page.waitForSelector("text=还有 1 件商品将在后面的包裹中发出");
      await page.fill("input[name=tracking_number]", `${tracking}2`);
      await page.click("form[action$='ship_parcel'] button");
      await page.waitForSelector("text=商品已全部发出");
      await picture(page, "shipped");
      await buyer.page.goto(`${home.base}/orders/${order}`);
      await picture(buyer.page, "shop-shipped");
      await buyer.page.click("button:has-text('确认收货')");
      await buyer.page.waitForSelector("text=已确认收货");
      await picture(buyer.page, "shop-received");
      for (const someone of [office, counter, buyer]) {
        assert.deepEqual(someone.faults, []);
        await someone.close();
      }
    });

    test("the rest that cannot be sent comes no more, and the shopper reads that and where the money is", async () => {
      const { phone, order } = await paidExpress();
      const counter = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PC });
      const { page } = counter;
      await page.goto(`${home.base}/console/orders/${order}`);
      await page.click("form[action$='accept_order'] button");
      await page.waitForSelector("form[action$='prepare_order'] button");
      await page.goto(`${home.base}/console/orders/${order}/shipment`);
      assert.equal(await page.locator("button:has-text('其余不再发出')").count(), 0, "nothing has left yet");
      await page.fill("form[action$='ship_parcel'] input[name='pieces.1']", "1");
      await page.fill("input[name=tracking_number]", javaScriptEnabled ? "SF1100000001" : "SF2100000001");
      await page.click("form[action$='ship_parcel'] button");
      await page.waitForSelector("text=已发货");
      await page.click("button:has-text('其余不再发出')");
      await page.fill("form[action$='end_unsent'] input[name='pieces.1']", "2");
      await page.fill("form[action$='end_unsent'] input[name=reason]", "缺货");
      await page.check("form[action$='end_unsent'] input[name=fate][value=lose]");
      await picture(page, "end-unsent-form");
      await page.click("form[action$='end_unsent'] button:has-text('确认不再发出')");
      await page.waitForSelector("text=这件商品只剩 1 件没有发出");
      await page.click("button:has-text('其余不再发出')");
      assert.equal(await page.inputValue("form[action$='end_unsent'] input[name=reason]"), "缺货", "what was typed is kept");
      assert.ok(await page.isChecked("form[action$='end_unsent'] input[name=fate][value=lose]"));
      await page.fill("form[action$='end_unsent'] input[name='pieces.1']", "1");
      await page.click("form[action$='end_unsent'] button:has-text('确认不再发出')");
      await page.waitForSelector("text=已登记不再发出");
      await page.waitForSelector("text=没有要发出的商品了");
      await picture(page, "end-unsent");
      const buyer = await shopper(phone, javaScriptEnabled);
      await buyer.page.goto(`${home.base}/orders/${order}`);
      await buyer.page.waitForSelector("li:has-text('不再发出'):has-text('原因：缺货')");
      await seen(buyer.page, "已于", false);
      await picture(buyer.page, "shop-end-unsent");
      await buyer.page.click("button:has-text('确认收货')");
      await buyer.page.waitForSelector("text=已确认收货");
      for (const someone of [counter, buyer]) {
        assert.deepEqual(someone.faults, []);
        await someone.close();
      }
    });

    test("what a carrier tells shows by itself, and what was refused comes back and is paid back", async () => {
      const { phone, order } = await paidExpress();
      const number = javaScriptEnabled ? "ZT3000000001" : "ZT4000000001";
      const counter = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PC });
      const { page } = counter;
      await page.goto(`${home.base}/console/orders/${order}`);
      await page.click("form[action$='accept_order'] button");
      await page.waitForSelector("form[action$='prepare_order'] button");
      await page.goto(`${home.base}/console/orders/${order}/shipment`);
      await page.selectOption("select[name=carrier]", "zhongtong");
      await page.fill("input[name=tracking_number]", number);
      await page.click("form[action$='ship_parcel'] button");
      await page.waitForSelector("text=商品已全部发出");
      await happen(number, 1);
      const buyer = await shopper(phone, javaScriptEnabled);
      await buyer.page.goto(`${home.base}/orders/${order}`);
      const shows = async (words) => {
        for (const one of [buyer.page, page]) await seen(one, words, javaScriptEnabled);
      };
      await shows("已揽收");
      await happen(number, 5);
      await shows("派送中");
      await picture(page, "parcel-way");
      await picture(buyer.page, "shop-parcel-way");
      await happen(number, 14);
      await shows("已拒收");

      await page.click("button:has-text('退件已收到')");
      await page.fill("input[name=reason]", "收件人拒收");
      await page.check("input[name=afterwards][value=refund]");
      await picture(page, "parcel-back-form");
      await page.click("form[action$='take_back_parcel'] button");
      await page.waitForSelector("text=已登记退件");
      await picture(page, "parcel-back");
      await seen(buyer.page, "包裹已退回门店（收件人拒收）", javaScriptEnabled);
      await picture(buyer.page, "shop-parcel-back");
      for (const someone of [counter, buyer]) {
        assert.deepEqual(someone.faults, []);
        await someone.close();
      }
    });
  });
}
