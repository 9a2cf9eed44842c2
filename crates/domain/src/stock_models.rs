//! How a variant's pieces are shared between the shop and the counter (K2): one pool of which some stay for the counter
//! (总库存 + 分配), or the shop has what was given to it and all else is the counter's (分离库存).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fields, SkuId, StoreId, stores::words};

/// Which way pieces are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum StockModel {
    /// One pool: the shop sells all but what stays for the counter.
    #[default]
    Pool,
    /// The shop sells what was given to it; what arrives is the counter's, and what is lost or sent away is taken
    /// from the counter's first.
    Separate,
}

words!(StockModel: Pool = "pool" / "统一库存", Separate = "separate" / "线上线下分开");

/// The most pieces that stay for the counter.
pub const KEPT_BACK_MOST: i64 = 100_000;

/// Says how a variant's pieces are shared, everywhere or at one store; what was said of the same before is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetStockModel {
    /// The variant's code.
    pub sku: String,
    /// At which store; everywhere where none is named, but for the stores that have said so themselves.
    #[serde(default)]
    pub store_id: Option<StoreId>,
    /// Which way.
    pub model: StockModel,
    /// Of a pool, how many pieces stay for the counter: 0 to 100,000. Nothing of pieces that are shared out.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub kept_back: i64,
}

impl SetStockModel {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `kept_back`.
    pub fn check(&self) -> Result<(), Fault> {
        match self.model {
            StockModel::Pool if (0..=KEPT_BACK_MOST).contains(&self.kept_back) => Ok(()),
            StockModel::Separate if self.kept_back == 0 => Ok(()),
            StockModel::Pool => Err(Fault::invalid("kept_back", format!("请填写 0 到 {KEPT_BACK_MOST} 的整数"))),
            StockModel::Separate => Err(Fault::invalid("kept_back", "线上线下分开时不设留店数，请在门店分配线上数量")),
        }
    }

    /// Reads the command from a form: `sku`, `store`, `model`, `kept_back`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let sku = read.text("sku", 64);
        if fields.given("sku").is_none() {
            read.complain("sku", "请填写商品编码");
        }
        let store_id = match fields.given("store") {
            None => Some(None),
            Some(_) => read.parse("store", "请选择门店").map(Some),
        };
        let model = StockModel::from_code(fields.text("model"));
        if model.is_none() {
            read.complain("model", "请选择库存方式");
        }
        let kept_back = match (fields.given("kept_back"), model) {
            (None, _) | (_, Some(StockModel::Separate)) => Some(0),
            (Some(_), _) => read.parse("kept_back", "请填写整数"),
        };
        let command =
            read.finish(|| Some(Self { sku: sku?, store_id: store_id?, model: model?, kept_back: kept_back? }))?;
        command.check().map(|()| command)
    }
}

/// What was said of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StockModelRule {
    /// Its identity.
    pub id: Uuid,
    /// Which variant, by its code.
    pub sku: String,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// At which store; everywhere where none is named.
    pub store_id: Option<StoreId>,
    /// That store's name.
    pub store_name: Option<String>,
    /// Which way.
    pub model: StockModel,
    /// Of a pool, how many pieces stay for the counter.
    pub kept_back: i64,
}

impl StockModelRule {
    /// What it means, for people.
    pub fn meaning(&self) -> String {
        match (self.model, self.kept_back) {
            (StockModel::Separate, _) => "线上只卖分配给线上的件数，到货归柜台".into(),
            (StockModel::Pool, 0) => "线上可卖全部".into(),
            (StockModel::Pool, kept) => format!("留 {kept} 件给柜台，其余线上可卖"),
        }
    }
}

/// Gives the shop so many pieces of what is promised to nobody; the counter has the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShareOut {
    /// How many pieces the shop can sell from now on, whatever it could before.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 1_000_000_000))]
    pub online: i64,
}

impl ShareOut {
    /// Reads the command from a form: `online`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let online: Option<i64> = read.parse("online", "请填写线上可卖的件数");
        let command = read.finish(|| Some(Self { online: online? }))?;
        command.check().map(|()| command)
    }

    /// Refuses what can be no number of pieces.
    ///
    /// Faults: `Invalid` beside `online`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.online < 0 { Err(Fault::invalid("online", "件数不能小于 0")) } else { Ok(()) }
    }
}

/// How a variant's pieces are shared at a store now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SharedStock {
    /// Which variant.
    pub sku_id: SkuId,
    /// Its code.
    pub code: String,
    /// Which way.
    pub model: StockModel,
    /// The store's own word, where it has one; else that of all stores, or none.
    pub rule: Option<Uuid>,
    /// Whether that word is the store's own.
    pub is_own: bool,
    /// Pieces that lie there.
    pub on_hand: i64,
    /// Of them, those that are promised.
    pub promised: i64,
    /// Of the others, those that the shop sells.
    pub online: i64,
    /// And those that stay for the counter.
    pub counter: i64,
    /// Of a pool, how many are to stay for the counter.
    pub kept_back: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Fields {
        Fields(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn what_stays_for_the_counter_is_said_of_a_pool_alone_and_within_bounds() {
        let set = |model, kept_back| SetStockModel { sku: "A".into(), store_id: None, model, kept_back }.check();
        assert!(set(StockModel::Pool, 0).is_ok() && set(StockModel::Pool, KEPT_BACK_MOST).is_ok());
        for (model, kept_back) in
            [(StockModel::Pool, -1), (StockModel::Pool, KEPT_BACK_MOST + 1), (StockModel::Separate, 1)]
        {
            assert!(set(model, kept_back).is_err(), "{model:?} {kept_back}");
        }
    }

    #[test]
    fn a_form_that_parts_shop_and_counter_needs_no_number() {
        let read = SetStockModel::from_fields(&typed(&[("sku", "A-1"), ("model", "separate"), ("kept_back", "x")]));
        assert_eq!(read.unwrap().kept_back, 0);
        assert!(SetStockModel::from_fields(&typed(&[("model", "pool"), ("kept_back", "x")])).is_err());
        assert!(ShareOut::from_fields(&typed(&[("online", "-1")])).is_err());
    }
}
