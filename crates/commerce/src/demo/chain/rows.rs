//! Rows on their way into a table, in the binary format of `COPY`: nothing to quote here, nothing to
//! parse there. <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.4>

use chrono::{DateTime, Utc};
use domain::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database::OrFault;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// PostgreSQL counts microseconds from the beginning of 2000.
const EPOCH_S: i64 = 946_684_800;
/// What is handed to the connection at once; its buffer grows to this.
const PIECE: usize = 256 << 10;

/// Rows for one table. Columns are written in the table's order, each in its own type.
pub(super) struct Rows {
    bytes: Vec<u8>,
    columns: i16,
    count: u64,
}

impl Rows {
    /// No rows yet; each will have so many columns.
    pub fn of(columns: i16) -> Self {
        let mut bytes = SIGNATURE.to_vec();
        // No flags, no further header.
        bytes.extend([0; 8]);
        Self { bytes, columns, count: 0 }
    }

    /// Begins a row.
    pub fn row(&mut self) -> &mut Self {
        self.bytes.extend(self.columns.to_be_bytes());
        self.count += 1;
        self
    }

    fn value(&mut self, value: &[u8]) -> &mut Self {
        // No value here comes near 2 GiB.
        self.bytes.extend((value.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.bytes.extend((-1i32).to_be_bytes());
        self
    }

    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.value(value.as_bytes())
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.value(value.as_bytes())
    }

    pub fn bytea(&mut self, value: &[u8]) -> &mut Self {
        self.value(value)
    }

    pub fn int(&mut self, value: i32) -> &mut Self {
        self.value(&value.to_be_bytes())
    }

    pub fn bigint(&mut self, value: i64) -> &mut Self {
        self.value(&value.to_be_bytes())
    }

    pub fn time(&mut self, value: DateTime<Utc>) -> &mut Self {
        self.bigint(value.timestamp_micros() - EPOCH_S * 1_000_000)
    }

    pub fn uuid_or_null(&mut self, value: Option<Uuid>) -> &mut Self {
        if let Some(value) = value { self.uuid(value) } else { self.null() }
    }

    pub fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        if let Some(value) = value { self.text(value) } else { self.null() }
    }

    pub fn time_or_null(&mut self, value: Option<DateTime<Utc>>) -> &mut Self {
        if let Some(value) = value { self.time(value) } else { self.null() }
    }

    /// Sends them into `table (columns)`; answers how many they were.
    pub async fn copy(mut self, connection: &mut PgConnection, table: &str) -> Result<u64, Fault> {
        self.bytes.extend((-1i16).to_be_bytes());
        let mut copy = connection.copy_in_raw(&format!("copy {table} from stdin (format binary)")).await.or_fault()?;
        for piece in self.bytes.chunks(PIECE) {
            copy.send(piece).await.or_fault()?;
        }
        copy.finish().await.or_fault()?;
        Ok(self.count)
    }
}
