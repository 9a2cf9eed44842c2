//! What a shopper chooses on the checkouts' pages, and how what they typed survives it: a choice is a button of the page's
//! own form, which leads to the page's next address with what was typed in a one-time message. No script takes part.

use std::collections::{BTreeMap, BTreeSet};

use commerce::{
    Scope, cart,
    flashes::{self, Flash},
};
use domain::{
    AddressId, Fault, Fields,
    cart::{HandOver as HandOverCommand, HandedOver, Part},
    fulfilment::{AddressView, Fulfilment, Wish},
    route::RoutePart,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Next, back_path};

/// The form of one part's checkout.
pub const ONE: &str = "order";
/// The form of several parts'.
pub const SEVERAL: &str = "checkout";
/// The field in which a choice says where it leads.
pub const NEXT: &str = "next";
/// The button that hands a part over; its value is the part's name.
pub const HAND_OVER: &str = "hand_over";

/// Which parts of the cart are left for later, and in which way the goods of the others are wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub without: BTreeSet<Part>,
    pub wishes: BTreeMap<Part, Wish>,
}

impl Choices {
    /// Reads them from an address, or from the form that says the same: `without`, and for each part `fulfilment.{part}`
    /// and `address_id.{part}`. What makes no sense there is not chosen.
    pub fn from_fields(fields: &Fields) -> Self {
        let without = fields.codes("without").iter().filter_map(|part| part.parse().ok()).collect();
        let wish = |part: &str| Some((part.parse().ok()?, Wish::from_fields(&fields.of(part)).ok()?));
        Self { without, wishes: fields.under("fulfilment.").filter_map(|(part, _)| wish(part)).collect() }
    }

    /// Those in which, of all parts that the cart has, only some are ordered.
    pub fn only(parts: impl IntoIterator<Item = Part>, ordered: impl Fn(Part) -> bool) -> Self {
        Self { without: parts.into_iter().filter(|part| !ordered(*part)).collect(), ..Self::default() }
    }

    /// These with another wish for a part.
    pub fn with(&self, part: Part, wish: Wish) -> Self {
        let mut other = self.clone();
        other.wishes.insert(part, wish);
        other
    }

    /// These with a part left for later, or taken in again.
    pub fn leaving(&self, part: Part, later: bool) -> Self {
        let mut other = self.clone();
        if later {
            other.without.insert(part)
        } else {
            other.without.remove(&part)
        };
        other
    }

    /// The parts left for later, as a form and an address have them.
    pub fn left_out(&self) -> String {
        self.without.iter().map(Part::to_string).collect::<Vec<_>>().join(",")
    }

    /// The address of the checkout of several parts with these.
    pub fn address(&self) -> String {
        let mut said = Vec::new();
        if !self.without.is_empty() {
            said.push(format!("without={}", self.left_out()));
        }
        for (part, wish) in self.wishes.iter().filter(|(_, wish)| wish.fulfilment != Fulfilment::Pickup) {
            said.push(format!("fulfilment.{part}={}", wish.fulfilment.code()));
            said.extend(wish.address_id.map(|id| format!("address_id.{part}={id}")));
        }
        if said.is_empty() { "/checkout".into() } else { format!("/checkout?{}", said.join("&")) }
    }
}

/// The address of one part's checkout.
pub fn address_of(part: Part, wish: Wish) -> String {
    let address = wish.address_id.map(|id| format!("&address_id={id}")).unwrap_or_default();
    format!("/checkout/{part}?fulfilment={}{address}", wish.fulfilment.code())
}

/// A wish with an address of the book: the one that is named, else `usual`, else the first.
pub fn with_address(wish: Wish, book: &[AddressView], usual: Option<AddressId>) -> Wish {
    let known = |id: Option<AddressId>| id.filter(|id| book.iter().any(|one| one.id == *id));
    let first = book.first().map(|one| one.id);
    let address_id = known(wish.address_id).or(known(usual)).or(first).filter(|_| wish.fulfilment.is_sent());
    Wish { address_id, ..wish }
}

/// What a shopper types at a checkout, out of all that its form sends.
pub fn typed(fields: &Fields) -> Fields {
    let named = |name: &str| ["note", "slot"].contains(&name.split('.').next().unwrap_or(name));
    Fields(fields.0.iter().filter(|(name, _)| named(name)).map(|(name, text)| (name.clone(), text.clone())).collect())
}

/// What was typed, as the page at this address names it: at one part's own checkout its fields are those without its name.
fn typed_for(next: &str, typed: Fields) -> Fields {
    let part = next.strip_prefix("/checkout/").and_then(|rest| rest.split(['?', '#']).next());
    let own = part.map(|part| typed.of(part)).filter(|own| !own.0.is_empty());
    own.unwrap_or(typed)
}

/// The form of the checkout's page at this path.
pub fn form_of(path: &str) -> &'static str {
    if path.starts_with("/checkout/") { ONE } else { SEVERAL }
}

/// Leads to where a choice leads, with what was typed. To add an address it leaves by way of the address book, whose
/// form comes back with it.
#[server(prefix = "/rpc/shop", endpoint = "choose_way")]
pub async fn choose_way(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(SEVERAL, "/login", fields, async |scope, fields| {
        scope.member()?;
        let typed = typed(&fields);
        let next = Some(back_path(fields.text(NEXT))).filter(|next| next.starts_with("/checkout"));
        let next = next.unwrap_or("/checkout");
        let typed = typed_for(next, typed);
        let Some((page, place)) = next.split_once('#') else {
            return Ok(Next::to(next).saying(form_of(next), "").keeping(typed));
        };
        let flash = Flash { form: form_of(page).into(), typed, good: true, ..Flash::default() };
        let joint = if page.contains('?') { '&' } else { '?' };
        let kept = flashes::keep(&scope, &flash).await?;
        let to = format!("{page}{joint}flash={kept}&{place}=");
        Ok(Next::to(format!("/me/addresses/new?to={}", urlencoding::encode(&to))))
    })
    .await
}

/// Where a choice leads that first adds an address for this field of the page.
pub fn by_way_of_the_book(page: &str, field: &str) -> String {
    format!("{page}#{field}")
}

/// Hands a part over to the stores that are to send it.
#[server(prefix = "/rpc/shop", endpoint = "hand_over")]
pub async fn hand_over(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let form = form_of(back_path(fields.text("from")));
    rpc::post(form, "/login", fields, async move |scope, fields| {
        let command = match fields.given("store_id") {
            Some(_) => HandOverCommand::from_fields(&fields)?,
            None => HandOverCommand::from_fields(&Part::fields_of(&fields, fields.text(HAND_OVER)))?,
        };
        let done = cart::hand_over(&scope, &command).await?;
        if done.moved.is_empty() {
            let news = "发货门店没有变化，请核对后再提交";
            return Ok(Next::to(back_path(fields.text("from"))).saying(form, news).keeping(typed(&fields)));
        }
        handed_over(&scope, form, &fields, &command, &done).await
    })
    .await
}

/// The page on which the goods are ordered now, with what was typed for them.
async fn handed_over(
    scope: &Scope,
    form: &'static str,
    fields: &Fields,
    command: &HandOverCommand,
    done: &HandedOver,
) -> Result<Next, Fault> {
    let wish = Wish { fulfilment: command.fulfilment, address_id: Some(command.address_id) };
    let news = format!("已改由 {} {}，价格以该店为准，请核对", names(&done.moved), verb(command.fulfilment));
    let own = command.part();
    let mut typed = typed(fields);
    if let ([only], 0, ONE) = (done.joined.as_slice(), done.kept, form) {
        return Ok(Next::to(address_of(*only, wish)).saying(ONE, news).keeping(typed));
    }
    let mut choices = match form {
        ONE => Choices::only(cart::parts(scope).await?, |part| part == own),
        _ => Choices::from_fields(fields),
    };
    if done.kept > 0 {
        choices = choices.with(own, wish);
    } else {
        choices.wishes.remove(&own);
    }
    for part in &done.joined {
        choices = choices.with(*part, wish).leaving(*part, false);
    }
    // What was noted for the goods goes with them, but over nothing that is noted there.
    let note = typed.0.get("note").or(typed.0.get(&format!("note.{own}"))).cloned();
    for part in &done.joined {
        let theirs = format!("note.{part}");
        if let (None, Some(note)) = (typed.given(&theirs), &note) {
            typed.0.insert(theirs, note.clone());
        }
    }
    if let (ONE, Some(note)) = (form, note) {
        typed.0.insert(format!("note.{own}"), note);
    }
    Ok(Next::to(choices.address()).saying(SEVERAL, news).keeping(typed))
}

/// `青禾茶铺 徐汇店、青禾茶铺 静安店`
pub fn names(parts: &[RoutePart]) -> String {
    parts.iter().map(|part| part.store.name.as_str()).collect::<Vec<_>>().join("、")
}

/// What a store does with what goes this way.
pub fn verb(way: Fulfilment) -> &'static str {
    if way == Fulfilment::Delivery { "配送" } else { "发货" }
}

/// Where a choice posts to.
pub fn choose_path() -> &'static str {
    ChooseWay::PATH
}

/// Where handing over posts to.
pub fn hand_over_path() -> &'static str {
    HandOver::PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(address: &str) -> Fields {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Fields(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn an_address_says_what_was_chosen_for_every_part() {
        let store = |place: u128| -> Part { format!("00000000-0000-7000-8000-{place:012}").parse().unwrap() };
        let address = "00000000-0000-7000-8000-000000000009".parse().ok();
        let express = Wish { fulfilment: Fulfilment::Express, address_id: address };
        let chosen = Choices::default().with(store(1), express).leaving(store(2), true);
        assert_eq!(Choices::from_fields(&query(&chosen.address())), chosen);
        assert_eq!(chosen.leaving(store(2), false).with(store(1), Wish::default()).address(), "/checkout");
        let apart = chosen.with(store(1).other(), express).leaving(store(2).other(), true);
        assert_eq!(Choices::from_fields(&query(&apart.address())), apart, "both parts of a store have their own");
        let alone = Choices::only([store(1), store(1).other(), store(2)], |part| part == store(1));
        assert_eq!(alone.without, BTreeSet::from([store(1).other(), store(2)]));
    }

    #[test]
    fn of_all_that_a_form_sends_what_was_typed_is_kept() {
        let sent = [("note.1", "放前台"), ("slot.1", "x"), ("key.1", "y"), ("next", "/checkout"), ("note", "少冰")];
        let kept = typed(&Fields(sent.map(|(name, text)| (name.to_owned(), text.to_owned())).into()));
        assert_eq!(kept.0.keys().collect::<Vec<_>>(), ["note", "note.1", "slot.1"]);
        let read = |next: &str| {
            let typed = typed_for(next, kept.clone());
            typed.0.into_iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>()
        };
        let all = ["note=少冰", "note.1=放前台", "slot.1=x"];
        assert_eq!(read("/checkout?without=2"), all);
        assert_eq!(read("/checkout/1?fulfilment=pickup"), ["note=放前台", "slot=x"], "at its own checkout");
        assert_eq!(read("/checkout/1?fulfilment=express#address_id"), ["note=放前台", "slot=x"]);
        assert_eq!(read("/checkout/2?fulfilment=pickup"), all, "what is named without a part is the page's own");
    }
}
