//! Head office's imports, done behind the pages: a file is read and judged, and once somebody has
//! confirmed it, written.

use std::{collections::BTreeMap, convert::Infallible};

use commerce::{
    Scope,
    imports::{
        products::{self, Listing},
        sent::{self, Due, Judged, Rows},
        supply,
    },
    stores,
};
use domain::{
    Fault,
    import::{
        AllocationField, Columns, Field, ImportKind, ImportReport, ImportState, Lacking, ProductSheet, RowNote, Sheet,
        StoreSheet, SupplySheet,
    },
};
use intake::{Form, Table};
use tokio::runtime::Handle;
use uuid::Uuid;

/// Rows that a page shows as they were read.
const FIRST: usize = 20;
/// Complaints that a page shows; the file of rejects has them all.
const NOTES: usize = 200;

/// Does the next step of an import; `false` where none waits.
///
/// It has a thread of its own: unpacking a workbook and judging its rows take seconds, and pages must not
/// wait for them.
pub async fn work(scope: Scope) -> Result<bool, Fault> {
    let Some(due) = sent::take(&scope).await? else { return Ok(false) };
    let (id, own) = (due.id, scope.clone());
    let done = tokio::task::spawn_blocking(move || Handle::current().block_on(step(&own, due)));
    tokio::select! {
        done = done => done.map_err(|error| Fault::Internal(error.to_string()))?,
        never = stay(&scope, id) => match never {},
    }
}

/// Keeps other servers from taking it too.
async fn stay(scope: &Scope, id: Uuid) -> Infallible {
    loop {
        tokio::time::sleep(sent::STAY_EVERY).await;
        if let Err(fault) = sent::stay(scope, id).await {
            tracing::warn!(import = %id, ?fault, "it cannot be said that the import is being done");
        }
    }
}

async fn step(scope: &Scope, mut due: Due) -> Result<bool, Fault> {
    let content = std::mem::take(&mut due.content);
    let done = match intake::read(&content, &Form::default()) {
        Ok(table) => judge(scope, &due, &one_row_each(scope, &due, table).await?).await,
        Err(error) => {
            let report = ImportReport { refusal: Some(in_chinese(&error)), ..ImportReport::default() };
            sent::refuse(scope, &due, ImportState::Broken, Judged { report, ..Judged::default() }).await
        }
    };
    match done {
        Err(Fault::Conflict { code: sent::STOPPED, .. }) => Ok(true),
        // What does not answer just now is asked again; what is refused, or a mistake of ours, would be so for ever.
        Err(fault) if !matches!(fault, Fault::Upstream { .. }) => {
            if let Some(hidden) = fault.hidden() {
                tracing::error!(import = %due.id, hidden, "an import failed");
            }
            let refusal = match fault {
                Fault::Internal(_) => "系统出了点问题，我们已记录；没有改动任何数据，请稍后重新上传".to_owned(),
                refused => format!("{}；没有改动任何数据，请修改后重新上传", refused.message()),
            };
            let report = ImportReport { refusal: Some(refusal), ..ImportReport::default() };
            let judged = Judged { report, ..Judged::default() };
            sent::refuse(scope, &due, ImportState::Broken, judged).await.map(|()| true)
        }
        done => done.map(|()| true),
    }
}

/// What is wrong with a file, for people.
fn in_chinese(error: &intake::Unreadable) -> String {
    use intake::Unreadable;
    match error {
        Unreadable::TooLarge(_) => format!("文件超过 {} MB；请分成几个文件", intake::MOST_BYTES >> 20),
        Unreadable::Unpacks => "工作簿解压后过大；请另存为 CSV 或分成几个文件".into(),
        Unreadable::Empty => "文件里没有内容；第一行须是列名".into(),
        Unreadable::NoRows => "表头下面没有数据行".into(),
        Unreadable::TooWide(columns) => {
            format!("表格有 {columns} 列，最多 {} 列；请删去不需要的列", intake::MOST_COLUMNS)
        }
        Unreadable::NoText => "这不是表格文件（像是图片或其他文件）；请上传 CSV、XLSX、XLS 或 ODS".into(),
        Unreadable::Encoding(line) => format!("第 {line} 行的文字编码无法识别；请另存为“CSV UTF-8”或工作簿"),
        Unreadable::Workbook(_) => "工作簿无法打开，可能已损坏或有密码；请在 Excel 中另存后再试".into(),
        Unreadable::NoSheet(name) => format!("工作簿里没有工作表“{name}”"),
        Unreadable::Csv(reason) => format!("表格无法读取：{reason}"),
    }
}

/// Allocations are planned as a table of variants by stores; they are judged as a row for each store.
async fn one_row_each(scope: &Scope, due: &Due, table: Table) -> Result<Table, Fault> {
    if due.kind != ImportKind::Allocations {
        return Ok(table);
    }
    let stores = supply::known(scope).await?.stores;
    Ok(table.lengthened(
        |name| stores.contains_key(name),
        AllocationField::Store.label(),
        AllocationField::Quantity.label(),
    ))
}

/// Judges a table of what is bought, priced or allotted, whose rows are of the kind that `Rows` has under this name.
macro_rules! supplied {
    ($scope:ident, $due:ident, $table:ident, $report:ident, $header:ident, $rows:ident) => {
        match SupplySheet::new(columns(&$due.options.columns, &$header), &$header) {
            Err(lacking) => lacks($scope, $due, $report, &lacking).await,
            Ok(sheet) => {
                let mut sheet = sheet.knowing(supply::known($scope).await?);
                let judged = read_all($table, &mut sheet, $report);
                sent::carry_out($scope, $due, Rows::$rows(&sheet.rows), judged).await
            }
        }
    };
}

async fn judge(scope: &Scope, due: &Due, table: &Table) -> Result<(), Fault> {
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    let report = ImportReport {
        read_as: table.read_as.clone(),
        header: table.header.clone(),
        first: table.rows.iter().take(FIRST).cloned().collect(),
        ..ImportReport::default()
    };
    match due.kind {
        ImportKind::Stores => match StoreSheet::new(columns(&due.options.columns, &header), &header) {
            Err(lacking) => lacks(scope, due, report, &lacking).await,
            Ok(sheet) => {
                let regions = stores::import::region_codes(scope).await?;
                let mut sheet = sheet.in_datum(due.options.datum()).knowing(regions);
                let judged = read_all(table, &mut sheet, report);
                sent::carry_out(scope, due, Rows::Stores(&sheet.rows), judged).await
            }
        },
        ImportKind::Products => match ProductSheet::new(columns(&due.options.columns, &header), &header) {
            Err(lacking) => lacks(scope, due, report, &lacking).await,
            Ok(sheet) => {
                let mut sheet = sheet.knowing(products::known(scope).await?);
                let judged = read_all(table, &mut sheet, report);
                let listing = if due.options.list { Listing::AtAllStoresOfTheBrand } else { Listing::Nowhere };
                let rows = Rows::Products(&sheet.products, sheet.kept(), listing);
                sent::carry_out(scope, due, rows, judged).await
            }
        },
        ImportKind::Suppliers => supplied!(scope, due, table, report, header, Suppliers),
        ImportKind::Purchases => supplied!(scope, due, table, report, header, Purchases),
        ImportKind::SupplyPrices => supplied!(scope, due, table, report, header, SupplyPrices),
        ImportKind::Allocations => supplied!(scope, due, table, report, header, Allocations),
    }
}

/// The columns chosen by hand; those remembered of an earlier file that this one does not have are
/// guessed anew.
fn columns<F: Field>(chosen: &BTreeMap<String, String>, header: &[&str]) -> Columns<F> {
    let mut columns = Columns::default();
    for field in F::ALL {
        let column = chosen.get(field.ours());
        let is_there = |column: &&String| column.is_empty() || header.iter().any(|name| name.trim() == column.trim());
        if let Some(column) = column.filter(is_there) {
            columns.choose(*field, column);
        }
    }
    columns
}

/// Columns lack: the page asks for them.
async fn lacks(scope: &Scope, due: &Due, report: ImportReport, lacking: &Lacking) -> Result<(), Fault> {
    let report = ImportReport { refusal: Some(lacking.chinese()), columns: due.options.columns.clone(), ..report };
    sent::refuse(scope, due, ImportState::Ready, Judged { report, ..Judged::default() }).await
}

fn read_all(table: &Table, sheet: &mut dyn Sheet, report: ImportReport) -> Judged {
    let (mut notes, mut notes_total, mut rejected) = (Vec::new(), 0, Vec::new());
    for (line, record) in &table.rows {
        let cells: Vec<&str> = record.iter().map(String::as_str).collect();
        let (complaints, is_warning) = match sheet.read(*line, &cells) {
            Ok(warnings) => (warnings, true),
            Err(complaints) => (complaints, false),
        };
        let own: Vec<_> = complaints.into_iter().map(|one| RowNote::new(*line, one, is_warning)).collect();
        notes_total += own.len();
        if !is_warning {
            let reasons = own.iter().map(|note| format!("{} {}", note.column, note.reason).trim().to_owned());
            rejected.push((record, reasons.collect::<Vec<_>>().join("；")));
        }
        notes.extend(own.into_iter().take(NOTES.saturating_sub(notes.len())));
    }
    let rejects = (!rejected.is_empty()).then(|| {
        let header = table.header.iter().map(String::as_str).chain(["问题"]);
        let rows = rejected.iter().map(|(record, reason)| {
            let lacking = table.header.len().saturating_sub(record.len());
            let cells = record.iter().map(String::as_str).take(table.header.len());
            cells.chain(std::iter::repeat_n("", lacking)).chain([reason.as_str()]).collect()
        });
        intake::csv(&header.collect::<Vec<_>>(), rows)
    });
    let columns = sheet.found().into_iter().map(|(ours, column)| (ours.to_owned(), column)).collect();
    let report = ImportReport { columns, notes, notes_total, ..report };
    Judged { report, rejected: rejected.len(), rejects }
}
