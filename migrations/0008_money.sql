-- The ledger, payments and refunds (D5).

-- Double entry: every transfer takes from one account what it gives to another, so all of them
-- sum to zero by construction. Immutable; the id, made by whoever causes it, is the idempotency key.
create table accounts (
    code text primary key,
    name text not null
);
insert into accounts (code, name) values
    ('gateway:wechat_pay', '微信支付待结算'),
    ('customers:prepaid', '顾客预付(已付款未取货)');

create table transfers (
    id uuid primary key,
    debit text not null references accounts,
    credit text not null references accounts,
    amount_fen bigint not null check (amount_fen > 0),
    cause text not null check (cause in ('pay', 'fulfil', 'refund')),
    order_id uuid not null references orders,
    payment_id uuid,
    refund_id uuid,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    constraint transfers_two_accounts check (debit <> credit)
);
create index transfers_of_order on transfers (order_id);
revoke update, delete on transfers from mendian_app;

-- One attempt to pay. `out_trade_no` is how the gateway knows it.
create table payments (
    id uuid primary key,
    order_id uuid not null references orders,
    gateway text not null check (gateway in ('wechat_pay')),
    cashier text not null check (cashier in ('h5', 'native')),
    out_trade_no text not null constraint payments_out_trade_no unique,
    amount_fen bigint not null check (amount_fen > 0),
    -- open: may still be paid. kept: paid, and the order with it. surplus: paid, but the order was
    -- closed or paid already, so it goes back. closed: can no longer be paid.
    state text not null check (state in ('open', 'kept', 'surplus', 'closed')),
    cashier_url text,
    cashier_url_until timestamptz,
    transaction_id text,
    created_at timestamptz not null,
    paid_at timestamptz
);
-- One successful payment an order.
create unique index payments_one_kept on payments (order_id) where state = 'kept';
create index payments_of_order on payments (order_id);

-- Money that goes back. A retry keeps `out_refund_no`: a new number would refund twice.
create table refunds (
    id uuid primary key,
    payment_id uuid not null references payments,
    order_id uuid not null references orders,
    out_refund_no text not null constraint refunds_out_refund_no unique,
    amount_fen bigint not null check (amount_fen > 0),
    reason text not null,
    state text not null check (state in ('wanted', 'succeeded', 'abnormal')),
    wanted_at timestamptz not null,
    succeeded_at timestamptz
);
create index refunds_of_payment on refunds (payment_id);
create index refunds_of_order on refunds (order_id);
