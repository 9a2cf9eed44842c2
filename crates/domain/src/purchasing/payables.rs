//! What is owed to suppliers: invoices against what arrived.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::payments::InvoicePayment;
use crate::{
    Fault, Fen, Fields, InvoiceId, SupplierId,
    approvals::{REASON_MOST, checked_reason},
    stores::words,
};

/// The most receipts of one invoice.
const RECEIPTS_MOST: usize = 200;
/// The largest invoice: a hundred million yuan.
pub(super) const AMOUNT_MOST: i64 = 10_000_000_000;

/// How far an invoice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum InvoiceState {
    /// Owed.
    Open,
    /// Paid.
    Paid,
    /// Entered wrongly and taken back: nothing is owed for it.
    TakenBack,
}

words!(InvoiceState: Open = "open" / "待付款", Paid = "paid" / "已付款", TakenBack = "taken_back" / "已作废");

/// Goods that came from or went back to a supplier and are on no invoice yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Billable {
    /// The receipt.
    pub id: Uuid,
    /// Of which order, as people say it.
    pub purchase: String,
    /// Whether the goods went back, so that it is a credit.
    pub returned: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// The number of the delivery note.
    pub note: String,
    /// How many pieces.
    pub pieces: i64,
    /// What they come to at the order's prices; negative where they went back.
    pub whole_fen: Fen,
    /// Of that, what is on no invoice yet; on an invoice, what it is for.
    pub value_fen: Fen,
}

/// What an invoice is for of a receipt that it is not for all of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiptPart {
    /// Which receipt.
    pub receipt_id: Uuid,
    /// How much of what it comes to at the order's prices; negative where the goods went back.
    #[cfg_attr(feature = "api", schema(minimum = -10_000_000_000_i64, maximum = 10_000_000_000_i64))]
    pub amount_fen: Fen,
}

/// The field of a form, and of a complaint, that says how much of a receipt an invoice is for.
pub fn part_field(receipt: Uuid) -> String {
    format!("part.{receipt}")
}

/// The tax within an amount that includes it at this rate, half a fen up: `amount × rate / (100 + rate)`.
pub fn tax_within(amount: Fen, percent: u8) -> Fen {
    let (rate, whole) = (i128::from(percent), i128::from(amount.0));
    let by = 100 + rate;
    Fen(i64::try_from((2 * whole * rate + by).div_euclid(2 * by)).unwrap_or(0))
}

/// Enters a supplier's invoice against what arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct EnterInvoice {
    /// Made by the client: the same request again enters nothing twice.
    pub id: InvoiceId,
    /// Whose.
    pub supplier_id: SupplierId,
    /// The supplier's number of it.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 40, pattern = r"\S"))]
    pub number: String,
    /// Its date.
    pub dated: NaiveDate,
    /// What it comes to; negative for a credit note.
    #[cfg_attr(feature = "api", schema(minimum = -10_000_000_000_i64, maximum = 10_000_000_000_i64))]
    pub amount_fen: Fen,
    /// Which receipts and returns it is for.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub receipts: Vec<Uuid>,
    /// How much of those of them that it is not for all of what is left.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub parts: Vec<ReceiptPart>,
    /// The rate of tax that the amount includes, in per cent, where the invoice says so.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100))]
    pub tax_percent: Option<u8>,
    /// Why it may differ from what arrived; needed where it does.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub difference_note: String,
}

impl EnterInvoice {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `number`, `amount`, `receipts` or `difference_note`.
    pub fn check(&self) -> Result<(), Fault> {
        checked_reason("number", &self.number, "请填写发票号（40 字以内）")?;
        let mut once = self.receipts.clone();
        once.sort();
        once.dedup();
        let judged = [
            (self.number.trim().chars().count() <= 40, "number", "请填写发票号（40 字以内）"),
            ((-AMOUNT_MOST..=AMOUNT_MOST).contains(&self.amount_fen.0), "amount", "金额最多一亿元"),
            ((1..=RECEIPTS_MOST).contains(&self.receipts.len()), "receipts", "请勾选 1 到 200 张收货单"),
            (once.len() == self.receipts.len(), "receipts", "同一张收货单勾选了两次"),
            (self.difference_note.chars().count() <= REASON_MOST, "difference_note", "最多 200 个字"),
        ];
        if let Some((_, field, message)) = judged.into_iter().find(|(fine, ..)| !fine) {
            return Err(Fault::invalid(field, message));
        }
        if self.tax_percent.is_some_and(|percent| percent > 100) {
            return Err(Fault::invalid("tax_percent", "税率须是 0 到 100 的整数"));
        }
        for (at, part) in self.parts.iter().enumerate() {
            let twice = self.parts[..at].iter().any(|earlier| earlier.receipt_id == part.receipt_id);
            if twice || !self.receipts.contains(&part.receipt_id) {
                return Err(Fault::invalid(&part_field(part.receipt_id), "请先勾选这张收货单，并只填一次金额"));
            }
        }
        Ok(())
    }

    /// How much of a receipt of which so much is left the invoice is for.
    ///
    /// Faults: `Invalid` beside `part.{receipt}` for more than is left, or the other way round.
    pub fn part_of(&self, receipt: Uuid, left: Fen) -> Result<Fen, Fault> {
        let Some(part) = self.parts.iter().find(|part| part.receipt_id == receipt) else { return Ok(left) };
        let amount = part.amount_fen;
        if amount.0.signum() == left.0.signum() && amount.0.unsigned_abs() <= left.0.unsigned_abs() && amount.0 != 0 {
            return Ok(amount);
        }
        Err(Fault::invalid(&part_field(receipt), format!("这张收货单还有 {left} 未开票，请填写不超过它的金额")))
    }

    /// Reads the command from a form: `key`, `supplier`, `number`, `dated`, `amount` in yuan, `receipt.{id}`,
    /// `part.{id}` in yuan, `tax_percent`, `difference_note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let supplier_id = read.parse("supplier", "请选择供应商");
        let dated = read.parse("dated", "请选择开票日期");
        let signed = |text: &str| match text.strip_prefix('-') {
            Some(credit) => Fen::typed(credit).map(|amount| Fen(-amount.0)),
            None => Fen::typed(text),
        };
        let amount = signed(fields.text("amount"));
        if amount.is_none() {
            read.complain("amount", "请填写发票金额（元），红字发票前加 -");
        }
        if fields.given("number").is_none() {
            read.complain("number", "请填写发票号（40 字以内）");
        }
        let number = read.text("number", 40);
        let note = read.text("difference_note", REASON_MOST);
        let receipts: Option<Vec<Uuid>> = fields.under("receipt.").map(|(id, _)| id.parse().ok()).collect();
        if receipts.as_ref().is_none_or(Vec::is_empty) {
            read.complain("receipts", "请勾选这张发票对应的收货单");
        }
        let mut parts = Vec::new();
        for (receipt, text) in fields.under("part.") {
            match (receipt.parse(), signed(text)) {
                (Ok(receipt_id), Some(amount_fen)) => parts.push(ReceiptPart { receipt_id, amount_fen }),
                (Ok(receipt_id), None) => read.complain(&part_field(receipt_id), "请填写金额（元），或留空"),
                (Err(_), _) => return Err(Fault::NotFound("这张收货单")),
            }
        }
        let tax_percent = match fields.given("tax_percent") {
            None => Some(None),
            Some(_) => read.parse("tax_percent", "税率须是 0 到 100 的整数").map(Some),
        };
        read.finish(|| {
            Some(Self {
                parts,
                tax_percent: tax_percent?,
                id: id?,
                supplier_id: supplier_id?,
                number: number?,
                dated: dated?,
                amount_fen: amount?,
                receipts: receipts?,
                difference_note: note?,
            })
        })
    }

    /// When it is due under these terms; its own date where no later one can be told.
    pub fn due_on(&self, terms_days: i32) -> NaiveDate {
        let days = Days::new(u64::try_from(terms_days).unwrap_or(0));
        self.dated.checked_add_days(days).unwrap_or(self.dated)
    }
}

/// Takes an invoice back that was entered wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "api", schema(as = TakeBackSupplierInvoice))]
pub struct TakeBackInvoice {
    /// Why.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub reason: String,
}

impl TakeBackInvoice {
    /// Reads the command from a form: `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let command = Self { reason: fields.text("reason").to_owned() };
        command.checked().map(|_| ())?;
        Ok(command)
    }

    /// The reason.
    ///
    /// Faults: `Invalid` beside `reason`.
    pub fn checked(&self) -> Result<&str, Fault> {
        checked_reason("reason", &self.reason, "请写明作废原因（200 字以内）")
    }
}

/// Which invoices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListInvoices {
    /// Only in this state.
    pub state: Option<InvoiceState>,
    /// Only of this supplier.
    pub supplier: Option<SupplierId>,
    /// How many at most; 1 to 200.
    pub most: usize,
    /// Where to read on.
    pub after: Option<InvoiceId>,
}

impl ListInvoices {
    /// Reads the filters of an address: `state`, `supplier`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            state: InvoiceState::from_code(fields.text("state")),
            supplier: fields.text("supplier").parse().ok(),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("state", self.state.map_or("", InvoiceState::code).to_owned()),
            ("supplier", self.supplier.map(|id| id.to_string()).unwrap_or_default()),
        ]
    }
}

/// An invoice as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct InvoiceCard {
    /// Its identity.
    pub id: InvoiceId,
    /// The supplier's number of it.
    pub number: String,
    /// Whose.
    pub supplier_id: SupplierId,
    /// What they are called.
    pub supplier: String,
    /// Its date.
    pub dated: NaiveDate,
    /// When it is due.
    pub due_on: NaiveDate,
    /// What it comes to; negative for a credit.
    pub amount_fen: Fen,
    /// What arrived, less what went back, comes to at the orders' prices.
    pub received_fen: Fen,
    /// What is paid of it; negative for a credit.
    pub paid_fen: Fen,
    /// What is left to pay; negative for a credit, nothing where it was taken back.
    pub rest_fen: Fen,
    /// Whether it is paid: nothing is left.
    pub state: InvoiceState,
    /// How many days it is overdue; nothing where it is paid or not due.
    pub overdue_days: i64,
}

/// An invoice's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct InvoiceView {
    /// What a list shows of it.
    #[serde(flatten)]
    pub card: InvoiceCard,
    /// What was ordered on the orders of its receipts, at their prices.
    pub ordered_fen: Fen,
    /// What it is for.
    pub receipts: Vec<Billable>,
    /// The rate of tax that the amount includes, in per cent, where the invoice says so.
    pub tax_percent: Option<u8>,
    /// That tax.
    pub tax_fen: Option<Fen>,
    /// Why it differs from what arrived.
    pub difference_note: String,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: DateTime<Utc>,
    /// What was paid of it, those that were taken back as well, in the order in which they were entered.
    pub payments: Vec<InvoicePayment>,
    /// When the last of it was paid, where nothing is left.
    pub paid_on: Option<NaiveDate>,
    /// The bank's number of that payment.
    pub reference: Option<String>,
    /// Who said so.
    pub paid_by: Option<String>,
    /// Who took it back, where it was entered wrongly.
    pub taken_back_by: Option<String>,
    /// When.
    pub taken_back_at: Option<DateTime<Utc>>,
    /// Why.
    pub taken_back_reason: Option<String>,
}

/// What is owed, by how long it has been due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Ageing {
    /// Not due yet.
    pub not_due_fen: Fen,
    /// Up to 30 days overdue.
    pub to_30_fen: Fen,
    /// 31 to 60 days overdue.
    pub to_60_fen: Fen,
    /// Longer.
    pub beyond_fen: Fen,
}

impl Ageing {
    /// All of it.
    pub fn total(&self) -> Fen {
        [self.not_due_fen, self.to_30_fen, self.to_60_fen, self.beyond_fen].into_iter().sum()
    }

    /// What is overdue of it.
    pub fn overdue(&self) -> Fen {
        [self.to_30_fen, self.to_60_fen, self.beyond_fen].into_iter().sum()
    }
}

/// Shares what is left of open invoices out by how many days each is overdue.
pub fn ageing(open: impl IntoIterator<Item = (i64, Fen)>) -> Ageing {
    let mut found = Ageing::default();
    for (overdue_days, amount) in open {
        let part = match overdue_days {
            ..=0 => &mut found.not_due_fen,
            1..=30 => &mut found.to_30_fen,
            31..=60 => &mut found.to_60_fen,
            _ => &mut found.beyond_fen,
        };
        part.0 = part.0.saturating_add(amount.0);
    }
    found
}

/// What is owed to one supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Payables {
    /// To whom.
    pub supplier_id: SupplierId,
    /// What they are called.
    pub supplier: String,
    /// What their open invoices come to.
    pub invoiced_fen: Fen,
    /// What is paid of these.
    pub paid_fen: Fen,
    /// What is left of these, by how long it has been due.
    #[serde(flatten)]
    pub ageing: Ageing,
    /// What arrived and is on no invoice yet, less what went back.
    pub not_invoiced_fen: Fen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_shared_out_by_age_and_nothing_is_lost() {
        let open = [(-3, 100), (0, 20), (1, 5), (30, 6), (31, 7), (60, 8), (61, 9), (400, -2)];
        let found = ageing(open.map(|(days, fen)| (days, Fen(fen))));
        let parts = [found.not_due_fen, found.to_30_fen, found.to_60_fen, found.beyond_fen];
        assert_eq!(parts, [Fen(120), Fen(11), Fen(15), Fen(7)]);
        assert_eq!((found.total(), found.overdue()), (Fen(153), Fen(33)));
    }

    #[test]
    fn tax_is_what_an_amount_includes_and_a_part_is_no_more_than_is_left() {
        assert_eq!(tax_within(Fen(11_300), 13), Fen(1_300));
        assert_eq!((tax_within(Fen(-11_300), 13), tax_within(Fen(99), 0)), (Fen(-1_300), Fen(0)));
        let (receipt, dated) = (Uuid::from_u128(1), NaiveDate::default());
        let part = |amount| EnterInvoice {
            id: InvoiceId(Uuid::from_u128(2)),
            supplier_id: SupplierId(Uuid::from_u128(3)),
            number: "1".into(),
            dated,
            amount_fen: Fen(amount),
            receipts: vec![receipt],
            parts: vec![ReceiptPart { receipt_id: receipt, amount_fen: Fen(amount) }],
            tax_percent: None,
            difference_note: String::new(),
        };
        assert_eq!(part(300).part_of(receipt, Fen(500)), Ok(Fen(300)));
        assert_eq!(part(-300).part_of(receipt, Fen(-500)), Ok(Fen(-300)));
        for (amount, left) in [(600, 500), (-300, 500), (0, 500), (300, -500)] {
            assert!(part(amount).part_of(receipt, Fen(left)).is_err(), "{amount} of {left}");
        }
    }
}
