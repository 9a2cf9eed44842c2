-- What a piece costs a store that a warehouse sends it to (K3): the store's own price, else that of its kind of ownership.
-- Nothing where head office has said nothing.
create function supply_price(store uuid, sku uuid) returns bigint language sql stable as $$
    select coalesce(
        (select p.price_fen from supply_prices p where p.sku_id = sku and p.store_id = store),
        (select p.price_fen from supply_prices p join stores s on s.ownership = p.ownership
         where s.id = store and p.sku_id = sku)
    )
$$;
