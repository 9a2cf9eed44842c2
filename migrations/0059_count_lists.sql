-- What a scanner's file found comes into a count in one piece (K4): its entries bear the file's identity, so the same
-- file sent again adds nothing, and one that was wrong is undone as a whole. A server of the release before writes
-- entries one by one, of no file.
alter table count_entries add column list_id uuid;
-- A file names a variant once: pieces that it has in several lines are added before they are written.
create unique index count_entries_of_list on count_entries (list_id, sku_id) where list_id is not null;
