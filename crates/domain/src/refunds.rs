//! Refunds that the gateway refused or that hang, and what head office does about them (D8).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Fault, Fen, Fields, OrderId, RefundId, StoreId, approvals, stores::words};

/// The longest number of a proof, in characters.
pub const PROOF_MOST: usize = 64;

/// How a refund stands that did not go through by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum StuckState {
    /// The gateway has not answered for long, or is at it for long. It is asked again by itself.
    Hanging,
    /// The gateway said no.
    Refused,
    /// The gateway could not pay it out: a person must.
    Abnormal,
    /// Somebody paid it out in another way.
    Settled,
}

words!(StuckState:
    Hanging = "hanging" / "长时间未到账", Refused = "refused" / "网关拒绝", Abnormal = "abnormal" / "退款异常",
    Settled = "settled" / "已用其他方式退款");

/// Which refunds of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRefunds {
    /// Those that were settled, instead of those that are open.
    pub settled: bool,
    /// Only of this store.
    pub store: Option<StoreId>,
    /// How many at most; 1 to 100.
    pub most: usize,
    /// Where to read on.
    pub after: Option<RefundId>,
}

impl ListRefunds {
    /// Reads the filters of an address: `settled`, `store`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            settled: fields.given("settled").is_some(),
            store: fields.text("store").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("settled", if self.settled { "on".into() } else { String::new() }),
            ("store", self.store.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// A refund that did not go through by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct StuckRefund {
    /// Its identity.
    pub id: RefundId,
    /// How it stands.
    pub state: StuckState,
    /// Of which order.
    pub order_id: OrderId,
    /// Its number for people.
    pub order_number: String,
    /// The order's store.
    pub store_name: String,
    /// How much.
    pub amount_fen: Fen,
    /// Why it goes back.
    pub reason: String,
    /// Our number for it at the gateway; every try has the same.
    pub out_refund_no: String,
    /// How often the gateway was asked.
    pub tries: i32,
    /// What it said last, in its words; nothing where it has said nothing.
    pub last_answer: String,
    /// When it was wanted.
    pub wanted_at: DateTime<Utc>,
    /// When the gateway said that.
    pub answered_at: Option<DateTime<Utc>>,
    /// How it was settled.
    pub settled: Option<Settlement>,
}

/// How a refund was settled by other means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Settlement {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// How, and why so.
    pub reason: String,
    /// The number of the bank's or wallet's receipt.
    pub proof: String,
    /// Whether the gateway paid it out all the same afterwards: the shopper has it twice.
    pub paid_twice: bool,
}

/// Money that went back in another way than the gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct OtherMeans {
    /// How much.
    pub amount_fen: Fen,
    /// The number of the bank's or wallet's receipt.
    pub proof: String,
}

/// How money went back, for people: the way it came, or in another under this proof.
pub fn way(proof: Option<&str>) -> String {
    proof.map_or_else(|| "原路退回".to_owned(), |proof| format!("用其他方式退回（凭证号 {proof}）"))
}

/// What is back, and how, for people; so much of it in other ways.
pub fn back(amount: Fen, otherwise: &[OtherMeans]) -> String {
    let others: i64 = otherwise.iter().map(|one| one.amount_fen.0).sum();
    let by_gateway = Fen(amount.0 - others);
    let first = (by_gateway > Fen::ZERO || otherwise.is_empty()).then(|| format!("{by_gateway} 已{}", way(None)));
    let others = otherwise.iter().map(|one| format!("{} 已{}", one.amount_fen, way(Some(&one.proof))));
    first.into_iter().chain(others).collect::<Vec<_>>().join("，")
}

/// Says that a refund was paid out in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SettleRefund {
    /// How, and why so.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
    /// The number of the bank's or wallet's receipt.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 64, pattern = r"\S"))]
    pub proof: String,
}

impl SettleRefund {
    /// Reads the command from a form: `reason`, `proof`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self { reason: fields.text("reason").to_owned(), proof: fields.text("proof").to_owned() }
    }

    /// Reason and proof without space around them.
    ///
    /// Faults: `Invalid` beside `reason` or `proof`.
    pub fn checked(&self) -> Result<(&str, &str), Fault> {
        let reason = approvals::checked_reason("reason", &self.reason, "请写明怎样退的、为什么（200 字以内）")?;
        let proof = self.proof.trim();
        if proof.is_empty() || proof.chars().count() > PROOF_MOST {
            return Err(Fault::invalid("proof", format!("请填写转账或退款凭证号（{PROOF_MOST} 字以内）")));
        }
        Ok((reason, proof))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_back_in_another_way_is_never_said_to_have_gone_back_the_way_it_came() {
        let other = |fen, proof: &str| OtherMeans { amount_fen: Fen(fen), proof: proof.into() };
        assert_eq!(back(Fen(3000), &[]), format!("{} 已原路退回", Fen(3000)));
        assert_eq!(back(Fen(3000), &[other(3000, "A1")]), format!("{} 已用其他方式退回（凭证号 A1）", Fen(3000)));
        assert_eq!(
            back(Fen(3000), &[other(1000, "A1"), other(500, "A2")]),
            format!(
                "{} 已原路退回，{} 已用其他方式退回（凭证号 A1），{} 已用其他方式退回（凭证号 A2）",
                Fen(1500),
                Fen(1000),
                Fen(500)
            ),
        );
    }
}
