//! The part of a form that says which role somebody gets, where and how long.

use domain::staff::GrantChoices;
use leptos::prelude::*;
use rpc::Asked;
use ui::{Choice, ChoiceItem, Field, Select, SelectItem, TextArea};
use uuid::Uuid;

/// The fields of a grant as [`domain::staff::GiveGrant::from_fields`] reads them, with what was typed and what was
/// wrong in `form`; before anything was, with what the address names.
pub fn grant_fields(asked: &Asked, form: &str, choices: &GrantChoices) -> impl IntoView + use<> {
    let flash = asked.flash_of(form).filter(|flash| !flash.good).cloned().unwrap_or_default();
    let wrong = |field: &str| flash.complaint(field).unwrap_or_default().to_owned();
    let typed = |field: &str| flash.typed.given(field).unwrap_or(asked.query.text(field)).to_owned();
    let mut roles = vec![SelectItem::new("", "请选择")];
    roles.extend(choices.roles.iter().map(|role| SelectItem::new(role.key.to_string(), role.name.clone())));
    let mut regions = vec![SelectItem::new("", "请选择")];
    regions.extend(choices.regions.iter().map(|region| SelectItem::new(region.code.clone(), region.name.clone())));
    let with_size =
        |id: Uuid, name: &str, stores: usize| SelectItem::new(id.to_string(), format!("{name}（{stores} 家）"));
    let mut groups = vec![SelectItem::new("", "请选择")];
    groups.extend(choices.groups.iter().map(|group| with_size(group.id, &group.name, group.stores.len())));
    let mut merchants = vec![SelectItem::new("", "请选择")];
    merchants.extend(choices.merchants.iter().map(|one| with_size(one.id, &one.name, one.stores.len())));
    let places = [
        (true, ChoiceItem::new("stores", "指定门店").text("一家或几家")),
        (!choices.regions.is_empty(), ChoiceItem::new("region", "一个区域").text("含以后新开的门店")),
        (!choices.groups.is_empty(), ChoiceItem::new("group", "一个门店组").text("随门店组变化")),
        (!choices.merchants.is_empty(), ChoiceItem::new("merchant", "一个商户").text("含以后加入的门店")),
        (choices.everywhere, ChoiceItem::new("everywhere", "全部门店").text("含以后新开的门店")),
    ];
    let places = places.into_iter().filter_map(|(can, place)| can.then_some(place)).collect();
    // Whose only merchant it is need not choose it.
    let only = choices.merchants.first().filter(|_| choices.merchants.len() == 1 && usual_place(choices) == "merchant");
    let merchant = Some(typed("merchant")).filter(|typed| !typed.is_empty());
    let merchant = merchant.or_else(|| only.map(|one| one.id.to_string())).unwrap_or_default();
    let place = Some(typed("place")).filter(|place| !place.is_empty()).unwrap_or_else(|| usual_place(choices).into());
    view! {
        <Select name="role" label="角色" items=roles value=typed("role") error=wrong("role")
            hint="角色能做什么，见「角色」页。"/>
        <div class="grant-place">
            <Choice name="place" legend="范围" items=places value=place error=wrong("place") columns=2/>
            <div class="for-stores">
                <TextArea name="stores" label="门店编号" value=typed("stores") error=wrong("stores")
                    hint="范围是「指定门店」时填写；多个用逗号或换行分开，如 QH-SH-001。"/>
            </div>
            <div class="for-region">
                <Select name="region" label="区域" items=regions value=typed("region") error=wrong("region")/>
            </div>
            <div class="for-group">
                <Select name="group" label="门店组" items=groups value=typed("group") error=wrong("group")/>
            </div>
            <div class="for-merchant">
                <Select name="merchant" label="商户" items=merchants value=merchant error=wrong("merchant")/>
            </div>
        </div>
        <Field name="until" label="到期日" kind="date" value=typed("until") error=wrong("until") required=false
            hint="临时授权填写最后一天；不填则一直有效，直到收回。"/>
    }
}

/// Where those are most often given a role whom somebody with these choices hires: a merchant's owner hires for the
/// merchant.
fn usual_place(choices: &GrantChoices) -> &'static str {
    let wider = choices.everywhere || !choices.regions.is_empty() || !choices.groups.is_empty();
    if wider || choices.merchants.is_empty() { "stores" } else { "merchant" }
}
