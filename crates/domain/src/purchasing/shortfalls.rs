//! What many places are to order at once, summed up by place and supplier.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Need, replenishment::draft_of};
use crate::{Fault, Fen, Fields, LocationId, PurchaseId, SkuId, SupplierId, transfers::Location};

/// The most sums that are answered, and ordered, at once.
pub const SHORTFALLS_MOST: usize = 100;
/// How many of its lines a sum shows among those of other places; the place's own page has all of them.
pub const SHORTFALL_LINES_MOST: usize = 20;

/// Of which places, and from whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListShortfalls {
    /// Only of this store or warehouse.
    pub location: Option<LocationId>,
    /// Only of places in this region or below it, by GB/T 2260.
    pub region: Option<String>,
    /// Only what this supplier delivers.
    pub supplier: Option<SupplierId>,
}

impl ListShortfalls {
    /// Reads the filters of an address: `region`, `supplier`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            location: None,
            region: fields.given("region").map(str::to_owned),
            supplier: fields.text("supplier").parse().ok(),
        }
    }

    /// The filters as an address has them.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("region", self.region.clone().unwrap_or_default()),
            ("supplier", self.supplier.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// One variant that a place is short of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = ShortfallLine))]
pub struct ShortLine {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its name for people.
    pub name: String,
    /// Its code.
    pub code: String,
    /// The supplier's price of one; nothing for who may not see costs, or where nobody has a price.
    pub price_fen: Option<Fen>,
    /// What it rests on.
    pub need: Need,
    /// How many pieces are to be ordered.
    pub quantity: i64,
    /// The day on which the last piece there is sold at the speed of the last 28 days, in China; today where there is
    /// none left, nothing where none is sold.
    pub runs_out_on: Option<NaiveDate>,
    /// Why so many, for people.
    pub why: String,
}

impl ShortLine {
    /// Whether there is none left; what runs out today may be there still.
    pub fn is_out(&self) -> bool {
        self.need.available <= 0
    }
}

/// What a place is to order from a supplier, summed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Shortfall {
    /// Where.
    pub location: Location,
    /// From whom.
    pub supplier_id: SupplierId,
    /// What they are called.
    pub supplier: String,
    /// How many variants.
    pub kinds: i64,
    /// How many pieces of them.
    pub pieces: i64,
    /// What they cost at today's prices; nothing for who may not see costs.
    pub cost_fen: Option<Fen>,
    /// The earliest day on which one of them runs out; nothing where none is sold.
    pub runs_out_on: Option<NaiveDate>,
    /// The 20 that run out first; all of them where one place was asked for.
    pub lines: Vec<ShortLine>,
}

/// Of what a place is short that nobody has a price for, so that it cannot be ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema), schema(as = UnpricedShortfall))]
pub struct Unpriced {
    /// Where.
    pub location: Location,
    /// How many variants.
    pub kinds: i64,
    /// The earliest day on which one of them runs out; nothing where none is sold.
    pub runs_out_on: Option<NaiveDate>,
    /// The 20 that run out first, or all of them where one place was asked for; their quantity is what lacks for the next
    /// 14 days.
    pub lines: Vec<ShortLine>,
}

/// What places are to order, the most urgent first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Shortfalls {
    /// Up to 100 sums, one for each place and supplier.
    pub items: Vec<Shortfall>,
    /// How many there are in all.
    pub total: i64,
    /// Up to 100 places that are short of what nobody has a price for.
    pub unpriced: Vec<Unpriced>,
    /// How many such places there are in all.
    pub unpriced_total: i64,
}

/// A place and a supplier it is to order from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShortfallPick {
    /// To where.
    pub location_id: LocationId,
    /// From whom.
    pub supplier_id: SupplierId,
}

/// Makes drafts of orders of all that places are short of, one for each place and supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OrderShortfalls {
    /// Made by the client: the same request again makes no second drafts.
    pub id: Uuid,
    /// For where, and from whom, up to 100; each once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 100))]
    pub picks: Vec<ShortfallPick>,
}

impl OrderShortfalls {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `picks`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=SHORTFALLS_MOST).contains(&self.picks.len()) {
            return Err(Fault::invalid("picks", format!("请勾选 1 到 {SHORTFALLS_MOST} 行")));
        }
        let mut seen = HashSet::new();
        match self.picks.iter().all(|pick| seen.insert(*pick)) {
            true => Ok(()),
            false => Err(Fault::invalid("picks", "同一处向同一家供应商只能下单一次")),
        }
    }

    /// Reads the command from a form: `key`, and `pick.{location}.{supplier}` for each that is ticked.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let anew = || Fault::invalid("picks", "请刷新页面后再试");
        let id = fields.text("key").parse().map_err(|_| anew())?;
        let pick = |(of, _): (&str, &str)| {
            let (location, supplier) = of.split_once('.')?;
            Some(ShortfallPick { location_id: location.parse().ok()?, supplier_id: supplier.parse().ok()? })
        };
        let picks: Option<Vec<ShortfallPick>> = fields.under("pick.").map(pick).collect();
        let read = Self { id, picks: picks.ok_or_else(anew)? };
        read.check().map(|()| read)
    }

    /// The draft of each pick, the same for the same request.
    pub fn drafts(&self) -> BTreeMap<PurchaseId, ShortfallPick> {
        let draft = |pick: &ShortfallPick| (draft_of(self.id, pick.supplier_id, pick.location_id, 0), *pick);
        self.picks.iter().map(draft).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_each_place_and_supplier_once_and_at_least_one() {
        let [place, other] = [4, 5].map(|id| Uuid::from_u128(id).to_string());
        let key = ("key".to_owned(), Uuid::from_u128(6).to_string());
        let read = |picks: &[&str]| {
            let picks = picks.iter().map(|pick| (format!("pick.{pick}"), "on".to_owned()));
            OrderShortfalls::from_fields(&Fields(picks.chain([key.clone()]).collect()))
        };
        let both = read(&[&format!("{place}.{other}"), &format!("{other}.{place}")]).unwrap();
        assert_eq!(both.drafts().len(), 2, "each has a draft of its own");
        assert_eq!(both.drafts(), both.clone().drafts());
        let wrongs: [&[&str]; 3] = [&[], &["x"], &["x.y"]];
        for wrong in wrongs {
            assert_eq!(read(wrong).unwrap_err().complaints()[0].field, "picks", "{wrong:?}");
        }
        let twice = OrderShortfalls { picks: vec![both.picks[0]; 2], ..both };
        assert_eq!(twice.check().unwrap_err().complaints()[0].field, "picks");
    }
}
