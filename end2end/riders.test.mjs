// A courier's rider: called from the console, and brings an order once whatever the courier tells, in whatever order;
// with and without JavaScript.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newId, newMember, opening, pay, PC, picture, putInCart, staffMember, staffToken } from "./town.mjs";

const [ACCEPTED, AT_STORE, PICKED_UP, DELIVERED] = [10, 12, 15, 17];
const { home, opened, api } = await opening();

async function until(what, holds) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(what);
}

/** The store brings orders five kilometres; a member has paid for one, and the store has accepted it. */
async function accepted() {
  const manager = await staffToken(home, "manager");
  const [store] = await api("GET", "/stores?q=QH-SH-001");
  const windows = [{ from: "00:00", until: "23:59", capacity: 100 }];
  const fees = { bands: [{ up_to_m: 5_000, fee_fen: 500 }], light_grams: 5_000, per_kilo_fen: 100, minimum_fen: 0 };
  const delivery = { on: true, range: { kind: "radius", metres: 5_000 }, ...fees, minutes: 30, windows };
  await api("PUT", `/console/stores/${store.id}/fulfilment`, { delivery }, manager);
  const { phone, token } = await newMember(home);
  const address = newId();
  const where = { name: "小林", phone, region_code: "310100", detail: "人民大道 1 号", point: store.point };
  await api("POST", "/me/addresses", { id: address, ...where }, token);
  await putInCart(home, token, store, "qh-zhenzhu-naicha", 1);
  const quote = await api("GET", `/cart/quotes/${store.id}?fulfilment=delivery&address_id=${address}`, undefined, token);
  const [id, slot] = [newId(), quote.slots[0].start];
  const order = { id, store_id: store.id, slot, expected_total_fen: quote.total_fen, fulfilment: "delivery", address_id: address };
  await api("POST", "/orders", order, token);
  await pay(home, id, token);
  const state = async () => (await api("GET", `/orders/${id}`, undefined, token)).state;
  await api("POST", `/console/orders/${id}/accept`, undefined, manager);
  const shipment = () => api("GET", `/orders/${id}/shipment`, undefined, token);
  const ride = async () => (await api("GET", `/console/orders/${id}/shipment`, undefined, manager)).rides[0];
  return { id, state, ride, shipment, token };
}

/** Something that the courier does, or is to do wrong. */
const courier = async (path, body) => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${home.riders}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path} ${answer.status}`);
};
const happen = (number, status, repeat = 0) => courier("/sandbox/happen", { number, status, repeat });

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test("a rider is called, sent away, called again, and brings the order once", async () => {
      const order = await accepted();
      const { page, faults, close } = await staffMember(home, opened, "manager", { javaScriptEnabled, ...PC });
      await page.goto(`${home.base}/console/orders/${order.id}/shipment`);
      await page.waitForSelector("text=配送费 ¥6.00，约 45 分钟送达");
      await picture(page, "ride-quote");
      await courier("/control", { refuse_next: 1 });
      await page.click("button:has-text('呼叫骑手')");
      await page.waitForSelector("text=骑手平台没有接受：附近暂时没有骑手");
      assert.equal((await order.ride()).state, "refused");
      await page.click("button:has-text('呼叫骑手')");
      await page.waitForSelector("text=已呼叫骑手");
      await page.click("button:has-text('取消呼叫')");
      await page.waitForSelector("text=已取消呼叫");
      await page.click("button:has-text('呼叫骑手')");
      await page.waitForSelector("text=已呼叫骑手");

      const { id: ride } = await order.ride();
      await happen(ride, ACCEPTED, 3);
      await until("the rider comes", async () => (await order.ride()).state === "accepted");
      await page.reload();
      await picture(page, "ride");
      // The newest is told first, everything else after it.
      await courier("/control", { hold_callbacks: true });
      for (const status of [AT_STORE, PICKED_UP, DELIVERED]) await happen(ride, status);
      await courier("/control", { release: true });
      await until("the order has come", async () => (await order.state()) === "completed");
      await until("all was told once", async () => {
        const mine = (await order.shipment()).steps.filter((step) => step.words !== "配送已取消");
        return mine.length === 4;
      });
      const done = await api("GET", `/orders/${order.id}`, undefined, order.token);
      for (const act of ["dispatch", "deliver"]) assert.equal(done.steps.filter((step) => step.act === act).length, 1, act);
      assert.deepEqual(faults, []);
      await close();
    });
  });
}

test("what the courier never told is looked for, and what it did not sign is not believed", { timeout: 90_000 }, async () => {
  const order = await accepted();
  const ride = newId();
  const manager = await staffToken(home, "manager");
  await api("POST", `/console/orders/${order.id}/rides`, { id: ride }, manager);
  const told = { sf_order_id: "x", shop_order_id: ride, url_index: "order_complete", order_status: DELIVERED, push_time: 1 };
  const headers = { "content-type": "application/json" };
  const forged = await fetch(`${home.base}/callbacks/couriers?sign=x`, { method: "POST", headers, body: JSON.stringify(told) });
  assert.equal(forged.status, 401);
  await courier("/control", { drop_callbacks: true });
  await happen(ride, PICKED_UP);
  assert.equal(await order.state(), "accepted");
  for (let tries = 0; tries < 60 && (await order.state()) !== "dispatched"; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(await order.state(), "dispatched");
  await courier("/control", { drop_callbacks: false });
});
