//! How many pieces of a variant one channel sells at a store 渠道额度 (K2): of one pool, so what a channel does not sell is
//! there for the others.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Fields, StoreId, orders::Channel, text};

/// The most pieces that a quota can be of.
pub const QUOTA_MOST: i64 = 100_000;

/// What one channel may sell of a variant at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelQuota {
    /// How many pieces of orders that are not over without them, and of what is held.
    pub most: i64,
    /// From when on they count.
    pub since: DateTime<Utc>,
}

impl ChannelQuota {
    /// How many are left where so many were sold.
    pub fn left(&self, sold: i64) -> i64 {
        (self.most - sold).max(0)
    }
}

/// Says how many pieces of a variant one channel sells from now on, at each store or at one; what was said of the same
/// before is replaced, and what was sold before does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SetChannelQuota {
    /// The variant's code.
    pub sku: String,
    /// At which store; at each store where none is named, but for those that have said so themselves.
    #[serde(default)]
    pub store_id: Option<StoreId>,
    /// Over which channel orders come: `shop`, `mini_program` or `api`.
    pub channel: Channel,
    /// How many pieces: 0 to 100,000.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub most: i64,
}

impl SetChannelQuota {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `channel` or `most`.
    pub fn check(&self) -> Result<(), Fault> {
        if !Channel::OF_ORDERS.contains(&self.channel) {
            return Err(Fault::invalid("channel", "请选择下单渠道：商城、小程序或接口"));
        }
        if !(0..=QUOTA_MOST).contains(&self.most) {
            return Err(Fault::invalid("most", format!("请填写 0 到 {QUOTA_MOST} 的整数")));
        }
        Ok(())
    }

    /// Reads the command from a form: `sku`, `store`, `channel`, `most`.
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
        let channel = Channel::from_code(fields.text("channel"));
        if channel.is_none() {
            read.complain("channel", "请选择下单渠道：商城、小程序或接口");
        }
        let most = read.parse("most", "请填写整数");
        let command = read.finish(|| Some(Self { sku: sku?, store_id: store_id?, channel: channel?, most: most? }))?;
        command.check().map(|()| command)
    }
}

/// What was said of a variant and a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ChannelQuotaRule {
    /// Its identity.
    pub id: Uuid,
    /// Which variant, by its code.
    pub sku: String,
    /// Its name for people: `珍珠奶茶 · 中杯`.
    pub name: String,
    /// At which store; at each where none is named.
    pub store_id: Option<StoreId>,
    /// That store's name.
    pub store_name: Option<String>,
    /// Over which channel.
    pub channel: Channel,
    /// How many pieces.
    pub most: i64,
    /// From when on they count.
    pub since: DateTime<Utc>,
    /// How many were sold since at the store it is of, or that was asked for; nothing where it is of each store.
    pub sold: Option<i64>,
}

impl ChannelQuotaRule {
    /// What it means, for people.
    pub fn meaning(&self, now: DateTime<Utc>) -> String {
        let since = text::moment(self.since, now, text::zone(""));
        let each = if self.store_id.is_none() { "每店" } else { "" };
        let rule = format!("{since}起，{}{each}最多卖 {} 件", self.channel.label(), self.most);
        match self.sold {
            None => rule,
            Some(sold) => format!("{rule}；已卖 {sold} 件，还剩 {} 件", (self.most - sold).max(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(channel: Channel, most: i64) -> Result<(), Fault> {
        SetChannelQuota { sku: "A".into(), store_id: None, channel, most }.check()
    }

    #[test]
    fn a_quota_is_of_a_channel_over_which_orders_come_and_within_bounds() {
        for channel in Channel::ALL.iter().copied() {
            assert_eq!(set(channel, 1).is_ok(), Channel::OF_ORDERS.contains(&channel), "{channel:?}");
        }
        for (most, fits) in [(0, true), (QUOTA_MOST, true), (-1, false), (QUOTA_MOST + 1, false)] {
            assert_eq!(set(Channel::Shop, most).is_ok(), fits, "{most}");
        }
    }

    #[test]
    fn every_mistake_of_a_form_is_told_at_once() {
        let fields = [("store", "x"), ("channel", "till"), ("most", "viele")];
        let fields = Fields(fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
        let fault = SetChannelQuota::from_fields(&fields).unwrap_err();
        let named: Vec<_> = fault.complaints().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(named, ["sku", "store", "channel", "most"]);
    }

    #[test]
    fn what_was_sold_beyond_a_quota_leaves_nothing() {
        let quota = ChannelQuota { most: 3, since: DateTime::UNIX_EPOCH };
        assert_eq!([0, 2, 3, 5].map(|sold| quota.left(sold)), [3, 1, 0, 0]);
    }
}
