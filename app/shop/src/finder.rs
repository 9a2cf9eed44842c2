//! 门店: stores near a place, by list and map; the place is the browser's or chosen by hand.

use commerce::stores;
use domain::{
    Fault, Fields,
    geo::Point,
    stores::{FindStores, Place, StoreCard},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page, cookies};
use ui::{
    Badge, Button, Chip, Chips, EmptyState, Form, Glyph, Hidden, Icon, LinkButton, Pager, Picture, Select, SelectItem,
    Tone,
};

use crate::{
    frame::{Frame, PLACE_COOKIE, Tab, chosen_place, news},
    islands::Locate,
};

/// Remembers where the shopper is: as the browser says (`lat`, `lon`), or a place of the list.
#[server(prefix = "/rpc/shop", endpoint = "choose_place")]
pub async fn choose_place(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post("place", "/login", fields, async |scope, fields| {
        let (point, name) = match fields.given("place") {
            Some(name) => {
                let places = stores::places(&scope, name).await?;
                let place = places.into_iter().find(|place| place.name == name);
                let place = place.ok_or_else(|| Fault::invalid("place", "没有这个地点，请从列表中选择"))?;
                (place.point, place.name)
            }
            None => (located(&fields)?, "当前位置".to_owned()),
        };
        let value = format!("{},{}|{name}", point.latitude, point.longitude);
        let back = rpc::back_path(fields.text("from")).to_owned();
        Ok(Next::to(back).with_cookie(cookies::choice(&scope, PLACE_COOKIE, &value)))
    })
    .await
}

fn located(fields: &Fields) -> Result<Point, Fault> {
    let text = format!("{},{}", fields.text("lat"), fields.text("lon"));
    text.parse().map_err(|_| Fault::invalid("place", "没有收到有效的位置，请手动选择所在地"))
}

/// How many stores a page of the list has.
const PAGE: usize = 20;
/// Nobody pages further.
const SKIP_MOST: usize = 100_000;

pub async fn finder(asked: Asked) -> Result<Page, Fault> {
    let place = chosen_place(&asked);
    let skip: usize = asked.query.text("skip").parse().unwrap_or(0).min(SKIP_MOST);
    let ask = FindStores {
        near: place.as_ref().map(|(point, _)| *point),
        words: asked.query.text("q").to_owned(),
        brand: asked.query.given("brand").map(str::to_owned),
        open_now: asked.query.given("open").is_some(),
        most: PAGE + 1,
        skip,
    };
    let mut found = stores::find(&asked.scope, ask).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let places = stores::places(&asked.scope, "").await?;
    let frame = Frame::of(&asked).await;
    Ok(Page::new("附近门店", move || {
        let body = view! {
            {news(&asked, "place")}
            <Where place=place.clone() places=places here=asked.here.clone()/>
            <SearchBox words=asked.query.text("q").to_owned()/>
            <Filters asked=asked.clone()/>
            {(!found.is_empty()).then(|| view! { <StoreMap stores=found.clone() here=place.map(|(point, _)| point)/> })}
            <Found stores=found.clone()/>
            <Pager previous=page_link(&asked, skip.checked_sub(PAGE)) next=page_link(&asked, more.then_some(skip + PAGE))/>
        };
        frame.titled(Tab::Stores, "附近门店", "", body.into_any())
    })
    .described("按距离、营业状态和品牌查找附近门店，查看地址、电话与营业时间。"))
}

/// The finder's address with other filters; empty values are left out.
fn link(asked: &Asked, changes: &[(&str, &str)]) -> String {
    let now = |name: &str| asked.query.text(name).to_owned();
    let mut pairs = vec![("q", now("q")), ("brand", now("brand")), ("open", now("open"))];
    for (name, value) in changes {
        pairs.retain(|(kept, _)| kept != name);
        pairs.push((name, (*value).to_owned()));
    }
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let text: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", urlencoding::encode(&value))).collect();
    format!("/stores?{}", text.join("&"))
}

fn page_link(asked: &Asked, skip: Option<usize>) -> String {
    skip.map_or_else(String::new, |skip| link(asked, &[("skip", &skip.to_string())]))
}

#[component]
fn Where(place: Option<(Point, String)>, places: Vec<Place>, here: String) -> impl IntoView {
    let items = places.into_iter().map(|place| SelectItem::new(place.name.clone(), place.name)).collect::<Vec<_>>();
    let now = place.map(|(_, name)| name).unwrap_or_default();
    let shown = if now.is_empty() {
        "还不知道您在哪里".to_owned()
    } else {
        format!("按离“{now}”的距离排序")
    };
    let by_hand = here.clone();
    view! {
        <div class="flex flex-wrap items-end gap-3">
            <p class="w-full text-sm text-base-content/70">{shown}</p>
            <Form action=ChoosePlace::PATH class="flex items-end gap-2">
                <Hidden name="from" value=by_hand/>
                <div class="w-44"><Select name="place" label="手动选择所在地" items=items value=now/></div>
                <Button tone=Tone::Plain>"切换"</Button>
            </Form>
            <Locate action=ChoosePlace::PATH.to_owned() label="用我的位置".to_owned() fields=vec![("from".to_owned(), here)]/>
        </div>
    }
}

/// The same choice, for a page where no store is known yet.
#[component]
pub fn ChooseHere(here: String) -> impl IntoView {
    view! {
        <div class="flex flex-wrap items-start gap-3">
            <LinkButton href="/stores" tone=Tone::Primary>"选择门店"</LinkButton>
            <Locate action=ChoosePlace::PATH.to_owned() label="用我的位置".to_owned() fields=vec![("from".to_owned(), here)]/>
        </div>
    }
}

#[component]
fn SearchBox(words: String) -> impl IntoView {
    view! {
        <form method="get" action="/stores" role="search" class="mt-3 flex gap-2">
            <label class="input flex-1">
                <Icon glyph=Glyph::Search class="size-5 opacity-60"/>
                <span class="sr-only">"搜索门店"</span>
                <input type="search" name="q" value=words placeholder="门店名、地址、地标" maxlength="40"/>
            </label>
            <button class="btn btn-primary" type="submit">"搜索"</button>
        </form>
    }
}

#[component]
fn Filters(asked: Asked) -> impl IntoView {
    let open = asked.query.given("open").is_some();
    let brand = asked.query.text("brand").to_owned();
    let mut chips = vec![Chip::new("营业中", link(&asked, &[("open", if open { "" } else { "1" })])).active(open)];
    for (code, name) in [("qinghe", "青禾茶铺"), ("beibei", "贝贝树母婴"), ("xiangshang", "向上课堂")] {
        let lit = brand == code;
        chips.push(Chip::new(name, link(&asked, &[("brand", if lit { "" } else { code })])).active(lit));
    }
    view! { <div class="mt-3"><Chips label="筛选" chips=chips/></div> }
}

#[component]
fn Found(stores: Vec<StoreCard>) -> impl IntoView {
    if stores.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Shop title="没有符合条件的门店" text="换个关键词，或去掉筛选再试试。">
                <LinkButton href="/stores" tone=Tone::Primary>"查看全部门店"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let entries = stores.into_iter().map(|store| view! { <StoreEntry store=store/> }).collect_view();
    view! { <ul class="mt-3 grid grid-cols-1 gap-3 lg:grid-cols-2">{entries}</ul> }.into_any()
}

/// A store in a list.
#[component]
pub fn StoreEntry(store: StoreCard) -> impl IntoView {
    let tone = if store.opening.open_now { Tone::Success } else { Tone::Warn };
    let distance = store.distance_m.map(text::distance).unwrap_or_default();
    let features = store.features.join(" · ");
    // The name beside it says already what it shows.
    let cover = store.cover.map(|photo| {
        let small = photo.small;
        view! { <Picture src=small.url alt="" width=small.width height=small.height class="size-20 shrink-0 rounded-box"/> }
    });
    view! {
        <li>
            <a href=format!("/s/{}", store.code) class="panel panel-link flex gap-3 p-4">
                {cover}
                <span class="block min-w-0 flex-1">
                    <span class="flex items-baseline justify-between gap-3">
                        <span class="truncate font-bold">{store.name}</span>
                        <span class="tabular shrink-0 text-sm text-primary">{distance}</span>
                    </span>
                    <span class="mt-1 block truncate text-sm text-base-content/70">{store.address}</span>
                    <span class="mt-2 flex items-center gap-2 text-sm">
                        <Badge tone=tone>{store.opening.text}</Badge>
                        <span class="truncate text-base-content/70">{features}</span>
                    </span>
                </span>
            </a>
        </li>
    }
}

/// The found stores as points on an own SVG: it needs no tiles and no script. Degrees are drawn
/// straight, with longitude shortened by the cosine of the latitude, which is true enough for a city.
#[component]
fn StoreMap(stores: Vec<StoreCard>, here: Option<Point>) -> impl IntoView {
    let points: Vec<Point> = stores.iter().map(|store| store.point).chain(here).collect();
    let frame = MapFrame::around(&points);
    let dots = stores.into_iter().map(|store| {
        let (x, y) = frame.place(store.point);
        let label = format!("{},{}", store.name, store.opening.text);
        let class = if store.opening.open_now { "fill-primary" } else { "fill-base-content/40" };
        let title = label.clone();
        view! {
            <a href=format!("/s/{}", store.code) aria-label=label>
                <circle cx=x cy=y r="7" class=class stroke="white" stroke-width="2"><title>{title}</title></circle>
            </a>
        }
    });
    let me = here.map(|point| {
        let (x, y) = frame.place(point);
        view! {
            <g class="text-accent" transform=format!("translate({x} {y})")>
                <circle r="14" fill="currentColor" opacity="0.2"/>
                <circle r="5" fill="currentColor"/>
            </g>
        }
    });
    view! {
        <details class="mt-3">
            <summary class="touch inline-flex cursor-pointer items-center gap-2 font-medium">
                <Icon glyph=Glyph::Location class="size-5"/>
                "在地图上看"
            </summary>
            <svg viewBox="0 0 600 360" role="group" aria-label="门店地图，上北下南" class="mt-2 w-full rounded-box bg-base-200">
                <g class="stroke-base-content/10">
                    {(1..6).map(|at| view! { <line x1=at * 100 y1="0" x2=at * 100 y2="360"/> }).collect_view()}
                    {(1..4).map(|at| view! { <line x1="0" y1=at * 90 x2="600" y2=at * 90/> }).collect_view()}
                </g>
                {dots.collect_view()}
                {me}
            </svg>
        </details>
    }
}

/// How degrees become places on the map of 600 × 360.
struct MapFrame {
    middle: Point,
    per_degree: f64,
    narrowing: f64,
}

impl MapFrame {
    fn around(points: &[Point]) -> Self {
        let bounds = |of: fn(&Point) -> f64| {
            points.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (south, north) = bounds(|point| point.latitude);
        let (west, east) = bounds(|point| point.longitude);
        let middle = Point { latitude: (south + north) / 2.0, longitude: (west + east) / 2.0 };
        let narrowing = middle.latitude.to_radians().cos().max(0.05);
        // A single store still has some ground around it: about two kilometres.
        let (tall, wide) = ((north - south).max(0.02), ((east - west) * narrowing).max(0.02));
        Self { middle, per_degree: (300.0 / tall).min(520.0 / wide), narrowing }
    }

    fn place(&self, point: Point) -> (String, String) {
        let x = 300.0 + (point.longitude - self.middle.longitude) * self.narrowing * self.per_degree;
        let y = 180.0 - (point.latitude - self.middle.latitude) * self.per_degree;
        (format!("{x:.1}"), format!("{y:.1}"))
    }
}
