-- How servers know that what they keep in memory of people's grants is still so (O4): a counter beside those of
-- migration 0010, raised in the transaction of each change. Every request of staff reads it with their session, so
-- what changes takes effect with the next request, and what does not is not read again.
insert into versions (what, version) values ('authority', 1);

create trigger bump after insert or update or delete or truncate on grants for each statement execute function bump_version('authority');
create trigger bump after insert or update or delete or truncate on roles for each statement execute function bump_version('authority');
create trigger bump after insert or update or delete or truncate on store_group_members for each statement execute function bump_version('authority');
create trigger bump after insert or update or delete or truncate on delegations for each statement execute function bump_version('authority');
-- Whoever is suspended lends nothing. Log-ins change no right.
create trigger bump after update of active, name on staff for each statement execute function bump_version('authority');
