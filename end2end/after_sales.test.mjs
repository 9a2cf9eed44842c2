// A return at another store in Chromium, with and without JavaScript: the shopper asks, the store that sold refuses,
// head office upholds, another store takes the goods, and the money goes back. And goods that a counter turns away, of
// which it takes a part, and which come by post. And what came in exchange, which is asked for again, or is sent.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeFor, opening, PC, picture, staffMember, visitor } from "./town.mjs";

const { home, opened } = await opening();

async function reloadUntil(page, selector) {
  for (let tries = 0; tries < 30; tries += 1) {
    if (await page.$(selector)) return;
    await page.waitForTimeout(300);
    await page.reload();
  }
  assert.fail(`${selector} did not appear`);
}

/** Buys two pieces of what can come back, of this size if any; answers the order's address and its code. */
async function buy(page, size) {
  await page.goto(`${home.base}/s/QH-SH-001?q=${encodeURIComponent("龙井")}`);
  await page.click("main ul >> text=龙井");
  if (size) await page.click(`label:has-text('${size}')`);
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
  await page.click("button[name=quantity][value='2']");
  await page.click("a:has-text('去结算')");
  const phone = `137${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
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
  await reloadUntil(page, "[aria-label='取货码二维码']");
  return { address, code: (await page.textContent("p.tracking-widest")).replaceAll(" ", "") };
}

/** The store accepts the only open order and hands its goods over. */
async function handOver(page, code) {
  await page.goto(`${home.base}/console`);
  await page.click("button:text-is('接单')");
  await page.waitForSelector("button:has-text('备货完成')");
  await page.fill("input[name=code]", code);
  await page.press("input[name=code]", "Enter");
  await page.waitForSelector("text=已核销");
}

for (const script of [true, false]) {
  describe(script ? "with JavaScript" : "without JavaScript", () => {
    test("goods that one store sold come back at another", { timeout: 180_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { address, code } = await buy(shopper.page);
      const store = await staffMember(home, opened, "manager", { javaScriptEnabled: script, width: 820, height: 1180 });
      await handOver(store.page, code);

      // More than was bought is told beside the line; then the amount is seen before anything is sent.
      await shopper.page.goto(address);
      await picture(shopper.page, "shop-order");
      await shopper.page.click("a:has-text('申请售后')");
      await shopper.page.waitForURL("**/after-sales");
      await picture(shopper.page, "shop-claim");
      await shopper.page.goto(`${shopper.page.url()}?kind=return&n.1=3`);
      await shopper.page.waitForSelector("text=最多还可以申请 2 件");
      await picture(shopper.page, "shop-claim-wrong");
      await shopper.page.fill("input[name='n.1']", "1");
      await shopper.page.click("button:has-text('下一步')");
      await shopper.page.waitForSelector("text=退款金额");
      await shopper.page.selectOption("select[name=reason]", "other");
      await shopper.page.click("button:has-text('提交申请')");
      await shopper.page.waitForSelector("text=请写明原因");
      await picture(shopper.page, "shop-claim-send");
      await shopper.page.fill("textarea[name=note]", "包装压坏了");
      await shopper.page.click("button:has-text('提交申请')");
      await shopper.page.waitForURL("**/after-sales/*");
      const request = shopper.page.url();
      await shopper.page.setInputFiles("input[name=file]", "public/pictures/longjing-tin-320.webp");
      await shopper.page.click("button:has-text('上传照片')");
      await shopper.page.waitForSelector("text=已添加 1 张照片");
      await picture(shopper.page, "shop-progress");

      await store.page.goto(`${home.base}/console/after-sales`);
      await picture(store.page, "console-list");
      await store.page.click("td a.link");
      await store.page.waitForSelector("text=包装压坏了");
      await store.page.waitForSelector("img[alt='顾客的第 1 张照片']");
      await store.page.setInputFiles("#store_proof_file", [
        "public/pictures/longjing-tin-320.webp",
        "package.json",
      ]);
      await store.page.fill("#store_proof_note", "罐身完好");
      await store.page.click("button:has-text('添加照片')");
      await store.page.waitForSelector("text=已添加 1 张照片，其余没有添加");
      assert.ok((await store.page.textContent("#store_proof_file-error")).includes("package.json"), "told beside the field");
      await store.page.waitForSelector("img[alt='门店的第 1 张照片']");
      await picture(store.page, "console-one");
      await shopper.page.goto(request);
      assert.equal(await shopper.page.$("text=商家的照片"), null, "nothing is decided yet");
      await store.page.click("button:has-text('拒绝')");
      await store.page.waitForSelector("text=请写明拒绝的原因");
      await store.page.fill("textarea[name=note]", "照片看不出问题");
      await store.page.click("button:has-text('拒绝')");
      await store.page.waitForSelector("text=已拒绝");

      await shopper.page.goto(request);
      await shopper.page.waitForSelector("text=照片看不出问题");
      await shopper.page.waitForSelector("img[alt='商家的第 1 张照片']");
      await shopper.page.waitForSelector("text=罐身完好");
      await picture(shopper.page, "shop-refused");
      await shopper.page.fill("textarea[name=note]", "罐身有明显凹痕");
      await shopper.page.click("button:has-text('申请总部仲裁')");
      await shopper.page.waitForSelector("text=已提交总部");

      const office = await staffMember(home, opened, "hq", { javaScriptEnabled: script, ...PC });
      await office.page.goto(`${home.base}/hq/after-sales?tab=appeals`);
      await picture(office.page, "hq-list");
      await office.page.click("td a.link");
      await office.page.waitForSelector("text=罐身有明显凹痕");
      await office.page.waitForSelector("img[alt='门店的第 1 张照片']");
      await picture(office.page, "hq-one");
      await office.page.click("button:has-text('支持顾客')");
      await office.page.waitForSelector("text=已支持顾客的申请");

      await shopper.page.goto(request);
      await shopper.page.waitForSelector("[aria-label='售后码二维码']");
      await picture(shopper.page, "shop-code");
      const digits = (await shopper.page.textContent("p.tracking-widest")).replaceAll(" ", "");
      assert.match(digits, /^\d{10}$/);

      // The office stands in for the other store's clerk: the store is chosen.
      await office.page.setViewportSize({ width: 1280, height: 800 });
      await office.page.goto(`${home.base}/console/returns?code=0000000000`);
      await office.page.waitForSelector("text=没有找到");
      await office.page.goto(`${home.base}/console/after-sales`);
      await office.page.fill("input[name=code]", digits);
      await office.page.press("input[name=code]", "Enter");
      await office.page.waitForSelector("text=清点并收货");
      const other = await office.page.$$eval("select[name=store] option", (stores) =>
        stores.map((one) => one.textContent).find((name) => name.startsWith("青禾茶铺") && !name.includes("人民广场店")));
      await office.page.selectOption("select[name=store]", { label: other });
      assert.equal(await office.page.inputValue("input[name='pieces.1.restock']"), "1", "as new until somebody says otherwise");
      await picture(office.page, "console-counter");
      await office.page.click("button:has-text('确认收货')");
      await office.page.waitForSelector("text=已收货");
      await picture(office.page, "console-done");

      await shopper.page.goto(request);
      await reloadUntil(shopper.page, "text=已原路退回");
      assert.ok((await shopper.page.textContent("main")).includes(other), "the store that took the goods is named");
      await picture(shopper.page, "shop-done");
      assert.deepEqual([...shopper.faults, ...store.faults, ...office.faults], []);
      await Promise.all([shopper.close(), store.close(), office.close()]);
    });

    test("a counter turns goods away, takes less than was asked back, and a parcel", { timeout: 240_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { address, code } = await buy(shopper.page);
      const store = await staffMember(home, opened, "manager", { javaScriptEnabled: script, width: 820, height: 1180 });
      const office = await staffMember(home, opened, "hq", { javaScriptEnabled: script, ...PC });
      await handOver(store.page, code);

      /** Asks for so many pieces to go back, and the store agrees; answers the request's address. */
      const agreed = async (pieces) => {
        await shopper.page.goto(`${address}/after-sales?kind=return&n.1=${pieces}`);
        await shopper.page.selectOption("select[name=reason]", "unwanted");
        await shopper.page.click("button:has-text('提交申请')");
        await shopper.page.waitForURL(`${home.base}/after-sales/*`);
        const request = shopper.page.url();
        await store.page.goto(`${home.base}/console${new URL(request).pathname}`);
        await store.page.click("button:has-text('同意')");
        await store.page.waitForSelector("text=已同意");
        return request;
      };
      const counter = async (digits) => {
        await store.page.goto(`${home.base}/console/after-sales`);
        await store.page.fill("input[name=code]", digits);
        await store.page.press("input[name=code]", "Enter");
        await store.page.waitForSelector("text=清点并收货");
      };

      const request = await agreed(2);
      await shopper.page.goto(request);
      // The first of the two journeys gives the store an address.
      if (script) assert.equal(await shopper.page.$("text=不方便到店"), null, "the store takes no parcels yet");
      const digits = (await shopper.page.textContent("p.tracking-widest")).replaceAll(" ", "");
      await counter(digits);
      await store.page.click("summary:has-text('拒收')");
      await store.page.fill("textarea[name=note]", "罐子已开封");
      await picture(store.page, "console-turn-away");
      await store.page.click("button:text-is('拒收')");
      await store.page.waitForSelector("text=已拒收");
      await shopper.page.goto(request);
      await shopper.page.waitForSelector("text=罐子已开封");
      await picture(shopper.page, "shop-turned-away");
      await shopper.page.fill("textarea[name=note]", "买来就是这样");
      await shopper.page.click("button:has-text('申请总部仲裁')");
      await shopper.page.waitForSelector("text=已提交总部");
      await office.page.goto(`${home.base}/hq${new URL(request).pathname}`);
      await office.page.click("button:has-text('支持顾客')");
      await office.page.waitForSelector("text=已支持顾客的申请");

      // More than was asked back is told beside the line; then one of the two came, and is spoilt.
      await counter(digits);
      await store.page.fill("input[name='pieces.1.scrap']", "1");
      await store.page.click("button:has-text('确认收货')");
      await store.page.waitForSelector("text=合计不能超过");
      await picture(store.page, "console-too-many");
      await store.page.fill("input[name='pieces.1.restock']", "0");
      await store.page.fill("input[name='pieces.1.scrap']", "1");
      await store.page.click("button:has-text('确认收货')");
      await store.page.waitForSelector("text=没有收到，已退出这张售后单");
      await picture(store.page, "console-part");
      await shopper.page.goto(request);
      await reloadUntil(shopper.page, "text=已原路退回");
      await shopper.page.waitForSelector("text=没有带来");
      await picture(shopper.page, "shop-part");

      // The other one comes by post.
      await store.page.goto(`${home.base}/console/delivery`);
      await store.page.fill("#return_name", "售后组");
      await store.page.fill("#return_phone", "电话");
      await store.page.fill("#return_address", "上海市黄浦区人民大道 1 号 B1 层");
      await store.page.click("button:has-text('保存退货地址')");
      await store.page.waitForSelector("text=请填写收件电话");
      await store.page.fill("#return_phone", "021-63501234");
      await store.page.click("button:has-text('保存退货地址')");
      await store.page.waitForSelector("text=退货地址已保存");
      await picture(store.page, "console-return-address");
      const second = await agreed(1);
      await shopper.page.goto(second);
      await shopper.page.click("summary:has-text('寄回商品')");
      await shopper.page.selectOption("select[name=carrier]", "shunfeng");
      await shopper.page.fill("input[name=tracking_number]", "12");
      await shopper.page.click("button:has-text('保存寄回信息')");
      await shopper.page.waitForSelector("text=6 到 40 位");
      await picture(shopper.page, "shop-post");
      await shopper.page.fill("input[name=tracking_number]", "SF1234567890");
      await shopper.page.click("button:has-text('保存寄回信息')");
      await shopper.page.waitForSelector("text=寄回信息已保存");
      await picture(shopper.page, "shop-posted");
      await store.page.goto(`${home.base}/console/after-sales?tab=coming&posted=1`);
      await picture(store.page, "console-posted");
      await store.page.click("td a.link");
      await store.page.waitForSelector("text=SF1234567890");
      await picture(store.page, "console-arrival");
      await store.page.click("button:has-text('确认收货')");
      await store.page.waitForSelector("text=已收货");
      await shopper.page.goto(second);
      await reloadUntil(shopper.page, "text=已原路退回");
      assert.deepEqual([...shopper.faults, ...store.faults, ...office.faults], []);
      await Promise.all([shopper.close(), store.close(), office.close()]);
    });

    test("what came in exchange is asked for like what it came for, and the next is sent", { timeout: 240_000 }, async () => {
      const shopper = await visitor(opened, { javaScriptEnabled: script });
      const { address, code } = await buy(shopper.page, "125 克");
      const store = await staffMember(home, opened, "manager", { javaScriptEnabled: script, width: 820, height: 1180 });
      await handOver(store.page, code);

      /** Asks for the smaller tin for one of the two, where the difference goes back, and the store agrees. */
      const agreed = async () => {
        await shopper.page.goto(`${address}/after-sales?kind=exchange&n.1=1`);
        const small = await shopper.page.$$eval("select[name='swap.1'] option", (sizes) =>
          sizes.find((one) => one.textContent.startsWith("50 克")).value);
        await shopper.page.selectOption("select[name='swap.1']", small);
        await shopper.page.click("button:has-text('下一步')");
        await shopper.page.waitForSelector("text=退回差价");
        await shopper.page.selectOption("select[name=reason]", "unwanted");
        await shopper.page.click("button:has-text('提交申请')");
        await shopper.page.waitForURL(`${home.base}/after-sales/*`);
        const request = shopper.page.url();
        await store.page.goto(`${home.base}/console${new URL(request).pathname}`);
        await store.page.click("button:has-text('同意')");
        await store.page.waitForSelector("text=已同意");
        await shopper.page.goto(request);
        return request;
      };

      await agreed();
      const digits = (await shopper.page.textContent("p.tracking-widest")).replaceAll(" ", "");
      await store.page.goto(`${home.base}/console/returns?code=${digits}`);
      await store.page.click("button:has-text('确认收货')");
      await store.page.waitForSelector("text=已收货");

      // It has a line of its own, for what is left of what was paid.
      await shopper.page.goto(`${address}/after-sales`);
      await shopper.page.waitForSelector("text=换货得到");
      await picture(shopper.page, "shop-claim-exchanged");
      await shopper.page.goto(`${address}/after-sales?kind=return&n.2=2`);
      await shopper.page.waitForSelector("text=最多还可以申请 1 件");
      await shopper.page.fill("input[name='n.2']", "1");
      await shopper.page.click("button:has-text('下一步')");
      await shopper.page.waitForSelector("text=退款金额");
      assert.ok((await shopper.page.textContent("main")).includes("50 克"));
      await shopper.page.selectOption("select[name=reason]", "unwanted");
      await shopper.page.click("button:has-text('提交申请')");
      await shopper.page.waitForURL(`${home.base}/after-sales/*`);

      // The other one goes by post, to the address that the journey before gave the store, and so does what comes for it.
      await shopper.page.goto(`${home.base}/me/addresses/new`);
      await shopper.page.fill("input[name=name]", "小林");
      await shopper.page.fill("input[name=phone]", "13500135000");
      await shopper.page.selectOption("select[name=region_code]", "310100");
      await shopper.page.fill("textarea[name=detail]", "黄浦区人民大道 1 号");
      await shopper.page.click("button:has-text('保存')");
      await shopper.page.waitForSelector("text=地址已保存");
      const request = await agreed();
      await shopper.page.click("summary:has-text('寄回商品')");
      await shopper.page.selectOption("select[name=carrier]", "shunfeng");
      await shopper.page.fill("input[name=tracking_number]", "SF2234567890");
      const to = await shopper.page.$$eval("select[name=send_to] option", (places) =>
        places.find((one) => one.textContent.includes("人民大道 1 号")).value);
      await shopper.page.selectOption("select[name=send_to]", to);
      await shopper.page.click("button:has-text('保存寄回信息')");
      await shopper.page.waitForSelector("text=寄回信息已保存");
      await shopper.page.waitForSelector("text=换货寄到");
      await picture(shopper.page, "shop-posted-exchange");
      await store.page.goto(`${home.base}/console${new URL(request).pathname}`);
      await store.page.waitForSelector("text=SF2234567890");
      assert.equal(await store.page.$("button:has-text('确认寄出')"), null, "the shopper may still say another address");
      await store.page.click("button:has-text('登记到店')");
      await store.page.waitForSelector("text=已登记到店");
      await picture(store.page, "console-send-exchange");
      await store.page.selectOption("select[name=carrier]", "yuantong");
      await store.page.fill("input[name=tracking_number]", "YT7654321098");
      await store.page.click("button:has-text('确认寄出')");
      await store.page.waitForSelector("text=已寄出：");
      await picture(store.page, "console-sent-exchange");
      await shopper.page.goto(request);
      await reloadUntil(shopper.page, "text=YT7654321098");
      await shopper.page.waitForSelector("text=换的商品已寄出");
      await picture(shopper.page, "shop-sent-exchange");
      assert.deepEqual([...shopper.faults, ...store.faults], []);
      await Promise.all([shopper.close(), store.close()]);
    });
  });
}
