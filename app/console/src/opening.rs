//! 营业设置: whether a store takes orders, when it is open, and how long goods take.

use chrono::{DateTime, Days, Duration, SecondsFormat, Utc};
use commerce::stores::{self, opening as use_cases};
use domain::{
    Fault, Fields, StoreId,
    opening::{
        Lasts, OpeningSettings, PREPARE_MOST, REASON_MOST, SPANS_MOST, SPECIAL_MOST, SetOpening, Standing,
        UNTIL_MOST_DAYS, until_of,
    },
    staff::Permission,
    stores::{StoreState, StoreView},
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{
    Button, Card, Choice, ChoiceButton, ChoiceItem, EmptyState, Field, Form, Glyph, Hidden, LinkButton, Notice, Select,
    SelectItem, Sheet, SheetButton, Size, Tone,
};

use crate::{
    frame::{Frame, Lit, news},
    store_form::{Shown, choose, chosen},
};

/// The page.
pub const PATH: &str = "/console/opening";
/// The part of the page that its form speaks to.
const FORM: &str = "opening";
/// The days of the week, Monday first.
const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

fn store_of(fields: &Fields) -> Result<StoreId, Fault> {
    fields.text("store").parse().map_err(|_| Fault::NotFound("这家门店"))
}

/// Sets whether and when a store is open.
#[server(prefix = "/rpc/console", endpoint = "save_opening")]
pub async fn save_opening(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let store = store_of(&fields)?;
        let zone = text::zone(&stores::show_by_id(&scope, store, None).await?.card.timezone);
        let settings = OpeningSettings::from_fields(&fields, scope.now, zone)?;
        let news = format!("已保存：{}。已下的订单不变", effect(settings.state));
        use_cases::save(&scope, store, Standing::seen(&fields), &SetOpening::from(settings)).await?;
        Ok(Next::to(format!("{PATH}?store={store}")).saying(FORM, news))
    })
    .await
}

/// Pauses a store, for as long as was chosen, or lets it go on, from its board.
#[server(prefix = "/rpc/console", endpoint = "set_store_state")]
pub async fn set_store_state(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, "/console/login", fields, async |scope, fields| {
        let state = StoreState::from_code(fields.text("state"));
        let both = Standing::seen(&fields).zip(state);
        let (seen, state) = both.ok_or_else(|| Fault::invalid("state", "请选择营业状态"))?;
        let store = stores::show_by_id(&scope, store_of(&fields)?, None).await?;
        let until = until_of(&fields, state, &store.hours, scope.now, text::zone(&store.card.timezone))?;
        use_cases::set_state(&scope, store.card.id, seen, Standing { state, until }).await?;
        let back = rpc::back_path(fields.given("from").unwrap_or("/console")).to_owned();
        Ok(Next::to(back).saying(FORM, effect(state)))
    })
    .await
}

/// What shoppers notice of it.
fn effect(state: StoreState) -> &'static str {
    match state {
        StoreState::Open => "门店按营业时间接单",
        StoreState::Busy => "门店照常接单，备货时间加倍，自提和配送都顺延",
        StoreState::Paused => "顾客暂时不能下单，已有订单照常处理",
        StoreState::Closed => "顾客不再看到门店，已有订单照常处理",
    }
}

/// The page: of the store that its address names, or of the first that is theirs.
pub async fn opening(asked: Asked) -> Result<Page, Fault> {
    let scope = asked.scope.clone();
    let mine = stores::mine(&scope, Permission::EditStores).await?;
    let found = match chosen(&asked, &mine)? {
        Some(store) => Some((use_cases::show(&scope, store).await?, stores::show_by_id(&scope, store, None).await?)),
        None => None,
    };
    let frame = Frame::of(&scope).await?;
    Ok(Page::new("营业设置", move || {
        let body = match found {
            Some((settings, store)) => of_store(&asked, mine, &store, &settings).into_any(),
            None => view! { <EmptyState glyph=Glyph::Shop title="还没有门店" text="您的权限范围内没有门店；如需查看更多，请联系总部管理员。"/> }.into_any(),
        };
        let body = view! { <h1 class="mb-3 text-xl font-bold">"营业设置"</h1> {body} };
        frame.screen(Lit::Opening, body.into_any())
    }))
}

fn of_store(
    asked: &Asked,
    mine: Vec<(StoreId, String)>,
    store: &StoreView,
    settings: &OpeningSettings,
) -> impl IntoView + use<> {
    let shown = Shown::of(asked, FORM);
    let (state, until) = shown_standing(&shown, settings);
    let lasts = lasting(asked, store, settings, until);
    let store = store.card.id;
    let state_wrong = shown.notice("state");
    let minutes = shown.value("prepare_minutes", settings.prepare_minutes.to_string());
    let minutes_wrong = shown.wrong("prepare_minutes");
    let states =
        StoreState::ALL.iter().map(|one| ChoiceItem::new(one.code(), one.label()).text(effect(*one))).collect();
    let lacking = settings.hours.weekly.is_empty().then(|| {
        view! { <Notice tone=Tone::Warn>"还没有营业时间：填写并保存后，顾客才能下单。"</Notice> }
    });
    let seen = seen(settings.standing());
    let (choice, said) = (choose(PATH, mine, store), news(asked, FORM));
    let (week, exceptions) = (weekly(&shown, settings), special(&shown, settings, asked.scope.now));
    view! {
        {choice}
        {said}
        {lacking}
        <Form action=SaveOpening::PATH class="grid grid-cols-1 gap-4 lg:grid-cols-2 lg:items-start">
            <Hidden name="from" value=format!("{PATH}?store={store}")/>
            <Hidden name="store" value=store.to_string()/>
            {seen}
            <div class="grid gap-4">
                <Card title="营业状态">
                    {state_wrong}
                    <Choice name="state" legend="现在" items=states value=state columns=2/>
                    {lasts}
                    <Field name="prepare_minutes" label="备货要多久（分钟）" inputmode="numeric" value=minutes error=minutes_wrong
                        hint=format!("从接单到备好，0 到 {PREPARE_MOST}；最早的取货时段由它决定。")/>
                </Card>
                {week}
            </div>
            <div class="grid gap-4">
                {exceptions}
                <Button block=true size=Size::Large>"保存设置"</Button>
            </div>
        </Form>
    }
}

/// The codes of the state and of until when, as the form shows them: as they were typed, or as they are set. They are as
/// they are set too where what was typed is an end that was set once and is no more: nobody has chosen that state anew.
fn shown_standing(shown: &Shown<'_>, settings: &OpeningSettings) -> (String, String) {
    let set = settings.until.map_or(Lasts::Open.code().to_owned(), exact);
    let (state, until) = (shown.value("state", settings.state.code()), shown.value("until", set.clone()));
    let holds = until == set || Lasts::from_code(&until).is_some();
    if holds { (state, until) } else { (settings.state.code().to_owned(), set) }
}

/// A moment as a form carries it.
fn exact(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Tells with a form what its page showed of how the store stands, so that it undoes nothing newer.
fn seen(standing: Standing) -> impl IntoView {
    view! {
        <Hidden name="seen" value=standing.state.code()/>
        <Hidden name="seen_until" value=standing.until.map(exact).unwrap_or_default()/>
    }
}

/// Until when a store is busy or paused: as it is set, or one of what can be chosen.
fn lasting(asked: &Asked, store: &StoreView, settings: &OpeningSettings, value: String) -> impl IntoView + use<> {
    let zone = text::zone(&store.card.timezone);
    let label = |until| format!("到 {}（已设）", text::soon(until, asked.scope.now, zone));
    let set = settings.until.map(|until| SelectItem::new(exact(until), label(until)));
    let mut items: Vec<_> = set.into_iter().collect();
    items.extend(Lasts::ALL.iter().map(|one| SelectItem::new(one.code(), one.label())));
    let wrong = Shown::of(asked, FORM).wrong("until");
    view! {
        <Select name="until" label="忙碌或暂停接单到什么时候" items=items value=value error=wrong
            hint="到时间自动恢复营业，也可以随时提前恢复；其他状态不用选。"/>
    }
}

/// A week's spans, a row each, and two rows more.
fn weekly(shown: &Shown<'_>, settings: &OpeningSettings) -> AnyView {
    let set = &settings.hours.weekly;
    let rows = (1..=(set.len() + 2).clamp(3, SPANS_MOST)).map(|row| {
        let span = set.get(row - 1);
        let clock = |at: Option<chrono::NaiveTime>| at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default();
        let [open, close] = ["open", "close"].map(|name| format!("{name}.{row}"));
        let opens = shown.value(&open, clock(span.map(|span| span.open)));
        let closes = shown.value(&close, clock(span.map(|span| span.close)));
        let days = DAYS.iter().zip(1_u8..).map(|(label, day)| {
            let name = format!("day.{row}.{day}");
            // A new row begins with the whole week ticked.
            let ticked = shown.ticked(&name, span.is_none_or(|span| span.days.contains(&day)));
            let spoken = format!("第 {row} 段：周{label}");
            view! {
                <label class="flex min-h-11 items-center gap-1">
                    <input class="checkbox checkbox-primary checkbox-sm" type="checkbox" name=name value="on" checked=ticked aria-label=spoken/>
                    <span aria-hidden="true">{*label}</span>
                </label>
            }
        });
        let days = days.collect_view();
        view! {
            <fieldset class="mb-2 border-t border-base-300 pt-3 first-of-type:border-0 first-of-type:pt-0">
                <legend class="sr-only">{format!("第 {row} 段营业时间")}</legend>
                <div class="mb-1 grid max-w-md grid-cols-7">{days}</div>
                <div class="grid grid-cols-2 gap-x-4">
                    <Field name=open label=format!("第 {row} 段：开门") kind="time" required=false value=opens/>
                    <Field name=close label="关门" kind="time" required=false value=closes/>
                </div>
            </fieldset>
        }
    });
    let rows = rows.collect_view();
    let notice = shown.notice("weekly");
    view! {
        <Card title="每周营业时间">
            <p class="mb-3 text-sm text-base-content/70">"午休就填两段；关门早于开门表示营业到次日，两个时间相同表示通宵营业。不填时间的行不算。"</p>
            {notice}
            {rows}
        </Card>
    }
    .into_any()
}

/// Days on which other hours hold, a row for each of their spans, and three rows more.
fn special(shown: &Shown<'_>, settings: &OpeningSettings, now: DateTime<Utc>) -> AnyView {
    let rows: Vec<_> = settings
        .hours
        .special
        .iter()
        // Somewhere on the globe it may still be yesterday.
        .filter(|day| day.date >= now.date_naive() - Days::new(1))
        .flat_map(|day| {
            let times: Vec<_> = if day.spans.is_empty() {
                vec![(String::new(), String::new())]
            } else {
                let clock = |at: chrono::NaiveTime| at.format("%H:%M").to_string();
                day.spans.iter().map(|span| (clock(span.open), clock(span.close))).collect()
            };
            times.into_iter().map(|(from, until)| [day.date.to_string(), day.reason.clone(), from, until])
        })
        .collect();
    let fields = (1..=(rows.len() + 3).min(SPECIAL_MOST)).map(|row| {
        let set = rows.get(row - 1).cloned().unwrap_or_default();
        let names = ["date", "reason", "from", "until"].map(|name| format!("{name}.{row}"));
        let mut values = names.iter().zip(set).map(|(name, set)| shown.value(name, set));
        let mut next = || values.next().unwrap_or_default();
        let (date_value, reason_value, from_value, until_value) = (next(), next(), next(), next());
        let [date, reason, from, until] = names;
        view! {
            <div class="grid grid-cols-2 gap-x-4 border-t border-base-300 pt-3 first-of-type:border-0 first-of-type:pt-0 sm:grid-cols-4">
                <Field name=date label=format!("日期 {row}") kind="date" required=false value=date_value/>
                <Field name=reason label="说明" required=false maxlength=REASON_MOST as u32 placeholder="春节" value=reason_value/>
                <Field name=from label="从" kind="time" required=false value=from_value/>
                <Field name=until label="到" kind="time" required=false value=until_value/>
            </div>
        }
    });
    let fields = fields.collect_view();
    let notice = shown.notice("special");
    view! {
        <Card title="特殊日期">
            <p class="mb-3 text-sm text-base-content/70">"节假日、盘点等：这一天只按这里的时间营业；时间留空表示休息。过去的日期自动删除。"</p>
            {notice}
            {fields}
        </Card>
    }
    .into_any()
}

/// How the store stands, on its board, with what changes it in one tap.
pub fn strip(asked: &Asked, store: &StoreView) -> impl IntoView + use<> {
    let (id, state) = (store.card.id, store.state);
    let tone = match state {
        StoreState::Open => Tone::Plain,
        StoreState::Busy | StoreState::Paused | StoreState::Closed => Tone::Warn,
    };
    let back = match state {
        StoreState::Busy => Some("恢复正常"),
        StoreState::Paused => Some("恢复营业"),
        StoreState::Open | StoreState::Closed => None,
    };
    let back = back.map(|label| {
        let carried = carried(asked, store, StoreState::Open);
        view! {
            <Form action=SetStoreState::PATH class="contents">
                {carried}
                <Button tone=Tone::Plain size=Size::Small>{label}</Button>
            </Form>
        }
    });
    let others: &[(StoreState, &'static str)] = match state {
        StoreState::Open => &[(StoreState::Busy, "设为忙碌"), (StoreState::Paused, "暂停接单")],
        StoreState::Busy => &[(StoreState::Busy, "改忙碌时间"), (StoreState::Paused, "暂停接单")],
        StoreState::Paused => &[(StoreState::Paused, "改恢复时间")],
        StoreState::Closed => &[],
    };
    let others = others.iter().map(|(to, label)| for_how_long(asked, store, *to, label)).collect_view();
    // Its people read when it goes on by itself; shoppers, when they can come again.
    let stands = store.until.map(|until| text::soon(until, asked.scope.now, text::zone(&store.card.timezone)));
    let stands = stands.map(|until| format!("{}，{until} 恢复", state.label()));
    let text = format!("{}：{}", store.card.name, stands.unwrap_or_else(|| store.card.opening.text.clone()));
    let said = news(asked, FORM);
    view! {
        {said}
        <section aria-label="营业状态" class="mb-3 flex flex-wrap items-center gap-2">
            <ui::Badge tone=tone>{text}</ui::Badge>
            {back}
            {others}
            <LinkButton href=format!("{PATH}?store={id}") size=Size::Small>"营业设置"</LinkButton>
        </section>
    }
}

/// In how many milliseconds a store that is busy or paused goes on by itself, so that its board shows so; nothing where
/// that is not within the days that an end may be away.
pub fn goes_on_in_ms(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<u32> {
    // A server whose clock is behind must not be asked too early.
    let wait = until? - now + Duration::seconds(1);
    u32::try_from(wait.num_milliseconds()).ok().filter(|_| wait <= Duration::days(UNTIL_MOST_DAYS))
}

/// What a form that changes how a store stands carries unseen.
fn carried(asked: &Asked, store: &StoreView, to: StoreState) -> impl IntoView + use<> {
    view! {
        <Hidden name="from" value=asked.here.clone()/>
        <Hidden name="store" value=store.card.id.to_string()/>
        {seen(Standing { state: store.state, until: store.until })}
        <Hidden name="state" value=to.code()/>
    }
}

/// Asks for how long, each answer a button. The day's end is none where the day is over.
fn for_how_long(asked: &Asked, store: &StoreView, to: StoreState, label: &'static str) -> impl IntoView + use<> {
    let (now, zone) = (asked.scope.now, text::zone(&store.card.timezone));
    let answers = Lasts::ALL.iter().filter_map(|one| {
        let until = one.until(&store.hours, now, zone).ok()?;
        let until = until.map(|until| format!("到 {}", text::soon(until, now, zone))).unwrap_or_default();
        Some(view! { <ChoiceButton name="until" value=one.code() title=one.label() note=until/> })
    });
    let answers = answers.collect_view();
    let carried = carried(asked, store, to);
    let target = format!("state-{}", to.code());
    view! {
        <SheetButton target=target.clone()>{label}</SheetButton>
        <Sheet id=target title=format!("{label}：到什么时候？")>
            <p class="mb-4">{effect(to)}"。到时间自动恢复，也可以随时提前恢复。"</p>
            <Form action=SetStoreState::PATH class="grid gap-2">
                {carried}
                {answers}
            </Form>
        </Sheet>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_shown_anew_just_after_its_store_goes_on_by_itself() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(goes_on_in_ms(Some(now + Duration::minutes(30)), now), Some(1_801_000));
        assert_eq!(goes_on_in_ms(None, now), None);
        assert_eq!(goes_on_in_ms(Some(now - Duration::minutes(1)), now), None);
        // A browser takes a longer wait for none.
        assert_eq!(goes_on_in_ms(Some(now + Duration::days(30)), now), None);
    }
}
