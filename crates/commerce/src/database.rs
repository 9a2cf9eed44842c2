//! How commerce reaches PostgreSQL, and what its errors mean to people.

use domain::Fault;
use sqlx::{
    PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// The schema, from the first migration on. The owner runs it.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Connections in the two roles as which the server works. Neither owns anything, and row-level security holds
/// for both.
#[derive(Clone)]
pub struct Pools {
    /// What people and programs ask for is done here, as `mendian_app`: only inside a transaction that says who
    /// asks is anything seen of what belongs to stores and members.
    pub people: PgPool,
    /// The server's own work, as `mendian_house`: who asks, rounds that serve many, callbacks, jobs.
    pub house: PgPool,
}

/// How long one statement of people's may take, the wait for locks included; PostgreSQL then stops it. Pages take
/// milliseconds; a search through everything there is must not take the machine from the shoppers. The server's own
/// work may take as long as it needs.
const PEOPLE_WAIT: &str = "set statement_timeout = '10s'";

impl Pools {
    /// Two pools with these options.
    pub async fn connect(options: PgPoolOptions, connect: PgConnectOptions) -> sqlx::Result<Self> {
        let house = options.clone().after_connect(|connection, _| {
            Box::pin(async move { sqlx::query("set role mendian_house").execute(connection).await.map(drop) })
        });
        let people = options.after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query(PEOPLE_WAIT).execute(&mut *connection).await?;
                sqlx::query("set role mendian_app").execute(connection).await.map(drop)
            })
        });
        Ok(Self { house: house.connect_with(connect.clone()).await?, people: people.connect_with(connect).await? })
    }
}

/// Refuses a database that forgets what it confirmed: money and stock need a durable commit.
pub async fn refuse_unsafe_durability(pool: &PgPool) -> Result<(), String> {
    for setting in ["fsync", "full_page_writes"] {
        let value: Result<String, _> =
            sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(pool).await;
        match value.as_deref() {
            Ok("on") => {}
            Ok(_) => {
                return Err(format!(
                    "PostgreSQL runs with {setting} = off and would lose confirmed orders in a crash; turn it on"
                ));
            }
            Err(error) => return Err(format!("PostgreSQL does not tell its setting {setting}: {error}")),
        }
    }
    Ok(())
}

/// Turns a database error into a fault.
pub(crate) trait OrFault<T> {
    /// The value, or what its absence means to the caller.
    fn or_fault(self) -> Result<T, Fault>;
}

impl<T> OrFault<T> for sqlx::Result<T> {
    fn or_fault(self) -> Result<T, Fault> {
        self.map_err(fault_of)
    }
}

fn fault_of(error: sqlx::Error) -> Fault {
    let hidden = error.to_string();
    let unreachable = || Fault::Upstream { who: "数据库", hidden: hidden.clone() };
    match &error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => unreachable(),
        sqlx::Error::Database(database) => match (database.constraint(), database.code().as_deref()) {
            (Some("stock_promises_covered"), _) => Fault::SoldOut(Vec::new()),
            (Some("suppliers_code"), _) => Fault::invalid("code", "已有供应商使用这个编号，请换一个"),
            (Some("supplier_invoices_number"), _) => {
                Fault::invalid("number", "这个供应商的这张发票已经登记过，请核对发票号")
            }
            (Some("members_phone"), _) => Fault::conflict("phone_taken", "这个手机号已经注册"),
            (Some("roles_name"), _) => Fault::invalid("name", "已有同名角色，请换一个名称"),
            (Some("store_groups_name"), _) => Fault::invalid("name", "已有同名门店组，请换一个名称"),
            (Some("merchants_name"), _) => Fault::invalid("name", "已有同名商户，请换一个名称"),
            (Some("merchants_code"), _) => Fault::invalid("code", "已有商户使用这个编号，请换一个"),
            (Some("departments_name"), _) => Fault::invalid("name", "已有同名部门，请换一个名称"),
            (Some("stores_of_merchants"), _) => {
                Fault::conflict("store_of_merchant", "有门店属于商户，只能是「入驻」：请先在商户页移出，再改经营方式")
            }
            (Some("proposals_one_open"), _) => {
                Fault::conflict("proposal_open", "这件商品已有一份同类申请在等待审批，请先撤回或等待结果")
            }
            (Some("warehouses_code"), _) => Fault::invalid("code", "这个仓库编号已被使用"),
            (Some("freight_templates_name"), _) => Fault::invalid("name", "已有同名运费模板，请换一个名称"),
            (Some("parcels_number"), _) => {
                Fault::invalid("tracking_number", "这个快递单号已用于另一个包裹，请核对后重新填写")
            }
            (Some("parcels_pkey" | "rides_pkey" | "supplier_payments_pkey"), _) => {
                Fault::conflict("key_reused", "这个页面已经提交过，请刷新后再试")
            }
            (Some("rides_open"), _) => Fault::conflict("ride_open", "已经呼叫了骑手，请先取消那一次"),
            (Some("stores_code"), _) => Fault::invalid("code", "这个门店编号已被使用"),
            // A NUL, which text may not have in PostgreSQL and nobody types.
            (_, Some("22021")) => Fault::invalid("", "文字里有不能使用的字符，请删除后再试"),
            // A statement that took longer than people may wait.
            (_, Some("57014")) => unreachable(),
            // Class 57P: shutting down, crashed, starting; class 08: connection lost; 53300: full.
            (_, Some(code)) if code.starts_with("57P") || code.starts_with("08") || code == "53300" => unreachable(),
            _ => Fault::Internal(hidden),
        },
        _ => Fault::Internal(hidden),
    }
}
