//! A whole Mendian in a folder of its own, ended with the measurement.

use std::{
    fs::{self, File, Permissions},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use hyper::Method;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;

/// Limits are for people, and all this load comes from one address.
const LIMITS: [(&str, &str); 4] = [
    ("MENDIAN_LOG_INS", "1000000"),
    ("MENDIAN_CODES_AN_HOUR", "100000"),
    ("MENDIAN_UNPAID_MOST", "100000"),
    ("MENDIAN_ORDERS_IN_TEN_MINUTES", "100000"),
];
/// [`LIMITS`] as they are printed beside the figures.
pub fn limits_text() -> String {
    LIMITS.map(|(name, value)| format!("{name}={value}")).join(" ")
}

/// What a town stands on.
pub struct Ground {
    /// An empty database, in place of one of the server's own.
    pub database: Option<String>,
    /// A data folder that has its demo already, in place of a new one.
    pub data: Option<PathBuf>,
    /// The size of the demo.
    pub size: String,
}

pub struct Town {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Where WeChat Pay's stand-in listens.
    pub gateway: SocketAddr,
    sms: SocketAddr,
    mendian: PathBuf,
    site: PathBuf,
    folder: TempDir,
    ground: Ground,
    /// The server first: it is ended first.
    running: Vec<Child>,
}

impl Town {
    /// Starts everything and makes the demo.
    pub async fn start(programs: &Path, site: &Path, ground: Ground) -> Result<Self> {
        // As root, PostgreSQL runs as another account, which must be able to pass through.
        let open = Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("mendian-bench-").permissions(open).tempdir_in("/tmp")?;
        let [address, gateway, sms] = [free_port()?, free_port()?, free_port()?];
        let mendian = programs.join("mendian");
        let site = site.to_owned();
        let mut town = Self { address, gateway, sms, mendian, site, folder, ground, running: Vec::new() };
        let sandbox = programs.join("sandbox");
        let gateway_data = town.folder.path().join("gateway");
        town.spawn("sms", Command::new(&sandbox).args(["sms", "--listen", &sms.to_string()]))?;
        let mut pay = Command::new(&sandbox);
        town.spawn(
            "wechat-pay",
            pay.args(["wechat-pay", "--listen", &gateway.to_string(), "--data"]).arg(&gateway_data),
        )?;
        let merchant = gateway_data.join("merchant.json");
        until("the gateway", async || merchant.exists() && tokio::net::TcpStream::connect(gateway).await.is_ok())
            .await?;
        let server = town.command("serve");
        town.listen("server", server, address).await?;
        if town.ground.data.is_none() {
            let made = town.command("demo").args(["--size", &town.ground.size]).stdout(Stdio::null()).status()?;
            ensure!(made.success(), "the demo was not made");
        }
        town.move_to_noon().await?;
        Ok(town)
    }

    /// Starts a server there, and waits until it is ready.
    async fn listen(&mut self, name: &str, mut server: Command, address: SocketAddr) -> Result<()> {
        server.env("MENDIAN_LISTEN", address.to_string()).env("MENDIAN_SITE", &self.site).envs(LIMITS);
        server.env("MENDIAN_SMS_URL", format!("http://{}", self.sms));
        server.env("MENDIAN_WECHAT_PAY", self.folder.path().join("gateway/merchant.json"));
        // As a server that is busy should be set.
        server.env("MENDIAN_LOG", "warn");
        self.spawn(name, &mut server)?;
        until(name, async || {
            let Ok(mut client) = Client::connect(address).await else { return false };
            client.send(Method::GET, "/health", None).await.is_ok_and(|(status, _)| status.is_success())
        })
        .await
    }

    /// Puts all stores into a time zone where it is noon, by head office's own export and import: what is measured
    /// must not depend on the hour, and at night in China no store takes orders.
    async fn move_to_noon(&self) -> Result<()> {
        let mut office = self.staff("hq", "demo-hq-2026").await?;
        let token = office.token.take().context("head office has no session")?;
        let stores = office.page("/hq/stores/all/csv", &format!("mendian-staff={token}")).await?;
        let stores = String::from_utf8(stores.into())?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let ahead = 12 - (seconds / 3_600 % 24) as i64;
        // The names of these zones count westwards.
        let zone = format!("Etc/GMT{:+}", -ahead);
        let place = stores.lines().next().and_then(|header| header.split(',').position(|name| name == "时区"));
        let before = place.and_then(|place| stores.lines().nth(1)?.split(',').nth(place));
        let before = before.context("the export of stores has no time zones")?.to_owned();
        let file = self.folder.path().join("stores.csv");
        fs::write(&file, stores.replace(&before, &zone))?;
        let moved = self.command("import").arg("stores").arg(&file).stdout(Stdio::null()).status()?;
        ensure!(moved.success(), "the stores were not moved");
        Ok(())
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.mendian);
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("MENDIAN_") {
                command.env_remove(name);
            }
        }
        command.arg(what).env("MENDIAN_DATA", self.data());
        command.envs(self.ground.database.iter().map(|url| ("DATABASE_URL", url)));
        command
    }

    fn spawn(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let log = File::create(self.folder.path().join(format!("{name}.log")))?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        self.running.insert(0, child.with_context(|| format!("{name}: cargo build --release first"))?);
        Ok(())
    }

    /// A member who has logged in with a code from the stand-in's inbox.
    pub async fn member(&self, phone: &str) -> Result<Client> {
        let mut client = Client::connect(self.address).await?;
        client.api(Method::POST, "/auth/codes", Some(&json!({ "phone": phone }))).await?;
        let mut phones = Client::connect(self.sms).await?;
        let messages = phones.json(Method::GET, &format!("/messages?phone={phone}"), None).await?;
        let text = messages[0]["text"].as_str().context("no message")?;
        let digits = text.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit);
        let body = json!({ "phone": phone, "code": digits.collect::<String>() });
        let session = client.api(Method::POST, "/auth/sessions", Some(&body)).await?;
        client.token = session["token"].as_str().map(str::to_owned);
        Ok(client)
    }

    /// A person of staff who has logged in.
    pub async fn staff(&self, account: &str, password: &str) -> Result<Client> {
        let mut client = Client::connect(self.address).await?;
        let body = json!({ "account": account, "password": password });
        let session = client.api(Method::POST, "/auth/staff-sessions", Some(&body)).await?;
        client.token = session["token"].as_str().map(str::to_owned);
        Ok(client)
    }

    /// The server's data folder.
    fn data(&self) -> PathBuf {
        self.ground.data.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// The address of the town's database, for its owner.
    pub fn database_url(&self) -> Result<String> {
        if let Some(url) = &self.ground.database {
            return Ok(url.clone());
        }
        let pid = fs::read_to_string(self.data().join("postgres/cluster/postmaster.pid"));
        let pid = pid.context("the town's PostgreSQL does not run")?;
        let folder = pid.lines().nth(4).context("PostgreSQL's file does not name its socket")?;
        Ok(format!("postgres://mendian@localhost/mendian?host={folder}"))
    }

    /// Another server on the same database; answers where it listens.
    pub async fn another_server(&mut self) -> Result<SocketAddr> {
        let address = free_port()?;
        let mut server = self.command("serve");
        server.env("DATABASE_URL", self.database_url()?);
        self.listen("server-2", server, address).await?;
        Ok(address)
    }

    /// A folder for files of this measurement.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Imports products and lists them at all stores of their brand.
    pub fn import_products(&self, file: &Path) -> Result<()> {
        let imported = self.command("import").args(["products", "--list"]).arg(file).stdout(Stdio::null()).status()?;
        ensure!(imported.success(), "the products were not imported");
        Ok(())
    }

    /// What `mendian check-books` says in its last line; it must find nothing wrong.
    pub async fn check_books(&self) -> Result<String> {
        let checked = self.command("check-books").output()?;
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        ensure!(checked.status.success(), "the books do not balance: {said}");
        Ok(said.lines().last().unwrap_or("balanced").to_owned())
    }

    /// Ends everything.
    pub async fn stop(&mut self) {
        for mut child in self.running.drain(..) {
            let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Town {
    /// Where a measurement failed: nothing is left running.
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
            let _ = child.wait();
        }
    }
}

fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn until(what: &str, mut ready: impl AsyncFnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !ready().await {
        ensure!(Instant::now() < deadline, "{what} did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
