// The main journey in Chromium, with and without JavaScript: a shopper finds a store, orders and
// pays; the store accepts, prepares and redeems; head office sees the sale.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, opening, PC, staffMember, visitor } from "./town.mjs";

const { home, opened } = await opening();

const newPhone = () => `139${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;

/** From the store's menu to a paid order; answers its page's address and its code. */
async function order(page, { script }) {
  await page.goto(`${home.base}/s/QH-SH-001`);
  await page.fill("input[name=q]", "zznc");
  await page.press("input[name=q]", "Enter");
  await page.click("main ul >> text=珍珠奶茶");
  await page.click("label.pick:has-text('大杯')");
  await page.click("label.pick:has-text('三分糖')");
  await page.click("label.pick:has-text('椰果')");
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
  assert.match(await page.textContent("main"), /大杯/);
  await page.click("button[name=quantity][value='2']");
  await page.click("a:has-text('去结算')");
  await logIn(page);
  await page.waitForURL("**/checkout/**");
  await page.fill("textarea[name=note]", "少放冰");
  await page.click("button:has-text('提交订单')");
  await page.waitForURL("**/orders/**");
  const address = page.url();
  await page.click("button:has-text('微信支付')");
  await page.waitForURL("**/cashier/**");
  await page.click("button:has-text('立即支付')");
  await page.waitForURL(address);
  if (script) {
    await page.waitForSelector("[aria-label='取货码二维码']");
  } else {
    await reloadUntil(page, "[aria-label='取货码二维码']");
  }
  const code = (await page.textContent("p.tracking-widest")).replaceAll(" ", "");
  assert.match(code, /^\d{8}$/);
  return { address, code };
}

async function reloadUntil(page, selector) {
  for (let tries = 0; tries < 20; tries += 1) {
    if (await page.$(selector)) return;
    await page.waitForTimeout(300);
    await page.reload();
  }
  assert.fail(`${selector} did not appear`);
}

async function logIn(page) {
  const phone = newPhone();
  await page.fill("input[name=phone]", phone);
  await page.click("button:has-text('获取验证码')");
  await page.waitForSelector("input[name=code]");
  const code = await codeFor(home, phone);
  await page.fill("input[name=code]", code === "000000" ? "111111" : "000000");
  await page.click("button:text-is('登录')");
  await page.waitForSelector("text=验证码不对");
  await page.fill("input[name=code]", code);
  await page.click("button:text-is('登录')");
}

for (const script of [true, false]) {
  describe(script ? "with JavaScript" : "without JavaScript", () => {
    test("an order goes from the menu to the counter and into head office's figures", { timeout: 120_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { address, code } = await order(shopper.page, { script });

      const clerk = await staffMember(home, opened, "manager", { javaScriptEnabled: script, width: 1280, height: 800 });
      await clerk.page.click("button:text-is('接单')");
      await clerk.page.waitForSelector("button:has-text('备货完成')");
      await clerk.page.click("button:has-text('备货完成')");
      await clerk.page.waitForLoadState();
      await clerk.page.fill("input[name=code]", "0000 0000");
      await clerk.page.press("input[name=code]", "Enter");
      await clerk.page.waitForSelector("text=没有找到");
      await clerk.page.fill("input[name=code]", code);
      await clerk.page.press("input[name=code]", "Enter");
      await clerk.page.waitForSelector("text=已核销");
      await clerk.page.fill("input[name=code]", code);
      await clerk.page.press("input[name=code]", "Enter");
      await clerk.page.waitForSelector("text=请勿重复交货");

      // With script the page has heard of it.
      if (!script) await shopper.page.goto(address);
      await shopper.page.waitForSelector("h2:has-text('已完成')");

      const office = await staffMember(home, opened, "hq", { javaScriptEnabled: script, ...PC });
      await office.page.goto(`${home.base}/hq`);
      assert.match(await office.page.textContent("main"), /青禾茶铺 人民广场店/);

      assert.deepEqual([...shopper.faults, ...clerk.faults, ...office.faults], []);
      await Promise.all([shopper.close(), clerk.close(), office.close()]);
    });

    test("a price goes from the store's proposal to the decision of the manager above it", { timeout: 90_000 }, async () => {
      const size = { javaScriptEnabled: script, width: 1280, height: 800 };
      const price = script ? "16.66" : "13.33";
      const store = await staffMember(home, opened, "manager", size);
      await store.page.click("a:has-text('申请审批')");
      await store.page.click("a:has-text('新建申请')");
      await store.page.fill("input[name=q]", "zznc");
      await store.page.press("input[name=q]", "Enter");
      await store.page.click("tr:has-text('大杯') a:has-text('选择')");
      await store.page.fill("input[name=price]", "十六");
      await store.page.fill("textarea[name=reason]", "周边竞品促销");
      await store.page.click("button:has-text('提交审批')");
      await store.page.waitForSelector("text=请填写 0.01 到 99,999.99 元的价格");
      assert.equal(await store.page.inputValue("textarea[name=reason]"), "周边竞品促销");
      await store.page.fill("input[name=price]", price);
      await store.page.click("button:has-text('提交审批')");
      await store.page.waitForSelector("text=已提交，结果会显示在这里");
      const proposal = store.page.url().split("?")[0];

      const above = await staffMember(home, opened, "shanghai", size);
      await above.page.goto(`${home.base}/hq`);
      assert.match(await above.page.textContent("nav a:has-text('审批')"), /1/);
      await above.page.click("nav a:has-text('审批')");
      await above.page.click("a:has-text('待我审批')");
      await above.page.click("table a:has-text('珍珠奶茶')");
      await above.page.click("button:has-text('驳回')");
      await above.page.waitForSelector("text=请写明驳回原因");
      await above.page.click("button:has-text('通过')");
      await above.page.waitForSelector("text=已通过，立即生效");

      await store.page.goto(proposal);
      assert.match(await store.page.textContent("main"), /已通过[\s\S]*上海区域经理/);
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      await shopper.page.goto(`${home.base}/s/QH-SH-001/p/qh-zhenzhu-naicha`);
      assert.match(await shopper.page.textContent("main"), new RegExp(price.replace(".", "\\.")));
      const office = await staffMember(home, opened, "hq", { javaScriptEnabled: script, ...PC });
      await office.page.goto(`${home.base}/hq/audit?q=${encodeURIComponent("珍珠奶茶")}&act=approve_proposal`);
      assert.match(await office.page.textContent("table"), new RegExp(`上海区域经理[\\s\\S]*${price.replace(".", "\\.")}`));
      assert.deepEqual([...store.faults, ...above.faults, ...office.faults], []);
      await Promise.all([store, above, shopper, office].map((person) => person.close()));
    });

    test("a wrong quantity comes back beside its field with what was typed", { timeout: 60_000 }, async () => {
      const { page, close } = await visitor(opened, { javaScriptEnabled: script });
      await page.goto(`${home.base}/s/QH-SH-001/p/qh-zhenzhu-naicha`);
      // As from a browser that does not check by itself.
      await page.$eval("form:has(input[name=quantity])", (form) => form.setAttribute("novalidate", ""));
      await page.fill("input[name=quantity]", "0");
      await page.click("button:has-text('加入购物车')");
      await page.waitForSelector("text=数量须是 1 到 999 的整数");
      assert.match(page.url(), /qh-zhenzhu-naicha/);
      assert.equal(await page.inputValue("input[name=quantity]"), "0");
      await close();
    });

    test("a store is found from a place chosen by hand", { timeout: 60_000 }, async () => {
      const { page, close } = await visitor(opened, { javaScriptEnabled: script });
      await page.goto(`${home.base}/stores`);
      await page.selectOption("select[name=place]", { label: "人民广场" });
      await page.click("button:has-text('切换')");
      await page.waitForSelector("text=按离“人民广场”的距离排序");
      assert.match(await page.textContent("main ul li >> nth=0"), /\d+ m|\d\.\d km/);
      await close();
    });
  });
}

test("the browser's position finds the nearest store", { timeout: 60_000 }, async () => {
  const { page, faults, close } = await visitor(opened, { javaScriptEnabled: true });
  await page.goto(`${home.base}/stores`);
  await page.waitForSelector("html[data-islands=ready]");
  await page.click("button:has-text('用我的位置')");
  await page.waitForSelector("text=按离“当前位置”的距离排序");
  assert.deepEqual(faults, []);
  await close();
});

test("an import is followed to its end without a reload by hand", { timeout: 120_000 }, async () => {
  const { page, faults, close } = await staffMember(home, opened, "hq", { javaScriptEnabled: true, ...PC });
  await page.goto(`${home.base}/hq/imports/new`);
  const rows = Array.from({ length: 3000 }, (_, row) => `E-${row},新店 ${row},青禾茶铺,长路 ${row} 号,31,121.47,31.23`);
  const table = ["店号,店名,品牌,地址,省,经度,纬度", ...rows].join("\n");
  await page.setInputFiles("input[type=file]", { name: "门店.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
  await page.click("button:has-text('上传并预览')");
  await page.click("button:has-text('确认导入 3000 行')");
  await page.waitForSelector("text=已导入 3000 行");
  assert.deepEqual(faults, []);
  await close();
});
