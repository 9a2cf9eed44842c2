//! What a request comes to: one function for the amount that is shown and the amount that is paid.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{AfterSalesKind, ClaimableLine, RequestedLine, Swap, Taken, share};
use crate::{Complaint, Fault, Fen, Quantity, SkuId, text};

/// A line of a request with its amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub line: i32,
    pub quantity: Quantity,
    /// What was paid for these pieces.
    pub paid_fen: Fen,
    /// What of it goes back.
    pub refund_fen: Fen,
    /// What comes in their place.
    pub exchange_for: Option<SkuId>,
}

/// Weighs what is wanted of an order against what is left of it, its terms and the prices of what comes instead.
///
/// Faults: `Invalid` beside `lines`, `line.{n}` or `swap.{n}`.
pub fn weigh(
    sold: &[ClaimableLine],
    kind: AfterSalesKind,
    wanted: &[RequestedLine],
    now: DateTime<Utc>,
) -> Result<Vec<Weighed>, Fault> {
    if wanted.is_empty() {
        return Err(Fault::invalid("lines", "请选择要售后的商品和数量"));
    }
    let (mut weighed, mut complaints, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for want in wanted {
        let known = sold.iter().find(|line| line.line == want.line).filter(|_| seen.insert(want.line));
        let one = match known {
            None => Err(beside("line", want.line, "订单里没有这件商品，或写了两次".into())),
            Some(line) => one(line, kind, want, now),
        };
        match one {
            Ok(one) => weighed.push(one),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(weighed) } else { Err(Fault::Invalid(complaints)) }
}

fn beside(field: &str, line: i32, message: String) -> Complaint {
    Complaint::new(format!("{field}.{line}"), message)
}

fn one(
    line: &ClaimableLine,
    kind: AfterSalesKind,
    want: &RequestedLine,
    now: DateTime<Utc>,
) -> Result<Weighed, Complaint> {
    let wrong = |message: String| beside("line", want.line, message);
    match line.kinds.iter().find(|may| may.kind == kind) {
        None => return Err(wrong(format!("「{}」不支持{}", line.name, kind.label()))),
        Some(may) if may.until <= now => {
            let until = text::moment(may.until, now, text::zone(""));
            return Err(wrong(format!("「{}」的{}期限已过（{until} 截止）", line.name, kind.label())));
        }
        Some(_) => {}
    }
    let taken = Taken { pieces: line.quantity.get() - line.rest, fen: line.taken_fen };
    let Some(paid_fen) = share(line.paid_fen, line.quantity, taken, want.quantity.get()) else {
        return Err(wrong(match line.rest {
            ..=0 => format!("「{}」已全部申请过售后", line.name),
            rest => format!("「{}」最多还可以申请 {rest} 件", line.name),
        }));
    };
    let back = if kind == AfterSalesKind::Exchange { difference(line, want, paid_fen)? } else { paid_fen };
    Ok(Weighed {
        line: want.line,
        quantity: want.quantity,
        paid_fen,
        refund_fen: back,
        exchange_for: want.exchange_for.filter(|_| kind == AfterSalesKind::Exchange),
    })
}

/// What goes back where something cheaper comes instead. The same again costs what was paid for it, whatever its
/// price is by now.
fn difference(line: &ClaimableLine, want: &RequestedLine, paid: Fen) -> Result<Fen, Complaint> {
    let wrong = |message: &str| beside("swap", want.line, message.into());
    let Some(sku) = want.exchange_for else { return Err(wrong("请选择要换成的规格")) };
    if sku == line.sku_id {
        return Ok(Fen::ZERO);
    }
    let swap: &Swap =
        line.swaps.iter().find(|swap| swap.sku_id == sku).ok_or_else(|| wrong("只能换同一商品的其他规格"))?;
    let price = swap.price_fen.checked_times(want.quantity).map_or(i64::MAX, |price| price.0);
    if price > paid.0 {
        return Err(wrong("要换的规格更贵，不能直接换：请申请退货退款，再重新下单"));
    }
    Ok(Fen(paid.0 - price))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::after_sales::KindUntil;

    fn sku(number: u128) -> SkuId {
        SkuId(Uuid::from_u128(number))
    }

    fn sold() -> ClaimableLine {
        let until = DateTime::UNIX_EPOCH + Duration::days(7);
        ClaimableLine {
            line: 1,
            sku_id: sku(1),
            name: "连体衣".into(),
            spec: "66".into(),
            options_text: String::new(),
            picture: String::new(),
            quantity: 3.try_into().unwrap(),
            paid_fen: Fen(1000),
            rest: 3,
            taken_fen: Fen::ZERO,
            kinds: [AfterSalesKind::Return, AfterSalesKind::Exchange].map(|kind| KindUntil { kind, until }).to_vec(),
            swaps: [(2, 300), (3, 400)]
                .map(|(number, price)| Swap { sku_id: sku(number), spec: "73".into(), price_fen: Fen(price) })
                .to_vec(),
            came_for: None,
        }
    }

    fn want(line: i32, quantity: i64, exchange_for: Option<SkuId>) -> RequestedLine {
        RequestedLine { line, quantity: quantity.try_into().unwrap(), exchange_for }
    }

    fn told(fault: Result<Vec<Weighed>, Fault>) -> Vec<String> {
        fault.unwrap_err().complaints().iter().map(|one| one.field.clone()).collect()
    }

    #[test]
    fn what_is_not_left_not_allowed_or_too_late_is_told_beside_its_line() {
        let (day, weighs) =
            (DateTime::UNIX_EPOCH, |kind, wanted: &[RequestedLine], now| weigh(&[sold()], kind, wanted, now));
        let whole = weighs(AfterSalesKind::Return, &[want(1, 3, None)], day).unwrap();
        assert_eq!((whole[0].paid_fen, whole[0].refund_fen), (Fen(1000), Fen(1000)));
        assert_eq!(told(weighs(AfterSalesKind::Return, &[want(1, 4, None)], day)), ["line.1"]);
        assert_eq!(told(weighs(AfterSalesKind::RefundOnly, &[want(1, 1, None)], day)), ["line.1"]);
        assert_eq!(told(weighs(AfterSalesKind::Return, &[want(1, 1, None)], day + Duration::days(7))), ["line.1"]);
        assert_eq!(told(weighs(AfterSalesKind::Return, &[want(1, 1, None), want(1, 1, None)], day)), ["line.1"]);
        assert_eq!(told(weighs(AfterSalesKind::Return, &[want(9, 1, None)], day)), ["line.9"]);
        assert_eq!(told(weighs(AfterSalesKind::Return, &[], day)), ["lines"]);
    }

    #[test]
    fn what_comes_in_exchange_is_never_dearer_and_what_is_cheaper_gives_the_difference_back() {
        let swaps = |to| weigh(&[sold()], AfterSalesKind::Exchange, &[want(1, 1, to)], DateTime::UNIX_EPOCH);
        assert_eq!(swaps(Some(sku(1))).unwrap()[0].refund_fen, Fen::ZERO);
        // The first of three pieces for ten yuan is worth 334 fen.
        assert_eq!(swaps(Some(sku(2))).unwrap()[0].refund_fen, Fen(34));
        for refused in [Some(sku(3)), Some(sku(9)), None] {
            assert_eq!(told(swaps(refused)), ["swap.1"]);
        }
    }
}
