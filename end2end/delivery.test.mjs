// Same-city delivery: a store sets it up, a shopper with an address orders and pays, a rider takes it along, brings it
// back, takes it along again, and the shopper's code ends it; with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newMember, opening, pay, PC, picture, pictures, putInCart, staffMember, visitor } from "./town.mjs";

const { home, opened, api } = await opening();

/** A member with three teas in the cart. */
async function shopper() {
  const { token } = await newMember(home);
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 3);
  return { token, store };
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("a store brings an order to its shopper's door", async () => {
      const { token, store } = await shopper();
      const clerk = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
      const desk = clerk.page;
      const settings = `${home.base}/console/delivery?store=${store.id}`;

      // What is wrong comes back beside its field, with everything typed still there.
      await desk.goto(settings);
      // What the demo has set is none of this test's business.
      for (const field of ["band_m", "band_fee", "from", "until", "capacity"])
        for (const row of [2, 3]) await desk.fill(`input[name='${field}.${row}']`, "");
      for (const field of ["minimum", "free_from"]) await desk.fill(`input[name='${field}']`, "");
      await desk.check("input[name=on]");
      await desk.check("input[name=range][value=polygon]");
      await desk.fill("textarea[name=polygon]", "31.22,121.46\n31.25,121.49\n31.22,121.49\n31.25,121.46");
      await desk.fill("input[name='band_m.1']", "5000");
      await desk.fill("input[name='band_fee.1']", "6");
      await desk.fill("input[name='from.1']", "00:00");
      await desk.fill("input[name='until.1']", "23:59");
      await desk.fill("input[name='capacity.1']", "20");
      await desk.fill("input[name=minutes]", "0");
      await desk.check("input[name=in_store]");
      await desk.fill("input[name=in_store_capacity]", "4");
      await desk.fill("input[name='rider.1']", "小李");
      await desk.fill("input[name='rider_phone.1']", "13900139000");
      await desk.click("button:has-text('保存设置')");
      await desk.waitForSelector("text=多边形的边相互交叉");
      assert.equal(await desk.inputValue("input[name='band_fee.1']"), "6");
      assert.ok(await desk.isChecked("input[name=in_store]"), "what was ticked is still ticked");
      await desk.fill("textarea[name=polygon]", "31.20,121.44\n31.20,121.52\n31.26,121.52\n31.26,121.44");
      await desk.click("button:has-text('保存设置')");
      await desk.waitForSelector("text=设置已保存");
      assert.ok(await desk.isChecked("input[name=in_store]"));
      assert.equal(await desk.inputValue("input[name=in_store_capacity]"), "4");
      await picture(desk, `settings-${javaScriptEnabled}`);

      const buyer = await visitor(opened, { javaScriptEnabled });
      const { page } = buyer;
      await page.context().addCookies([{ name: "mendian", value: token, url: home.base }]);
      await page.goto(`${home.base}/checkout/${store.id}`);
      assert.ok(await page.isVisible("button:has-text('到店服务')"), "the service is offered");
      await page.click("button:has-text('同城配送')");
      await page.waitForSelector("text=请选择收货地址");
      await page.click("button:has-text('添加新地址')");
      await page.fill("input[name=name]", "小林");
      await page.fill("input[name=phone]", "123");
      await page.selectOption("select[name=region_code]", "310100");
      await page.fill("textarea[name=detail]", "黄浦区人民大道 1 号");
      await page.fill("input[name=point]", "31.2304,121.4737");
      await page.click("button:has-text('保存')");
      await page.waitForSelector("text=请输入 11 位手机号");
      await picture(page, `address-${javaScriptEnabled}`);
      await page.fill("input[name=phone]", "13500135000");
      await page.click("button:has-text('保存')");
      await page.waitForURL(/\/checkout\/.*address_id=/);
      await page.waitForSelector("text=配送费 ¥6.00");
      await picture(page, `checkout-${javaScriptEnabled}`);
      await page.click("button:has-text('提交订单')");
      await page.waitForURL(/\/orders\//);
      const order = /\/orders\/([0-9a-f-]+)/.exec(page.url())[1];
      await pay(home, order, token);

      await desk.goto(`${home.base}/console/orders/${order}`);
      await desk.click("button:text-is('接单')");
      await desk.waitForSelector("text=已接单");
      await desk.click("button:has-text('备货完成')");
      await desk.waitForSelector("text=待配送");
      await picture(desk, `ready-${javaScriptEnabled}`);
      await desk.click("button:has-text('派单，商品出库')");
      await desk.waitForSelector("text=已派给骑手 小李");
      await page.goto(`${home.base}/orders/${order}`);
      await page.waitForSelector("text=骑手 小李");
      await picture(page, `on-its-way-${javaScriptEnabled}`);
      await desk.fill("input[name=undelivered_reason]", "电话无人接听");
      await desk.click("button:has-text('商品已带回门店')");
      await desk.waitForSelector("text=已登记未送达");
      await desk.click("button:has-text('派单，商品出库')");
      await desk.waitForSelector("text=已派给骑手 小李");
      await desk.fill("input[name=code]", "00000000");
      await desk.click("button:has-text('确认送达')");
      await desk.waitForSelector("text=收货码不对");
      const { pickup_code: code } = await api("GET", `/orders/${order}`, undefined, token);
      await desk.fill("input[name=code]", code);
      await picture(desk, `arrival-${javaScriptEnabled}`);
      if (javaScriptEnabled) {
        await desk.click("button:has-text('确认送达')");
        await desk.waitForSelector("text=已送达，订单完成");
        await page.goto(`${home.base}/orders/${order}`);
      } else {
        // The rider has handed it over and nobody at the store says so.
        await page.goto(`${home.base}/orders/${order}`);
        await page.click("button:has-text('确认收货')");
        await page.waitForSelector("text=已确认收货，感谢光临");
      }
      await page.waitForSelector("text=已送达，感谢光临");
      await desk.goto(`${home.base}/console`);
      await picture(desk, `board-${javaScriptEnabled}`);
      assert.deepEqual([...buyer.faults, ...clerk.faults], []);
      await buyer.close();
      await clerk.close();
    });
  });
}

for (const javaScriptEnabled of [true, false]) {
  test(`a manager pauses the store at noon and lets it go on, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const [store] = await api("GET", "/stores?q=QH-SH-002");
    const shown = async () => (await api("GET", `/stores?q=${store.code}`))[0].opening;
    const clerk = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
    const { page } = clerk;

    // What is wrong is said above its rows, with everything typed still there.
    await page.goto(`${home.base}/console/opening?store=${store.id}`);
    await page.check("input[name=state][value=open]");
    await page.fill("input[name=prepare_minutes]", "20");
    // On weekdays and at the weekend, whenever this runs.
    for (const row of [1, 2]) {
      await page.fill(`input[name='open.${row}']`, "00:00");
      await page.fill(`input[name='close.${row}']`, "00:00");
    }
    await page.fill("input[name='open.3']", "11:00");
    await page.fill("input[name='close.3']", "12:00");
    await page.fill("input[name='date.1']", "2099-02-06");
    await page.fill("input[name='reason.1']", "春节");
    await page.click("button:has-text('保存设置')");
    await page.waitForSelector("text=营业时段不能重叠");
    assert.equal(await page.inputValue("input[name='reason.1']"), "春节");
    assert.equal(await page.inputValue("input[name='open.3']"), "11:00");
    await page.fill("input[name='open.3']", "");
    await page.fill("input[name='close.3']", "");
    await page.click("button:has-text('保存设置')");
    await page.waitForSelector("text=门店按营业时间接单");
    assert.equal(await page.inputValue("input[name='date.1']"), "2099-02-06");
    await pictures(page, `opening-${javaScriptEnabled}`);
    assert.match((await shown()).text, /^营业中/);

    // From the board it is two taps with how long, and shoppers meet it at once.
    await page.goto(`${home.base}/console?store=${store.id}`);
    await page.click("button[popovertarget=state-paused]");
    await pictures(page, `pausing-${javaScriptEnabled}`);
    await page.click("#state-paused button:has-text('直到我恢复')");
    await page.waitForSelector("button:text-is('恢复营业')");
    await pictures(page, `paused-${javaScriptEnabled}`);
    assert.deepEqual(await shown(), { open_now: false, takes_orders: false, text: "暂停接单" });
    const buyer = await visitor(opened, { javaScriptEnabled });
    await buyer.page.goto(`${home.base}/s/${store.code}`);
    await buyer.page.waitForSelector("text=暂停接单");

    // An end is said to everybody, and the store may go on before it.
    const ends = /^暂停接单，(明天 )?[0-9]{2}:[0-9]{2} 恢复$/;
    await page.click("button[popovertarget=state-paused]");
    await page.click("#state-paused button:has-text('30 分钟')");
    await page.waitForSelector("section[aria-label='营业状态'] >> text=/[0-9]{2}:[0-9]{2} 恢复/");
    const { text } = await shown();
    assert.match(text, ends);
    await buyer.page.goto(`${home.base}/s/${store.code}`);
    await buyer.page.waitForSelector(`text=${text}`);
    await pictures(buyer.page, `paused-for-shoppers-${javaScriptEnabled}`);
    await page.goto(`${home.base}/hq/stores?q=${store.code}`);
    await page.waitForSelector(`table >> text=${text.replace("暂停接单，", "")}`);
    await pictures(page, `paused-for-head-office-${javaScriptEnabled}`);
    await page.goto(`${home.base}/console/opening?store=${store.id}`);
    assert.match(await page.locator("select[name=until] option:checked").textContent(), /（已设）$/);
    await page.goto(`${home.base}/console?store=${store.id}`);
    await page.click("button:text-is('恢复营业')");
    await page.waitForSelector("button:has-text('设为忙碌')");
    assert.equal((await shown()).takes_orders, true);
    for (const one of [buyer, clerk]) {
      assert.deepEqual(one.faults, []);
      await one.close();
    }
  });
}
