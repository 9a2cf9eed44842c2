//! 合并账号: what would move, before it does.

use commerce::members;
use domain::{Fault, Fields, members::MergeOffer, text};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, Fact, Facts, Form, Hidden, LinkButton, Notice, Tone};

use crate::{
    account,
    frame::{Frame, Tab, news},
};

/// The part of the page that its form speaks to.
const FORM: &str = "merge";

/// Makes the two accounts one; sent twice it is done once.
#[server(prefix = "/rpc/shop", endpoint = "merge_accounts")]
pub async fn merge_accounts(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这次合并"))?;
        members::merge(&scope, id).await?;
        Ok(Next::to("/me").saying("me", "两个账号已合并，订单都在这里"))
    })
    .await
}

pub async fn merge(asked: Asked) -> Result<Page, Fault> {
    let offer = members::offer(&asked.scope, asked.id("merge", "这次合并")?).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("合并账号", move || {
        let said = news(&asked, FORM);
        let what = what(&offer);
        let id = offer.id.to_string();
        let body = view! {
            <div class="mx-auto mt-3 max-w-md">
                {said}
                <Card title="两个账号都是您的，要合并吗？">
                    {what}
                    <Notice tone=Tone::Warn>"合并后不能再分开。另一个账号的登录都会退出，它的密码不再有效。"</Notice>
                    <Form action=MergeAccounts::PATH>
                        <Hidden name="from" value=asked.here/>
                        <Hidden name="id" value=id/>
                        <div class="flex flex-wrap gap-3">
                            <Button>"合并"</Button>
                            <LinkButton href=account::PATH>"不合并"</LinkButton>
                        </div>
                    </Form>
                </Card>
            </div>
        };
        frame.titled(Tab::Me, "合并账号", account::PATH, body.into_any())
    }))
}

fn what(offer: &MergeOffer) -> impl IntoView + use<> {
    let joined = offer.joined_at.with_timezone(&text::zone("")).format("%Y-%m-%d").to_string();
    let open = if offer.open_orders > 0 { format!("（{} 个未完成）", offer.open_orders) } else { String::new() };
    let number = if offer.takes_phone {
        format!("{} 成为您的新手机号，原来的号码不再登录这个账号", offer.phone)
    } else {
        format!("仍用您现在的号码，{} 不再登录任何账号", offer.phone)
    };
    let counted = [("优先占用的商品", offer.holds), ("绑定的微信", offer.wechat)].into_iter().filter(|(_, n)| *n > 0);
    let more =
        counted.map(|(label, n)| view! { <Fact label=label>{format!("{n} 个，归现在的账号")}</Fact> }).collect_view();
    let other = format!("{} · {joined} 加入", offer.phone);
    let moves = |n: i64, text: String| if n > 0 { text } else { "没有".to_owned() };
    let orders = moves(offer.orders, format!("{} 个{open}，归现在的账号", offer.orders));
    let cart = moves(offer.cart_lines, format!("{} 种商品，并入现在的购物车", offer.cart_lines));
    view! {
        <Facts class="mb-4">
            <Fact label="另一个账号">{other}</Fact>
            <Fact label="订单">{orders}</Fact>
            <Fact label="购物车">{cart}</Fact>
            {more}
            <Fact label="手机号">{number}</Fact>
        </Facts>
    }
}
