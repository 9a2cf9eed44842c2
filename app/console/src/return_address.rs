//! 退货地址: where a store takes parcels with goods that come back.

use commerce::after_sales as use_cases;
use domain::{Fault, Fields, StoreId, after_sales::ReturnsByPost};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, TextArea};

use crate::frame::news;

/// The part of the page that its form speaks to.
const FORM: &str = "return_address";

/// Sets where parcels with goods that come back are taken, or that none are.
#[server(prefix = "/rpc/console", endpoint = "save_return_address")]
pub async fn save_return_address(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        let command = ReturnsByPost::from_fields(&fields);
        use_cases::set_return_address(&scope, store, &command).await?;
        let said = match command.address {
            Some(_) => "退货地址已保存，顾客的售后单上可以选择寄回",
            None => "已清除退货地址，顾客只能到店退换；已寄出的照常收货",
        };
        Ok(Next::to(format!("/console/delivery?store={store}")).saying(FORM, said))
    })
    .await
}

/// The form.
pub fn part(asked: &Asked, store: StoreId, set: ReturnsByPost) -> impl IntoView + use<> {
    let failed = asked.flash_of(FORM).is_some_and(|flash| !flash.good);
    let set = set.address;
    let shown = |name: &str, now: Option<String>| {
        let (wrong, typed) = asked.field(FORM, name);
        let value = if failed { typed } else { now };
        (value.unwrap_or_default(), wrong.unwrap_or_default())
    };
    let (name, name_wrong) = shown("name", set.as_ref().map(|set| set.name.clone()));
    let (phone, phone_wrong) = shown("phone", set.as_ref().map(|set| set.phone.clone()));
    let (address, address_wrong) = shown("address", set.as_ref().map(|set| set.address.clone()));
    let (said, store) = (news(asked, FORM), store.to_string());
    let from = format!("/console/delivery?store={store}");
    view! {
        <div class="mt-4 max-w-2xl">
            <Card title="退货地址">
                {said}
                <p class="mb-3 text-sm text-base-content/70">"填写后，顾客可以把同意退换的商品寄回这家门店；三项都清空则只能到店退换。"</p>
                <Form action=SaveReturnAddress::PATH>
                    <Hidden name="from" value=from/>
                    <Hidden name="store" value=store/>
                    <Field name="name" label="收件人" id="return_name" required=false autocomplete="off" maxlength=30 value=name error=name_wrong/>
                    <Field name="phone" label="收件电话" id="return_phone" required=false autocomplete="off" inputmode="tel" maxlength=20
                        value=phone error=phone_wrong/>
                    <TextArea name="address" label="收件地址" id="return_address" rows=2 maxlength=120 value=address error=address_wrong/>
                    <Button>"保存退货地址"</Button>
                </Form>
            </Card>
        </div>
    }
}
