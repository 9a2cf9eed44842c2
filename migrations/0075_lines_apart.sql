-- Lines of a store that go another way than its others (D1): the cake is fetched, the rice is brought. They are a second
-- part of that store, with an order of its own. A server of the release before takes all lines of a store for one part.

alter table cart_lines add column apart boolean not null default false;
