-- A second step of staff's log-in: codes of an app, RFC 6238 (O4).

alter table staff
    -- Shared with the app; kept as it is, since checking a code needs it.
    add column totp_secret bytea,
    -- Since when it is asked for. A secret without it is being set up, and is shown to and taken from the session
    -- alone that began to.
    add column totp_since timestamptz,
    add column totp_begun_by bytea,
    -- The period of the last code that was taken: a code opens once.
    add column totp_period bigint not null default 0,
    add constraint staff_totp check (totp_since is null or totp_secret is not null);

-- The password was right and the code is still to come: such a session opens nothing else.
alter table sessions add column awaits_code boolean not null default false;
