// A blind count in a storeroom, on a phone, while the shop sells: with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, opening, picture, staffMember, visitor } from "./town.mjs";

const GOODS = "qh-zhenzhu-naicha-l";

const { home, opened } = await opening();

const staff = (account, size) => staffMember(home, opened, account, size);

/** Sells and hands over two of the goods. */
async function sell(manager, size) {
  const { page, close, faults } = await visitor(opened, size);
  const phone = `137${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
  await page.goto(`${home.base}/s/QH-SH-001/p/qh-zhenzhu-naicha`);
  await page.click("label.pick:has-text('大杯')");
  await page.click("label.pick:has-text('三分糖')");
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
  await page.click("button[name=quantity][value='2']");
  await page.click("a:has-text('去结算')");
  await page.fill("input[name=phone]", phone);
  await page.click("button:has-text('获取验证码')");
  await page.waitForSelector("input[name=code]");
  await page.fill("input[name=code]", await codeFor(home, phone));
  await page.click("button:text-is('登录')");
  await page.waitForURL("**/checkout/**");
  await page.click("button:has-text('提交订单')");
  await page.waitForURL("**/orders/**");
  const address = page.url();
  await page.click("button:has-text('微信支付')");
  await page.waitForURL("**/cashier/**");
  await page.click("button:has-text('立即支付')");
  await page.waitForURL(address);
  for (let tries = 0; tries < 30 && !(await page.$("[aria-label='取货码二维码']")); tries += 1) {
    await page.waitForTimeout(300);
    await page.goto(address);
  }
  const code = (await page.textContent("p.tracking-widest")).replaceAll(" ", "");
  await manager.page.goto(`${home.base}/console`);
  await manager.page.click("button:text-is('接单')");
  await manager.page.click("button:has-text('备货完成')");
  await manager.page.waitForLoadState();
  await manager.page.fill("input[name=code]", code);
  await manager.page.press("input[name=code]", "Enter");
  await manager.page.waitForSelector("text=已核销");
  assert.deepEqual(faults, []);
  await close();
}

/** How many the books say there are, as whoever reports a loss is told. */
async function onTheBooks(page) {
  await page.goto(`${home.base}/console/losses/new?q=${GOODS}`);
  return Number(/账面 (\d+) 件/.exec(await page.textContent("main ul"))[1]);
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("what is sold while counting is no difference, and whoever counts is not told the books", { timeout: 120_000 }, async () => {
      const manager = await staff("manager", { javaScriptEnabled, width: 820, height: 1180 });
      const clerk = await staff("clerk", { javaScriptEnabled });
      const before = await onTheBooks(manager.page);
      await manager.page.goto(`${home.base}/console/counts/new`);
      await manager.page.fill("textarea[name=skus]", GOODS);
      await manager.page.check("input[name=blind]");
      await manager.page.click("main button:has-text('开始盘点')");
      await manager.page.waitForURL(/counts\/[0-9a-f]{8}-/);
      const count = manager.page.url().split("?")[0];

      // One is missing. The clerk scans one and types the rest; a wrong code changes nothing.
      await clerk.page.goto(count);
      await clerk.page.fill("#field-code", "6900000000000");
      await clerk.page.press("#field-code", "Enter");
      await clerk.page.waitForSelector("text=不是这里的商品");
      await clerk.page.fill("#field-code", GOODS);
      await clerk.page.press("#field-code", "Enter");
      await clerk.page.waitForSelector("text=+1，共 1 件");
      await clerk.page.fill("#field-code", GOODS);
      await clerk.page.fill("#field-pieces", String(before - 3));
      await clerk.page.press("#field-pieces", "Enter");
      await clerk.page.waitForSelector(`text=共 ${before - 2} 件`);
      assert.doesNotMatch(await clerk.page.textContent("main"), /账面/);

      // The last one comes with a scanner's file, of which one line that is wrong keeps all of it out.
      const list = "details:has-text('导入扫码枪的文件')";
      const file = async (table) => {
        await clerk.page.setInputFiles(`${list} input[name=file]`, { name: "盘点.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
        await clerk.page.click(`${list} button:text-is('录入')`);
      };
      await clerk.page.click(`${list} summary`);
      await file(`SKU,件数\n${GOODS},1\n6900000000000,1\n`);
      await clerk.page.waitForSelector("text=第 3 行：没有找到");
      await file(`SKU,件数\n${GOODS},1\n`);
      await clerk.page.waitForSelector("text=已录入 1 种商品、共 1 件");
      assert.doesNotMatch(await clerk.page.textContent("main"), /账面/);

      await sell(manager, { javaScriptEnabled });
      await clerk.page.click("button:has-text('提交盘点')");
      await clerk.page.waitForSelector("text=已提交");
      assert.doesNotMatch(await clerk.page.textContent("main"), /账面/);
      await manager.page.goto(count);
      await manager.page.waitForSelector("text=-1 件");
      await manager.page.click("button:has-text('确认入账')");
      await manager.page.waitForSelector("text=库存已按差异调整");
      for (const kind of ["csv", "xlsx"]) {
        assert.ok(await manager.page.$(`a[href='${new URL(count).pathname}/lines/${kind}']`), `the count as ${kind}`);
      }
      assert.equal(await onTheBooks(manager.page), before - 1 - 2);
      assert.deepEqual([...manager.faults, ...clerk.faults], []);
      await Promise.all([manager.close(), clerk.close()]);
    });
  });
}

test("a scanner is never waited for, and what it reads while the network is away is entered once it is back", { timeout: 120_000 }, async () => {
  const manager = await staff("manager", { javaScriptEnabled: true, width: 820, height: 1180 });
  const clerk = await staff("clerk", { javaScriptEnabled: true });
  await manager.page.goto(`${home.base}/console/counts/new`);
  await manager.page.fill("textarea[name=skus]", GOODS);
  await manager.page.click("main button:has-text('开始盘点')");
  await manager.page.waitForURL(/counts\/[0-9a-f]{8}-/);
  const count = manager.page.url().split("?")[0];

  const { page } = clerk;
  await page.goto(count);
  await page.waitForSelector("html[data-islands=ready]");
  await page.evaluate(() => (window.sameDocument = true));
  await page.focus("#field-code");
  const scan = async (code) => {
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
  };
  for (let pieces = 0; pieces < 8; pieces += 1) await scan(GOODS);
  // How many there are stands there until the next answer, so nothing may be scanned before it is seen.
  await page.waitForSelector("text=共 8 件");
  await scan("6900000000000");
  await page.waitForSelector("text=6900000000000：没有找到");

  await page.context().setOffline(true);
  for (let pieces = 0; pieces < 5; pieces += 1) await scan(GOODS);
  await page.waitForSelector("text=网络断开");
  await page.waitForSelector("text=还有 5 笔正在录入");
  await page.context().setOffline(false);
  await page.waitForSelector("text=共 13 件");
  await page.waitForSelector("text=网络断开", { state: "detached" });
  assert.match(await page.textContent("#count-latest"), /\+1/, "the list beside it is fresh");
  assert.equal(await page.evaluate(() => window.sameDocument), true, "the page was never loaded anew");
  assert.equal(await page.evaluate(() => document.activeElement.id), "field-code");

  // This browser reads no codes by itself; what one that does would see stands here.
  await page.addInitScript((code) => {
    window.inSight = [code];
    window.BarcodeDetector = class {
      static getSupportedFormats = async () => ["qr_code", "ean_13"];
      detect = async () => window.inSight.map((rawValue) => ({ rawValue }));
    };
  }, GOODS);
  await page.goto(count);
  await page.waitForSelector("#count-lines >> text=13");
  await page.click("button:has-text('用相机扫码')");
  await page.waitForSelector("text=共 14 件");
  await picture(page, "count-camera");
  assert.equal(await page.isVisible("text=共 15 件"), false, "what lies before the camera counts once");
  await page.evaluate(() => (window.inSight = []));
  await page.waitForTimeout(2_000);
  await page.evaluate((code) => (window.inSight = [code]), GOODS);
  await page.waitForSelector("text=共 15 件");
  await page.click("button:has-text('关闭相机')");
  await page.waitForSelector("video", { state: "hidden" });
  await manager.page.goto(count);
  await manager.page.click("button:has-text('取消盘点')");
  await manager.page.click("#cancel-count button:has-text('取消盘点')");
  await manager.page.waitForSelector("text=库存不会改变", { state: "hidden" });
  await manager.page.waitForSelector("text=已取消");
  assert.deepEqual([...manager.faults, ...clerk.faults], []);
  await Promise.all([manager.close(), clerk.close()]);
});
