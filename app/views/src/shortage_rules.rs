//! What the server does where nobody solves a shortage in time.

use domain::{
    StoreId,
    shortage_rules::{ShortageAct, ShortageRule, StoreShortageRule},
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Field, Select, SelectItem};

use crate::store_rules::{self, Ending, Line};

/// The part of the page that its forms speak to.
pub const FORM: &str = "shortage-rule";

/// The stores' own rules, with the way back to head office's where whoever looks `may_end` them. `named`: for those who do
/// not see what stands above.
pub fn own(
    stores: Vec<StoreShortageRule>,
    named: Option<&'static str>,
    ending: Ending,
    may_end: impl Fn(StoreId) -> bool,
) -> AnyView {
    let line =
        |one: StoreShortageRule| Line { store_id: one.store_id, says: one.rule.text(), store_name: one.store_name };
    store_rules::list(stores.into_iter().map(line), named, ending, may_end)
}

/// The fields of a rule, which begin from what holds. `hint`: what is said of what the server can do.
pub fn fields(asked: &Asked, holds: ShortageRule, hint: &'static str) -> AnyView {
    let ((act_wrong, act), (hours_wrong, hours)) = (asked.field(FORM, "act"), asked.field(FORM, "wait_hours"));
    let acts = ShortageAct::ALL.iter().map(|act| SelectItem::new(act.code(), act.label())).collect();
    view! {
        <Select name="act" label="仍缺货时" items=acts value=act.unwrap_or_else(|| holds.act.code().into())
            error=act_wrong.unwrap_or_default() hint=hint/>
        <Field name="wait_hours" label="给人多少小时" inputmode="numeric"
            value=hours.unwrap_or_else(|| holds.wait_hours.to_string()) error=hours_wrong.unwrap_or_default()
            hint="1 到 336 小时。"/>
    }
    .into_any()
}
