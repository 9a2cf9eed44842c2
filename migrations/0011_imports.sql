-- Tables that head office sends in, and what became of them (O1, C1).

create table imports (
    id uuid primary key,
    kind text not null check (kind in ('stores', 'products')),
    staff_id uuid not null references staff,
    file_name text not null,
    -- Which column is what, and how the file is meant.
    options jsonb not null,
    state text not null check (state in ('reading', 'ready', 'importing', 'done', 'cancelled', 'broken')),
    -- How the file was read, its first rows, and what is wrong with which row.
    report jsonb not null default '{}',
    rows_total integer not null default 0,
    rows_done integer not null default 0,
    inserted integer not null default 0,
    updated integer not null default 0,
    unchanged integer not null default 0,
    rejected integer not null default 0,
    created_at timestamptz not null,
    began_at timestamptz,
    ended_at timestamptz,
    -- Until when a server has this work; one that died is followed by another.
    taken_until timestamptz
);
create index imports_open on imports (created_at) where state in ('reading', 'importing');
create index imports_recent on imports (created_at);

-- The files themselves, so that any server can do the work; forgotten after 30 days.
create table import_files (
    import_id uuid primary key references imports on delete cascade,
    content bytea not null,
    -- The rows that were rejected, as CSV with their reasons.
    rejects bytea
);

-- The columns that were chosen last for each kind, offered for the next file that has them.
create table import_columns (
    kind text primary key,
    columns jsonb not null
);
