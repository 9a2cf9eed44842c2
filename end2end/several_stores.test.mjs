// One checkout of two stores in Chromium, with and without JavaScript: the cart's stores are ordered from together, what
// one of them lacks is said beside its part, one payment pays both orders, and each store hands its own over.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browser, codeFor, town, visitor } from "./town.mjs";

const STORES = ["QH-SH-001", "QH-SH-002"];
const PC = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

let home;
let opened;
before(async () => {
  [home, opened] = [await town(), await browser()];
}, { timeout: 120_000 });
after(async () => {
  await opened?.close();
  await home?.end();
});

/** Pictures of a page at the sizes of a phone and of a PC, for whoever wants to look. */
async function pictures(page, name) {
  if (!process.env.PICTURES) return;
  for (const [size, viewport] of [["phone", PHONE], ["pc", PC]]) {
    await page.setViewportSize(viewport);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${process.env.PICTURES}/several-${name}-${size}.png`, fullPage: true });
  }
  await page.setViewportSize(PHONE);
}

/** A request of the API that must succeed. */
async function api(method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${home.base}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

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
  await pictures(page, "cart");
  await page.click("a:has-text('一起结算')");
  await logIn(page);
  await page.waitForURL("**/checkout");
  const notes = page.locator("textarea[name^='note.']");
  assert.equal(await notes.count(), 2);
  await pictures(page, "checkout");

  // One store is left for later and taken in again, which loses nothing in the cart.
  await page.click("a:has-text('先不结算') >> nth=0");
  await page.waitForSelector("text=只剩");
  await pictures(page, "checkout-one");
  await page.click("a:has-text('加入这次结算')");
  await page.waitForSelector("button:has-text('提交订单，一起付款')");
  return { notes };
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
      await pictures(page, "checkout-complaint");
      await page.click("button:has-text('提交订单，一起付款')");
      await page.waitForURL("**/orders/**");
      const address = page.url();
      assert.ok(await page.isVisible("text=一起下单的还有"));
      await pictures(page, "order-unpaid");

      await page.click("button:has-text('一起付款')");
      await page.waitForURL("**/cashier/**");
      await page.click("button:has-text('立即支付')");
      await page.waitForURL(address);
      await reloadUntil(page, "[aria-label='取货码二维码']");
      await pictures(page, "order-paid");
      const codes = [(await page.textContent("p.tracking-widest")).replaceAll(" ", "")];
      await page.click("section:has-text('一起下单的还有') li a");
      await page.waitForURL((url) => url.href !== address && url.pathname.startsWith("/orders/"));
      await page.waitForSelector("[aria-label='取货码二维码']");
      codes.push((await page.textContent("p.tracking-widest")).replaceAll(" ", ""));

      await page.goto(`${home.base}/orders`);
      assert.equal(await page.locator("li:has-text('一起下单')").count(), 2);
      await pictures(page, "orders");

      // Each store has an order of its own, which nobody at the other can hand over.
      const { token: hq } = await api("POST", "/auth/staff-sessions", { account: "hq", password: "demo-hq-2026" });
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
