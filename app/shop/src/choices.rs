//! What a shopper chooses on the checkouts' pages, and how what they typed survives it: a choice is a button of the page's
//! own form, which leads to the page's next address with what was typed in a one-time message. No script takes part.

use std::collections::{BTreeMap, BTreeSet};

use commerce::{
    Scope, cart,
    flashes::{self, Flash},
};
use domain::{
    AddressId, Fault, Fields, StoreId,
    cart::{HandOver as HandOverCommand, HandedOver},
    fulfilment::{AddressView, Fulfilment, Wish},
    route::RoutePart,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Next, back_path};

/// The form of one store's checkout.
pub const ONE: &str = "order";
/// The form of several stores'.
pub const SEVERAL: &str = "checkout";
/// The field in which a choice says where it leads.
pub const NEXT: &str = "next";
/// The button that hands a store's part over; its value is the store.
pub const HAND_OVER: &str = "hand_over";

/// Which stores are left for later, and in which way the others' goods are wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub without: BTreeSet<StoreId>,
    pub wishes: BTreeMap<StoreId, Wish>,
}

impl Choices {
    /// Reads them from an address, or from the form that says the same: `without`, and for each store
    /// `fulfilment.{store}` and `address_id.{store}`. What makes no sense there is not chosen.
    pub fn from_fields(fields: &Fields) -> Self {
        let without = fields.codes("without").iter().filter_map(|store| store.parse().ok()).collect();
        let wish = |store: &str| Some((store.parse().ok()?, Wish::from_fields(&fields.of(store)).ok()?));
        Self { without, wishes: fields.under("fulfilment.").filter_map(|(store, _)| wish(store)).collect() }
    }

    /// These with another wish for a store.
    pub fn with(&self, store: StoreId, wish: Wish) -> Self {
        let mut other = self.clone();
        other.wishes.insert(store, wish);
        other
    }

    /// These with a store left for later, or taken in again.
    pub fn leaving(&self, store: StoreId, later: bool) -> Self {
        let mut other = self.clone();
        if later {
            other.without.insert(store)
        } else {
            other.without.remove(&store)
        };
        other
    }

    /// The stores left for later, as a form and an address have them.
    pub fn left_out(&self) -> String {
        self.without.iter().map(StoreId::to_string).collect::<Vec<_>>().join(",")
    }

    /// The address of the checkout of several stores with these.
    pub fn address(&self) -> String {
        let mut said = Vec::new();
        if !self.without.is_empty() {
            said.push(format!("without={}", self.left_out()));
        }
        for (store, wish) in self.wishes.iter().filter(|(_, wish)| wish.fulfilment != Fulfilment::Pickup) {
            said.push(format!("fulfilment.{store}={}", wish.fulfilment.code()));
            said.extend(wish.address_id.map(|id| format!("address_id.{store}={id}")));
        }
        if said.is_empty() { "/checkout".into() } else { format!("/checkout?{}", said.join("&")) }
    }
}

/// The address of one store's checkout.
pub fn address_of(store: StoreId, wish: Wish) -> String {
    let address = wish.address_id.map(|id| format!("&address_id={id}")).unwrap_or_default();
    format!("/checkout/{store}?fulfilment={}{address}", wish.fulfilment.code())
}

/// A wish with an address of the book: the one that is named, else `usual`, else the first.
pub fn with_address(wish: Wish, book: &[AddressView], usual: Option<AddressId>) -> Wish {
    let known = |id: Option<AddressId>| id.filter(|id| book.iter().any(|one| one.id == *id));
    let first = book.first().map(|one| one.id);
    let address_id = known(wish.address_id).or(known(usual)).or(first).filter(|_| wish.fulfilment.is_sent());
    Wish { address_id, ..wish }
}

/// What a shopper types at a checkout, out of all that its form sends.
fn typed(fields: &Fields) -> Fields {
    let named = |name: &str| ["note", "slot"].contains(&name.split('.').next().unwrap_or(name));
    Fields(fields.0.iter().filter(|(name, _)| named(name)).map(|(name, text)| (name.clone(), text.clone())).collect())
}

fn form_of(path: &str) -> &'static str {
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

/// Hands a store's part over to those that are to send it.
#[server(prefix = "/rpc/shop", endpoint = "hand_over")]
pub async fn hand_over(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let form = form_of(back_path(fields.text("from")));
    rpc::post(form, "/login", fields, async move |scope, fields| {
        let own = fields.text(HAND_OVER).to_owned();
        let mut part = if fields.given("store_id").is_some() { fields.clone() } else { fields.of(&own) };
        part.0.insert("store_id".into(), own);
        let command = HandOverCommand::from_fields(&part)?;
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
    let mut typed = typed(fields);
    if let ([only], 0, ONE) = (done.moved.as_slice(), done.kept, form) {
        return Ok(Next::to(address_of(only.store.id, wish)).saying(ONE, news).keeping(typed));
    }
    let mut choices = if form == ONE { alone(scope, command.store_id).await? } else { Choices::from_fields(fields) };
    if done.kept > 0 {
        choices = choices.with(command.store_id, wish);
    } else {
        choices.wishes.remove(&command.store_id);
    }
    for part in &done.moved {
        choices = choices.with(part.store.id, wish).leaving(part.store.id, false);
    }
    // What was noted for the goods goes with them, but over nothing that is noted there.
    let note = typed.0.get("note").or(typed.0.get(&format!("note.{}", command.store_id))).cloned();
    for part in &done.moved {
        let theirs = format!("note.{}", part.store.id);
        if let (None, Some(note)) = (typed.given(&theirs), &note) {
            typed.0.insert(theirs, note.clone());
        }
    }
    if let (ONE, Some(note)) = (form, note) {
        typed.0.insert(format!("note.{}", command.store_id), note);
    }
    Ok(Next::to(choices.address()).saying(SEVERAL, news).keeping(typed))
}

/// The choices in which a store is ordered from alone.
async fn alone(scope: &Scope, store: StoreId) -> Result<Choices, Fault> {
    let quotes = cart::show(scope).await?.quotes;
    let without = quotes.into_iter().map(|quote| quote.store.id).filter(|other| *other != store).collect();
    Ok(Choices { without, ..Choices::default() })
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
    fn an_address_says_what_was_chosen_at_every_store() {
        let store = |place: u128| -> StoreId { format!("00000000-0000-7000-8000-{place:012}").parse().unwrap() };
        let address = "00000000-0000-7000-8000-000000000009".parse().ok();
        let express = Wish { fulfilment: Fulfilment::Express, address_id: address };
        let chosen = Choices::default().with(store(1), express).leaving(store(2), true);
        assert_eq!(Choices::from_fields(&query(&chosen.address())), chosen);
        assert_eq!(chosen.leaving(store(2), false).with(store(1), Wish::default()).address(), "/checkout");
    }

    #[test]
    fn of_all_that_a_form_sends_what_was_typed_is_kept() {
        let sent = [("note.1", "放前台"), ("slot.1", "x"), ("key.1", "y"), ("next", "/checkout"), ("note", "少冰")];
        let kept = typed(&Fields(sent.map(|(name, text)| (name.to_owned(), text.to_owned())).into()));
        assert_eq!(kept.0.keys().collect::<Vec<_>>(), ["note", "note.1", "slot.1"]);
    }
}
