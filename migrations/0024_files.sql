-- Pictures and papers that people send (C4, O1, O3). They lie in the database, so that every server has them;
-- nothing of what was sent is ever a path.

create table files (
    id uuid primary key,
    -- What is kept, as its first bytes say: a picture drawn anew as JPEG, or a PDF as it was sent.
    kind text not null check (kind in ('jpeg', 'pdf')),
    purpose text not null check (purpose in ('store_photo', 'store_paper')),
    -- A private file is for those alone whom it concerns; a published one for everybody.
    state text not null default 'private' check (state in ('private', 'published')),
    -- Whose it is.
    store_id uuid references stores,
    member_id uuid references members,
    staff_id uuid references staff,
    -- What it was called by whoever sent it: a text for people.
    name text not null,
    -- Of what was sent.
    byte_size integer not null check (byte_size > 0),
    sha256 bytea not null check (length(sha256) = 32),
    -- Of the large picture, in pixels.
    width integer,
    height integer,
    -- Who sent it: a person of staff, a member or a partner's key.
    created_by uuid not null,
    created_at timestamptz not null,
    -- Since when nothing uses it: it was sent and never taken up, or was removed. Forgotten after a day.
    unused_since timestamptz,
    constraint files_owner check (num_nonnulls(store_id, member_id, staff_id) = 1),
    constraint files_picture check ((kind = 'jpeg') = (width is not null and height is not null)),
    -- Only a picture is drawn anew, so nothing else is shown to everybody.
    constraint files_published check (state = 'private' or (kind = 'jpeg' and unused_since is null))
);
create index files_store on files (store_id) where store_id is not null;
create index files_member on files (member_id) where member_id is not null;
create index files_staff on files (staff_id) where staff_id is not null;
create index files_unused on files (unused_since) where unused_since is not null;

-- The bytes, apart from what is read by every list. They never change: another content is another file.
create table file_contents (
    file_id uuid not null references files on delete cascade,
    size text not null check (size in ('large', 'small', 'whole')),
    content bytea not null,
    width integer,
    height integer,
    primary key (file_id, size)
);
-- JPEG and PDF are packed already.
alter table file_contents alter column content set storage external;

-- What a store shows of itself, in this order; the first is the cover.
create table store_photos (
    file_id uuid primary key references files on delete cascade,
    store_id uuid not null references stores,
    place integer not null
);
create index store_photos_store on store_photos (store_id, place);

-- Servers keep stores in memory with their photos (migration 0010).
create trigger bump after insert or update or delete or truncate on store_photos for each statement execute function bump_version('stores');

-- Behind the second fence (migration 0020): what is published is everybody's, the rest is for whom it concerns. The
-- photos of a store are seen by everybody and arranged by its own people.
alter table files enable row level security;
create policy published on files for select to mendian_app using (state = 'published');
create policy people on files to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
    or member_id = (select asking('member')) or staff_id = (select asking('staff'))
);
create policy house on files to mendian_house using (true);
alter table file_contents enable row level security;
create policy people on file_contents to mendian_app using (exists (select from files f where f.id = file_id));
create policy house on file_contents to mendian_house using (true);
alter table store_photos enable row level security;
create policy seen on store_photos for select to mendian_app using (true);
create policy people on store_photos to mendian_app using (
    (select asking_everywhere()) or store_id = any ((select asking_stores())::uuid[])
);
create policy house on store_photos to mendian_house using (true);
