// Goods of which one shopper may buy so many: head office limits them, the shop says so, and an order of them is to be
// paid sooner; and goods of which one channel sells so many. With and without JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeFor, opening, PC, PHONE, picture, staffMember, visitor } from "./town.mjs";

const SKU = "qh-zhenzhu-naicha-l";
const PRODUCT = "/s/QH-SH-001/p/qh-zhenzhu-naicha";

const { home, opened } = await opening();

/** Head office limits the large tea, after a number that is none. */
async function limit(javaScriptEnabled) {
  const head = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
  const { page } = head;
  await page.goto(`${home.base}/hq/stock-models`);
  await page.click("summary:has-text('设置限购')");
  const form = page.locator("form[action='/rpc/hq/set_purchase_limit']");
  await form.locator("input[name=sku]").fill(SKU);
  await form.locator("input[name=most]").fill("0");
  await form.locator("input[name=pay_minutes]").fill("5");
  await form.locator("button:has-text('保存')").click();
  await page.waitForSelector("text=请填写 1 到 999 的整数");
  assert.equal(await form.locator("input[name=sku]").inputValue(), SKU, "what was typed is kept");
  assert.ok(await form.locator("input[name=most]").isVisible(), "and seen");
  await picture(page, `limit-refused-${javaScriptEnabled}`);
  await form.locator("input[name=most]").fill("1");
  await form.locator("button:has-text('保存')").click();
  await page.waitForSelector("td:has-text('每人限购 1 件，下单后 5 分钟内付款')");
  await picture(page, `limit-${javaScriptEnabled}`);
  return head;
}

/** So many large teas into the cart. */
async function choose(page, pieces) {
  await page.goto(home.base + PRODUCT);
  await page.click("label.pick:has-text('大杯')");
  await page.click("label.pick:has-text('三分糖')");
  await page.fill("input[name=quantity]", String(pieces));
  await page.click("button:has-text('加入购物车')");
}

for (const javaScriptEnabled of [true, false]) {
  test(`nobody buys more than they may, ${javaScriptEnabled ? "with" : "without"} JavaScript`, { timeout: 90_000 }, async () => {
    const head = await limit(javaScriptEnabled);
    const shopper = await visitor(opened, { javaScriptEnabled });
    const { page } = shopper;
    await choose(page, 2);
    await page.waitForSelector(".text-error:has-text('每人限购 1 件'), [role=alert]:has-text('每人限购 1 件')");
    await choose(page, 1);
    await page.waitForURL("**/cart");
    await page.click("a:has-text('去结算')");
    const phone = `136${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
    await page.fill("input[name=phone]", phone);
    await page.click("button:has-text('获取验证码')");
    await page.waitForSelector("input[name=code]");
    await page.fill("input[name=code]", await codeFor(home, phone));
    await page.click("button:text-is('登录')");
    await page.waitForURL("**/checkout/**");
    await page.click("button:has-text('提交订单')");
    await page.waitForURL("**/orders/**");
    const [, hours, minutes] = /请在 .*?(\d+):(\d+) 前付款/.exec(await page.textContent("main"));
    const now = new Date(Date.now() + 8 * 3_600_000);
    const left = (hours * 60 + Number(minutes) - now.getUTCHours() * 60 - now.getUTCMinutes() + 1440) % 1440;
    assert.ok(left <= 5, `${left} minutes are left`);
    const order = page.url();

    await page.goto(home.base + PRODUCT);
    assert.match(await page.textContent("main"), /大杯：每人限购 1 件，您已买 1 件/);
    await picture(page, `limited-product-${javaScriptEnabled}`);
    await choose(page, 1);
    await page.waitForSelector(".text-error:has-text('您已买 1 件'), [role=alert]:has-text('您已买 1 件')");
    await picture(page, `limited-refused-${javaScriptEnabled}`);

    // What is called off does not count.
    await page.goto(order);
    await page.click("summary:has-text('取消订单')");
    await page.click("button:has-text('确认取消')");
    await page.waitForSelector("text=已取消");
    await choose(page, 1);
    await page.waitForURL("**/cart");
    await head.page.click("button[aria-label$='的限购']");
    await head.page.waitForSelector("text=已取消限购");
    assert.deepEqual([...head.faults, ...shopper.faults], []);
    await Promise.all([head.close(), shopper.close()]);
  });

  test(`a channel sells its quota, and a store its own, ${javaScriptEnabled ? "with" : "without"} JavaScript`, { timeout: 90_000 }, async () => {
    const head = await staffMember(home, opened, "hq", { javaScriptEnabled, ...PC });
    await head.page.goto(`${home.base}/hq/stock-models`);
    await head.page.click("summary:has-text('设置渠道额度')");
    const form = head.page.locator("form[action='/rpc/hq/set_channel_quota']");
    await form.locator("input[name=sku]").fill(SKU);
    await form.locator("select[name=channel]").selectOption("mini_program");
    await form.locator("input[name=most]").fill("很多");
    await form.locator("button:has-text('保存')").click();
    await form.locator("text=请填写").first().waitFor();
    assert.equal(await form.locator("select[name=channel]").inputValue(), "mini_program", "what was chosen is kept");
    await picture(head.page, `quota-refused-${javaScriptEnabled}`);
    await form.locator("select[name=channel]").selectOption("shop");
    await form.locator("input[name=most]").fill("3");
    await form.locator("button:has-text('保存')").click();
    await head.page.waitForSelector("td:has-text('每店最多卖 3 件')");
    await picture(head.page, `quota-${javaScriptEnabled}`);

    const store = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PHONE });
    await store.page.goto(`${home.base}/console/stock?q=${SKU}`);
    await store.page.click(`a[href*='sku=']`);
    await store.page.waitForSelector("li:has-text('总部设置')");
    await store.page.click("summary:has-text('设置本店的渠道额度')");
    const own = store.page.locator("form[action='/rpc/console/set_channel_quota']");
    await own.locator("select[name=channel]").selectOption("shop");
    await own.locator("input[name=most]").fill("1");
    await own.locator("button:has-text('保存')").click();
    await store.page.waitForSelector("li:has-text('本店设置')");
    await picture(store.page, `quota-console-${javaScriptEnabled}`);

    const shopper = await visitor(opened, { javaScriptEnabled });
    await choose(shopper.page, 2);
    await shopper.page.waitForSelector(".text-error:has-text('仅剩 1 件'), [role=alert]:has-text('仅剩 1 件')");
    await picture(shopper.page, `quota-shop-${javaScriptEnabled}`);
    await store.page.click("button[aria-label$='额度']");
    await store.page.waitForSelector("text=已取消这条额度");
    await choose(shopper.page, 2);
    await shopper.page.waitForURL("**/cart");
    await head.page.click("button[aria-label$='商城额度']");
    await head.page.waitForSelector("text=已取消这条额度");
    assert.deepEqual([...head.faults, ...store.faults, ...shopper.faults], []);
    await Promise.all([head.close(), store.close(), shopper.close()]);
  });
}
