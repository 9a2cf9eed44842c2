// A script that somebody stored does not run in a browser where others read it. Every place where people type is in
// server/tests/holes/scripts.rs; this is the proof that a real browser agrees.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, codeFor, newId, town, visitor } from "./town.mjs";

const TYPED = `<script>alert(1)</script>"><img src=x onerror=alert(1)><svg onload=alert(1)>`;
const STORE = "QH-SH-001";

let home;
let opened;
before(async () => {
  [home, opened] = [await town(), await browser()];
}, { timeout: 120_000 });
after(async () => {
  await opened?.close();
  await home?.end();
});

/** The answer of the API as the bearer of a token. */
async function api(token, method, path, body) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${home.base}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A member with a paid order whose note is what was typed; answers the token and the order's id. */
async function order() {
  const phone = "13900000080";
  await api(null, "POST", "/auth/codes", { phone });
  const { token } = await api(null, "POST", "/auth/sessions", { phone, code: await codeFor(home, phone) });
  const store = (await api(token, "GET", `/stores?q=${STORE}`)).find((one) => one.code === STORE);
  const product = await api(token, "GET", `/stores/${store.id}/products/qh-zhenzhu-naicha`);
  const needed = product.modifiers.filter((modifier) => modifier.at_least === 1);
  const options = needed.map((modifier) => modifier.options[0].code);
  const line = { store_id: store.id, sku_id: product.skus[0].id, options, quantity: 1 };
  await api(token, "PUT", "/cart/lines", line);
  const quote = await api(token, "GET", `/cart/quotes/${store.id}`);
  const wanted = { store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen, note: TYPED };
  const { id } = await api(token, "POST", "/orders", { id: newId(), ...wanted });
  const payment = newId();
  await api(token, "POST", `/orders/${id}/payments`, { id: payment, cashier: "h5" });
  await fetch(`${home.pay}/sandbox/pay`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ out_trade_no: payment.replaceAll("-", "") }),
  });
  for (let tries = 0; (await api(token, "GET", `/orders/${id}`)).state !== "paid"; tries += 1) {
    assert.ok(tries < 50, "the payment is not known");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { token, id };
}

test("what somebody typed opens no dialog, on no face", { timeout: 120_000 }, async () => {
  const { token, id } = await order();
  const staff = await api(null, "POST", "/auth/staff-sessions", { account: "hq", password: "demo-hq-2026" });
  const role = newId();
  await api(staff.token, "PUT", `/hq/roles/${role}`, { name: TYPED.slice(0, 25), permissions: ["read_orders"] });

  const { page, faults, close } = await visitor(opened, { javaScriptEnabled: true, width: 1280, height: 800 });
  const dialogs = [];
  page.on("dialog", async (dialog) => {
    dialogs.push(`${page.url()}: ${dialog.message()}`);
    await dialog.dismiss();
  });
  const cookie = (name, value) => ({ name, value, url: home.base });
  await page.context().addCookies([cookie("mendian", token), cookie("mendian-staff", staff.token)]);
  const typed = encodeURIComponent(TYPED);
  const seen = [];
  for (const path of [
    `/orders/${id}`, "/console", `/console/orders/${id}`, `/console/orders/${id}/receipt`, `/console/orders/${id}/picking`, `/hq/orders/${id}`,
    "/hq/roles", `/hq/roles/${role}`, "/hq/staff/new", "/hq/audit", `/hq/audit?q=${typed}`, `/hq/orders?q=${typed}`,
    `/hq/stores?q=${typed}`, `/s/${STORE}?q=${typed}`, `/stores?q=${typed}`, `/login?to=${typed}`,
    `/console/login?to=javascript:alert(1)`,
  ]) {
    const answer = await page.goto(home.base + path);
    assert.equal(answer.status(), 200, path);
    if (await page.$("script[data-island], leptos-island")) await page.waitForSelector("html[data-islands=ready]");
    if ((await page.content()).includes("&lt;script&gt;alert(1)&lt;/script&gt;")) seen.push(path);
  }
  // A typed script that a policy alone had stopped would still have become an element.
  assert.ok(seen.length > 6, `shown on ${seen.join(", ")} alone`);
  assert.deepEqual(dialogs, []);
  assert.deepEqual(faults, []);
  await close();
});
