-- A refund that a server is asking the gateway for at this moment (D8).

alter table refunds
    -- Since when; nothing once the gateway has answered. While it has not, the refund is not settled by other means: the
    -- gateway might pay it out as well. A server that ends meanwhile leaves it behind, and it counts for half a minute.
    add column sending_at timestamptz,
    -- Somebody wants it tried again: the next attempt is made also where one that is under way ends badly meanwhile.
    add column retried boolean not null default false;
