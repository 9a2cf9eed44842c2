//! Where a parcel is, and what becomes of one that comes back (D2, D3).

use serde::{Deserialize, Serialize};

use crate::{Fault, Fields, stores::words};

/// The longest reason, in characters.
pub const REASON_MOST: usize = 100;

/// Where a parcel is, as its carrier or its store says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum ParcelState {
    /// Sent off; the carrier has said nothing yet.
    #[default]
    Sent,
    /// The carrier has it.
    Collected,
    /// On its way.
    OnTheWay,
    /// Brought to the shopper now.
    Delivering,
    /// Something is wrong with it: nobody there, no such address.
    Trouble,
    /// The shopper has it.
    Signed,
    /// The shopper would not take it.
    Refused,
    /// On its way back to the store.
    Returning,
    /// The carrier says that it is back at the store.
    ReturnSigned,
    /// The store has it again and has said so.
    Back,
}

words!(ParcelState:
    Sent = "sent" / "已发出", Collected = "collected" / "已揽收", OnTheWay = "on_the_way" / "运输中",
    Delivering = "delivering" / "派送中", Trouble = "trouble" / "派送异常", Signed = "signed" / "已签收",
    Refused = "refused" / "已拒收", Returning = "returning" / "退回途中", ReturnSigned = "return_signed" / "退件已送回",
    Back = "back" / "退件已收到");

impl ParcelState {
    /// Where a parcel is after its carrier said `told`: the transition table. What is signed for stays so, and what is
    /// on its way back never becomes the shopper's: who signs for it then is the sender. That a store has it again no
    /// carrier says.
    pub fn after(self, told: Self) -> Self {
        match (self, told) {
            (Self::Signed | Self::ReturnSigned | Self::Back, _) | (_, Self::Sent | Self::Back) => self,
            (Self::Returning, Self::Signed | Self::ReturnSigned) => Self::ReturnSigned,
            (Self::Returning, _) => Self::Returning,
            // Scans of a parcel that was refused are those of its way back, but for one more try.
            (Self::Refused, Self::Collected | Self::OnTheWay | Self::Trouble) => Self::Refused,
            (_, told) => told,
        }
    }

    /// Whether nothing more is to come of its carrier.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Signed | Self::ReturnSigned | Self::Back)
    }

    /// Whether it comes back, or has.
    pub fn comes_back(self) -> bool {
        matches!(self, Self::Refused | Self::Returning | Self::ReturnSigned | Self::Back)
    }

    /// Whether the store can say that it has it again.
    pub fn can_be_back(self) -> bool {
        !matches!(self, Self::Signed | Self::Back)
    }
}

/// What becomes of the pieces of a parcel that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum Afterwards {
    /// They are sent again, in another parcel.
    SendAgain,
    /// The shopper gets their money back.
    Refund,
}

words!(Afterwards: SendAgain = "send_again" / "重新发出", Refund = "refund" / "退款给顾客");

/// Says that a parcel came back, and what becomes of its pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct TakeBackParcel {
    /// Why it came back; the shopper reads it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub reason: String,
    /// What becomes of its pieces.
    pub afterwards: Afterwards,
    /// Whether the goods are spoilt, so that they are not sold again. What is spoilt is not sent again.
    #[serde(default)]
    pub spoilt: bool,
}

impl TakeBackParcel {
    /// The reason without space around it.
    ///
    /// Faults: `Invalid` beside `reason`, or beside `spoilt` for what is to be sent again.
    pub fn checked(&self) -> Result<&str, Fault> {
        let reason = self.reason.trim();
        if !(1..=REASON_MOST).contains(&reason.chars().count()) || reason.contains(char::is_control) {
            return Err(Fault::invalid("reason", "请写明退回的原因（100 字以内），顾客会看到"));
        }
        if self.spoilt && self.afterwards == Afterwards::SendAgain {
            return Err(Fault::invalid("spoilt", "损坏的商品不能重新发出，请选择退款"));
        }
        Ok(reason)
    }

    /// Reads the command from a form: `reason`, `afterwards`, `spoilt` (`yes`).
    ///
    /// Faults: `Invalid` beside `afterwards`, and those of [`Self::checked`].
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let afterwards = Afterwards::from_code(fields.text("afterwards"))
            .ok_or_else(|| Fault::invalid("afterwards", "请选择重新发出或退款"))?;
        let command =
            Self { reason: fields.text("reason").to_owned(), afterwards, spoilt: fields.text("spoilt") == "yes" };
        command.checked()?;
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_parcel_that_is_signed_for_or_back_stays_so_and_none_on_its_way_back_becomes_the_shoppers(
            told in prop::collection::vec(0..ParcelState::ALL.len(), 0..20),
        ) {
            let mut state = ParcelState::Sent;
            for at in told {
                let next = state.after(ParcelState::ALL[at]);
                prop_assert!(!state.is_over() || next == state);
                prop_assert!(next != ParcelState::Back, "that is the store's to say");
                if state == ParcelState::Returning {
                    prop_assert!(matches!(next, ParcelState::Returning | ParcelState::ReturnSigned));
                }
                state = next;
            }
        }
    }

    #[test]
    fn the_transition_table_of_a_parcel_is_this_one() {
        use ParcelState::*;
        for (from, told, to) in [
            (Sent, Collected, Collected),
            (Delivering, Trouble, Trouble),
            (Trouble, Delivering, Delivering),
            (Delivering, Refused, Refused),
            (Refused, OnTheWay, Refused),
            (Refused, Delivering, Delivering),
            (Refused, Signed, Signed),
            (Refused, Returning, Returning),
            (Returning, OnTheWay, Returning),
            (Returning, Signed, ReturnSigned),
            (Signed, Returning, Signed),
            (ReturnSigned, Delivering, ReturnSigned),
            (Back, Signed, Back),
            (OnTheWay, Sent, OnTheWay),
        ] {
            assert_eq!(from.after(told), to, "{from:?} {told:?}");
        }
    }

    #[test]
    fn what_is_spoilt_is_not_sent_again_and_a_reason_is_needed() {
        let good = TakeBackParcel { reason: " 拒收 ".into(), afterwards: Afterwards::SendAgain, spoilt: false };
        assert_eq!(good.checked(), Ok("拒收"));
        let field = |command: TakeBackParcel| command.checked().unwrap_err().complaints()[0].field.clone();
        assert_eq!(field(TakeBackParcel { spoilt: true, ..good.clone() }), "spoilt");
        assert_eq!(field(TakeBackParcel { reason: " ".into(), ..good.clone() }), "reason");
        assert_eq!(field(TakeBackParcel { reason: "长".repeat(101), ..good }), "reason");
    }
}
