//! The command line and every setting, each with its default.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use domain::geo::Datum;

/// Mendian 门店: one system for a retail chain or a platform.
#[derive(Parser, Debug)]
#[command(name = "mendian", version, about, max_term_width = 100)]
pub struct Cli {
    /// What all commands share.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where the data is and how it is reached.
#[derive(Args, Debug, Clone)]
pub struct Settings {
    /// Where Mendian keeps its data, its own PostgreSQL included.
    #[arg(long, env = "MENDIAN_DATA", default_value = "./data", global = true)]
    pub data: PathBuf,
    /// A PostgreSQL (15 or newer) to use instead of the embedded one. Its user owns the schema.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// What to log, as of `tracing`: `info`, `commerce=debug` …
    #[arg(long, env = "MENDIAN_LOG", default_value = "info,sqlx=warn,tower_http=warn", global = true)]
    pub log: String,
    /// How to log: `text` or `json`.
    #[arg(long, env = "MENDIAN_LOG_FORMAT", default_value = "text", value_parser = ["text", "json"], global = true)]
    pub log_format: String,
}

/// What `mendian` can do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Runs the server: shop at /, console at /console, head office at /hq, JSON at /api/v1.
    Serve(Box<Serve>),
    /// Brings the database's schema up to date.
    Migrate,
    /// Imports data from files.
    #[command(subcommand)]
    Import(Import),
    /// Makes demo data: three brands, their stores, goods and staff, and what they sold. Safe to repeat.
    Demo {
        /// How much of it.
        #[arg(long, value_enum, default_value_t = DemoSize::Lived)]
        size: DemoSize,
        /// How large a chain.
        #[command(flatten)]
        chain: ChainSize,
    },
    /// Prints the OpenAPI document of the JSON API.
    Openapi,
    /// Takes the second step of the log-in away from an account whose app is lost, where nobody is left who could
    /// do so at head office.
    ClearSecondStep {
        /// The account's name.
        account: String,
    },
    /// Checks that stock, orders and money agree; ends with 1 where they do not.
    CheckBooks,
    /// Runs a command with a PostgreSQL of its own that is thrown away, its address in DATABASE_URL.
    #[command(hide = true)]
    ScratchPostgres {
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true)]
        command: Vec<std::ffi::OsString>,
    },
}

/// How much demo data to make.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoSize {
    /// Shops that nobody has bought from yet.
    New,
    /// With members and six months of orders.
    Lived,
    /// With a whole chain on top, to see how everything does at size. It takes minutes and much disk.
    Chain,
}

/// How large the demo's chain is, beside the small demo.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainSize {
    /// Stores of the chain [default: 500].
    #[arg(long, value_name = "N")]
    pub stores: Option<usize>,
    /// SKUs, which each of its stores lists [default: 5000].
    #[arg(long, value_name = "N")]
    pub skus: Option<usize>,
    /// Members [default: 1000000].
    #[arg(long, value_name = "N")]
    pub members: Option<u64>,
    /// Orders of the last twelve months [default: 5000000].
    #[arg(long, value_name = "N")]
    pub orders: Option<u64>,
}

/// What can be imported.
#[derive(Subcommand, Debug)]
pub enum Import {
    /// Stores, from a CSV file or a workbook with a header line.
    Stores(ImportStores),
    /// Products, one row for each variant, from a CSV file or a workbook with a header line.
    Products(ImportProducts),
}

/// How to read a file of stores.
#[derive(Args, Debug)]
pub struct ImportStores {
    /// The file and how it is read.
    #[command(flatten)]
    pub file: ImportFile,
    /// The system of the coordinates: maps of Amap and Tencent use gcj02, of Baidu bd09.
    #[arg(long, value_enum, default_value_t = Coordinates::Wgs84)]
    pub coordinates: Coordinates,
}

/// How to read a file of products.
#[derive(Args, Debug)]
pub struct ImportProducts {
    /// The file and how it is read.
    #[command(flatten)]
    pub file: ImportFile,
    /// Put the file's variants on the shelf of every store of their brand, for the file's price and with the
    /// file's opening stock. What a store has listed already stays as it is.
    #[arg(long)]
    pub list: bool,
}

/// A file to import.
#[derive(Args, Debug)]
pub struct ImportFile {
    /// The file: CSV, XLSX, XLS or ODS.
    pub file: PathBuf,
    /// A column's name in the file for one of ours, as `code="Shop No"`; may be repeated.
    #[arg(long = "map", value_name = "OURS=THEIRS")]
    pub map: Vec<String>,
    /// How the table is written.
    #[command(flatten)]
    pub form: TableForm,
    /// Only tell what would be imported, updated and rejected.
    #[arg(long)]
    pub dry_run: bool,
    /// Where rejected rows go; beside the file, ending `.rejects.csv`, where not given.
    #[arg(long)]
    pub rejects: Option<PathBuf>,
}

/// How a table is written; what is not said is found out.
#[derive(Args, Debug)]
pub struct TableForm {
    /// The encoding of a CSV file without a byte-order mark.
    #[arg(long, value_enum)]
    pub encoding: Option<TableEncoding>,
    /// What stands between the cells of a CSV file: one character, or `tab`.
    #[arg(long, value_parser = separator)]
    pub separator: Option<u8>,
    /// The sheet of a workbook; the first where not given.
    #[arg(long)]
    pub sheet: Option<String>,
}

/// Encodings of CSV files.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableEncoding {
    /// As most programs write.
    #[value(name = "utf-8")]
    Utf8,
    /// As Excel writes on a Chinese Windows; GBK and GB2312 are parts of it.
    Gb18030,
}

impl From<&TableForm> for intake::Form {
    fn from(form: &TableForm) -> Self {
        let encoding = form.encoding.map(|encoding| match encoding {
            TableEncoding::Utf8 => intake::TableEncoding::Utf8,
            TableEncoding::Gb18030 => intake::TableEncoding::Gb18030,
        });
        Self { encoding, separator: form.separator, sheet: form.sheet.clone() }
    }
}

/// Systems of coordinates.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinates {
    /// As satellites and OpenStreetMap say it.
    Wgs84,
    /// The system of maps published in China.
    Gcj02,
    /// Baidu's own, upon the former.
    Bd09,
}

impl From<Coordinates> for Datum {
    fn from(coordinates: Coordinates) -> Self {
        match coordinates {
            Coordinates::Wgs84 => Self::Wgs84,
            Coordinates::Gcj02 => Self::Gcj02,
            Coordinates::Bd09 => Self::Bd09,
        }
    }
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [one] => Ok(*one),
        _ => Err("say one ASCII character, or tab".into()),
    }
}

/// How the server runs.
#[derive(Args, Debug, Clone)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, env = "MENDIAN_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Where to listen for /metrics alone; on the main address where not given.
    #[arg(long, env = "MENDIAN_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// The address people reach this server at; `http://` and the listen address where not given.
    /// It must be https, or http on a loopback address.
    #[arg(long, env = "MENDIAN_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// The address at which gateways reach /callbacks; the public one where not given.
    #[arg(long, env = "MENDIAN_CALLBACK_URL")]
    pub callback_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed, as addresses separated by commas.
    #[arg(long, env = "MENDIAN_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// The folder of the built site: wasm, styles, pictures. Where none is given, the program's own where
    /// it was built with them inside, else target/site.
    #[arg(long, env = "MENDIAN_SITE")]
    pub site: Option<PathBuf>,
    /// Where SMS are sent: the stand-in's address, or an adapter's.
    #[arg(long, env = "MENDIAN_SMS_URL")]
    pub sms_url: Option<String>,
    /// WeChat Pay's merchant file (JSON); without it nothing can be paid.
    #[arg(long, env = "MENDIAN_WECHAT_PAY")]
    pub wechat_pay: Option<PathBuf>,
    /// The file of our apps at WeChat (JSON); without it nobody can log in through WeChat.
    #[arg(long, env = "MENDIAN_WECHAT_LOG_IN")]
    pub wechat_log_in: Option<PathBuf>,
    /// The file of our account at 顺丰同城 (JSON), whose riders bring orders; without it stores' own people bring them.
    #[arg(long, env = "MENDIAN_COURIERS")]
    pub couriers: Option<PathBuf>,
    /// The file of our account at 快递100 (JSON), who tells where parcels are; without it only what stores and shoppers
    /// say is known.
    #[arg(long, env = "MENDIAN_TRACKERS")]
    pub trackers: Option<PathBuf>,
    /// Hosts inside this network that webhooks may reach, also over plain http, as names or addresses
    /// separated by commas. All others must be public and https.
    #[arg(long, env = "MENDIAN_INSIDE_HOSTS", value_delimiter = ',')]
    pub inside_hosts: Vec<String>,
    /// Minutes until an unpaid order gives its stock back.
    #[arg(long, env = "MENDIAN_PAY_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub pay_minutes: u32,
    /// Minutes until an order that its store has not accepted counts as late.
    #[arg(long, env = "MENDIAN_ACCEPT_MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub accept_minutes: u32,
    /// Minutes until such an order is shown to head office.
    #[arg(long, env = "MENDIAN_ESCALATE_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub escalate_minutes: u32,
    /// Unpaid orders one member may have at a time.
    #[arg(long, env = "MENDIAN_UNPAID_MOST", default_value_t = 5)]
    pub unpaid_most: u32,
    /// Orders one member may place in ten minutes.
    #[arg(long, env = "MENDIAN_ORDERS_IN_TEN_MINUTES", default_value_t = 30)]
    pub orders_in_ten_minutes: u32,
    /// Seconds that goods are held for a member before they are ordered.
    #[arg(long, env = "MENDIAN_HOLD_SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(10..=3600))]
    pub hold_seconds: u32,
    /// Such holds one member may have at a time.
    #[arg(long, env = "MENDIAN_HOLDS_MOST", default_value_t = 3)]
    pub holds_most: u32,
    /// Such holds one member may take in ten minutes.
    #[arg(long, env = "MENDIAN_HOLDS_IN_TEN_MINUTES", default_value_t = 30)]
    pub holds_in_ten_minutes: u32,
    /// Codes one phone may be sent in an hour.
    #[arg(long, env = "MENDIAN_CODES_AN_HOUR", default_value_t = 10)]
    pub codes_an_hour: u32,
    /// Log-in tries one address may make in ten minutes.
    #[arg(long, env = "MENDIAN_LOG_INS", default_value_t = 30)]
    pub log_ins_in_ten_minutes: u32,
    /// Whether whoever uses head office's pages must have a second step of the log-in [default: with
    /// `--production`].
    #[arg(long, env = "MENDIAN_SECOND_STEP")]
    pub second_step: Option<bool>,
    /// Connections to the database, in each of the two roles: for what people ask for, and the server's own.
    #[arg(long, env = "MENDIAN_CONNECTIONS", default_value_t = 24)]
    pub connections: u32,
    /// Refuse sample secrets and stand-ins.
    #[arg(long, env = "MENDIAN_PRODUCTION")]
    pub production: bool,
}

impl Serve {
    /// The public address without a slash at its end, checked: a cookie over plain http to
    /// another machine could be read on the way.
    pub fn checked_public_url(&self) -> anyhow::Result<String> {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        let url = url.trim_end_matches('/').to_owned();
        let host = url.strip_prefix("http://").map(|rest| rest.split('/').next().unwrap_or(rest));
        let loopback = |host: &str| {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            name == "localhost"
                || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        };
        match host {
            Some(host) if loopback(host) => Ok(url),
            None if url.starts_with("https://") => Ok(url),
            Some(_) => anyhow::bail!(
                "MENDIAN_PUBLIC_URL is {url}: plain http would send log-ins unprotected; put a TLS proxy in front and set its https address"
            ),
            None => anyhow::bail!(
                "MENDIAN_PUBLIC_URL is {url}: it must begin with https:// (or http:// on a loopback address)"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(url: &str) -> anyhow::Result<String> {
        let cli = Cli::parse_from(["mendian", "serve", "--public-url", url]);
        let Command::Serve(serve) = cli.command else { panic!("not serve") };
        serve.checked_public_url()
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        assert!(serve("http://127.0.0.1:3000").is_ok());
        assert!(serve("http://localhost:3000/").is_ok_and(|url| !url.ends_with('/')));
        assert!(serve("https://shop.example").is_ok());
        assert!(serve("http://shop.example").is_err());
        assert!(serve("http://127.0.0.1.evil.example").is_err());
        assert!(serve("shop.example").is_err());
    }
}
