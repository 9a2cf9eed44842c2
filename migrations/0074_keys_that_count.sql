-- Partners' programs count and report losses (K4): what a key did stands beside what people did. No key is given what
-- decides on a count or a loss, so whoever did is of staff as before; a report can be taken back by the key that made it.
-- A server of the release before goes on with what people did, and does not show what a key began.

alter table counts
    add column opened_by_key uuid references api_keys,
    add column submitted_by_key uuid references api_keys,
    alter column opened_by drop not null,
    add constraint counts_opened_by check (num_nonnulls(opened_by, opened_by_key) = 1);
alter table counts drop constraint counts_submitted, add constraint counts_submitted check (
    state not in ('submitted', 'approved')
    or (num_nonnulls(submitted_by, submitted_by_key) = 1 and num_nulls(off_pieces, off_value_fen) = 0)
);

alter table count_entries
    add column api_key_id uuid references api_keys,
    add column undone_by_key uuid references api_keys,
    alter column staff_id drop not null,
    add constraint count_entries_by check (num_nonnulls(staff_id, api_key_id) = 1),
    add constraint count_entries_undone_by check (num_nonnulls(undone_by, undone_by_key) = num_nonnulls(undone_at));

alter table count_steps
    add column api_key_id uuid references api_keys,
    alter column staff_id drop not null,
    add constraint count_steps_by check (num_nonnulls(staff_id, api_key_id) = 1);

alter table losses
    add column reported_by_key uuid references api_keys,
    -- Only where the key took its own report back.
    add column decided_by_key uuid references api_keys,
    alter column reported_by drop not null,
    add constraint losses_reported_by check (num_nonnulls(reported_by, reported_by_key) = 1),
    add constraint losses_decided_by check (
        decided_by_key is null or (state = 'withdrawn' and decided_by is null and decided_by_key = reported_by_key)
    );
