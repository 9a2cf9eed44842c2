//! What whoever asks can give to others, and where: for the forms, before anything is asked for.

use std::collections::BTreeMap;

use domain::{
    Fault,
    staff::{Gift, GrantChoices, Permission, Place, RegionChoice, not_theirs_to_give},
};

use super::{departments, groups, merchants, roles};
use crate::{Scope, database::OrFault};

/// The roles and places that whoever asks can give.
pub async fn choices(scope: &Scope) -> Result<GrantChoices, Fault> {
    scope.reach(Permission::ManageStaff)?;
    let held = &scope.staff()?.grants;
    // Who may give nothing but the work of a store manages there.
    let permissions = &[Permission::ReadStores];
    let manages = |place: &Place, above: &[String]| {
        not_theirs_to_give(held, Gift { permissions, place, above, ends_at: None }).is_empty()
    };
    let has = |one: Permission| held.iter().any(|grant| grant.permissions.contains(&one));
    let mut roles = roles::list(scope).await?;
    roles.retain(|role| role.permissions.iter().all(|one| one.is_store_work() || has(*one)));
    let everywhere = manages(&Place::Everywhere, &[]);
    let mut groups = if everywhere { groups::list(scope).await? } else { groups::reached(scope).await? };
    groups.retain(|group| manages(&Place::Group { id: group.id }, &[]));
    let mut merchants = if everywhere { merchants::list(scope).await? } else { merchants::reached(scope).await? };
    merchants.retain(|merchant| manages(&Place::Merchant { id: merchant.id }, &[]));
    let departments = departments::names(scope).await?;
    let regions = regions(scope, false).await?.into_iter().filter_map(|(above, region)| {
        let place = Place::Region { code: region.code.clone() };
        manages(&place, &above).then_some(region)
    });
    Ok(GrantChoices { roles, everywhere, regions: regions.collect(), groups, merchants, departments })
}

/// The regions that have stores in or below them, for a list's filter.
pub async fn regions_with_stores(scope: &Scope) -> Result<Vec<RegionChoice>, Fault> {
    Ok(regions(scope, false).await?.into_iter().map(|(_, region)| region).collect())
}

/// The regions that have stores or open warehouses in or below them, for a list's filter.
pub async fn regions_with_places(scope: &Scope) -> Result<Vec<RegionChoice>, Fault> {
    Ok(regions(scope, true).await?.into_iter().map(|(_, region)| region).collect())
}

/// The regions that have stores in or below them, or open warehouses where these count, by their place in the tree, each
/// with the codes of itself and all above it.
async fn regions(scope: &Scope, warehouses: bool) -> Result<Vec<(Vec<String>, RegionChoice)>, Fault> {
    let rows = sqlx::query!(
        r#"with recursive above as (
               select r.code, r.name, r.parent_code from regions r
               where exists (select from stores s where s.region_code = r.code)
                  or $1 and exists (select from warehouses w where w.region_code = r.code and w.closed_at is null)
               union
               select r.code, r.name, r.parent_code from above a join regions r on r.code = a.parent_code
           )
           select code as "code!", name as "name!", parent_code from above"#,
        warehouses,
    )
    .fetch_all(scope.pool())
    .await
    .or_fault()?;
    let known: BTreeMap<String, (String, Option<String>)> =
        rows.into_iter().map(|row| (row.code, (row.name, row.parent_code))).collect();
    let found = known.keys().map(|code| {
        let (mut above, mut names, mut next) = (Vec::new(), Vec::new(), Some(code));
        while let Some((code, (name, parent))) = next.and_then(|code| known.get_key_value(code)) {
            above.push(code.clone());
            // The country stands above all of them and says nothing.
            if parent.is_some() || above.len() == 1 {
                names.push(name.as_str());
            }
            next = parent.as_ref();
        }
        names.reverse();
        (above, RegionChoice { code: code.clone(), name: names.join(" / ") })
    });
    Ok(found.collect())
}
