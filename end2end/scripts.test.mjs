// A script that somebody stored does not run in a browser where others read it. Every place where people type is in
// server/tests/holes/scripts.rs; this is the proof that a real browser agrees.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newId, newMember, opening, pay, putInCart, staffToken, visitor } from "./town.mjs";

const TYPED = `<script>alert(1)</script>"><img src=x onerror=alert(1)><svg onload=alert(1)>`;
const STORE = "QH-SH-001";

const { home, opened, api } = await opening();

/** A member with a paid order whose note is what was typed; answers the token and the order's id. */
async function order() {
  const { token } = await newMember(home);
  const store = (await api("GET", `/stores?q=${STORE}`)).find((one) => one.code === STORE);
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}`, undefined, token);
  const wanted = { store_id: store.id, slot: quote.slots[0].start, expected_total_fen: quote.total_fen, note: TYPED };
  const { id } = await api("POST", "/orders", { id: newId(), ...wanted }, token);
  await pay(home, id, token);
  return { token, id };
}

test("what somebody typed opens no dialog, on no face", { timeout: 120_000 }, async () => {
  const { token, id } = await order();
  const staff = await staffToken(home, "hq");
  const role = newId();
  await api("PUT", `/hq/roles/${role}`, { name: TYPED.slice(0, 25), permissions: ["read_orders"] }, staff);

  const { page, faults, close } = await visitor(opened, { javaScriptEnabled: true, width: 1280, height: 800 });
  const dialogs = [];
  page.on("dialog", async (dialog) => {
    dialogs.push(`${page.url()}: ${dialog.message()}`);
    await dialog.dismiss();
  });
  const cookie = (name, value) => ({ name, value, url: home.base });
  await page.context().addCookies([cookie("mendian", token), cookie("mendian-staff", staff)]);
  const typed = encodeURIComponent(TYPED);
  const seen = [];
  for (const path of [
    `/orders/${id}`, "/console", `/console/orders/${id}`, `/console/orders/${id}/receipt`, `/console/orders/${id}/picking`, `/console/orders/${id}/pick`, `/hq/orders/${id}`,
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
