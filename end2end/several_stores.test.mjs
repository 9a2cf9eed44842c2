// One checkout of two stores in Chromium, with and without JavaScript: the cart's stores are ordered from together, what
// one of them lacks is said beside its part, one payment pays both orders, and each store hands its own over, or brings
// it, or sends it, or leaves it to the store that head office's rule names. Lines of one store go two ways just so.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, newId, opening, pictures, staffToken, visitor } from "./town.mjs";

const STORES = ["QH-SH-001", "QH-SH-002"];

const { home, opened, api } = await opening();

async function put(page, store) {
  await page.goto(`${home.base}/s/${store}?q=${encodeURIComponent("龙井")}`);
  await page.click("main ul >> text=龙井");
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
}

async function logIn(page) {
  const phone = `137${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await page.fill("input[name=phone]", phone);
  await page.click("button:has-text('获取验证码')");
  await page.waitForSelector("input[name=code]");
  await page.fill("input[name=code]", await codeFor(home, phone));
  await page.click("button:text-is('登录')");
}

async function reloadUntil(page, selector) {
  for (let tries = 0; tries < 30; tries += 1) {
    if (await page.$(selector)) return;
    await page.waitForTimeout(300);
    await page.reload();
  }
  assert.fail(`${selector} did not appear`);
}

/** From two stores' menus to orders that are placed and not paid; answers the page of the first. */
async function placeTogether(page) {
  for (const store of STORES) await put(page, store);
  await pictures(page, "several-cart");
  await page.click("a:has-text('一起结算')");
  await logIn(page);
  await page.waitForURL("**/checkout");
  const notes = page.locator("textarea[name^='note.']");
  assert.equal(await notes.count(), 2);
  await pictures(page, "several-checkout");

  // One store is left for later and taken in again, which loses nothing in the cart.
  const note = await notes.nth(0).getAttribute("name");
  await page.fill(`textarea[name='${note}']`, "先放着");
  await page.click("button:has-text('先不结算') >> nth=0");
  await page.waitForSelector("text=只剩");
  await pictures(page, "several-checkout-one");
  await page.click("button:has-text('加入这次结算')");
  await page.waitForSelector("button:has-text('提交订单，一起付款')");
  assert.equal(await page.inputValue(`textarea[name='${note}']`), "先放着", "what was typed waits too");
  return { notes };
}

/** The part of a store on the checkout's page. */
const partOf = (page, store) => page.locator(`section:has(> input[name='key.${store}'])`);

/** Pays what was placed together, and waits until it is paid. */
async function payTogether(page) {
  const address = page.url();
  await page.click("button:has-text('一起付款')");
  await page.waitForURL("**/cashier/**");
  await page.click("button:has-text('立即支付')");
  await page.waitForURL(address);
  await reloadUntil(page, "text=/已付款|待接单|等待门店接单|门店/");
}

/** The only order of a store with this note, once it is paid. */
async function paidOrder(store, note, hq) {
  for (let tries = 0; tries < 30; tries += 1) {
    const { items } = await api("GET", `/hq/orders?store_id=${store}&state=paid`, undefined, hq);
    const ours = items.filter((order) => order.note === note);
    if (ours.length === 1) return ours[0];
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`no paid order with the note ${note}`);
}

/** The session of the shopper who is logged in there. */
const tokenOf = async (page) => (await page.context().cookies()).find((cookie) => cookie.name === "mendian").value;

/** An address of the shopper who is logged in there. */
async function addAddress(page, detail, latitude, longitude) {
  const token = await tokenOf(page);
  const where = { name: "小林", phone: "13500135000", region_code: "310100", detail, point: { latitude, longitude } };
  await api("POST", "/me/addresses", { id: newId(), ...where }, token);
}

for (const script of [true, false]) {
  describe(script ? "with JavaScript" : "without JavaScript", () => {
    test("one payment pays the orders of two stores, and each hands its own over", { timeout: 180_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { page } = shopper;
      const { notes } = await placeTogether(page);
      await notes.nth(0).fill("放前台");
      await notes.nth(1).fill("不要袋子");

      // A time that is over is told beside its store, and what was typed stays.
      const select = page.locator("select[name^='slot.']").nth(1);
      const chosen = await page.locator("select[name^='slot.']").nth(0).locator("option").nth(1).getAttribute("value");
      await page.locator("select[name^='slot.']").nth(0).selectOption(chosen);
      const [first] = await select.locator("option").all();
      await first.evaluate((option) => { option.value = "2020-01-01T00:00:00+00:00"; }).catch(() => {});
      await page.click("button:has-text('提交订单，一起付款')");
      await page.waitForSelector("text=请重新选择");
      assert.equal(await notes.nth(0).inputValue(), "放前台");
      assert.equal(await notes.nth(1).inputValue(), "不要袋子");
      assert.equal(await page.locator("select[name^='slot.']").nth(0).inputValue(), chosen);
      await pictures(page, "several-checkout-complaint");
      await page.click("button:has-text('提交订单，一起付款')");
      await page.waitForURL("**/orders/**");
      const address = page.url();
      assert.ok(await page.isVisible("text=一起下单的还有"));
      await pictures(page, "several-order-unpaid");

      await page.click("button:has-text('一起付款')");
      await page.waitForURL("**/cashier/**");
      await page.click("button:has-text('立即支付')");
      await page.waitForURL(address);
      await reloadUntil(page, "[aria-label='取货码二维码']");
      await pictures(page, "several-order-paid");
      const codes = [(await page.textContent("p.tracking-widest")).replaceAll(" ", "")];
      await page.click("section:has-text('一起下单的还有') li a");
      await page.waitForURL((url) => url.href !== address && url.pathname.startsWith("/orders/"));
      await page.waitForSelector("[aria-label='取货码二维码']");
      codes.push((await page.textContent("p.tracking-widest")).replaceAll(" ", ""));

      await page.goto(`${home.base}/orders`);
      assert.equal(await page.locator("li:has-text('一起下单')").count(), 2);
      await pictures(page, "several-orders");

      // Each store has an order of its own, which nobody at the other can hand over.
      const hq = await staffToken(home, "hq");
      for (const store of STORES) {
        const [{ id }] = await api("GET", `/stores?q=${store}`);
        const { items } = await api("GET", `/hq/orders?store_id=${id}&state=paid`, undefined, hq);
        const ours = items.filter((order) => ["放前台", "不要袋子"].includes(order.note));
        assert.equal(ours.length, 1, store);
        await api("POST", `/console/orders/${ours[0].id}/accept`, undefined, hq);
      }
      const clerk = await visitor(opened, { javaScriptEnabled: script, width: 1280, height: 800 });
      await clerk.page.goto(`${home.base}/console/login`);
      await clerk.page.fill("input[name=account]", "manager");
      await clerk.page.fill("input[name=password]", "demo-manager-2026");
      await clerk.page.click("main button[type=submit]");
      await clerk.page.waitForURL("**/console");
      const redeemed = [];
      for (const code of codes) {
        await clerk.page.fill("input[name=code]", code);
        await clerk.page.press("input[name=code]", "Enter");
        await clerk.page.waitForSelector("text=/已核销|没有找到/");
        redeemed.push(await clerk.page.isVisible("text=已核销"));
        await clerk.page.goto(`${home.base}/console`);
      }
      assert.equal(redeemed.filter(Boolean).length, 1, "the manager's own store's alone");
      await api("POST", "/console/redemptions", { code: codes[redeemed.indexOf(false)] }, hq);
      await page.goto(`${home.base}/orders?show=done`);
      assert.equal(await page.locator("li:has-text('已完成')").count(), 2);

      assert.deepEqual([...shopper.faults, ...clerk.faults], []);
      await Promise.all([shopper.close(), clerk.close()]);
    });
  });
}

for (const script of [true, false]) {
  describe(script ? "every way, with JavaScript" : "every way, without JavaScript", () => {
    test("one checkout brings one store's goods and sends the other's, for one payment", { timeout: 180_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { page } = shopper;
      await placeTogether(page);
      const ids = [];
      for (const store of STORES) ids.push((await api("GET", `/stores?q=${store}`))[0].id);
      const [sends, brings] = ids;
      const notes = [`快递-${script}`, `配送-${script}`];
      await page.fill(`textarea[name='note.${sends}']`, notes[0]);
      await page.fill(`textarea[name='note.${brings}']`, notes[1]);

      // By express: an address is added on the way, and what was typed is still there.
      await partOf(page, sends).locator("button:text-is('快递')").click();
      await page.waitForSelector("text=请选择收货地址");
      assert.ok(await page.isDisabled("button:has-text('提交订单，一起付款')"));
      await pictures(page, "several-way-without-address");
      await partOf(page, sends).locator("button:has-text('添加新地址')").click();
      await page.waitForURL("**/me/addresses/new**");
      await page.fill("input[name=name]", "小林");
      await page.fill("input[name=phone]", "13500135000");
      await page.selectOption("select[name=region_code]", "310100");
      await page.fill("textarea[name=detail]", "黄浦区人民大道 1 号");
      await page.fill("input[name=point]", "31.2304,121.4737");
      await page.click("button:has-text('保存')");
      await page.waitForURL("**/checkout?**");
      assert.equal(await page.inputValue(`textarea[name='note.${sends}']`), notes[0]);
      assert.equal(await page.inputValue(`textarea[name='note.${brings}']`), notes[1]);
      await page.waitForSelector("text=配送费 ¥6.00 · 由本店发货");
      assert.equal(await page.locator("text=按总部规则").count(), 0, "nobody is nearer");

      // By a rider, to the same address.
      await partOf(page, brings).locator("button:text-is('同城配送')").click();
      await page.waitForSelector("text=/配送费 ¥6.00 · 直线距离/");
      assert.equal(await page.inputValue(`textarea[name='note.${sends}']`), notes[0]);
      assert.ok(await page.isVisible("text=其中配送费"));
      assert.ok(await page.isVisible("text=¥12.00"));
      await pictures(page, "several-ways");
      await page.reload();
      assert.equal(await partOf(page, brings).locator("button[aria-current]:text-is('同城配送')").count(), 1, "the address says it");
      await page.fill(`textarea[name='note.${sends}']`, notes[0]);
      await page.fill(`textarea[name='note.${brings}']`, notes[1]);
      await page.click("button:has-text('提交订单，一起付款')");
      await page.waitForURL("**/orders/**");
      await pictures(page, "several-ways-order");
      await payTogether(page);
      const hq = await staffToken(home, "hq");
      const sent = await paidOrder(sends, notes[0], hq);
      const brought = await paidOrder(brings, notes[1], hq);
      assert.deepEqual([sent.fulfilment, brought.fulfilment], ["express", "delivery"]);
      assert.deepEqual([sent.freight_fen, brought.freight_fen], [600, 600]);
      for (const { id } of [sent, brought]) {
        await api("POST", `/console/orders/${id}/accept`, undefined, hq);
        await page.goto(`${home.base}/orders/${id}`);
        await page.waitForSelector("text=黄浦区人民大道 1 号");
      }
      assert.deepEqual(shopper.faults, []);
      await shopper.close();
    });

    test("the rule hands the part that is sent over to the store that is nearer", { timeout: 180_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { page } = shopper;
      await placeTogether(page);
      await addAddress(page, "静安区南京西路 1686 号", 31.2255, 121.4425);
      const ids = [];
      for (const store of [...STORES, "QH-SH-003"]) ids.push((await api("GET", `/stores?q=${store}`))[0].id);
      const [own, picked, nearer] = ids;
      const note = `改由-${script}`;
      await page.fill(`textarea[name='note.${own}']`, note);
      await page.fill(`textarea[name='note.${picked}']`, `自提-${script}`);
      await partOf(page, own).locator("button:text-is('快递')").click();
      await page.waitForSelector("text=/按总部规则，由 .*静安寺店 发货更合适/");
      await pictures(page, "several-better");
      await page.click("button:has-text('改由 青禾茶铺 静安寺店 发货')");
      await page.waitForSelector("text=/已改由 .*静安寺店 发货/");
      assert.equal(await page.locator(`input[name='key.${own}']`).count(), 0, "its part is gone");
      assert.equal(await page.inputValue(`textarea[name='note.${nearer}']`), note, "what was noted goes with the goods");
      assert.equal(await page.inputValue(`textarea[name='note.${picked}']`), `自提-${script}`);
      assert.equal(await page.locator("text=按总部规则").count(), 0);
      await pictures(page, "several-handed-over");
      await page.click("button:has-text('提交订单，一起付款')");
      await page.waitForURL("**/orders/**");
      await payTogether(page);
      const hq = await staffToken(home, "hq");
      assert.equal((await paidOrder(nearer, note, hq)).fulfilment, "express");
      assert.equal((await paidOrder(picked, `自提-${script}`, hq)).fulfilment, "pickup");
      assert.deepEqual(shopper.faults, []);
      await shopper.close();
    });
  });
}

for (const script of [true, false]) {
  const how = script ? "with JavaScript" : "without JavaScript";
  test(`one store's lines go two ways in two orders for one payment, ${how}`, { timeout: 180_000 }, async () => {
    const shopper = await visitor(opened, { javaScriptEnabled: script });
    const { page } = shopper;
    await put(page, STORES[0]);
    assert.equal(await page.locator("button:has-text('分开收货')").count(), 0, "there is nothing to go another way than");
    await page.goto(`${home.base}/s/${STORES[0]}/p/qh-zhenzhu-naicha`);
    await page.click("button:has-text('加入购物车')");
    await page.waitForURL("**/cart");

    // In the cart, and back.
    const apart = "li:has-text('珍珠奶茶') button:has-text('分开收货')";
    await page.click(apart);
    await page.waitForSelector("h2:has-text('分开收货')");
    assert.equal(await page.locator("a:has-text('去结算')").count(), 2);
    assert.ok(await page.isVisible("text=2 份订单，一次付清"));
    await pictures(page, "several-apart-cart");
    await page.click("button:has-text('合并收货')");
    await page.waitForSelector("h2:has-text('分开收货')", { state: "detached" });
    assert.equal(await page.locator("a:has-text('去结算')").count(), 1);

    // At the checkout, where what was typed stays with what is fetched.
    await page.click("a:has-text('去结算')");
    await logIn(page);
    await page.waitForURL("**/checkout/**");
    await addAddress(page, "黄浦区人民大道 1 号", 31.2304, 121.4737);
    const [{ id }] = await api("GET", `/stores?q=${STORES[0]}`);
    const notes = [`自取-${script}`, `寄出-${script}`];
    await page.fill("textarea[name=note]", notes[0]);
    await page.click(apart);
    await page.waitForSelector(`textarea[name='note.${id}-apart']`);
    assert.equal(await page.inputValue(`textarea[name='note.${id}']`), notes[0]);
    await page.fill(`textarea[name='note.${id}-apart']`, notes[1]);
    await partOf(page, `${id}-apart`).locator("button:text-is('快递')").click();
    await page.waitForSelector("text=/配送费 ¥.* · 由本店发货/");
    assert.equal(await page.inputValue(`textarea[name='note.${id}']`), notes[0]);
    assert.equal(await page.inputValue(`textarea[name='note.${id}-apart']`), notes[1]);
    assert.ok(await page.isVisible("text=分开收货的另算一个"));
    await pictures(page, "several-apart");
    await page.click("button:has-text('提交订单，一起付款')");
    await page.waitForURL("**/orders/**");
    assert.ok(await page.isVisible("text=一起下单的还有"));
    await payTogether(page);
    const hq = await staffToken(home, "hq");
    const fetched = await paidOrder(id, notes[0], hq);
    const sent = await paidOrder(id, notes[1], hq);
    assert.deepEqual([fetched.fulfilment, sent.fulfilment], ["pickup", "express"]);
    assert.deepEqual([fetched.checkout_id, fetched.pieces, sent.pieces], [sent.checkout_id, 1, 1]);
    assert.deepEqual(shopper.faults, []);
    await shopper.close();
  });
}

test("one store's checkout keeps what was typed, and leaves its goods to the store that brings them", { timeout: 120_000 }, async () => {
  const shopper = await visitor(opened, { javaScriptEnabled: false });
  const { page } = shopper;
  await put(page, "QH-SH-001");
  await page.click("a:has-text('去结算')");
  await logIn(page);
  await page.waitForURL("**/checkout/**");
  await addAddress(page, "浦东新区世纪大道 100 号", 31.2383, 121.505);
  await page.fill("textarea[name=note]", "放门口");
  await page.click("button:text-is('快递')");
  await page.waitForURL("**fulfilment=express**");
  assert.equal(await page.inputValue("textarea[name=note]"), "放门口");
  await page.click("button:text-is('同城配送')");
  await page.waitForSelector("text=超出配送范围");
  await page.waitForSelector("text=/可由 .*陆家嘴店 配送/");
  await pictures(page, "several-one-better");
  await page.click("button:has-text('改由 青禾茶铺 陆家嘴店 配送')");
  await page.waitForSelector("text=/已改由 .*陆家嘴店 配送/");
  assert.equal(await page.inputValue("textarea[name=note]"), "放门口");
  await pictures(page, "several-one-handed-over");
  await page.click("button:has-text('提交订单')");
  await page.waitForURL("**/orders/**");
  assert.ok(await page.isVisible("text=陆家嘴店"));
  assert.deepEqual(shopper.faults, []);
  await shopper.close();
});

test("what was typed for the only store that is left goes along to its own checkout", { timeout: 120_000 }, async () => {
  const shopper = await visitor(opened, { javaScriptEnabled: false });
  const { page } = shopper;
  const { notes } = await placeTogether(page);
  await notes.nth(1).fill("少冰");
  await page.click("button:has-text('先不结算') >> nth=0");
  await page.click("button:has-text('单独结算这家')");
  await page.waitForURL("**/checkout/**");
  assert.equal(await page.inputValue("textarea[name=note]"), "少冰");
  assert.deepEqual(shopper.faults, []);
  await shopper.close();
});

test("what one store has sold out is sent by another, and that is the main act", { timeout: 120_000 }, async () => {
  const phone = `136${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await api("POST", "/auth/codes", { phone });
  const { token } = await api("POST", "/auth/sessions", { phone, code: await codeFor(home, phone) });
  const shopper = await visitor(opened, { javaScriptEnabled: false });
  const { page } = shopper;
  await placeTogether(page);
  await addAddress(page, "静安区南京西路 1686 号", 31.2255, 121.4425);

  // Somebody else takes all that is left.
  const [{ id: own }] = await api("GET", `/stores?q=${STORES[0]}`);
  const { quotes } = await api("GET", "/cart", undefined, (await tokenOf(page)));
  const line = quotes.find((quote) => quote.store.id === own).lines[0];
  const wanted = { store_id: own, sku_id: line.sku_id, options: line.options, quantity: line.available };
  await api("PUT", "/cart/lines", wanted, token);
  const quote = await api("GET", `/cart/quotes/${own}`, undefined, token);
  const order = { id: newId(), store_id: own, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
  await api("POST", "/orders", order, token);

  await page.reload();
  await page.waitForSelector("text=已售罄");
  await page.locator("section:has-text('已售罄') button:text-is('快递')").click();
  await page.waitForSelector("text=本店现在不能寄出这些商品");
  await pictures(page, "several-sold-out");
  await page.click("button:has-text('改由 青禾茶铺 静安寺店 发货')");
  await page.waitForSelector("text=/已改由 .*静安寺店 发货/");
  assert.ok(await page.isEnabled("button:has-text('提交订单，一起付款')"));
  await api("POST", `/orders/${order.id}/cancel`, undefined, token);
  assert.deepEqual(shopper.faults, []);
  await shopper.close();
});

test("what is called off leaves the other to be paid, and the old sum is not asked for any more", { timeout: 120_000 }, async () => {
  const shopper = await visitor(opened, { javaScriptEnabled: false });
  const { page } = shopper;
  await placeTogether(page);
  await page.click("button:has-text('提交订单，一起付款')");
  await page.waitForURL("**/orders/**");
  await page.click("summary:has-text('取消订单')");
  await page.click("button:has-text('确认取消')");
  await page.waitForSelector("h2:has-text('已取消')");
  await page.click("section:has-text('一起下单的还有') li a");
  await page.waitForSelector("button:has-text('微信支付')");
  assert.equal(await page.locator("button:has-text('一起付款')").count(), 0);
  await page.click("button:has-text('微信支付')");
  await page.waitForURL("**/cashier/**");
  await page.click("button:has-text('立即支付')");
  await page.waitForURL("**/orders/**");
  await reloadUntil(page, "[aria-label='取货码二维码']");
  assert.deepEqual(shopper.faults, []);
  await shopper.close();
});
