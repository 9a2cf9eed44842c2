//! 收货地址: a member's address book (B6).

use commerce::{flashes, fulfilment::addresses as use_cases, stores};
use domain::{
    AddressId, Fault, Fields,
    fulfilment::{ADDRESSES_MOST, AddressView, SaveAddress as SaveAddressCommand},
    stores::Place,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page, back_path};
use ui::{
    Badge, Button, Card, CheckBox, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Notice, Select, SelectItem,
    Size, TextArea, Tone,
};

use crate::{
    frame::{Frame, Tab, chosen_place, news},
    islands::Locate,
};

/// The book.
pub const PATH: &str = "/me/addresses";
/// The part of the pages that their forms speak to.
const FORM: &str = "address";

/// Adds an address, or changes one; back at the checkout it is the one that is chosen.
#[server(prefix = "/rpc/shop", endpoint = "save_address")]
pub async fn save_address(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, mut fields| {
        if let (None, Some(name)) = (fields.given("point"), fields.given("near")) {
            let places = stores::places(&scope, name).await?;
            let place = places.into_iter().find(|place| place.name == name);
            let place = place.ok_or_else(|| Fault::invalid("near", "没有这个地标，请从列表中选择"))?;
            fields.0.insert("point".into(), format!("{},{}", place.point.latitude, place.point.longitude));
        }
        let saved = use_cases::save(&scope, SaveAddressCommand::from_fields(&fields)?).await?;
        let to = back_path(fields.text("to"));
        // A checkout leaves the place for it at the end.
        Ok(if to.starts_with("/checkout") && to.ends_with('=') {
            Next::to(format!("{to}{}", saved.id))
        } else {
            Next::to(PATH).saying(FORM, "地址已保存")
        })
    })
    .await
}

/// Takes an address out of the book.
#[server(prefix = "/rpc/shop", endpoint = "remove_address")]
pub async fn remove_address(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        let id = fields.text("id").parse().map_err(|_| Fault::NotFound("这个地址"))?;
        use_cases::remove(&scope, id).await?;
        Ok(Next::to(PATH).saying(FORM, "地址已删除；已下的订单不受影响"))
    })
    .await
}

/// Leads back to the form with where the browser says that it is.
#[server(prefix = "/rpc/shop", endpoint = "locate_address")]
pub async fn locate_address(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/login", fields, async |scope, fields| {
        scope.member()?;
        let from = back_path(fields.text("from")).to_owned();
        let point = format!("{},{}", fields.text("lat"), fields.text("lon"));
        let wrong = || Fault::invalid("point", "没有收到有效的位置，请选择附近地标");
        point.parse::<domain::geo::Point>().map_err(|_| wrong())?;
        Ok(Next::to(from)
            .saying(FORM, "已取得当前位置，请核对后保存")
            .keeping(Fields([("point".into(), point)].into())))
    })
    .await
}

/// The book's page.
pub async fn list(asked: Asked) -> Result<Page, Fault> {
    let book = use_cases::mine(&asked.scope).await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("收货地址", move || {
        let said = news(&asked, FORM);
        let full = book.len() as i64 >= ADDRESSES_MOST;
        let items = if book.is_empty() {
            view! { <EmptyState glyph=Glyph::Location title="还没有收货地址" text="添加后，下单时可以选择同城配送。"/> }
                .into_any()
        } else {
            view! { <ul class="mt-3 grid gap-3 lg:grid-cols-2">{book.into_iter().map(item).collect_view()}</ul> }
                .into_any()
        };
        let add = if full {
            view! { <Notice>{format!("最多保存 {ADDRESSES_MOST} 个地址，请先删除不用的。")}</Notice> }.into_any()
        } else {
            view! { <LinkButton href="/me/addresses/new" tone=Tone::Primary block=true size=Size::Large>"添加地址"</LinkButton> }.into_any()
        };
        let body = view! { {said} {items} <div class="mt-4">{add}</div> };
        frame.titled(Tab::Me, "收货地址", "/me", body.into_any())
    }))
}

fn item(one: AddressView) -> impl IntoView {
    let (id, href) = (one.id.to_string(), format!("{PATH}/{}", one.id));
    let default = one.is_default.then(|| view! { <Badge tone=Tone::Primary>"默认"</Badge> });
    let located = one.address.point.is_none().then(|| view! { <Badge tone=Tone::Warn>"未定位，不能同城配送"</Badge> });
    let where_to = one.text();
    view! {
        <li class="panel p-4">
            <p class="flex flex-wrap items-center gap-2">
                <span class="font-bold">{one.address.name}</span>
                <span class="tabular text-base-content/70">{text::masked_phone(one.address.phone.as_str())}</span>
                {default}
                {located}
            </p>
            <p class="mt-1 break-words">{where_to}</p>
            <div class="mt-2 flex items-start gap-3">
                <LinkButton href=href size=Size::Small>"修改"</LinkButton>
                <details class="min-w-0">
                    <summary class="touch inline-flex cursor-pointer items-center text-sm text-base-content/70">"删除…"</summary>
                    <Form action=RemoveAddress::PATH class="mt-1">
                        <Hidden name="from" value=PATH/>
                        <Hidden name="id" value=id/>
                        <Button tone=Tone::Error size=Size::Small>"确认删除这个地址"</Button>
                    </Form>
                </details>
            </div>
        </li>
    }
}

/// The form for a new address.
pub async fn new(asked: Asked) -> Result<Page, Fault> {
    asked.scope.member()?;
    edit(asked, None).await
}

/// The form for one that is there.
pub async fn one(asked: Asked) -> Result<Page, Fault> {
    let id: AddressId = asked.id("address", "这个地址")?;
    let known = use_cases::show(&asked.scope, id).await?;
    edit(asked, Some(known)).await
}

async fn edit(asked: Asked, known: Option<AddressView>) -> Result<Page, Fault> {
    let regions = use_cases::regions(&asked.scope).await?;
    let places = stores::places(&asked.scope, "").await?;
    let frame = Frame::of(&asked).await;
    let title = if known.is_some() { "修改地址" } else { "添加地址" };
    Ok(Page::new(title, move || {
        let said = asked.flash_of(FORM).filter(|flash| flash.complaints.is_empty()).and_then(|_| news(&asked, FORM));
        let here = asked.here.clone();
        let fields = vec![("from".to_owned(), here)];
        let form = form(&asked, known, regions, places);
        let body = view! {
            <div class="mx-auto mt-3 grid max-w-xl gap-4">
                {said}
                <Card>
                    <Locate action=LocateAddress::PATH.to_owned() label="用我现在的位置".to_owned() fields=fields/>
                    {form}
                </Card>
            </div>
        };
        frame.titled(Tab::Me, title, PATH, body.into_any())
    }))
}

fn form(
    asked: &Asked,
    known: Option<AddressView>,
    regions: Vec<(String, String)>,
    places: Vec<Place>,
) -> impl IntoView + use<> {
    let field = |name: &str, kept: String| {
        let (error, typed) = asked.field(FORM, name);
        (error.unwrap_or_default(), typed.unwrap_or(kept))
    };
    let kept = |of: fn(&AddressView) -> String| known.as_ref().map(of).unwrap_or_default();
    let (name_wrong, name) = field("name", kept(|one| one.address.name.clone()));
    let (phone_wrong, phone) = field("phone", kept(|one| one.address.phone.as_str().to_owned()));
    let (region_wrong, region) = field("region_code", kept(|one| one.address.region_code.clone()));
    let (detail_wrong, detail) = field("detail", kept(|one| one.address.detail.clone()));
    let here = chosen_place(asked).filter(|(_, name)| name == "当前位置");
    let here = here.map(|(point, _)| format!("{},{}", point.latitude, point.longitude)).unwrap_or_default();
    let point_now = known.as_ref().map(|one| {
        one.address.point.map(|point| format!("{},{}", point.latitude, point.longitude)).unwrap_or_default()
    });
    let (point_wrong, point) = field("point", point_now.unwrap_or(here));
    let (near_wrong, near) = field("near", String::new());
    let key = asked.flash_of(FORM).and_then(|flash| flash.typed.given("key").map(str::to_owned));
    let key = known.as_ref().map(|one| one.id.to_string()).or(key).unwrap_or_else(|| flashes::new_key().to_string());
    let is_default = known.as_ref().is_some_and(|one| one.is_default);
    let mut cities = vec![SelectItem::new("", "请选择")];
    cities.extend(regions.into_iter().map(|(code, name)| SelectItem::new(code, name)));
    let mut landmarks = vec![SelectItem::new("", "不选择")];
    landmarks.extend(
        places.into_iter().filter(|place| !place.is_city).map(|place| SelectItem::new(place.name.clone(), place.name)),
    );
    let (from, to) = (asked.here.clone(), asked.query.text("to").to_owned());
    view! {
        <Form action=SaveAddress::PATH>
            <Hidden name="from" value=from/>
            <Hidden name="to" value=to/>
            <Hidden name="key" value=key/>
            <Field name="name" label="收货人" autocomplete="name" maxlength=30 value=name error=name_wrong/>
            <Field name="phone" label="手机号" kind="tel" inputmode="numeric" autocomplete="tel" placeholder="11 位手机号"
                value=phone error=phone_wrong/>
            <Select name="region_code" label="所在城市" items=cities value=region error=region_wrong/>
            <TextArea name="detail" label="详细地址" hint="区县、街道、小区或大厦、门牌号" rows=2 maxlength=120 required=true
                value=detail error=detail_wrong/>
            <Field name="point" label="位置（纬度,经度）" required=false placeholder="31.2304,121.4737" value=point error=point_wrong
                hint="同城配送按它计算直线距离；可以用上面的按钮取得。"/>
            <Select name="near" label="附近地标" items=landmarks value=near error=near_wrong
                hint="没有定位时，用地标的位置代替。"/>
            <CheckBox name="default" label="设为默认地址" checked=is_default/>
            <div class="mt-3"><Button block=true size=Size::Large>"保存"</Button></div>
        </Form>
    }
}
