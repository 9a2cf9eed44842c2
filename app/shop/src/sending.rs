//! How a part of the cart reaches its shopper, on both checkouts: its ways, where it goes, what that costs, who
//! would rather send it, and when. Every choice is a button of the page's own form (see `choices`).

use domain::{
    StoreId,
    cart::{Better, Quote},
    fulfilment::{AddressView, Fulfilment, OfferedSlot, Wish},
    hours::Slot,
    route::{RoutePart, RouteRule},
    text,
};
use leptos::prelude::*;
use rpc::Asked;
use ui::{Badge, Button, Chip, ChipButtons, Hidden, Notice, Select, SelectItem, Size, Tone};

use crate::{
    apart::name_of,
    choices::{HAND_OVER, NEXT, by_way_of_the_book, choose_path, hand_over_path, names, verb},
};

/// What a page shows of one part of the cart.
pub struct Part<'a> {
    pub asked: &'a Asked,
    /// The page's form.
    pub form: &'static str,
    /// What stands behind the names of the part's fields.
    pub suffix: String,
    pub quote: &'a Quote,
    pub book: &'a [AddressView],
    /// The page's address with another wish for this part.
    pub with: Box<dyn Fn(Wish) -> String + 'a>,
}

impl Part<'_> {
    /// The name of one of its fields.
    pub fn name(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    /// The name of one of its fields, what is wrong with it, and what was typed.
    pub fn field(&self, name: &str) -> (String, String, Option<String>) {
        let name = self.name(name);
        let (error, value) = self.asked.field(self.form, &name);
        (name, error.unwrap_or_default(), value)
    }

    fn wish(&self, fulfilment: Fulfilment) -> Wish {
        Wish { fulfilment, address_id: self.quote.address_id.filter(|_| fulfilment.is_sent()) }
    }

    /// The ways that the store or others of its brand offer, where there is a choice.
    pub fn ways(&self) -> Option<AnyView> {
        let quote = self.quote;
        let mut ways: Vec<Fulfilment> = quote.ways.iter().map(|way| way.fulfilment).collect();
        ways.extend(&quote.elsewhere);
        ways.sort_unstable();
        if ways.len() < 2 {
            return None;
        }
        let chip = |way: Fulfilment| {
            let to = (self.with)(self.wish(way));
            Chip::new(way.label(), to).active(way == quote.fulfilment)
        };
        let chips = ways.into_iter().map(chip).collect();
        let label = format!("{} 的配送方式", name_of(quote));
        Some(view! { <ChipButtons label=label formaction=choose_path() name=NEXT chips=chips/> }.into_any())
    }

    /// What the form says of the way that was chosen.
    pub fn chosen(&self) -> AnyView {
        let way = self.quote.fulfilment;
        let address = self.quote.address_id.map(|id| {
            let name = self.name("address_id");
            view! { <Hidden name=name value=id.to_string()/> }
        });
        let to = self.quote.better.as_ref().map(|better| {
            let to: Vec<String> = better.others(self.quote.store.id).map(|part| part.store.id.to_string()).collect();
            view! { <Hidden name=self.name("to") value=to.join(",")/> }
        });
        let name = self.name("fulfilment");
        view! { <Hidden name=name value=way.code()/> {address} {to} }.into_any()
    }

    /// Where it is brought to, what that costs, and why it cannot be. `folded`: the book stands closed behind the
    /// address that was chosen.
    pub fn brought(&self, folded: bool) -> AnyView {
        let quote = self.quote;
        let (chosen, others): (Vec<&AddressView>, Vec<&AddressView>) =
            self.book.iter().partition(|one| Some(one.id) == quote.address_id);
        let folded = folded && !chosen.is_empty();
        let add = by_way_of_the_book(
            &(self.with)(Wish { fulfilment: quote.fulfilment, address_id: None }),
            &self.name("address_id"),
        );
        let add = view! {
            <button type="submit" class="link touch inline-flex items-center text-sm" formaction=choose_path()
                formnovalidate=true name=NEXT value=add>"添加新地址"</button>
        };
        let list = if folded {
            let (chosen, others) = (self.addresses(&chosen), self.addresses(&others));
            view! {
                <ul class="grid grid-cols-1 gap-2">{chosen}</ul>
                <details class="mt-1">
                    <summary class="link touch inline-flex cursor-pointer items-center text-sm">"换一个地址"</summary>
                    <ul class="mt-1 grid grid-cols-1 gap-2">{others}</ul>
                    <p class="my-1">{add}</p>
                </details>
            }
            .into_any()
        } else {
            let all = self.addresses(&self.book.iter().collect::<Vec<_>>());
            view! { <ul class="grid grid-cols-1 gap-2">{all}</ul> <p class="my-2">{add}</p> }.into_any()
        };
        let wrong = self.asked.field(self.form, &self.name("address_id")).0;
        let wrong = wrong.map(|wrong| view! { <Notice tone=Tone::Error>{wrong}</Notice> });
        view! { {wrong} {list} {self.cost()} }.into_any()
    }

    /// What the way costs, or why it cannot be gone.
    fn cost(&self) -> Option<AnyView> {
        let way = self.quote.way()?;
        Some(match &way.problem {
            Some(problem) => {
                let problem = problem.clone();
                view! { <Notice tone=Tone::Warn>{problem}</Notice> }.into_any()
            }
            // What it would cost from here is of no use where others have to send it.
            None if self.quote.better.as_ref().is_some_and(|better| better.needed) => return None,
            None => {
                let text = match way.freight_text.as_str() {
                    "" => format!("配送费 {}", way.freight_fen),
                    reason => format!("配送费 {} · {reason}", way.freight_fen),
                };
                view! { <p class="mt-1 text-sm text-base-content/70">{text}</p> }.into_any()
            }
        })
    }

    fn addresses(&self, some: &[&AddressView]) -> impl IntoView + use<> {
        let item = |one: &&AddressView| {
            let chosen = Some(one.id) == self.quote.address_id;
            let border = if chosen { "border-primary" } else { "panel-link" };
            let class = format!("panel {border} block w-full cursor-pointer p-3 text-start");
            let to = (self.with)(Wish { fulfilment: self.quote.fulfilment, address_id: Some(one.id) });
            let mark = chosen.then(|| view! { <Badge tone=Tone::Primary>"已选"</Badge> });
            let (name, phone) = (one.address.name.clone(), text::masked_phone(one.address.phone.as_str()));
            let where_to = one.text();
            view! {
                <li>
                    <button type="submit" class=class formaction=choose_path() formnovalidate=true name=NEXT value=to
                        aria-current=chosen.then_some("true")>
                        <span class="flex items-center gap-2 font-medium">{name}
                            <span class="tabular text-sm text-base-content/70">{phone}</span>
                            {mark}
                        </span>
                        <span class="block text-sm break-words">{where_to}</span>
                    </button>
                </li>
            }
        };
        some.iter().map(item).collect_view()
    }

    /// Who would rather send it, and the one act that lets them. It is the main one where the store cannot.
    pub fn better(&self) -> Option<AnyView> {
        let better = self.quote.better.as_ref()?;
        let (own, way) = (self.quote.store.id, self.quote.fulfilment);
        let name = self.quote.part().to_string();
        let others: Vec<RoutePart> = better.others(own).cloned().collect();
        let located = self.book.iter().any(|one| Some(one.id) == self.quote.address_id && one.address.point.is_some());
        let why = why(better, way, &others, located);
        let text = match (way, better.needed) {
            (Fulfilment::Delivery, true) => format!("可由 {} 配送（{why}）", names(&others)),
            (Fulfilment::Delivery, false) => format!("由 {} 配送更合适（{why}）", names(&others)),
            (_, true) => format!("按总部规则，由 {} 发货（{why}）", names(&others)),
            (_, false) => format!("按总部规则，由 {} 发货更合适（{why}）", names(&others)),
        };
        let split = split(better, own);
        let title = match (better.needed, way) {
            (false, _) => "",
            (true, Fulfilment::Delivery) => "本店现在不能配送这些商品",
            (true, _) => "本店现在不能寄出这些商品",
        };
        let tone = if better.needed { Tone::Warn } else { Tone::Info };
        let (button, block, size) =
            if better.needed { (Tone::Primary, true, Size::Normal) } else { (Tone::Plain, false, Size::Small) };
        let act = format!("改由 {} {}", names(&others), verb(way));
        Some(
            view! {
                <Notice tone=tone title=title>
                    <p>{text}</p>
                    {split.map(|split| view! { <p class="text-sm">{split}</p> })}
                    <p class="mb-2 text-sm">"商品会移到对方门店名下，按那里的价格重新计算。"</p>
                    <Button tone=button block=block size=size formaction=hand_over_path() name=HAND_OVER value=name>
                        {act}
                    </Button>
                </Notice>
            }
            .into_any(),
        )
    }

    /// When: the times that are offered, those that are full too; the first that is free where none was chosen.
    pub fn slots(&self) -> AnyView {
        let offered: Vec<OfferedSlot> = self.quote.way().map(|way| way.slots.clone()).unwrap_or_default();
        let item = |offered: &OfferedSlot| {
            let full = if offered.full { "（已约满）" } else { "" };
            SelectItem::new(offered.slot.start.to_rfc3339(), slot_text(&offered.slot, self.quote, self.asked) + full)
        };
        let items: Vec<_> = offered.iter().map(item).collect();
        let free = self.quote.slots.first().map(|slot| slot.start.to_rfc3339()).unwrap_or_default();
        let (name, error, typed) = self.field("slot");
        let known = |typed: &String| offered.iter().any(|one| one.slot.start.to_rfc3339() == *typed);
        let value = typed.filter(known).unwrap_or(free);
        let label = self.quote.fulfilment.time_label();
        view! { <Select name=name label=label items=items value=value error=error/> }.into_any()
    }

    /// Why nothing can be ordered in this way, where the way itself does not say so.
    pub fn hindrance(&self) -> Option<AnyView> {
        let quote = self.quote;
        let (store, way) = (&quote.store, quote.fulfilment);
        let text = match quote.way() {
            // Who can is said in its own place.
            None if quote.better.is_some() => return None,
            None if quote.elsewhere.contains(&way) && quote.address_id.is_none() => {
                format!("本店不提供{}；请选择收货地址，看看哪家门店可以", way.label())
            }
            None if quote.elsewhere.contains(&way) => {
                format!("本店不提供{}，其他门店现在也不能把这些商品送到这个地址，请换一种方式或地址", way.label())
            }
            None => format!("{} 暂不提供{}，请换一种方式", store.name, way.label()),
            Some(way) if quote.slots.is_empty() && way.problem.is_none() => {
                format!("{} {}，暂时没有可选的{}", store.name, store.opening.text, quote.fulfilment.time_label())
            }
            Some(_) => return None,
        };
        Some(view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any())
    }
}

/// By what they were chosen, and how far they are.
fn why(better: &Better, way: Fulfilment, others: &[RoutePart], located: bool) -> String {
    let far = others.first().filter(|_| others.len() == 1).and_then(|part| part.store.distance_m).map(text::distance);
    let far = far.map(|far| if located { format!("离收货地址 {far}") } else { format!("离本店 {far}") });
    let by = match better.rule {
        RouteRule::Nearest => "最近",
        RouteRule::Fastest => "最快送到",
        RouteRule::Priority => "总部优先",
        RouteRule::FewestParcels => match (way, better.parts.len() > 1) {
            (Fulfilment::Delivery, true) => "没有一家备齐，这样配送次数最少",
            (Fulfilment::Delivery, false) => "最近，一次送到",
            (_, true) => "没有一家备齐，这样包裹最少",
            (_, false) => "最近，一个包裹",
        },
    };
    [Some(by.to_owned()), far].into_iter().flatten().collect::<Vec<_>>().join("，")
}

/// `徐汇店 2 件，本店 1 件`, where several send.
fn split(better: &Better, own: StoreId) -> Option<String> {
    let pieces = |part: &RoutePart| part.lines.iter().map(|one| one.quantity).sum::<i64>();
    let name = |part: &RoutePart| if part.store.id == own { "本店".to_owned() } else { part.store.name.clone() };
    let text = better.parts.iter().map(|part| format!("{} {} 件", name(part), pieces(part)));
    (better.parts.len() > 1).then(|| text.collect::<Vec<_>>().join("，"))
}

/// `今天 12:30–12:45`
fn slot_text(slot: &Slot, quote: &Quote, asked: &Asked) -> String {
    let zone = text::zone(&quote.store.timezone);
    format!("{}–{}", text::moment(slot.start, asked.scope.now, zone), slot.end.with_timezone(&zone).format("%H:%M"))
}

/// What is to be said at the top of the page's form: what went wrong, or good news. A choice says nothing.
pub fn said(asked: &Asked, form: &str) -> Option<AnyView> {
    let flash = asked.flash_of(form).filter(|flash| !flash.message.is_empty())?;
    let tone = if flash.good { Tone::Success } else { Tone::Error };
    let message = flash.message.clone();
    Some(view! { <Notice tone=tone>{message}</Notice> }.into_any())
}
