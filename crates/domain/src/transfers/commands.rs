//! What people and programs ask of transfers.

use serde::{Deserialize, Serialize};

use super::{Pieces, TransferState, field_of, lost_field, returned_field};
use crate::{
    Complaint, Fault, Fields, LocationId, SkuId, TransferId,
    approvals::{REASON_MOST, checked_reason},
    stores::words,
};

/// The most pieces of one line.
pub const PIECES_MOST: i64 = 100_000;
/// The most lines of one document.
pub const LINES_MOST: usize = 200;

/// Asks for goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct RequestTransfer {
    /// Made by the client: the same request again makes no second transfer.
    pub id: TransferId,
    /// From where.
    pub from_id: LocationId,
    /// To where.
    pub to_id: LocationId,
    /// How many of what; 1 to 200 lines of 1 to 100,000 pieces, each variant once.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<Pieces>,
    /// Why, for whoever agrees.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub reason: String,
}

impl RequestTransfer {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `from`, `lines`, `pieces.{sku}` or `reason`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.from_id == self.to_id {
            return Err(Fault::invalid("from", "发货方和收货方不能是同一处"));
        }
        checked_lines(&self.lines)?;
        if self.reason.chars().count() > REASON_MOST {
            return Err(Fault::invalid("reason", format!("最多 {REASON_MOST} 个字")));
        }
        Ok(())
    }

    /// Reads the command from a form: `key`, `source`, `target`, `pieces.{sku}`, `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let mut read = fields.read();
        let id = read.parse("key", "请刷新页面后再试");
        let from_id = read.parse("source", "请选择从哪里调出");
        let to_id = read.parse("target", "请选择调到哪里");
        let reason = read.text("reason", REASON_MOST);
        let header = read.finish(|| Some((id?, from_id?, to_id?, reason?)))?;
        let (id, from_id, to_id, reason) = header;
        Ok(Self { id, from_id, to_id, lines: pieces_of(fields, false)?, reason })
    }
}

/// Refuses no line, too many, too few or too many pieces, and a variant twice.
///
/// Faults: `Invalid` beside `lines` or `pieces.{sku}`.
pub(crate) fn checked_lines(lines: &[Pieces]) -> Result<(), Fault> {
    if lines.is_empty() || lines.len() > LINES_MOST {
        return Err(Fault::invalid("lines", format!("请填写 1 到 {LINES_MOST} 种商品的数量")));
    }
    let mut complaints = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if lines[..at].iter().any(|earlier| earlier.sku_id == line.sku_id) {
            complaints.push(Complaint::new(field_of(line.sku_id), "同一件商品填写了两次"));
        } else if !(1..=PIECES_MOST).contains(&line.quantity) {
            complaints.push(Complaint::new(field_of(line.sku_id), "数量须是 1 到 100,000 的整数"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(Fault::Invalid(complaints)) }
}

/// The fields `pieces.{sku}` of a form. Where an empty one does not say `zero`, it says nothing.
///
/// Faults: `Invalid` beside those that are no number.
pub(crate) fn pieces_of(fields: &Fields, zero: bool) -> Result<Vec<Pieces>, Fault> {
    let (mut lines, mut complaints) = (Vec::new(), Vec::new());
    for (name, value) in &fields.0 {
        let Some(sku) = name.strip_prefix("pieces.") else { continue };
        let Ok(sku_id) = sku.parse::<SkuId>() else { return Err(Fault::NotFound("这件商品")) };
        match value.trim() {
            "" if zero => lines.push(Pieces { sku_id, quantity: 0 }),
            "" => {}
            text => match text.parse() {
                Ok(quantity) => lines.push(Pieces { sku_id, quantity }),
                Err(_) => complaints.push(Complaint::new(name, "请填写整数")),
            },
        }
    }
    if complaints.is_empty() { Ok(lines) } else { Err(Fault::Invalid(complaints)) }
}

/// Agrees to a request, or turns it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct DecideTransfer {
    /// Whether it is agreed to.
    pub approve: bool,
    /// How many of each are agreed to, where it is less than was asked for; nothing is all of it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub lines: Vec<Pieces>,
    /// For whoever asked; needed where it is turned down.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl DecideTransfer {
    /// Reads the command from a form: `verdict` (`approve`, `reject`), `pieces.{sku}`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let approve = match fields.text("verdict") {
            "approve" => true,
            "reject" => false,
            _ => return Err(Fault::invalid("verdict", "请选择同意或拒绝")),
        };
        // What is turned down needs no numbers.
        let lines = if approve { pieces_of(fields, true)? } else { Vec::new() };
        Ok(Self { approve, lines, note: fields.text("note").to_owned() })
    }

    /// The note, where it fits the decision.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        noted("note", &self.note, !self.approve, "请写明拒绝的原因（200 字以内），对方会看到")
    }
}

/// Does not send after all what was agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct CancelTransfer {
    /// Why, for whoever asked.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl CancelTransfer {
    /// The note.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        noted("note", &self.note, true, "请写明取消的原因（200 字以内），对方会看到")
    }
}

/// Sends the goods of a transfer off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ShipTransfer {
    /// How many of each leave, where it is less than was agreed to; nothing is all of it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub lines: Vec<Pieces>,
    /// For the receiver: a carrier's number.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl ShipTransfer {
    /// Reads the command from a form: `pieces.{sku}`, `note`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        Ok(Self { lines: pieces_of(fields, true)?, note: fields.text("note").to_owned() })
    }

    /// The note.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        noted("note", &self.note, false, "最多 200 个字")
    }
}

/// Takes the goods of a transfer in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiveTransfer {
    /// How many of each arrived, where it is less than was shipped; nothing is all of it.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub lines: Vec<Pieces>,
    /// Why less arrived; needed where it did.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub reason: String,
}

impl ReceiveTransfer {
    /// Reads the command from a form: `pieces.{sku}`, `reason`.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        Ok(Self { lines: pieces_of(fields, true)?, reason: fields.text("reason").to_owned() })
    }

    /// The reason, needed where less arrived than was shipped.
    ///
    /// Faults: `Invalid` beside `reason`.
    pub fn checked_reason(&self, less: bool) -> Result<&str, Fault> {
        noted("reason", &self.reason, less, "实收少于发货，请写明原因（200 字以内），例如「破损 2 件」")
    }
}

/// Takes in goods of a transfer that were missing when it was received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct ReceiveRest {
    /// How many of each have arrived by now, those that came first included, so that the same again is the same; a
    /// variant that is not named has stayed as it was, and nothing at all is all of what was missing.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_items = 200))]
    pub lines: Vec<Pieces>,
    /// For both sides.
    #[serde(default)]
    #[cfg_attr(feature = "api", schema(max_length = 200))]
    pub note: String,
}

impl ReceiveRest {
    /// Reads the command from a form: `pieces.{sku}`, `note`. An empty field says nothing.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let lines = pieces_of(fields, false)?;
        if lines.is_empty() {
            return Err(Fault::invalid("lines", "请填写累计实收的件数"));
        }
        Ok(Self { lines, note: fields.text("note").to_owned() })
    }

    /// The note.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        noted("note", &self.note, false, "最多 200 个字")
    }
}

/// What became of a variant's missing pieces by now, counted from the beginning, so that the same again is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct Settled {
    /// Which variant.
    pub sku_id: SkuId,
    /// How many are gone.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub lost: i64,
    /// How many are back on the sender's shelf, or never left it.
    #[cfg_attr(feature = "api", schema(minimum = 0, maximum = 100_000))]
    pub returned: i64,
}

/// Accounts for what was sent and did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub struct SettleTransfer {
    /// For the variants of which something is known; what is not accounted for stays missing and may still arrive.
    #[cfg_attr(feature = "api", schema(min_items = 1, max_items = 200))]
    pub lines: Vec<Settled>,
    /// How it is known.
    #[cfg_attr(feature = "api", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub note: String,
}

impl SettleTransfer {
    /// Reads the command from a form: `lost.{sku}`, `returned.{sku}`, `note`. An empty field is none.
    ///
    /// Faults: `Invalid` beside those that are no number; `NotFound` for what is no variant.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let (mut lines, mut complaints): (Vec<Settled>, Vec<Complaint>) = (Vec::new(), Vec::new());
        for (sku, _) in fields.under("lost.").chain(fields.under("returned.")) {
            let sku_id: SkuId = sku.parse().map_err(|_| Fault::NotFound("这件商品"))?;
            if lines.iter().any(|line| line.sku_id == sku_id) {
                continue;
            }
            let mut number = |field: String| match fields.text(&field).trim() {
                "" => 0,
                text => text.parse().unwrap_or_else(|_| {
                    complaints.push(Complaint::new(field, "请填写整数"));
                    0
                }),
            };
            let (lost, returned) = (number(lost_field(sku_id)), number(returned_field(sku_id)));
            lines.push(Settled { sku_id, lost, returned });
        }
        if !complaints.is_empty() {
            return Err(Fault::Invalid(complaints));
        }
        Ok(Self { lines, note: fields.text("note").to_owned() })
    }

    /// The note.
    ///
    /// Faults: `Invalid` beside `note`.
    pub fn checked_note(&self) -> Result<&str, Fault> {
        noted("note", &self.note, true, "请写明核实的情况（200 字以内）")
    }
}

/// A note without space around it, which may be empty unless it is needed.
fn noted<'a>(field: &str, note: &'a str, needed: bool, message: &str) -> Result<&'a str, Fault> {
    if !needed && note.trim().is_empty() {
        return Ok("");
    }
    checked_reason(field, note, message)
}

/// Parts of the list of transfers, from the view of those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
pub enum TransferTab {
    /// What they are to agree to or to send.
    ToSend,
    /// What is coming to them.
    OnTheWay,
    /// What they have asked for and nobody has sent.
    Asked,
    /// What did not arrive whole and is not accounted for.
    Differences,
}

words!(TransferTab:
    ToSend = "to_send" / "待我方发货", OnTheWay = "on_the_way" / "在途", Asked = "asked" / "我方要货",
    Differences = "differences" / "有差异");

/// Which transfers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTransfers {
    /// Only this part.
    pub tab: Option<TransferTab>,
    /// Only in this state.
    pub state: Option<TransferState>,
    /// Only from or to this store or warehouse.
    pub location: Option<LocationId>,
    /// Words in a number, a name of either end, or a variant's code.
    pub words: String,
    /// How many at most.
    pub most: usize,
    /// Where to read on.
    pub after: Option<TransferId>,
}

impl ListTransfers {
    /// Reads the filters of an address: `tab`, `state`, `location`, `q`, `after`.
    pub fn from_fields(fields: &Fields) -> Self {
        Self {
            tab: TransferTab::from_code(fields.text("tab")),
            state: TransferState::from_code(fields.text("state")),
            location: fields.text("location").parse().ok(),
            words: fields.words("q"),
            most: 0,
            after: fields.text("after").parse().ok(),
        }
    }

    /// The filters as an address has them, but for where the page begins.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tab", self.tab.map_or("", TransferTab::code).to_owned()),
            ("state", self.state.map_or("", TransferState::code).to_owned()),
            ("location", self.location.map(|id| id.to_string()).unwrap_or_default()),
            ("q", self.words.clone()),
        ]
    }
}
