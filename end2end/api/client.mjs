// @ts-check
// A mini-program's way from the finder to the paid order, with a client whose every path, parameter and
// field is typed by the document: `tsc` finds what the document does not promise, and running it finds
// where the server does not keep a promise.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";

/** @typedef {import("../../target/api/schema.d.ts").paths} paths */

/**
 * The answer, or the problem as a fault of this program.
 * @template T
 * @param {{ data?: T, error?: { code: string, detail: string }, response: Response }} answer
 * @returns {NonNullable<T>}
 */
function well({ data, error, response }) {
  assert.ok(response.ok && data, `${response.status} ${error?.code} ${error?.detail}`);
  return data;
}

/**
 * Orders a pearl milk tea at the nearest store that makes it, pays it and has it handed over.
 * @param {object} town
 * @param {string} town.api The API's address.
 * @param {(phone: string) => Promise<string>} town.codeFor The code that was sent to a phone.
 * @param {(outTradeNo: string) => Promise<unknown>} town.pay Pays at the gateway.
 * @param {() => string} town.newId A UUID of version 7.
 */
export async function journey({ api, codeFor, pay, newId }) {
  /** @type {import("openapi-fetch").Client<paths>} */
  const shopper = createClient({ baseUrl: api });
  const phone = "13900139000";

  const stores = well(await shopper.GET("/stores", { params: { query: { near: "31.2304,121.4737", limit: 5 } } }));
  const [store] = stores;
  assert.ok(store.distance_m !== undefined && stores.length === 5);
  const menu = well(
    await shopper.GET("/stores/{store_id}/products", { params: { path: { store_id: store.id }, query: { q: "zznc", limit: 20 } } }),
  );
  const product = well(
    await shopper.GET("/stores/{store_id}/products/{code}", {
      params: { path: { store_id: store.id, code: menu.items[0].code } },
    }),
  );

  well(await shopper.POST("/auth/codes", { body: { phone } }));
  const { token } = well(await shopper.POST("/auth/sessions", { body: { phone, code: await codeFor(phone) } }));
  shopper.use({
    onRequest: ({ request }) => {
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  });

  const options = product.modifiers.filter((modifier) => modifier.at_least > 0).map((modifier) => modifier.options[0].code);
  const line = { store_id: store.id, sku_id: product.skus[0].id, options, quantity: 2 };
  const hold = { id: newId(), store_id: line.store_id, sku_id: line.sku_id, quantity: 2 };
  const held = well(await shopper.POST("/holds", { body: hold }));
  const spare = well(await shopper.POST("/holds", { body: { ...hold, id: newId(), quantity: 1 } }));
  assert.equal((await shopper.DELETE("/holds/{hold_id}", { params: { path: { hold_id: spare.id } } })).response.status, 204);
  assert.deepEqual(well(await shopper.GET("/holds")), [held]);
  const set = await shopper.PUT("/cart/lines", { body: line });
  assert.equal(set.response.status, 204);
  const quote = well(await shopper.GET("/cart/quotes/{store_id}", { params: { path: { store_id: store.id } } }));
  assert.equal(quote.lines[0].quantity, 2);

  const order = {
    id: newId(),
    store_id: store.id,
    slot: quote.slots[0].start,
    expected_total_fen: quote.total_fen,
    note: "少放冰",
  };
  const dearer = await shopper.POST("/orders", { body: { ...order, expected_total_fen: quote.total_fen - 1 } });
  assert.equal(dearer.error?.code, "price_changed");
  const placed = well(await shopper.POST("/orders", { body: order }));
  assert.deepEqual(well(await shopper.POST("/orders", { body: order })), placed, "a repeat answers the same");
  assert.deepEqual(well(await shopper.GET("/holds")), [], "the order has them now");

  const payment = newId();
  const path = { order_id: placed.id };
  well(await shopper.POST("/orders/{order_id}/payments", { params: { path }, body: { id: payment, cashier: "h5" } }));
  await pay(payment.replaceAll("-", ""));
  const paid = await until(async () => {
    const seen = well(await shopper.GET("/orders/{order_id}", { params: { path } }));
    return seen.pickup_code ? seen : undefined;
  });
  assert.equal(paid.state, "paid");
  assert.match(paid.pickup_code ?? "", /^\d{8}$/);

  const known = await shopper.GET("/orders/{order_id}", { params: { path } });
  const again = await fetch(`${api}/orders/${placed.id}`, {
    headers: { Authorization: `Bearer ${token}`, "If-None-Match": known.response.headers.get("etag") ?? "" },
  });
  assert.equal(again.status, 304);

  await handOver(api, placed.id, paid.pickup_code ?? "");
  assert.equal(well(await shopper.GET("/orders/{order_id}", { params: { path } })).state, "completed");

  assert.equal((await shopper.DELETE("/auth/sessions")).response.status, 204);
  assert.equal((await shopper.GET("/me")).error?.code, "unauthenticated");
}

/**
 * The store's side of it.
 * @param {string} api
 * @param {string} order_id
 * @param {string} code
 */
async function handOver(api, order_id, code) {
  /** @type {import("openapi-fetch").Client<paths>} */
  const door = createClient({ baseUrl: api });
  const { token } = well(
    await door.POST("/auth/staff-sessions", { body: { account: "hq", password: "demo-hq-2026" } }),
  );
  /** @type {import("openapi-fetch").Client<paths>} */
  const staff = createClient({ baseUrl: api, headers: { Authorization: `Bearer ${token}` } });
  const path = { order_id };
  assert.ok(well(await staff.GET("/console/board")).some((card) => card.id === order_id), "the board shows it");
  assert.equal((await staff.POST("/console/orders/{order_id}/accept", { params: { path } })).response.status, 204);
  for (const line of well(await staff.GET("/console/orders/{order_id}/picking", { params: { path } }))) {
    const body = { line: line.line, picked: line.quantity };
    const picked = well(await staff.PUT("/console/orders/{order_id}/picking", { params: { path }, body }));
    assert.equal(picked.picked, line.quantity);
  }
  const body = { packages: 2 };
  assert.equal((await staff.POST("/console/orders/{order_id}/prepare", { params: { path }, body })).response.status, 204);
  const again = await staff.POST("/console/orders/{order_id}/prepare", { params: { path } });
  assert.equal(again.response.status, 204, "it need not say how many packages");
  assert.equal(well(await staff.POST("/console/redemptions", { body: { code } })).order_id, order_id);
}

/**
 * What `look` finds, within ten seconds.
 * @template T
 * @param {() => Promise<T | undefined>} look
 * @returns {Promise<T>}
 */
async function until(look) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come about");
}
