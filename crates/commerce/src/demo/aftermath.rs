//! What the demo's orders left behind: steps, payments, transfers, holds and movements, written as if
//! each order had gone its way, in a few statements for all of them. Afterwards the books balance.

use chrono::{DateTime, Duration, Utc};
use domain::Fault;
use sqlx::PgConnection;

use crate::{Scope, database::OrFault};

/// Writes it for all orders; the first of them came `days` ago. Times between the steps differ from order to order by bytes of its id.
pub(super) async fn write(tx: &mut PgConnection, scope: &Scope, days: i64) -> Result<(), Fault> {
    let steps = sqlx::query!(
        "insert into order_steps (order_id, step, act, state, at, member_id, staff_id)
         select o.id, v.step, v.act, v.state, v.at,
                (case when v.act in ('place', 'cancel') then o.member_id end),
                (case when v.step > 2 and o.paid_at is not null then p.id end)
         from orders o
         left join lateral (select g.staff_id as id from grants g where g.store_id = o.store_id order by g.id limit 1) p on true
         cross join lateral (values
             (1, 'place', 'placed', o.placed_at),
             (2, 'pay', 'paid', o.paid_at),
             (3, 'accept', 'accepted', o.paid_at + make_interval(secs => 20 + get_byte(uuid_send(o.id), 15) / 2)),
             (4, 'prepare', 'ready', o.paid_at + make_interval(secs => 240 + get_byte(uuid_send(o.id), 14))),
             (5, 'redeem', 'completed', o.paid_at + make_interval(secs => 600 + get_byte(uuid_send(o.id), 13) * 5)),
             (2, 'expire', 'expired', o.pay_before),
             (2, 'cancel', 'cancelled', o.placed_at + interval '3 minutes')
         ) as v (step, act, state, at)
         where case o.state
             when 'expired' then v.act in ('place', 'expire')
             when 'cancelled' then v.act in ('place', 'cancel')
             else v.act not in ('expire', 'cancel')
                  and v.step <= (case o.state when 'paid' then 2 when 'accepted' then 3 when 'ready' then 4 else 5 end)
         end",
    );
    steps.execute(&mut *tx).await.or_fault()?;
    money(tx).await?;
    goods(tx, scope.now - Duration::days(days + 1)).await
}

async fn money(tx: &mut PgConnection) -> Result<(), Fault> {
    let accounts = sqlx::query!(
        "insert into accounts (code, name) select 'revenue:' || id, '门店收入 ' || name from stores on conflict do nothing"
    );
    accounts.execute(&mut *tx).await.or_fault()?;
    let payments = sqlx::query!(
        "insert into payments (id, order_id, gateway, cashier, out_trade_no, amount_fen, state, transaction_id, created_at, paid_at)
         select p.id, o.id, 'wechat_pay', 'h5', replace(p.id::text, '-', ''), o.total_fen, 'kept', 'demo-' || o.number,
                o.placed_at, o.paid_at
         from orders o, lateral (select gen_random_uuid() as id where o.id is not null) p where o.paid_at is not null",
    );
    payments.execute(&mut *tx).await.or_fault()?;
    let transfers = sqlx::query!(
        "insert into transfers (id, debit, credit, amount_fen, cause, order_id, payment_id, occurred_at)
         select gen_random_uuid(), 'gateway:wechat_pay', 'customers:prepaid', amount_fen, 'pay', order_id, id, paid_at from payments
         union all
         select gen_random_uuid(), 'customers:prepaid', 'revenue:' || o.store_id, o.total_fen, 'fulfil', o.id, null, t.at
         from orders o join order_steps t on t.order_id = o.id and t.act = 'redeem'",
    );
    transfers.execute(tx).await.or_fault()?;
    Ok(())
}

/// What was sold had arrived before, so that today's shelves are as full as without the history.
async fn goods(tx: &mut PgConnection, arrived: DateTime<Utc>) -> Result<(), Fault> {
    let holds = sqlx::query!(
        "insert into holds (order_id, location_id, sku_id, quantity, state, expires_at)
         select o.id, o.store_id, l.sku_id, sum(l.quantity),
                (case o.state when 'completed' then 'issued' when 'expired' then 'expired' when 'cancelled' then 'released'
                      else 'allocated' end), o.pay_before
         from orders o join order_lines l on l.order_id = o.id group by o.id, l.sku_id",
    );
    holds.execute(&mut *tx).await.or_fault()?;
    let movements = sqlx::query!(
        "insert into movements (location_id, sku_id, cause, on_hand, held, allocated, order_id, actor_id, occurred_at)
         select * from (
             select location_id, sku_id, 'receive' as cause, sum(quantity) as on_hand, 0::bigint as held, 0::bigint as allocated,
                    null::uuid as order_id, null::uuid as actor_id, $1::timestamptz as at
             from holds where state = 'issued' group by location_id, sku_id
             union all
             select h.location_id, h.sku_id, v.cause, v.on_hand * h.quantity, v.held * h.quantity, v.allocated * h.quantity,
                    h.order_id, coalesce(t.member_id, t.staff_id), t.at
             from holds h
             join (values ('place', 'hold', 0, 1, 0), ('pay', 'allocate', 0, -1, 1), ('redeem', 'issue', -1, 0, -1),
                          ('expire', 'expire', 0, -1, 0), ('cancel', 'release', 0, -1, 0)) as v (act, cause, on_hand, held, allocated)
                  on true
             join order_steps t on t.order_id = h.order_id and t.act = v.act
         ) m order by at",
        arrived,
    );
    movements.execute(&mut *tx).await.or_fault()?;
    let stock = sqlx::query!(
        "update stock s set allocated = s.allocated + h.quantity
         from (select location_id, sku_id, sum(quantity)::bigint as quantity from holds where state = 'allocated' group by 1, 2) h
         where s.location_id = h.location_id and s.sku_id = h.sku_id",
    );
    stock.execute(tx).await.or_fault()?;
    Ok(())
}
