//! Express: whether a store sends there, what it costs, and until when it leaves.

use super::Load;
use crate::stores::kept::Store;
use domain::{
    Fen,
    freight::{NotServed, freight},
    fulfilment::{AddressView, Fulfilment, Way},
    hours::Slot,
};

/// What a store offers by express; nothing where it sends nothing. It leaves within the last time of which it is said
/// that things can be picked up, so that there is nothing for the shopper to choose.
pub(super) fn express(store: &Store, load: Load, to: Option<&AddressView>, pickup: &[Slot]) -> Option<Way> {
    let terms = &store.sending()?.terms;
    let slots = pickup.last().copied().into_iter().collect();
    let way = Way::free(Fulfilment::Express, slots);
    let Some(to) = to else { return Some(Way { problem: Some("请选择收货地址".into()), ..way }) };
    let (address, goods) = (&to.address, load.goods_fen);
    Some(match freight(terms, &address.region_code, load.pieces, load.grams, goods) {
        Ok(freight_fen) => {
            let free = if freight_fen > Fen::ZERO { "" } else { "，包邮" };
            let days = terms.days_to(&address.region_code);
            let days = days.map(|days| format!("，发出后约 {days} 天送到")).unwrap_or_default();
            Way { freight_fen, freight_text: format!("由本店发货{free}{days}"), ..way }
        }
        Err(NotServed) => {
            Way { problem: Some(format!("快递暂时不送到{}，请换一个地址", to.region)), ..way }
        }
    })
}

/// Whether a store sends anything to a region.
pub(super) fn sends_to(store: &Store, region: &str) -> bool {
    store.sending().is_some_and(|sending| freight(&sending.terms, region, 1, 0, Fen::ZERO).is_ok())
}
