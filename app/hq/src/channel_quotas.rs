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
use ui::{Field, Select, SelectItem};

use crate::{
    frame::LOG_IN,
    rulebook::{Part, take_back, variant, whose},
    stock_models::PATH,
};

const FORM: &str = "channel-quota";
const PART: Part = Part {
    form: FORM,
    title: "渠道额度",
    files: "/hq/channel-quotas",
    columns: &["商品", "门店", "额度", "操作"],
    none: "没有设置额度的商品。共用一份库存时，可以规定商城、小程序或接口各最多卖多少件。",
};

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
    let now = asked.scope.now;
    let rows = rules.into_iter().map(|rule| row(rule, now, sets).into_any()).collect();
    PART.section(asked, rows, sets.then(|| form(asked)))
}

fn row(rule: ChannelQuotaRule, now: DateTime<Utc>, sets: bool) -> impl IntoView {
    let meaning = rule.meaning(now);
    let label = format!("取消 {} 的{}额度", rule.name, rule.channel.label());
    let remove = sets.then(|| take_back(RemoveChannelQuota::PATH, ("id", rule.id.to_string()), label));
    view! {
        <tr>
            {variant(rule.name, rule.sku)}
            {whose(rule.store_name)}
            <td class="min-w-40">{meaning}</td>
            <td>{remove}</td>
        </tr>
    }
}

fn form(asked: &Asked) -> AnyView {
    let field = |name| PART.field(asked, name);
    let ((sku_wrong, sku), (channel_wrong, channel), (most_wrong, most)) =
        (field("sku"), field("channel"), field("most"));
    let channels = Channel::OF_ORDERS.map(|channel| SelectItem::new(channel.code(), channel.label())).to_vec();
    let fields = view! {
        <div class="grid gap-x-4 sm:grid-cols-3">
            <Field name="sku" id="quota-sku" label="商品编码" value=sku error=sku_wrong maxlength=64/>
            <Select name="channel" label="渠道" items=channels value=channel error=channel_wrong/>
            <Field name="most" id="quota-most" label="每店最多卖几件" inputmode="numeric" value=most error=most_wrong
                hint="从保存时起计数；未付款、已付款、已完成的订单都算，取消的、过期的和门店拒绝的会还回来。再次保存则重新计数。"/>
        </div>
    };
    PART.form(asked, SetChannelQuota::PATH, fields.into_any())
}
