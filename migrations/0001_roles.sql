-- Two roles. The owner, who runs the migrations, owns everything; `mendian_app`, as which the
-- server works, owns nothing and gets only what it needs. A role belongs to the whole cluster, so
-- it may exist already, or be made by another database's migration at this very moment.
do $$
begin
    create role mendian_app nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- Whoever migrates may work as `mendian_app`; a superuser may anyway.
do $$
begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant mendian_app to %I', current_user);
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to mendian_app;
alter default privileges in schema public grant select, insert, update, delete on tables to mendian_app;
alter default privileges in schema public grant usage, select on sequences to mendian_app;
