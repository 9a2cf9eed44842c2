//! Lines of a store that go another way than its others 分开收货: the button that sets one apart or puts it together with
//! them again, in the cart and at the checkouts. No script takes part.

use commerce::{Scope, cart};
use domain::{
    Fault, Fields, SkuId,
    cart::{Part, Quote, QuotedLine, SetLineApart},
    fulfilment::Wish,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Next, back_path};
use ui::{Badge, Button, Form, Hidden, Size, Tone};

use crate::choices::{Choices, ONE, SEVERAL, address_of, form_of, typed};

/// The field in which a button names its line: the part in which it was shown, its variant and its options.
const LINE: &str = "line";

/// Moves a line from the part in which it was shown to the other part of its store.
#[server(prefix = "/rpc/shop", endpoint = "set_apart")]
pub async fn set_apart(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    let from = back_path(fields.text("from"));
    // In the cart as for its other acts.
    let form = if from.starts_with("/checkout") { form_of(from) } else { "line" };
    rpc::post(form, "/login", fields, async move |scope, fields| {
        let line = named(fields.text(LINE))?;
        let left = Part { store_id: line.store_id, apart: !line.apart };
        cart::set_apart(&scope, line).await?;
        if form != ONE && form != SEVERAL {
            return Ok(Next::to("/cart"));
        }
        back_to_checkout(&scope, form, &fields, left).await
    })
    .await
}

/// What a button asks for.
fn named(value: &str) -> Result<SetLineApart, Fault> {
    let mut words = value.splitn(3, '.');
    let mut word = || words.next().unwrap_or_default();
    let (part, sku, options) = (word(), word(), word());
    let gone = Fault::NotFound("购物车里的这件商品");
    let (Ok(part), Ok(sku_id)) = (part.parse::<Part>(), sku.parse::<SkuId>()) else { return Err(gone) };
    let options: Vec<String> = options.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    Ok(SetLineApart { store_id: part.store_id, sku_id, options: options.into(), apart: !part.apart })
}

/// The page on which what was being ordered is ordered now, with what was typed for it: of both parts that of several
/// orders, also where the shopper came from that of one.
async fn back_to_checkout(scope: &Scope, form: &str, fields: &Fields, left: Part) -> Result<Next, Fault> {
    let parts = cart::parts(scope).await?;
    let joined = left.other();
    let mut typed = typed(fields);
    let mut choices = if form == ONE {
        typed = Fields(typed.0.into_iter().map(|(name, text)| (format!("{name}.{left}"), text)).collect());
        let wish = Wish::from_fields(fields).unwrap_or_default();
        Choices::only(parts.iter().copied(), |part| part.store_id == left.store_id).with(left, wish)
    } else {
        Choices::from_fields(fields).leaving(joined, false)
    };
    if !parts.contains(&left) {
        // Nothing else was in it: what was chosen and noted for it goes along, but over nothing that is said there.
        if let Some(wish) = choices.wishes.remove(&left) {
            choices.wishes.entry(joined).or_insert(wish);
        }
        let (own, theirs) = (format!("note.{left}"), format!("note.{joined}"));
        let note = typed.0.get(&own).cloned();
        if let (None, Some(note)) = (typed.given(&theirs), &note) {
            typed.0.insert(theirs, note.clone());
        }
    }
    let ordered: Vec<Part> = parts.into_iter().filter(|part| !choices.without.contains(part)).collect();
    Ok(match ordered.as_slice() {
        [only] => {
            let wish = choices.wishes.get(only).copied().unwrap_or_default();
            Next::to(address_of(*only, wish)).saying(ONE, "").keeping(typed.of(&only.to_string()))
        }
        _ => Next::to(choices.address()).saying(SEVERAL, "").keeping(typed),
    })
}

/// The button for a line of a page's own form, where there is a choice: the store has several ways and the part several
/// lines, or it is set apart already.
pub fn button(quote: &Quote, line: &QuotedLine) -> Option<AnyView> {
    let ways = quote.ways.len() + quote.elsewhere.len();
    if !quote.apart && (ways < 2 || quote.lines.len() < 2) {
        return None;
    }
    let value = format!("{}.{}.{}", quote.part(), line.sku_id, line.options.codes().join(","));
    let act = if quote.apart { "合并收货" } else { "分开收货" };
    let label = format!("{act} {} {}", line.name, line.options_text).trim_end().to_owned();
    Some(
        view! {
            <Button tone=Tone::Plain size=Size::Small formaction=SetApart::PATH name=LINE value=value label=label>{act}</Button>
        }
        .into_any(),
    )
}

/// The same as a form of its own, in the cart.
pub fn form(quote: &Quote, line: &QuotedLine) -> Option<AnyView> {
    let button = button(quote, line)?;
    Some(view! { <Form action=SetApart::PATH><Hidden name="from" value="/cart"/>{button}</Form> }.into_any())
}

/// What stands beside the name of the store, where the part is set apart.
pub fn mark(quote: &Quote) -> Option<AnyView> {
    quote.apart.then(|| view! { <Badge tone=Tone::Info>"分开收货"</Badge> }.into_any())
}

/// The part in one line: `青禾茶铺 徐汇店（分开收货）`.
pub fn name_of(quote: &Quote) -> String {
    format!("{}{}", quote.store.name, if quote.apart { "（分开收货）" } else { "" })
}

/// How many there are: `2 家门店`, or `3 份订单` where a store has two parts among them.
pub fn many<'a>(quotes: impl IntoIterator<Item = &'a Quote>) -> String {
    let parts: Vec<Part> = quotes.into_iter().map(Quote::part).collect();
    let twice = parts.iter().any(|part| part.apart && parts.contains(&part.other()));
    if twice { format!("{} 份订单", parts.len()) } else { format!("{} 家门店", parts.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_moves_its_line_to_the_other_part_however_often_it_is_pressed() {
        let (store, sku) = ("00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002");
        let apart = named(&format!("{store}.{sku}.s7,i2")).unwrap();
        assert_eq!(apart, named(&format!("{store}.{sku}.i2,s7")).unwrap(), "the options in whatever order");
        assert_eq!((apart.store_id.to_string().as_str(), apart.sku_id.to_string().as_str()), (store, sku));
        assert!(apart.apart);
        let back = named(&format!("{store}-apart.{sku}.")).unwrap();
        assert_eq!((back.apart, back.options.codes().len()), (false, 0));
        for none in ["", store, &format!("{store}.x."), &format!("x.{sku}.")] {
            assert!(named(none).is_err(), "{none}");
        }
    }
}
