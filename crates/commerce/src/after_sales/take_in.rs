//! What came back of a request: counted piece by piece, booked, and what did not come left out of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AfterSalesId, Fault, Fen, Quantity, StoreId,
    after_sales::{AfterSalesLine, AskedLine, Came, Condition, MissingLine, worth_of},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Request, read};
use crate::{
    Scope,
    database::OrFault,
    stock::{self, Cause, Document, Pieces},
};

/// The goods of a request: what is part of it, and what was before it came to a counter.
pub(super) struct Goods {
    pub lines: Vec<AfterSalesLine>,
    missing: Vec<MissingLine>,
}

impl Goods {
    pub async fn of(tx: &mut PgConnection, id: AfterSalesId) -> Result<Self, Fault> {
        Ok(Self { lines: read::lines(tx, id).await?, missing: read::missing(tx, id).await? })
    }

    /// The lines as they were asked for.
    pub fn asked(&self) -> Vec<AskedLine> {
        let kept = self.lines.iter().map(|line| (line.line, &line.name, line.quantity.get()));
        let missing = self.missing.iter().map(|line| (line.line, &line.name, line.quantity.get()));
        let mut asked = BTreeMap::<i32, AskedLine>::new();
        for (line, name, pieces) in kept.chain(missing) {
            let one = asked.entry(line).or_insert_with(|| AskedLine { line, name: name.clone(), pieces: 0 });
            one.pieces += pieces;
        }
        asked.into_values().collect()
    }

    /// What came of each, once it has.
    pub fn came(&self) -> BTreeMap<i32, Came> {
        let none = self.missing.iter().map(|line| (line.line, Came::default()));
        none.chain(self.lines.iter().map(|line| (line.line, line.came.unwrap_or_default()))).collect()
    }

    /// What its history tells beyond that the goods came; nothing where all came in one state.
    pub fn note(&self, came: &BTreeMap<i32, Came>) -> String {
        let asked: i64 = self.lines.iter().map(|line| line.quantity.get()).sum();
        let mut sum = Came::default();
        for pieces in came.values() {
            sum.restock += pieces.restock;
            sum.scrap += pieces.scrap;
            sum.supplier += pieces.supplier;
        }
        let missing = asked - sum.all();
        let mixed = sum.mostly().is_some_and(|mostly| sum.of(mostly) != sum.all());
        match (missing, mixed) {
            (0, false) => String::new(),
            (0, true) => format!("收到 {} 件：{}", sum.all(), sum.text()),
            _ => format!("申请 {asked} 件，收到 {} 件：{}；没有收到的 {missing} 件不再退", sum.all(), sum.text()),
        }
    }
}

/// Leaves what did not come out of a locked request: its lines, and what goes back, are of what came alone. Answers
/// the lines that are left.
pub(super) async fn leave_out_missing(
    tx: &mut PgConnection,
    request: &mut Request,
    lines: Vec<AfterSalesLine>,
    came: &BTreeMap<i32, Came>,
) -> Result<Vec<AfterSalesLine>, Fault> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut less = Fen::ZERO;
    for line in lines {
        let pieces = came.get(&line.line).map_or(0, |pieces| pieces.all());
        if pieces == line.quantity.get() {
            kept.push(line);
            continue;
        }
        let unfit = || Fault::Internal(format!("after-sales {}: {pieces} pieces of line {}", request.id, line.line));
        let (paid, refund) = worth_of(&line, pieces).ok_or_else(unfit)?;
        let back_less = line.refund_fen.0.checked_sub(refund.0).filter(|fen| *fen >= 0).map(Fen).ok_or_else(unfit)?;
        write_missing(tx, request.id, &line, line.quantity.get() - pieces, back_less).await?;
        less = less.checked_add(back_less).ok_or_else(unfit)?;
        match Quantity::try_from(pieces) {
            Ok(quantity) => {
                let left = AfterSalesLine { quantity, paid_fen: paid, refund_fen: refund, ..line };
                lower(tx, request.id, &left).await?;
                kept.push(left);
            }
            Err(_) => strike(tx, request.id, line.line).await?,
        }
    }
    if less > Fen::ZERO {
        request.refund = Fen(request.refund.0 - less.0);
        sqlx::query!("update after_sales set refund_fen = $2 where id = $1", request.id.0, request.refund.0)
            .execute(tx)
            .await
            .or_fault()?;
    }
    Ok(kept)
}

async fn write_missing(
    tx: &mut PgConnection,
    id: AfterSalesId,
    line: &AfterSalesLine,
    pieces: i64,
    refund: Fen,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into after_sales_missing (after_sales_id, line, name, spec, quantity, refund_fen)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        line.line,
        line.name,
        line.spec,
        pieces,
        refund.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn lower(tx: &mut PgConnection, id: AfterSalesId, line: &AfterSalesLine) -> Result<(), Fault> {
    sqlx::query!(
        "update after_sales_lines set quantity = $3, paid_fen = $4, refund_fen = $5 where after_sales_id = $1 and line = $2",
        id.0,
        line.line,
        line.quantity.get(),
        line.paid_fen.0,
        line.refund_fen.0,
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

async fn strike(tx: &mut PgConnection, id: AfterSalesId, line: i32) -> Result<(), Fault> {
    sqlx::query!("delete from after_sales_lines where after_sales_id = $1 and line = $2", id.0, line)
        .execute(tx)
        .await
        .or_fault()?;
    Ok(())
}

/// Writes who took the goods, and how many came in which state. What is for the supplier is set apart by it.
pub(super) async fn note_came(
    tx: &mut PgConnection,
    request: &Request,
    store: StoreId,
    came: &BTreeMap<i32, Came>,
) -> Result<(), Fault> {
    sqlx::query!("update after_sales set received_store_id = $2 where id = $1", request.id.0, store.0)
        .execute(&mut *tx)
        .await
        .or_fault()?;
    let said = || came.iter().filter_map(|(line, pieces)| Some((*line, pieces.mostly()?, *pieces)));
    let lines: Vec<i32> = said().map(|(line, ..)| line).collect();
    let mostly: Vec<String> = said().map(|(_, mostly, _)| mostly.code().to_owned()).collect();
    let pieces = |condition| said().map(|(_, _, pieces)| pieces.of(condition)).collect::<Vec<i64>>();
    sqlx::query!(
        "update after_sales_lines l set condition = c.condition, restock_pieces = c.restock, scrap_pieces = c.scrap,
                                        supplier_pieces = c.supplier
         from unnest((select $2::integer[]), (select $3::text[]), (select $4::bigint[]), (select $5::bigint[]),
                     (select $6::bigint[])) as c (line, condition, restock, scrap, supplier)
         where l.after_sales_id = $1 and l.line = c.line",
        request.id.0,
        &lines,
        &mostly,
        &pieces(Condition::Restock),
        &pieces(Condition::Scrap),
        &pieces(Condition::Supplier),
    )
    .execute(tx)
    .await
    .or_fault()?;
    Ok(())
}

/// Books the goods in; what cannot be sold again out again, as a loss or for the supplier; and what comes in exchange
/// out. All shelves are locked first, in one order.
pub(super) async fn move_goods(
    tx: &mut PgConnection,
    scope: &Scope,
    id: AfterSalesId,
    store: StoreId,
    lines: &[AfterSalesLine],
    came: &BTreeMap<i32, Came>,
) -> Result<(), Fault> {
    let skus = lines.iter().flat_map(|line| [Some(line.sku_id), line.exchange_for]).flatten();
    let shelves: BTreeSet<(Uuid, Uuid)> = skus.map(|sku| (store.0, sku.0)).collect();
    stock::lock(tx, shelves).await?;
    let document = |cause| Document { cause, id: Some(id.0) };
    let came_of = |line: &AfterSalesLine| came.get(&line.line).copied().unwrap_or_default();
    let pieces = |many: &dyn Fn(Came) -> i64| -> Vec<Pieces> {
        let of = |line: &AfterSalesLine| Pieces { sku: line.sku_id.0, quantity: many(came_of(line)) };
        lines.iter().map(of).filter(|pieces| pieces.quantity != 0).collect()
    };
    stock::book(tx, scope, store.0, document(Cause::Return), &pieces(&Came::all)).await?;
    for (condition, cause) in [(Condition::Scrap, Cause::Loss), (Condition::Supplier, Cause::SupplierReturn)] {
        let gone = pieces(&|came| -came.of(condition));
        if !gone.is_empty() {
            stock::book(tx, scope, store.0, document(cause), &gone).await?;
        }
    }
    let given = lines.iter().filter_map(|line| {
        Some(Pieces { sku: line.exchange_for?.0, quantity: came_of(line).all() }).filter(|given| given.quantity > 0)
    });
    let given: Vec<Pieces> = given.collect();
    if given.is_empty() {
        return Ok(());
    }
    stock::take(tx, scope, store.0, document(Cause::Issue), &given).await
}
