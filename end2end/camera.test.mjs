// A code that is read with the camera by a browser that reads none itself: a film of a real order's code plays before
// Chromium, and the reader that the server lends it does the rest.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browser, newId, newMember, opening, pay, PHONE, picture, putInCart, staffMember, staffToken, visitor } from "./town.mjs";

const SCAN = "button:has-text('用相机扫码')";
const [WIDTH, HEIGHT] = [640, 480];

const { home, opened, api } = await opening();

/** A member's order that waits at the counter. */
async function ready() {
  const { token } = await newMember(home);
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const order = { id: newId(), store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen };
  await api("POST", "/orders", order, token);
  await pay(home, order.id, token);
  const clerk = await staffToken(home, "clerk");
  for (const step of ["accept", "prepare"]) await api("POST", `/console/orders/${order.id}/${step}`, {}, clerk);
  return { token, id: order.id };
}

/** What the shopper's phone shows at the counter, as grey values of a camera's picture. */
async function code(order) {
  const { page, close } = await visitor(opened, PHONE);
  await page.context().addCookies([{ name: "mendian", value: order.token, url: home.base }]);
  await page.goto(`${home.base}/orders/${order.id}`);
  const shown = await page.locator("[aria-label='取货码二维码']").screenshot();
  const greys = await page.evaluate(async ({ png, width, height }) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const sheet = canvas.getContext("2d");
    sheet.fillStyle = "white";
    sheet.fillRect(0, 0, width, height);
    const side = height * 0.8;
    sheet.drawImage(image, (width - side) / 2, (height - side) / 2, side, side);
    const { data } = sheet.getImageData(0, 0, width, height);
    return Array.from({ length: width * height }, (_, place) => data[place * 4]);
  }, { png: shown.toString("base64"), width: WIDTH, height: HEIGHT });
  await close();
  return greys;
}

/** A film of one picture in the form that Chromium's stand-in for a camera plays, over and over. */
function film(greys) {
  const uncoloured = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const picture = Buffer.concat([Buffer.from("FRAME\n"), Buffer.from(greys), uncoloured]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`), picture, picture, picture]);
}

/** Scans until the page says these words. The board waits with what is new for as long as a camera is open. */
async function scan(page, words) {
  await page.click(SCAN);
  await page.waitForSelector(`text=${words}`);
}

test("a browser that reads no codes is lent a reader, which hands an order over once", { timeout: 120_000 }, async (t) => {
  const order = await ready();
  const file = join(home.folder, "code.y4m");
  writeFileSync(file, film(await code(order)));
  const camera = await browser([`--use-file-for-fake-video-capture=${file}`]);
  t.after(() => camera.close());
  const { page, faults } = await staffMember(home, camera, "clerk", PHONE);
  // Should this browser learn to read codes, it is to be one that has not.
  await page.addInitScript(() => delete window.BarcodeDetector);
  await page.goto(`${home.base}/console`);
  await page.waitForSelector("html[data-islands=ready]");

  // A reader that does not arrive is told of, and asked for anew; whoever types goes on meanwhile.
  await page.fill("input[name=code]", "1234");
  for (const kind of ["js", "wasm"]) {
    const files = `**/pkg/*.${kind}`;
    await page.route(files, (route) => route.abort());
    const missed = page.waitForEvent("requestfailed", (request) => request.url().endsWith(`.${kind}`));
    await page.click(SCAN);
    await missed;
    await page.waitForSelector("text=相机识别没有下载成功");
    assert.equal(await page.inputValue("input[name=code]"), "1234", "what was typed is still there");
    await page.unroute(files);
  }
  await picture(page, "board-camera-away");

  await scan(page, "已核销");
  assert.equal((await api("GET", `/orders/${order.id}`, undefined, order.token)).state, "completed");
  await scan(page, "请勿重复交货");
  assert.match(await page.textContent("main"), /这个取货码已在 .+ 由 .+ 核销，请勿重复交货/);
  assert.deepEqual(faults, []);
});
