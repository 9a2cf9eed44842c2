-- Mini-programs 小程序 as a channel of their own (D8, K2, R2). They speak the JSON API, so their orders counted as any
-- program's.
insert into channels (code, name) values ('mini_program', '小程序');

-- Over what whoever bears the session asks, where its face does not say: of a mini-program's alone. It was said at the
-- log-in and stays. A server of the release before writes none, and takes a mini-program for any program.
alter table sessions add column channel text references channels;
