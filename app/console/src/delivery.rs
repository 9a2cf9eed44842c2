//! 配送设置: how many orders a store serves at a time, and what it brings where for how much.

use commerce::{after_sales, fulfilment::settings as use_cases, stores};
use domain::{
    Fault, Fen, Fields, StoreId,
    fulfilment::{BANDS_MOST, DeliverySettings, FulfilmentSettings, RIDERS_MOST, Range, WINDOWS_MOST},
    geo::Point,
    staff::Permission,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Button, Card, CheckBox, Choice, ChoiceItem, EmptyState, Field, Form, Glyph, Hidden, Size, TextArea};

use crate::{
    frame::{Frame, Lit, news},
    return_address,
    store_form::{Shown, choose, chosen},
};

/// The page.
const PATH: &str = "/console/delivery";
/// The part of the page that its form speaks to.
const FORM: &str = "delivery";

/// Sets what a store offers.
#[server(prefix = "/rpc/console", endpoint = "save_delivery")]
pub async fn save_delivery(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let store: StoreId = fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))?;
        use_cases::save(&scope, store, &FulfilmentSettings::from_fields(&fields)?).await?;
        Ok(Next::to(format!("{PATH}?store={store}")).saying(FORM, "设置已保存，新订单立即生效；已下的订单不变"))
    })
    .await
}

/// The page: of the store that its address names, or of the first that is theirs.
pub async fn delivery(asked: Asked) -> Result<Page, Fault> {
    let scope = asked.scope.clone();
    let mine = stores::mine(&scope, Permission::EditStores).await?;
    let store = chosen(&asked, &mine)?;
    let found = match store {
        Some(store) => {
            let point = stores::show_by_id(&scope, store, None).await?.card.point;
            let address = after_sales::return_address(&scope, store).await?;
            Some((store, point, use_cases::show(&scope, store).await?, address))
        }
        None => None,
    };
    let frame = Frame::of(&scope).await?;
    Ok(Page::new("配送设置", move || {
        let body = match found {
            Some((store, point, settings, address)) => {
                let returns = return_address::part(&asked, store, address);
                view! { {of_store(&asked, mine, store, point, settings)} {returns} }.into_any()
            }
            None => view! { <EmptyState glyph=Glyph::Shop title="还没有门店" text="您的权限范围内没有门店；如需查看更多，请联系总部管理员。"/> }.into_any(),
        };
        let body = view! { <h1 class="mb-3 text-xl font-bold">"配送设置"</h1> {body} };
        frame.screen(Lit::Delivery, body.into_any())
    }))
}

fn of_store(
    asked: &Asked,
    mine: Vec<(StoreId, String)>,
    store: StoreId,
    point: Point,
    settings: FulfilmentSettings,
) -> impl IntoView + use<> {
    let choose = choose(PATH, mine, store);
    let shown = Shown::of(asked, FORM);
    let said = news(asked, FORM);
    let (new, set) = (settings.delivery.is_none(), settings.delivery.unwrap_or_else(usual));
    let capacity = settings.pickup_capacity.map(|most| most.to_string()).unwrap_or_default();
    let served = settings.in_store;
    let in_store = shown.ticked("in_store", served.is_some());
    let seats = served.and_then(|served| served.capacity).map(|most| most.to_string()).unwrap_or_default();
    let (seats, seats_wrong) = (shown.value("in_store_capacity", seats), shown.wrong("in_store_capacity"));
    let (capacity, capacity_wrong) = (shown.value("pickup_capacity", capacity), shown.wrong("pickup_capacity"));
    let on = shown.ticked("on", set.on && !new);
    let (range, fees) = (range(&shown, &set, point), fees(&shown, &set));
    let (windows, riders) = (windows(&shown, &set), riders(&shown, &set));
    view! {
        {choose}
        {said}
        <Form action=SaveDelivery::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
            <Hidden name="from" value=format!("{PATH}?store={store}")/>
            <Hidden name="store" value=store.to_string()/>
            <div class="grid gap-4">
                <Card title="自提">
                    <Field name="pickup_capacity" label="每个取货时段最多几单" inputmode="numeric" required=false placeholder="不限"
                        hint="未完成的订单占用名额；约满的时段不能再选。" value=capacity error=capacity_wrong/>
                </Card>
                <Card title="到店服务">
                    <CheckBox name="in_store" label="顾客可以预约时段，到店享用或接受服务" checked=in_store/>
                    <Field name="in_store_capacity" label="每个到店时段最多几单" inputmode="numeric" required=false placeholder="不限"
                        hint="到店后出示订单码，由店员核销。" value=seats error=seats_wrong/>
                </Card>
                <Card title="同城配送">
                    <CheckBox name="on" label="提供同城配送" checked=on/>
                    {range}
                </Card>
                {riders}
            </div>
            <div class="grid gap-4">
                {fees}
                {windows}
                <Button block=true size=Size::Large>"保存设置"</Button>
            </div>
        </Form>
    }
}

/// What a store begins with.
fn usual() -> DeliverySettings {
    DeliverySettings {
        on: false,
        range: Range::Radius { metres: 3000 },
        bands: Vec::new(),
        light_grams: 5000,
        per_kilo_fen: Fen::ZERO,
        minimum_fen: Fen::ZERO,
        free_from_fen: None,
        minutes: 45,
        windows: Vec::new(),
        riders: Vec::new(),
    }
}

/// Amounts as people type them: `5`, `5.50`.
fn yuan(fen: Fen) -> String {
    if fen.0 % 100 == 0 { (fen.0 / 100).to_string() } else { format!("{}.{:02}", fen.0 / 100, fen.0 % 100) }
}

fn range(shown: &Shown<'_>, set: &DeliverySettings, store: Point) -> AnyView {
    let (kind, metres, polygon) = match &set.range {
        Range::Radius { metres } => ("radius", metres.to_string(), String::new()),
        Range::Polygon { corners } => {
            let line = |one: &Point| format!("{},{}\n", one.latitude, one.longitude);
            ("polygon", String::new(), corners.iter().map(line).collect())
        }
    };
    let items = vec![
        ChoiceItem::new("radius", "按半径").text("离门店的直线距离"),
        ChoiceItem::new("polygon", "按多边形").text("粘贴 GeoJSON，或每行一个“纬度,经度”"),
    ];
    let kind = shown.value("range", kind);
    let (metres, metres_wrong) = (shown.value("metres", metres), shown.wrong("metres"));
    let (polygon, polygon_wrong) = (shown.value("polygon", polygon), shown.wrong("polygon"));
    let map = map(&set.range, store);
    view! {
        <Choice name="range" legend="配送范围" items=items value=kind columns=2/>
        <Field name="metres" label="半径（米）" inputmode="numeric" required=false value=metres error=metres_wrong/>
        <TextArea name="polygon" label="多边形顶点" rows=4 value=polygon error=polygon_wrong
            hint="3 到 100 个顶点，首尾相接，边不能交叉；坐标系 WGS-84。"/>
        {map}
    }
    .into_any()
}

/// The range that is set, with the store in it; north is up.
fn map(range: &Range, store: Point) -> AnyView {
    const HALF: f64 = 100.0;
    let narrow = store.latitude.to_radians().cos();
    let shape = match range {
        Range::Radius { .. } => {
            view! { <circle cx="0" cy="0" r="80" fill="currentColor" fill-opacity="0.15" stroke="currentColor" stroke-width="2"/> }.into_any()
        }
        Range::Polygon { corners } => {
            let flat = |one: &Point| ((one.longitude - store.longitude) * narrow, store.latitude - one.latitude);
            let far = corners.iter().map(flat).flat_map(|(x, y)| [x.abs(), y.abs()]).fold(f64::EPSILON, f64::max);
            let on_map = |one: &Point| {
                let (x, y) = flat(one);
                format!("{:.1},{:.1}", x / far * HALF * 0.9, y / far * HALF * 0.9)
            };
            let points = corners.iter().map(on_map).collect::<Vec<_>>().join(" ");
            view! { <polygon points=points fill="currentColor" fill-opacity="0.15" stroke="currentColor" stroke-width="2"/> }.into_any()
        }
    };
    let label = match range {
        Range::Radius { metres } => format!("已保存的配送范围：半径 {metres} 米"),
        Range::Polygon { corners } => format!("已保存的配送范围：{} 个顶点的多边形", corners.len()),
    };
    view! {
        <figure class="mt-2">
            <svg viewBox="-100 -100 200 200" role="img" aria-label=label.clone() class="mx-auto w-44 rounded-box bg-base-200 text-primary">
                {shape}
                <circle cx="0" cy="0" r="5" fill="currentColor"/>
            </svg>
            <figcaption class="mt-1 text-center text-xs text-base-content/70">{label}"；中间的点是门店"</figcaption>
        </figure>
    }
    .into_any()
}

fn fees(shown: &Shown<'_>, set: &DeliverySettings) -> AnyView {
    let rows = (1..=(set.bands.len() + 2).clamp(4, BANDS_MOST)).map(|row| {
        let band = set.bands.get(row - 1);
        let (far, fee) = (format!("band_m.{row}"), format!("band_fee.{row}"));
        let metres = shown.value(&far, band.map(|band| band.up_to_m.to_string()).unwrap_or_default());
        let price = shown.value(&fee, band.map(|band| yuan(band.fee_fen)).unwrap_or_default());
        view! {
            <div class="grid grid-cols-2 gap-x-4">
                <Field name=far label=format!("第 {row} 档：不超过（米）") inputmode="numeric" required=false value=metres/>
                <Field name=fee label="配送费（元）" inputmode="decimal" required=false value=price/>
            </div>
        }
    });
    let rows = rows.collect_view();
    let money = |name: &'static str, set: String| (shown.value(name, set), shown.wrong(name));
    let optional = |fen: Fen| if fen == Fen::ZERO { String::new() } else { yuan(fen) };
    let ((minimum, minimum_wrong), (free, free_wrong)) = (
        money("minimum", optional(set.minimum_fen)),
        money("free_from", set.free_from_fen.map(yuan).unwrap_or_default()),
    );
    let ((light, light_wrong), (kilo, kilo_wrong)) =
        (money("light_grams", set.light_grams.to_string()), money("per_kilo", optional(set.per_kilo_fen)));
    let notice = shown.notice("bands");
    view! {
        <Card title="配送费">
            {notice}
            {rows}
            <div class="grid grid-cols-2 gap-x-4">
                <Field name="light_grams" label="多重以内不加价（克）" inputmode="numeric" required=false value=light error=light_wrong/>
                <Field name="per_kilo" label="超出后每公斤加（元）" inputmode="decimal" required=false value=kilo error=kilo_wrong/>
                <Field name="minimum" label="起送金额（元）" inputmode="decimal" required=false value=minimum error=minimum_wrong/>
                <Field name="free_from" label="满多少免配送费（元）" inputmode="decimal" required=false value=free error=free_wrong/>
            </div>
        </Card>
    }
    .into_any()
}

fn windows(shown: &Shown<'_>, set: &DeliverySettings) -> AnyView {
    let rows = (1..=(set.windows.len() + 2).clamp(4, WINDOWS_MOST)).map(|row| {
        let window = set.windows.get(row - 1);
        let names = ["from", "until", "capacity"].map(|name| format!("{name}.{row}"));
        let clock = |at: chrono::NaiveTime| at.format("%H:%M").to_string();
        let from = shown.value(&names[0], window.map(|one| clock(one.from)).unwrap_or_default());
        let until = shown.value(&names[1], window.map(|one| clock(one.until)).unwrap_or_default());
        let most = shown.value(&names[2], window.map(|one| one.capacity.to_string()).unwrap_or_default());
        let [from_name, until_name, most_name] = names;
        view! {
            <div class="grid grid-cols-3 gap-x-4">
                <Field name=from_name label=format!("第 {row} 段：从") kind="time" required=false value=from/>
                <Field name=until_name label="到" kind="time" required=false value=until/>
                <Field name=most_name label="最多几单" inputmode="numeric" required=false value=most/>
            </div>
        }
    });
    let rows = rows.collect_view();
    let notice = shown.notice("windows");
    let (minutes, wrong) = (shown.value("minutes", set.minutes.to_string()), shown.wrong("minutes"));
    view! {
        <Card title="配送时段">
            {notice}
            {rows}
            <Field name="minutes" label="备货与配送要多久（分钟）" inputmode="numeric" required=false value=minutes error=wrong
                hint="时段结束前不足这么久时，就不能再选它；忙碌时再加一份备货时间。"/>
        </Card>
    }
    .into_any()
}

fn riders(shown: &Shown<'_>, set: &DeliverySettings) -> AnyView {
    let rows = (1..=(set.riders.len() + 2).clamp(3, RIDERS_MOST)).map(|row| {
        let rider = set.riders.get(row - 1);
        let (name, phone) = (format!("rider.{row}"), format!("rider_phone.{row}"));
        let called = shown.value(&name, rider.map(|rider| rider.name.clone()).unwrap_or_default());
        let number = shown.value(&phone, rider.map(|rider| rider.phone.as_str().to_owned()).unwrap_or_default());
        view! {
            <div class="grid grid-cols-2 gap-x-4">
                <Field name=name label=format!("骑手 {row}") required=false maxlength=30 value=called/>
                <Field name=phone label="手机号" kind="tel" inputmode="numeric" required=false value=number/>
            </div>
        }
    });
    let rows = rows.collect_view();
    let notice = shown.notice("riders");
    view! { <Card title="本店骑手">{notice}{rows}</Card> }.into_any()
}
