//! The rows of a part of the chain: what is written for some members, for one store's shelf, for a
//! day's orders. The same as `demo::aftermath` writes with SQL, but one row at a time.

use chrono::{DateTime, Duration, Utc};
use domain::{Fault, orders::OrderState};
use rand::{SeedableRng, rngs::StdRng};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    SEED,
    rows::Rows,
    sales::{Ground, Order, id_at},
};

/// The members of these numbers, each with a cart; answers how many rows that was.
pub(super) async fn members(
    connection: &mut PgConnection,
    ground: &Ground,
    numbers: std::ops::Range<u64>,
) -> Result<u64, Fault> {
    let (mut carts, mut members) = (Rows::of(2), Rows::of(5));
    for number in numbers {
        let (id, joined_at) = (ground.member_id(number), ground.joined_at(number));
        // A member's first cart may have the member's id: they are different things.
        carts.row().uuid(id).time(joined_at);
        // Each number below 10⁸ comes once, and none of the small demo's 199….
        let phone = format!("198{:08}", number * 61_803_399 % 100_000_000);
        let name = format!("会员{}", phone.get(7..).unwrap_or_default());
        members.row().uuid(id).text(&phone).text(&name).uuid(id).time(joined_at);
    }
    let carts = carts.copy(connection, "carts (id, created_at)").await?;
    Ok(carts + members.copy(connection, "members (id, phone, name, cart_id, joined_at)").await?)
}

/// What a store offers of one thing, and what has come and is left of it.
pub(super) struct Offer {
    pub sku_id: Uuid,
    pub price_fen: i64,
    pub received: i64,
    pub on_hand: i64,
    pub allocated: i64,
}

/// A store's shelf, filled at `arrived`.
pub(super) async fn shelf(
    connection: &mut PgConnection,
    store_id: Uuid,
    offers: &[Offer],
    arrived: DateTime<Utc>,
) -> Result<u64, Fault> {
    let (mut listings, mut stock, mut movements) = (Rows::of(3), Rows::of(4), Rows::of(5));
    for offer in offers {
        listings.row().uuid(store_id).uuid(offer.sku_id).bigint(offer.price_fen);
        stock.row().uuid(store_id).uuid(offer.sku_id).bigint(offer.on_hand).bigint(offer.allocated);
        let movement = movements.row().uuid(store_id).uuid(offer.sku_id).text("receive");
        movement.bigint(offer.received).time(arrived);
    }
    let mut rows = listings.copy(connection, "listings (store_id, sku_id, price_fen)").await?;
    rows += stock.copy(connection, "stock (location_id, sku_id, on_hand, allocated)").await?;
    rows += movements.copy(connection, "movements (location_id, sku_id, cause, on_hand, occurred_at)").await?;
    Ok(rows)
}

/// Orders whose rows are in memory at once: some 15 MB.
const BATCH: usize = 5_000;

/// A day's orders with all that they leave behind.
pub(super) async fn day(connection: &mut PgConnection, ground: &Ground, day: usize) -> Result<u64, Fault> {
    // Another chance than the orders', which are also told without being written.
    let mut random = StdRng::seed_from_u64(!SEED + day as u64);
    let mut written = 0;
    for orders in ground.orders_of(day).chunks(BATCH) {
        let mut batch = Batch::new();
        for order in orders {
            batch.add(ground, order, &mut random);
        }
        written += batch.copy(connection).await?;
    }
    Ok(written)
}

/// The rows of some orders.
struct Batch {
    orders: Rows,
    lines: Rows,
    holds: Rows,
    steps: Rows,
    movements: Rows,
    payments: Rows,
    transfers: Rows,
}

/// What happened to an order at some moment, and how its goods moved by it.
struct Step {
    act: &'static str,
    state: &'static str,
    at: DateTime<Utc>,
    by_member: bool,
    moved: Option<Moved>,
}

/// A movement of one piece.
struct Moved {
    cause: &'static str,
    on_hand: i64,
    held: i64,
    allocated: i64,
}

impl Batch {
    fn new() -> Self {
        Self {
            orders: Rows::of(15),
            lines: Rows::of(11),
            holds: Rows::of(6),
            steps: Rows::of(6),
            movements: Rows::of(9),
            payments: Rows::of(10),
            transfers: Rows::of(8),
        }
    }

    fn add(&mut self, ground: &Ground, order: &Order, random: &mut StdRng) {
        self.order(ground, order);
        self.lines_and_holds(ground, order);
        self.money(ground, order, random);
        for (number, step) in (1i32..).zip(steps_of(order)) {
            let member = step.by_member.then_some(order.member_id);
            let row = self.steps.row().uuid(order.id).int(number).text(step.act).text(step.state).time(step.at);
            row.uuid_or_null(member);
            let Some(moved) = step.moved else { continue };
            for line in &order.lines {
                let row = self.movements.row().uuid(ground.stores[order.store].id);
                row.uuid(ground.goods[line.goods].sku_id).text(moved.cause);
                let pieces = line.quantity;
                row.bigint(moved.on_hand * pieces).bigint(moved.held * pieces).bigint(moved.allocated * pieces);
                row.uuid(order.id).uuid_or_null(member).time(step.at);
            }
        }
    }

    fn order(&mut self, ground: &Ground, order: &Order) {
        let row = self.orders.row().uuid(order.id).text(&order.number).uuid(ground.stores[order.store].id);
        row.uuid(order.member_id).text("shop").text(order.state.code()).bigint(order.total_fen);
        row.time(order.slot).time(order.slot + Duration::minutes(15)).text_or_null(order.code.as_deref());
        row.time(order.pay_before()).time_or_null(order.paid_at).time(order.placed_at).time(order.placed_at).bytea(b"");
    }

    fn lines_and_holds(&mut self, ground: &Ground, order: &Order) {
        let held = match order.state {
            OrderState::Completed => "issued",
            OrderState::Expired => "expired",
            OrderState::Cancelled => "released",
            _ => "allocated",
        };
        for (number, line) in (1i32..).zip(&order.lines) {
            let goods = &ground.goods[line.goods];
            let row = self.lines.row().uuid(order.id).int(number).uuid(goods.sku_id).text(&goods.name);
            row.text(&goods.spec).text("").text("").text(&goods.picture);
            row.bigint(line.quantity).bigint(line.unit_fen).bigint(line.unit_fen * line.quantity);
            let row = self.holds.row().uuid(order.id).uuid(ground.stores[order.store].id).uuid(goods.sku_id);
            row.bigint(line.quantity).text(held).time(order.pay_before());
        }
    }

    fn money(&mut self, ground: &Ground, order: &Order, random: &mut StdRng) {
        let Some(paid_at) = order.paid_at else { return };
        let payment = id_at(order.placed_at, random);
        let row = self.payments.row().uuid(payment).uuid(order.id).text("wechat_pay").text("h5");
        row.text(payment.simple().encode_lower(&mut Uuid::encode_buffer())).bigint(order.total_fen).text("kept");
        row.text(&format!("demo-{}", order.number)).time(order.placed_at).time(paid_at);
        let id = id_at(paid_at, random);
        let row = self.transfers.row().uuid(id).text("gateway:wechat_pay").text("customers:prepaid");
        row.bigint(order.total_fen).text("pay").uuid(order.id).uuid(payment).time(paid_at);
        if order.state == OrderState::Completed {
            let at = order.redeemed_at(paid_at);
            let id = id_at(at, random);
            let revenue = format!("revenue:{}", ground.stores[order.store].id);
            let row = self.transfers.row().uuid(id).text("customers:prepaid").text(&revenue);
            row.bigint(order.total_fen).text("fulfil").uuid(order.id).null().time(at);
        }
    }

    /// What others refer to comes first, for databases that check it.
    async fn copy(self, connection: &mut PgConnection) -> Result<u64, Fault> {
        let orders = "orders (id, number, store_id, member_id, channel, state, total_fen, slot_start, slot_end,
                              pickup_code, pay_before, paid_at, occurred_at, placed_at, request_hash)";
        let lines = "order_lines (order_id, line, sku_id, name, spec, options, options_text, picture,
                                  quantity, unit_fen, total_fen)";
        let payments = "payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state,
                                  transaction_id, created_at, paid_at)";
        let movements =
            "movements (location_id, sku_id, cause, on_hand, held, allocated, order_id, actor_id, occurred_at)";
        let transfers = "transfers (id, debit, credit, amount_fen, cause, order_id, payment_id, occurred_at)";
        let mut rows = self.orders.copy(connection, orders).await?;
        rows += self.lines.copy(connection, lines).await?;
        rows +=
            self.holds.copy(connection, "holds (order_id, location_id, sku_id, quantity, state, expires_at)").await?;
        rows += self.steps.copy(connection, "order_steps (order_id, step, act, state, at, member_id)").await?;
        rows += self.movements.copy(connection, movements).await?;
        rows += self.payments.copy(connection, payments).await?;
        rows += self.transfers.copy(connection, transfers).await?;
        Ok(rows)
    }
}

impl Order {
    fn pay_before(&self) -> DateTime<Utc> {
        self.placed_at + Duration::minutes(15)
    }

    /// Times between the steps differ from order to order by bytes of its id.
    fn redeemed_at(&self, paid_at: DateTime<Utc>) -> DateTime<Utc> {
        paid_at + Duration::seconds(600 + i64::from(self.id.as_bytes()[13]) * 5)
    }
}

/// The way of an order to its state.
fn steps_of(order: &Order) -> Vec<Step> {
    let moved = |cause, on_hand, held, allocated| Some(Moved { cause, on_hand, held, allocated });
    let step = |act, state, at, by_member, moved| Step { act, state, at, by_member, moved };
    let mut steps = vec![step("place", "placed", order.placed_at, true, moved("hold", 0, 1, 0))];
    let Some(paid_at) = order.paid_at else {
        steps.push(if order.state == OrderState::Cancelled {
            let at = order.placed_at + Duration::minutes(3);
            step("cancel", "cancelled", at, true, moved("release", 0, -1, 0))
        } else {
            step("expire", "expired", order.pay_before(), false, moved("expire", 0, -1, 0))
        });
        return steps;
    };
    let [.., eve, last] = *order.id.as_bytes();
    let accepted_at = paid_at + Duration::seconds(20 + i64::from(last) / 2);
    let ready_at = paid_at + Duration::seconds(240 + i64::from(eve));
    steps.extend([
        step("pay", "paid", paid_at, false, moved("allocate", 0, -1, 1)),
        step("accept", "accepted", accepted_at, false, None),
        step("prepare", "ready", ready_at, false, None),
        step("redeem", "completed", order.redeemed_at(paid_at), false, moved("issue", -1, 0, -1)),
    ]);
    steps.truncate(match order.state {
        OrderState::Paid => 2,
        OrderState::Accepted => 3,
        OrderState::Ready => 4,
        _ => 5,
    });
    steps
}
