-- Refunds that the gateway refused or that hang (D8): what it said last, and refunds that were settled by other means.

alter table refunds
    -- How often the gateway was asked.
    add column tries integer not null default 0,
    -- What it said last, in its words; ours where it said nothing.
    add column last_answer text not null default '',
    add column answered_at timestamptz,
    -- It said no: asking the same again answers the same until somebody has done something about it.
    add column refused boolean not null default false,
    -- Somebody paid it out in another way, and says how.
    add column settled_at timestamptz,
    add column settled_by uuid references staff,
    add column settled_by_key uuid references api_keys,
    add column settled_reason text,
    add column settled_proof text,
    -- The gateway paid it out all the same afterwards: the shopper has it twice.
    add column paid_twice_at timestamptz;
alter table refunds drop constraint refunds_state_check, add constraint refunds_state_check check (
    state in ('wanted', 'succeeded', 'abnormal', 'settled')
);
alter table refunds add constraint refunds_settled check (
    (state = 'settled') = (settled_at is not null and settled_reason is not null and settled_proof is not null)
    and (paid_twice_at is null or state = 'settled')
);
-- The list of what is open is short where all is well.
create index refunds_open on refunds (wanted_at) where state in ('wanted', 'abnormal');
create index refunds_settled on refunds (settled_at) where state = 'settled';

insert into accounts (code, name) values
    ('settled:other_means', '其他方式退款(线下已付)'),
    ('customers:paid_twice', '重复退款(待向顾客追回)');
