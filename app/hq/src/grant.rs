//! The part of a form that says which role somebody gets, where and how long.

use domain::staff::GrantChoices;
use leptos::prelude::*;
use rpc::Asked;
use ui::{Choice, ChoiceItem, Field, Select, SelectItem, TextArea};

/// The fields of a grant as [`domain::staff::GiveGrant::from_fields`] reads them, with what was typed and what was
/// wrong in `form`.
pub fn grant_fields(asked: &Asked, form: &str, choices: &GrantChoices) -> impl IntoView + use<> {
    let flash = asked.flash_of(form).filter(|flash| !flash.good).cloned().unwrap_or_default();
    let wrong = |field: &str| flash.complaint(field).unwrap_or_default().to_owned();
    let typed = |field: &str| flash.typed.text(field).to_owned();
    let mut roles = vec![SelectItem::new("", "请选择")];
    roles.extend(choices.roles.iter().map(|role| SelectItem::new(role.key.to_string(), role.name.clone())));
    let mut regions = vec![SelectItem::new("", "请选择")];
    regions.extend(choices.regions.iter().map(|region| SelectItem::new(region.code.clone(), region.name.clone())));
    let mut groups = vec![SelectItem::new("", "请选择")];
    let with_size = |name: &str, stores: usize| format!("{name}（{stores} 家）");
    groups.extend(
        choices
            .groups
            .iter()
            .map(|group| SelectItem::new(group.id.to_string(), with_size(&group.name, group.stores.len()))),
    );
    let places = [
        (true, ChoiceItem::new("stores", "指定门店").text("一家或几家")),
        (!choices.regions.is_empty(), ChoiceItem::new("region", "一个区域").text("含以后新开的门店")),
        (!choices.groups.is_empty(), ChoiceItem::new("group", "一个门店组").text("随门店组变化")),
        (choices.everywhere, ChoiceItem::new("everywhere", "全部门店").text("含以后新开的门店")),
    ];
    let places = places.into_iter().filter_map(|(can, place)| can.then_some(place)).collect();
    let place = flash.typed.given("place").unwrap_or("stores").to_owned();
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
        </div>
        <Field name="until" label="到期日" kind="date" value=typed("until") error=wrong("until") required=false
            hint="临时授权填写最后一天；不填则一直有效，直到收回。"/>
    }
}
