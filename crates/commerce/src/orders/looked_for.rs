//! What a list of orders is asked for, as its query takes it.

use domain::{Fault, orders::PickupCode};
use uuid::Uuid;

use crate::{Scope, database::OrFault};

/// What is looked for, by its form: each has an index of its own.
#[derive(Default)]
pub(super) struct Words<'a> {
    pub number: Option<&'a str>,
    pub code: Option<PickupCode>,
    pub phone_tail: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// Whatever is neither a code nor the end of a phone may be a number.
    pub fn read(text: &'a str) -> Self {
        let text = text.trim();
        let digits = text.bytes().all(|sign| sign.is_ascii_digit());
        match text.parse() {
            _ if text.is_empty() => Self::default(),
            Ok(code) => Self { code: Some(code), ..Self::default() },
            Err(_) if digits && text.len() == 4 => Self { phone_tail: Some(text), ..Self::default() },
            Err(_) => Self { number: Some(text), ..Self::default() },
        }
    }
}

/// So many orders with some goods are few.
const FEW: usize = 2_000;

/// Which orders have the goods that are looked for. Few such orders are named and looked up; of goods that many have the
/// newest are soon found among all. Either way alone reads everything where the other is right.
#[derive(Default)]
pub(super) struct Goods {
    /// Only these orders.
    pub orders: Option<Vec<Uuid>>,
    /// Only orders with one of these variants.
    pub skus: Option<Vec<Uuid>>,
}

impl Goods {
    /// Nothing where no order has such goods. It asks past the fence, so that the search ends with `FEW` whoever asks;
    /// what it finds only narrows what they see.
    pub async fn of(scope: &Scope, words: &str) -> Result<Option<Self>, Fault> {
        let words = words.trim().to_lowercase();
        if words.is_empty() {
            return Ok(Some(Self::default()));
        }
        let skus = sqlx::query_scalar!(
            "select k.id from skus k join products d on d.id = k.product_id
             where lower(k.code) = $1 or k.barcode = $1
                or strpos(lower(d.name || ' ' || d.pinyin || ' ' || d.initials), $1) > 0",
            words,
        )
        .fetch_all(scope.pool())
        .await
        .or_fault()?;
        let mut tx = scope.house_begin().await?;
        let orders = sqlx::query_scalar!(
            "select order_id from order_lines where sku_id = any($1) limit $2",
            &skus,
            FEW as i64 + 1,
        )
        .fetch_all(&mut *tx)
        .await
        .or_fault()?;
        Ok(match orders.len() {
            0 => None,
            many if many > FEW => Some(Self { orders: None, skus: Some(skus) }),
            _ => Some(Self { orders: Some(orders), skus: None }),
        })
    }
}
