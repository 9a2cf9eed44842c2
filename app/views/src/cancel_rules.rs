//! Until when shoppers call paid orders off by themselves, for each way, and whether they may ask afterwards.

use domain::{
    StoreId,
    cancelling::{CancelUntil, SetCancelRule, StoreCancelRule},
    fulfilment::Fulfilment,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Button, Field, Form, Hidden, Select, SelectItem};

use crate::store_rules::{self, Ending, Line};

/// The part of the page that its forms speak to.
pub const FORM: &str = "cancel-rule";

/// Head office's rule of each way.
pub fn house(rules: &[SetCancelRule]) -> AnyView {
    let row = |one: &SetCancelRule| {
        let (way, text) = (one.fulfilment.label(), one.rule.text());
        view! { <li class="flex flex-wrap gap-x-3 py-2"><span class="font-medium">{way}</span><span>{text}</span></li> }
    };
    let rows = rules.iter().map(row).collect_view();
    view! { <ul class="divide-y divide-base-300">{rows}</ul> }.into_any()
}

/// The stores' own rules, with the way back to head office's where whoever looks `may_end` them.
pub fn own(stores: &[StoreCancelRule], ending: Ending, may_end: impl Fn(StoreId) -> bool) -> AnyView {
    let line = |one: &StoreCancelRule| Line {
        store_id: one.store_id,
        store_name: one.store_name.clone(),
        says: format!("{}：{}", one.says.fulfilment.label(), one.says.rule.text()),
    };
    store_rules::list(stores.iter().map(line), None, ending, may_end)
}

/// The form that sets the rule of one way, sent to `action` from the page `from`: at one of the `stores`, or at all that
/// have none of their own where there is none to choose.
pub fn form(asked: &Asked, action: &'static str, from: &'static str, stores: &[(StoreId, String)]) -> AnyView {
    let field = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let [store, way, until, minutes, may_ask] = ["store", "fulfilment", "until", "minutes", "may_ask"].map(field);
    let store = (!stores.is_empty()).then(|| {
        let items = stores.iter().map(|(id, name)| SelectItem::new(id.to_string(), name.clone())).collect();
        view! { <Select name="store" label="门店" items=items value=store.1 error=store.0/> }
    });
    let ways = Fulfilment::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let untils = CancelUntil::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())).collect();
    let asks = vec![SelectItem::new("yes", "可以向门店申请取消"), SelectItem::new("no", "不能取消")];
    view! {
        <Form action=action>
            <Hidden name="from" value=from/>
            <div class="grid gap-x-4 sm:grid-cols-2">
                {store}
                <Select name="fulfilment" label="方式" items=ways value=way.1 error=way.0/>
                <Select name="until" label="可自行取消到" items=untils value=until.1 error=until.0/>
                <Field name="minutes" label="付款后多少分钟" inputmode="numeric" required=false value=minutes.1 error=minutes.0
                    hint="只有选「付款后若干分钟内」才填，1 到 1440。"/>
                <Select name="may_ask" label="之后" items=asks value=may_ask.1 error=may_ask.0/>
            </div>
            <Button>"保存规则"</Button>
        </Form>
    }
    .into_any()
}
