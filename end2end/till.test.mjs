// A clerk sells at the counter with a scanner: the same again is one more, more than there is is refused, and what was
// entered by mistake is put back. With and without JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { opening, picture, staffMember } from "./town.mjs";

const SKU = "qh-zhenzhu-naicha-l";
const BARCODE = "6999988000024";

const { home, opened } = await opening();

/** Types what a scanner would, with the return behind it. */
async function scan(page, text) {
  await page.fill("input[name=scan]", text);
  await page.press("input[name=scan]", "Enter");
  await page.waitForLoadState();
}

for (const javaScriptEnabled of [true, false]) {
  test(`goods are sold at the counter and put back, ${javaScriptEnabled ? "with" : "without"} JavaScript`, { timeout: 90_000 }, async () => {
    const clerk = await staffMember(home, opened, "manager", { javaScriptEnabled, width: 820, height: 1180 });
    const { page } = clerk;
    await page.goto(`${home.base}/console/till`);
    await page.waitForSelector("text=还没有商品");
    await scan(page, SKU);
    await page.waitForSelector("text=共 1 件");
    await scan(page, BARCODE);
    await page.waitForSelector("text=共 2 件");
    await page.click("a[aria-label^='多一件']");
    await page.waitForSelector("text=共 3 件");
    await picture(page, `till-${javaScriptEnabled}`);
    await scan(page, "没有这种东西");
    await page.waitForSelector("text=没有找到");
    await page.waitForSelector("text=共 3 件");
    await page.click("button:text-is('售出')");
    await page.waitForSelector("text=已售出 GT");
    await picture(page, `till-sold-${javaScriptEnabled}`);

    await scan(page, `9999*${SKU}`);
    await page.waitForSelector("text=柜台可卖的只有");
    await page.click("button:text-is('售出')");
    await page.waitForSelector("[role=alert]:has-text('柜台可卖的只有')");
    await page.waitForSelector("button:has-text('已交给顾客，照实记账')");
    await picture(page, `till-refused-${javaScriptEnabled}`);
    await page.click("a:has-text('清空')");
    await page.waitForSelector("text=还没有商品");

    const form = page.locator("form[action='/rpc/console/take_back_counter_sale']").first();
    await page.locator("summary:text-is('退回')").first().click();
    await form.locator("input[aria-label$='退回件数']").fill("4");
    await form.locator("button:has-text('退回并加回库存')").click();
    await page.waitForSelector("text=最多还能退 3 件");
    await form.locator("input[aria-label$='退回件数']").fill("3");
    await form.locator("button:has-text('退回并加回库存')").click();
    await page.waitForSelector("text=已全部退回");
    assert.deepEqual(clerk.faults, []);
    await clerk.close();
  });
}
