// Goods between two stores, at the consoles of both, and between any two places, at head office; and how pieces are shared between the shop and the counter, and of
// which batches they are: with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, opening, PC, PHONE, picture, request, staffMember, staffToken, visitor } from "./town.mjs";

const STORE = "QH-SH-001";

const { home, opened } = await opening();

const staff = (account, size) => staffMember(home, opened, account, size);

/** Opens a variant's page at the console's store by its name. */
async function open(page, words, name) {
  await page.goto(`${home.base}/console/stock?q=${words}`);
  await page.click(`tr:has-text("${name}") a:has-text("渠道、流水和别处")`);
  await page.waitForSelector("h1:has-text('奶茶')");
}

/** A warehouse with thirty medium pearl teas. */
async function warehouse(code) {
  const token = await staffToken(home, "hq");
  const [store] = await request(home, "GET", `/stores?q=${STORE}`);
  const product = await request(home, "GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
  const [id, lines] = [newId(), [{ sku_id: product.skus[0].id, quantity: 30 }]];
  const made = { code, name: `分配仓 ${code}`, region: "310000", address: "一号" };
  await request(home, "PUT", `/hq/warehouses/${id}`, made, token);
  await request(home, "POST", "/console/receipts", { id: newId(), location_id: id, lines, note: "期初" }, token);
  return id;
}

const inputOf = (page, label) => page.locator(`input[aria-label$='${label}']`).first();

for (const javaScriptEnabled of [true, false]) {
  const name = javaScriptEnabled ? "with JavaScript" : "without JavaScript";
  describe(name, () => {
    test("a store asks another for goods, gets fewer than were sent, and the sender says what became of them", { timeout: 90_000 }, async () => {
      const near = await staff("manager", { javaScriptEnabled, width: 820, height: 1180 });
      const far = await staff("hq", { javaScriptEnabled, ...PC });
      await open(near.page, "zhenzhu", "珍珠奶茶 · 大杯");
      await near.page.click("main table a:text-is('要货') >> nth=0");
      await inputOf(near.page, "数量").fill("3");
      await near.page.fill("textarea[name=reason]", "周末活动");
      await near.page.click("button:has-text('提交要货')");
      await near.page.waitForURL(/transfers\/[0-9a-f]{8}-/);
      const transfer = near.page.url().split("?")[0];

      await far.page.goto(transfer);
      await far.page.click("button[value=approve]");
      await far.page.waitForSelector("button:has-text('确认发货')");
      await far.page.fill("textarea[name=note]", "顺丰 SF100");
      await far.page.click("button:has-text('确认发货')");
      await far.page.waitForSelector("text=在途");

      await near.page.setViewportSize(PHONE);
      await near.page.goto(transfer);
      const { x, width } = await inputOf(near.page, "数量").boundingBox();
      assert.ok(x >= 0 && x + width <= PHONE.width, "where one types is seen on a phone without moving the table");
      await picture(near.page, `transfer-phone-${javaScriptEnabled}`);
      await near.page.setViewportSize({ width: 820, height: 1180 });
      await inputOf(near.page, "数量").fill("1");
      await near.page.click("button:has-text('确认收货')");
      await near.page.waitForSelector("text=请写明原因");
      await near.page.fill("textarea[name=reason]", "只到一车");
      await near.page.click("button:has-text('确认收货')");
      await near.page.waitForSelector("text=差 2 件");
      await inputOf(near.page, "数量").fill("4");
      await near.page.click("button:has-text('补收')");
      await near.page.waitForSelector("text=连同先到的最多 3 件");
      assert.equal(await inputOf(near.page, "数量").inputValue(), "4", "what was typed is kept");
      await picture(near.page, `transfer-rest-${javaScriptEnabled}`);
      await inputOf(near.page, "数量").fill("2");
      await near.page.click("button:has-text('补收')");
      await near.page.waitForSelector("text=已补收");
      await near.page.waitForSelector("text=差 1 件");
      await picture(near.page, `transfer-${javaScriptEnabled}`);

      await far.page.goto(transfer);
      await far.page.fill("#settle-note", "承运方确认");
      await inputOf(far.page, "丢失件数").fill("2");
      await far.page.click("button:has-text('处理差异')");
      await far.page.waitForSelector("text=只差 1 件");
      assert.equal((await far.page.inputValue("#settle-note")).trim(), "承运方确认", "what was typed is kept");
      const other = far.page.locator("form[action$='receive_rest_of_transfer'] textarea[name=note]");
      assert.equal((await other.inputValue()).trim(), "", "in the form it was typed in alone");
      await picture(far.page, `transfer-settle-${javaScriptEnabled}`);
      await inputOf(far.page, "丢失件数").fill("1");
      await far.page.click("button:has-text('处理差异')");
      await far.page.waitForSelector("text=差异已处理");
      assert.deepEqual([...near.faults, ...far.faults], []);
      await Promise.all([near.close(), far.close()]);
    });

    test("head office moves goods between two warehouses, is told beside its fields what is wrong, and agrees for the sender", { timeout: 90_000 }, async () => {
      const suffix = javaScriptEnabled ? "A" : "B";
      const [old, main] = [await warehouse(`DB-${suffix}1`), await warehouse(`DB-${suffix}2`)];
      const office = await staff("hq", { javaScriptEnabled, ...PC });
      const { page } = office;
      const pieces = inputOf(page, "件数");
      await page.goto(`${home.base}/hq/transfers`);
      await page.click("a:text-is('新建调拨单')");
      await page.selectOption("select[name=source]", old);
      await page.fill("input[name=q]", "qh-zhenzhu-naicha-m");
      await page.fill("textarea[name=reason]", "并仓");
      await page.click("summary:has-text('用文件填写数量')");
      await page.fill("textarea[name=table]", "qh-zhenzhu-naicha-m,5");
      await page.click("button:has-text('查找')");
      await page.waitForSelector(`h2:has-text("分配仓 DB-${suffix}1")`);
      assert.equal((await page.inputValue("textarea[name=reason]")).trim(), "并仓", "what was typed is kept");
      assert.equal((await page.inputValue("textarea[name=table]")).trim(), "qh-zhenzhu-naicha-m,5", "what was pasted too");
      await page.waitForSelector("td:text-is('30')");
      await pieces.fill("5");
      await page.click("button:has-text('提交调拨单')");
      await page.waitForSelector("#field-target-error:has-text('请选择调到哪里')");
      await page.selectOption("select[name=target]", old);
      await page.click("button:has-text('提交调拨单')");
      await page.waitForSelector("#field-source-error:has-text('不能是同一处')");
      assert.equal(await page.inputValue("select[name=target]"), old, "what was chosen is kept");
      await page.selectOption("select[name=target]", main);
      await pieces.fill("很多");
      await page.click("button:has-text('提交调拨单')");
      await page.waitForSelector("td:has-text('请填写整数')");
      assert.equal(await pieces.inputValue(), "很多", "what was typed is kept");
      await picture(page, `new-transfer-wrong-${javaScriptEnabled}`);

      // Another sender: the goods are its own, and what was typed stays.
      await pieces.fill("6");
      await page.selectOption("select[name=source]", main);
      await page.selectOption("select[name=target]", old);
      await page.click("button:has-text('查找')");
      await page.waitForSelector(`h2:has-text("分配仓 DB-${suffix}2")`);
      assert.equal(await pieces.inputValue(), "6");
      assert.equal(await page.inputValue("select[name=target]"), old);
      await picture(page, `new-transfer-${javaScriptEnabled}`);
      await page.click("button:has-text('提交调拨单')");
      await page.waitForURL(/transfers\/[0-9a-f]{8}-/);
      await page.waitForSelector("text=总部可以在本页代为同意");
      await page.click("button[value=approve]");
      await page.waitForSelector("button:has-text('确认发货')");
      assert.deepEqual(office.faults, []);
      await office.close();
    });

    test("head office shares a warehouse's goods out by a formula, corrects what it likes and sends it", { timeout: 90_000 }, async () => {
      const depot = await warehouse(`FP-${javaScriptEnabled ? "A" : "B"}`);
      const office = await staff("hq", { javaScriptEnabled, ...PC });
      const { page } = office;
      await page.goto(`${home.base}/hq/allocations/new`);
      await page.click("a:text-is('按公式分配')");
      await page.selectOption("select[name=source]", depot);
      await page.fill("textarea[name=skus]", "no-such-sku");
      await page.click("button:has-text('算一算')");
      await page.waitForSelector("text=没有这个 SKU 编码或条码");
      assert.equal((await page.inputValue("textarea[name=skus]")).trim(), "no-such-sku", "what was typed is kept");
      await page.fill("textarea[name=skus]", "qh-zhenzhu-naicha-m");
      await page.selectOption("select[name=formula]", "even");
      await page.fill("input[name=pieces]", "6");
      await page.click("button:has-text('算一算')");
      await page.waitForSelector("text=每家一样多");
      await picture(page, `formula-${javaScriptEnabled}`);
      const amounts = page.locator("input[name^='amount.']");
      const proposed = await amounts.evaluateAll((inputs) => inputs.map((input) => Number(input.value)));
      assert.equal(proposed.reduce((sum, pieces) => sum + pieces, 0), 6);
      await amounts.evaluateAll((inputs) => inputs.forEach((input) => (input.value = "0")));
      await amounts.first().fill("2");
      await page.click("button:has-text('按此分配')");
      await page.waitForSelector("text=共 1 行：1 行已分配，生成 1 张调拨单");
      assert.deepEqual(office.faults, []);
      await office.close();
    });

    test("the shop sells what was given to it, and a batch that cannot be is refused beside its field", { timeout: 90_000 }, async () => {
      const manager = await staff("manager", { javaScriptEnabled, ...PC });
      const shopper = await visitor(opened, { javaScriptEnabled });
      const { page } = manager;
      await open(page, "zhenzhu", "珍珠奶茶 · 大杯");
      await page.click("summary:has-text('更改本店的库存方式')");
      await page.selectOption("select[name=model]", "separate");
      await page.click("details button:has-text('保存')");
      await page.waitForSelector("text=已保存，立即生效");
      await page.fill("input[name=online]", "999999");
      await page.click("button:text-is('分配')");
      await page.waitForSelector("text=没有被占用、没有过期的只有");
      assert.equal(await page.inputValue("input[name=online]"), "999999", "what was typed is kept");
      await page.fill("input[name=online]", "0");
      await page.click("button:text-is('分配')");
      await page.waitForSelector("text=已分配");
      await shopper.page.goto(`${home.base}/s/${STORE}/p/qh-zhenzhu-naicha`);
      assert.match(await shopper.page.textContent("label.pick:has-text('大杯')"), /售罄/);

      await page.fill("input[name=code]", "L20261101");
      await page.fill("input[name=expires_on]", "2099-01-31");
      await page.fill("input[name=quantity]", "999999");
      await page.click("button:has-text('登记批次')");
      await page.waitForSelector("text=没有登记批次的只有");
      await page.fill("input[name=quantity]", "2");
      await page.click("button:has-text('登记批次')");
      await page.waitForSelector("td:has-text('L20261101')");
      await page.waitForSelector("h2:has-text('库存变动')");
      await picture(page, `variant-${javaScriptEnabled}`);
      await page.goto(`${home.base}/console/stock?q=zhenzhu`);
      await picture(page, `stock-${javaScriptEnabled}`);
      await page.goBack();

      await page.click("summary:has-text('更改本店的库存方式')");
      await page.click("button:has-text('恢复总部的设置')");
      await page.waitForSelector("text=已恢复总部的设置");
      await shopper.page.reload();
      assert.doesNotMatch(await shopper.page.textContent("label.pick:has-text('大杯')"), /售罄/);
      assert.deepEqual([...manager.faults, ...shopper.faults], []);
      await Promise.all([manager.close(), shopper.close()]);
    });
  });
}
