-- The threshold of alerts that says most about a variant at a place: the place's own before head office's, the variant's
-- before its category's, a nearer category's before those above it. Nothing where none speaks of it.
create function threshold_at(of_kind text, of_location uuid, of_sku uuid) returns bigint language sql stable as $$
    with recursive up as (
        select d.category_id as id, 0 as far from skus k join products d on d.id = k.product_id where k.id = of_sku
        union all
        select c.parent_id, u.far + 1 from up u join categories c on c.id = u.id where c.parent_id is not null
    )
    select r.threshold from alert_rules r left join up u on u.id = r.category_id
    where r.kind = of_kind and (r.location_id is null or r.location_id = of_location)
      and (r.sku_id is null or r.sku_id = of_sku) and (r.category_id is null or u.id is not null)
    order by r.location_id is null, r.sku_id is null, r.category_id is null, u.far limit 1
$$;
