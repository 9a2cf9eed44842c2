//! How many pieces of a variant one channel sells at a store 渠道额度: a part of the page about how stock is shared.

use chrono::{DateTime, Utc};
use commerce::stock::quotas as use_cases;
use domain::{
    Fault, Fields,
    channel_quotas::{ChannelQuotaRule, SetChannelQuota as Wanted},
    orders::Channel,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Column, DataTable, Field, Form, Hidden, Select, SelectItem, Tone};

use crate::{
    frame::{LOG_IN, files, said},
    stock_models::PATH,
};

/// The part of the page that its forms speak to.
const FORM: &str = "channel-quota";

/// Says how many pieces a channel sells at each store.
#[server(prefix = "/rpc/hq", endpoint = "set_channel_quota")]
pub async fn set_channel_quota(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let command = Wanted { store_id: None, ..Wanted::from_fields(&fields)? };
        use_cases::set(&scope, command).await?;
        Ok(Next::to(PATH).saying(FORM, "已保存，从现在起计数"))
    })
    .await
}

/// Takes a quota back.
#[server(prefix = "/rpc/hq", endpoint = "remove_channel_quota")]
pub async fn remove_channel_quota(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这条渠道额度"))?;
        use_cases::remove(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "已取消这条额度"))
    })
    .await
}

/// The quotas, and the form where whoever asks may set them.
pub fn section(asked: &Asked, rules: Vec<ChannelQuotaRule>, sets: bool) -> AnyView {
    let columns = ["商品", "门店", "额度", "操作"].map(Column::new).to_vec();
    let none = rules.is_empty().then(|| {
        view! { <p class="text-sm text-base-content/70">"没有设置额度的商品。共用一份库存时，可以规定商城、小程序或接口各最多卖多少件。"</p> }
    });
    let now = asked.scope.now;
    let table = (!rules.is_empty()).then(|| {
        let rows = rules.into_iter().map(|rule| row(rule, now, sets)).collect_view();
        view! { <DataTable caption="渠道额度" columns=columns>{rows}</DataTable> }
    });
    let form = sets.then(|| form(asked));
    let told = said(asked, FORM);
    view! {
        <section class="mt-8" aria-labelledby="channel-quotas">
            <div class="mb-3 flex flex-wrap items-center justify-between gap-3">
                <h2 id="channel-quotas" class="text-lg font-bold">"渠道额度"</h2>
                <div class="flex gap-3">{files("/hq/channel-quotas", &[])}</div>
            </div>
            {told}
            {none}
            {table}
            {form}
        </section>
    }
    .into_any()
}

fn row(rule: ChannelQuotaRule, now: DateTime<Utc>, sets: bool) -> impl IntoView {
    let meaning = rule.meaning(now);
    let label = format!("取消 {} 的{}额度", rule.name, rule.channel.label());
    let remove = sets.then(|| {
        view! {
            <Form action=RemoveChannelQuota::PATH>
                <Hidden name="from" value=PATH/>
                <Hidden name="id" value=rule.id.to_string()/>
                <Button tone=Tone::Plain label=label>"取消"</Button>
            </Form>
        }
    });
    view! {
        <tr>
            <td class="min-w-40"><span class="font-medium">{rule.name}</span>
                <span class="block text-sm text-base-content/70">{rule.sku}</span></td>
            <td class="min-w-28">{rule.store_name.unwrap_or_else(|| "全部门店".into())}</td>
            <td class="min-w-40">{meaning}</td>
            <td>{remove}</td>
        </tr>
    }
}

fn form(asked: &Asked) -> impl IntoView + use<> {
    let part = |name: &str| {
        let (wrong, typed) = asked.field(FORM, name);
        (wrong.unwrap_or_default(), typed.unwrap_or_default())
    };
    let ((sku_wrong, sku), (channel_wrong, channel), (most_wrong, most)) = (part("sku"), part("channel"), part("most"));
    let channels = Channel::OF_ORDERS.map(|channel| SelectItem::new(channel.code(), channel.label())).to_vec();
    // What was refused is seen with what is wrong beside its field.
    let refused = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    view! {
        <details class="panel mt-4 p-4" open=refused>
            <summary class="cursor-pointer font-medium">"设置渠道额度"</summary>
            <Form action=SetChannelQuota::PATH class="mt-4">
                <Hidden name="from" value=PATH/>
                <div class="grid gap-x-4 sm:grid-cols-3">
                    <Field name="sku" id="quota-sku" label="商品编码" value=sku error=sku_wrong maxlength=64/>
                    <Select name="channel" label="渠道" items=channels value=channel error=channel_wrong/>
                    <Field name="most" id="quota-most" label="每店最多卖几件" inputmode="numeric" value=most error=most_wrong
                        hint="从保存时起计数；未付款、已付款、已完成的订单都算，取消的、过期的和门店拒绝的会还回来。再次保存则重新计数。"/>
                </div>
                <Button>"保存"</Button>
            </Form>
        </details>
    }
}
