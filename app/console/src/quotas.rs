//! How many pieces of a variant each channel sells at the store 渠道额度, as a part of the variant's page.

use chrono::{DateTime, Utc};
use commerce::stock::quotas as use_cases;
use domain::{
    Fault, Fields, StoreId,
    channel_quotas::{ChannelQuotaRule, SetChannelQuota as Wanted},
    orders::Channel,
    stock_models::SharedStock,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Badge, Button, Card, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::frame::news;

const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "channel-quota";

fn back(fields: &Fields) -> Next {
    Next::to(rpc::back_path(fields.given("from").unwrap_or(crate::stock::PATH)).to_owned())
}

/// Says how many pieces a channel sells at a store.
#[server(prefix = "/rpc/console", endpoint = "set_channel_quota")]
pub async fn set_channel_quota(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Wanted::from_fields(&fields)?;
        if command.store_id.is_none() {
            return Err(Fault::invalid("store", "请选择门店"));
        }
        use_cases::set(&scope, command).await?;
        Ok(back(&fields).saying(FORM, "已保存，从现在起计数"))
    })
    .await
}

/// Takes a store's own quota back.
#[server(prefix = "/rpc/console", endpoint = "remove_channel_quota")]
pub async fn remove_channel_quota(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条渠道额度"))?;
        use_cases::remove(&scope, id).await?;
        Ok(back(&fields).saying(FORM, "已取消这条额度"))
    })
    .await
}

/// The part of the page. `sets`: whether whoever asks may change it.
pub fn section(
    asked: &Asked,
    store: StoreId,
    shared: &SharedStock,
    rules: Vec<ChannelQuotaRule>,
    sets: bool,
) -> AnyView {
    let here = format!("{}?store={store}&sku={}", crate::stock::PATH, shared.sku_id);
    let of: Vec<ChannelQuotaRule> = rules.into_iter().filter(|rule| rule.sku == shared.code).collect();
    // The store's own goes before head office's.
    let own: Vec<Channel> = of.iter().filter(|rule| rule.store_id.is_some()).map(|rule| rule.channel).collect();
    let applies = |rule: &ChannelQuotaRule| rule.store_id.is_some() || !own.contains(&rule.channel);
    let rows: Vec<_> = of.into_iter().filter(applies).map(|rule| row(rule, &here, asked.scope.now, sets)).collect();
    let none = rows
        .is_empty()
        .then(|| view! { <p class="text-base-content/70">"没有设置，各渠道都可以卖到线上可卖的件数为止。"</p> });
    let (news, form) = (news(asked, FORM), sets.then(|| form(asked, store, shared.code.clone(), here)));
    view! {
        <Card title="渠道额度" class="mb-6">
            {news}
            {none}
            <ul class="divide-y divide-base-300">{rows}</ul>
            {form}
        </Card>
    }
    .into_any()
}

fn row(rule: ChannelQuotaRule, here: &str, now: DateTime<Utc>, sets: bool) -> AnyView {
    let (meaning, is_own) = (rule.meaning(now), rule.store_id.is_some());
    let (here, label) = (here.to_owned(), format!("取消{}额度", rule.channel.label()));
    let remove = (sets && is_own).then(|| {
        view! {
            <Form action=RemoveChannelQuota::PATH>
                <Hidden name="from" value=here/>
                <Hidden name="id" value=rule.id.to_string()/>
                <Button tone=Tone::Plain label=label>"取消"</Button>
            </Form>
        }
    });
    let whose = if is_own { "本店设置" } else { "总部设置" };
    view! {
        <li class="flex flex-wrap items-center justify-between gap-3 py-2">
            <span class="min-w-0"><Badge>{whose}</Badge> <span class="ms-2">{meaning}</span></span>
            {remove}
        </li>
    }
    .into_any()
}

fn form(asked: &Asked, store: StoreId, code: String, here: String) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((channel_wrong, channel), (most_wrong, most)) = (part("channel"), part("most"));
    let channels = Channel::OF_ORDERS.map(|channel| SelectItem::new(channel.code(), channel.label())).to_vec();
    let refused = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    view! {
        <details class="mt-2" open=refused>
            <summary class="inline-flex min-h-11 cursor-pointer items-center font-medium">"设置本店的渠道额度"</summary>
            <Form action=SetChannelQuota::PATH class="mt-2">
                <Hidden name="from" value=here/>
                <Hidden name="store" value=store.to_string()/>
                <Hidden name="sku" value=code/>
                <div class="grid gap-x-4 sm:grid-cols-2">
                    <Select name="channel" label="渠道" items=channels value=channel error=channel_wrong/>
                    <Field name="most" label="最多卖几件" inputmode="numeric" value=most error=most_wrong
                        hint="从保存时起计数，取消和过期的会还回来；再次保存则重新计数。"/>
                </div>
                <Button>"保存"</Button>
            </Form>
        </details>
    }
}
