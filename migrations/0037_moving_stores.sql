-- A row that gives a store another region also gives it to those who have that region. Whoever may do so confirms it.

alter table imports
    -- Rows that give a store another region.
    add column moved integer not null default 0,
    -- Whether whoever confirmed it may.
    add column may_move boolean not null default false;
