// Takes the pictures of docs/tour.md from a running demo:
//   node tools/tour.mjs [site] [stand-in for SMS] [stand-in for webhooks]
// Each is what a person sees at the size of their screen.
import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [site = "http://127.0.0.1:3000", sms = "http://127.0.0.1:3901", hooks = "http://127.0.0.1:3903"] = process.argv.slice(2);
const FOLDER = "docs/pictures";
const PHONE = { width: 390, height: 844 };
const PC = { width: 1280, height: 800 };
const TABLET = { width: 820, height: 1180 };
const OFFICE = { width: 1440, height: 900 };

const opened = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function visitor(viewport, colorScheme = "light") {
  const context = await opened.newContext({
    viewport,
    colorScheme,
    locale: "zh-CN",
    geolocation: { latitude: 31.2304, longitude: 121.4737 },
    permissions: ["geolocation"],
    // A picture is of a page that stands still.
    reducedMotion: "reduce",
  });
  return context.newPage();
}

async function take(page, name) {
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.waitForTimeout(800);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  writeFileSync(`${FOLDER}/${name}.webp`, Buffer.from(data, "base64"));
  console.log(name);
}

async function at(page, path, name) {
  await page.goto(site + path);
  await take(page, name);
}

const MENU = "/s/QH-SH-001";
const TEA = `${MENU}/p/qh-zhenzhu-naicha`;

/** The home of somebody who has said where they are. */
async function home(page, name) {
  await page.goto(`${site}/`);
  await page.waitForLoadState("networkidle");
  await page.click("button:has-text('用我的位置')");
  await page.waitForTimeout(2_000);
  await page.goto(`${site}/`);
  await take(page, name);
}

async function shopper(page) {
  await home(page, "shop-home");
  await at(page, MENU, "shop-menu");
  await at(page, "/stores", "shop-stores");
  await at(page, TEA, "shop-product");
  await page.click("label.pick:has-text('大杯')");
  await page.click("button:has-text('加入购物车')");
  await page.waitForURL("**/cart");
  await take(page, "shop-cart");
  await page.click("a:has-text('去结算')");
  const phone = `138${String(Date.now()).slice(-8)}`;
  await take(page, "shop-login");
  await page.fill("input[name=phone]", phone);
  await page.click("button:has-text('获取验证码')");
  await page.waitForSelector("input[name=code]");
  const messages = await (await fetch(`${sms}/messages?phone=${phone}`)).text();
  await page.fill("input[name=code]", /验证码 (\d{6})/.exec(messages)[1]);
  await page.press("input[name=code]", "Enter");
  await page.waitForURL("**/checkout/**");
  await take(page, "shop-checkout");
  await page.click("button:has-text('提交订单')");
  await page.waitForURL("**/orders/**");
  const order = new URL(page.url()).pathname;
  await take(page, "shop-order-unpaid");
  await page.click("button:has-text('微信支付')");
  await page.waitForURL("**/cashier/**");
  await page.click("button:has-text('立即支付')");
  await page.waitForSelector("[aria-label='取货码二维码']");
  await take(page, "shop-order");
  await at(page, "/orders", "shop-orders");
  await at(page, "/me", "shop-me");
  return order;
}

async function logIn(page, path, account) {
  await page.goto(site + path);
  await page.fill("input[name=account]", account);
  await page.fill("input[name=password]", `demo-${account}-2026`);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL(`**${path}`);
}

async function office(page, order) {
  await logIn(page, "/hq", "hq");
  await take(page, "hq-wall");
  await at(page, "/hq/orders", "hq-orders");
  await at(page, `/hq${order}`, "hq-order");
  await at(page, "/hq/stores", "hq-stores");
  await at(page, "/hq/products", "hq-products");
  await people(page);
  await at(page, "/hq/keys/new", "hq-keys");
  await webhook(page);
  await page.goto(`${site}/hq/imports/new`);
  const shops = "店号,店名,品牌,地址,省,经度,纬度\nN-1,新天地店,青禾茶铺,马当路 245 号,31,121.4752,31.2197\nN-2,静安寺店,青禾茶铺,南京西路 1618 号,99,121.4469,31.2236\n";
  await page.setInputFiles("input[name=file]", { name: "新店.csv", mimeType: "text/csv", buffer: Buffer.from(shops) });
  await page.click("button:has-text('上传并预览')");
  await page.waitForSelector("button:has-text('确认导入')");
  await take(page, "hq-import");
}

/** A new manager of the region's stores until the end of the year, what they may do, and the log of it. */
async function people(page) {
  await page.goto(`${site}/hq/staff/new`);
  await page.fill("input[name=name]", "林晓");
  await page.selectOption("select[name=department]", { label: "信息部" });
  await page.fill("input[name=account]", `lin.${String(Date.now()).slice(-5)}`);
  await page.fill("input[name=password]", "雨后 的 茶园 很安静");
  await page.selectOption("select[name=role]", "store_manager");
  await page.check("input[value=region]");
  await page.selectOption("select[name=region]", "310000");
  await page.fill("input[name=until]", `${new Date().getFullYear()}-12-31`);
  await take(page, "hq-staff-new");
  await page.click("button:has-text('建立账号')");
  await page.waitForSelector("text=能做什么、在哪里、凭什么");
  await take(page, "hq-person");
  await at(page, "/hq/staff", "hq-staff");
  await at(page, "/hq/audit", "hq-audit");
}

/** A webhook that has told its receiver something, once with success and once without. */
async function webhook(page) {
  await page.goto(`${site}/hq/webhooks/new`);
  await page.fill("input[name=name]", "顺路配送");
  await page.fill("input[name=url]", `${hooks}/hooks`);
  for (const state of ["待接单", "待自提", "已取消"]) await page.check(`text=${state}`);
  await page.click("button:has-text('建立')");
  for (const failing of [0, 1]) {
    const headers = { "content-type": "application/json" };
    await fetch(`${hooks}/control`, { method: "POST", headers, body: JSON.stringify({ fail_next: failing }) });
    await page.click("button:has-text('发测试消息')");
    await page.waitForTimeout(2_000);
  }
  await page.click("a:has-text('刷新')");
  await page.waitForSelector("text=HTTP 500");
  await take(page, "hq-webhook");
}

const phone = await visitor(PHONE);
const order = await shopper(phone);
const pc = await visitor(PC);
await home(pc, "shop-home-pc");
await at(pc, MENU, "shop-menu-pc");
await at(pc, TEA, "shop-product-pc");
for (const [scheme, suffix] of [["light", ""], ["dark", "-dark"]]) {
  const tablet = await visitor(TABLET, scheme);
  await logIn(tablet, "/console", "manager");
  await take(tablet, `console-board${suffix}`);
  if (scheme === "light") {
    await at(tablet, "/console/orders", "console-orders");
    await at(tablet, "/console/account", "console-account");
  }
}
const till = await visitor(PC);
await logIn(till, "/console", "manager");
await take(till, "console-board-pc");
await at(till, `/console${order}`, "console-order");
await office(await visitor(OFFICE), order);
const dark = await visitor(OFFICE, "dark");
await logIn(dark, "/hq", "hq");
await take(dark, "hq-wall-dark");
await at(await visitor(OFFICE), "/api/docs", "api-docs");
await opened.close();
