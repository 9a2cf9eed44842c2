-- A store that is busy or paused may say until when (O1). Nothing has to run at that moment: whoever asks how a store stands
-- asks with the time. A server of the release before takes such a pause for one that somebody ends.
alter table stores
    add column state_until timestamptz,
    add constraint stores_state_until check (state_until is null or state in ('busy', 'paused'));

-- Whoever says another state says anew until when, after it: what a server of the release before sets, which knows of no
-- end, must not end with the state before it.
create function forget_state_until() returns trigger language plpgsql as $$
begin
    new.state_until := null;
    return new;
end
$$;
create trigger forget_until before update of state on stores for each row
    when (new.state <> old.state) execute function forget_state_until();

-- How a store stands at a moment; `domain::opening::Standing` is the same rule for stores in memory.
create function store_state(state text, state_until timestamptz, moment timestamptz) returns text
    language sql immutable parallel safe as $$
    select case when state_until <= moment then 'open' else state end
$$;
