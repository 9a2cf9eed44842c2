//! A town for tests: the real server with its own PostgreSQL and the stand-ins, each a process on a
//! free port, with the demo's stores and goods. Everything ends and vanishes with the test.
#![allow(dead_code, reason = "each test program compiles this module and uses its part of it")]
#![allow(clippy::print_stderr, reason = "a failed test shows what the processes said")]

pub mod beside;
pub mod browser;
pub mod party;
pub mod program;
mod seed;

use std::{
    fs::{self, File, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use commerce::demo;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use browser::Browser;
use party::{Party, sandbox};
use program::Program;

/// The program under test.
const MENDIAN: &str = env!("CARGO_BIN_EXE_mendian");
/// Waits between a callback's repetitions, as a part of the real ones: 15 s become 0.3 s.
const RETRY_SCALE: &str = "0.02";
/// The demo's first store, and a tea it sells in two sizes with options.
pub const STORE: &str = "QH-SH-001";
pub const TEA: &str = "qh-zhenzhu-naicha";

/// Where towns stand: MENDIAN_SCRATCH, best in memory.
fn scratch() -> PathBuf {
    std::env::var_os("MENDIAN_SCRATCH").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// The running town.
pub struct Town {
    folder: TempDir,
    pub sms: Party,
    pub gateway: Party,
    pub wechat: Party,
    server: Option<Child>,
    /// Where the server is, without a slash at its end.
    pub url: String,
    settings: &'static [(&'static str, &'static str)],
    http: reqwest::Client,
}

impl Town {
    /// Starts everything on the demo's data.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with settings of the server's.
    pub async fn start_with(settings: &'static [(&'static str, &'static str)]) -> Self {
        // As root, PostgreSQL runs as another account, which must be able to pass through.
        let folder = tempfile::Builder::new()
            .prefix("mendian-town-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(scratch())
            .unwrap();
        let site = folder.path().join("site");
        fs::create_dir(&site).unwrap();
        fs::write(site.join("assets.json"), r#"{"programs":{},"css":"/pkg/x.css"}"#).unwrap();
        let gateway_data = folder.path().join("gateway").display().to_string();
        let gateway = sandbox(&["wechat-pay", "--data", &gateway_data, "--retry-scale", RETRY_SCALE]);
        let sms = sandbox(&["sms"]);
        let wechat = sandbox(&["wechat-log-in", "--data", &folder.path().join("wechat").display().to_string()]);
        // Free now; the server listens there before anything else does.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let mut town = Self { folder, sms, gateway, wechat, server: None, url, settings, http: client() };
        seed::copy_to(&town.path("data"), MENDIAN, mendian);
        town.start_server().await;
        town
    }

    /// Where everything of the town lies; the site's folder is in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    /// `mendian` on this town's data.
    fn mendian(&self) -> Command {
        mendian(&self.path("data"))
    }

    /// The settings of a server at this address.
    fn serving(&self, url: &str) -> [(&'static str, String); 9] {
        [
            ("MENDIAN_LISTEN", url.trim_start_matches("http://").to_owned()),
            ("MENDIAN_SITE", self.path("site").display().to_string()),
            ("MENDIAN_SMS_URL", self.sms.url.clone()),
            ("MENDIAN_WECHAT_PAY", self.path("gateway/merchant.json").display().to_string()),
            ("MENDIAN_WECHAT_LOG_IN", self.path("wechat/apps.json").display().to_string()),
            // Every buyer of a test has the same address.
            ("MENDIAN_INSIDE_HOSTS", "127.0.0.1".to_owned()),
            ("MENDIAN_LOG_INS", "100000".to_owned()),
            ("MENDIAN_CODES_AN_HOUR", "10000".to_owned()),
            // Tests that shop on and on do so faster than people.
            ("MENDIAN_ORDERS_IN_TEN_MINUTES", "10000".to_owned()),
        ]
    }

    /// Starts the server, again where it was killed, and waits until it is ready.
    pub async fn start_server(&mut self) {
        self.start_server_with(&[]).await;
    }

    /// The same with settings of this server's alone.
    pub async fn start_server_with(&mut self, more: &[(&str, &str)]) {
        let ended = self.attempt_to_start_server_with(more).await;
        assert!(ended.is_none(), "the server ended at its start: {ended:?}");
    }

    /// The same, where the server may end before it is ready: how it ended.
    pub async fn attempt_to_start_server_with(&mut self, more: &[(&str, &str)]) -> Option<ExitStatus> {
        assert!(self.server.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut server = self.mendian();
        server
            .arg("serve")
            .envs(self.serving(&self.url))
            .envs(self.settings.iter().copied())
            .envs(more.iter().copied());
        let server = server.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.server = Some(server);
        let mut ended = None;
        until("the server is ready", Duration::from_secs(60), async || {
            ended = self.server.as_mut().unwrap().try_wait().unwrap();
            ended.is_some() || self.health().await == Some(200)
        })
        .await;
        if ended.is_some() {
            self.server = None;
        }
        ended
    }

    /// The status of /health; `None` where nobody answers.
    pub async fn health(&self) -> Option<u16> {
        Some(self.http.get(format!("{}/health", self.url)).send().await.ok()?.status().as_u16())
    }

    /// Runs a command of `mendian` beside the server: whether it ended with 0, and what it said.
    pub async fn command(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = tokio::process::Command::from(self.mendian());
        let done = command.args(arguments).output().await.unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.success(), said)
    }

    /// Runs another server with these settings until it ends, where it cannot start; as [`Self::command`].
    pub async fn attempt_to_serve(&self, settings: &[(&str, &str)]) -> (bool, String) {
        let mut command = tokio::process::Command::from(self.mendian());
        command.args(["serve", "--listen", "127.0.0.1:0", "--site"]).arg(self.path("site"));
        let attempt = command.envs(settings.iter().copied()).kill_on_drop(true).output();
        let done = tokio::time::timeout(Duration::from_secs(60), attempt).await;
        let done = done.unwrap_or_else(|_| panic!("it started with {settings:?}")).unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.success(), said)
    }

    /// Every integration test ends with this: stock, orders and money agree.
    pub async fn check_books(&self) {
        let (balanced, said) = self.command(&["check-books"]).await;
        assert!(balanced, "{said}");
    }

    /// `kill -9`, at once; its PostgreSQL is left alone.
    pub fn kill_server(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Asks the server to end, as `kill` does; answers how long it took.
    pub async fn terminate_server(&mut self) -> Duration {
        let begun = Instant::now();
        let mut server = self.server.take().unwrap();
        kill(pid_of(&server), Signal::SIGTERM).unwrap();
        until("the server has ended", Duration::from_secs(20), async || server.try_wait().unwrap().is_some()).await;
        begun.elapsed()
    }

    /// The running PostgreSQL, where one runs.
    pub fn postgres(&self) -> Option<Pid> {
        running_postgres(&self.path("data/postgres/cluster"))
    }

    /// Processes that stand in this town's data folder: PostgreSQL's, whoever their parent is.
    pub fn processes_in_data(&self) -> Vec<String> {
        let data = self.path("data").canonicalize().unwrap();
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let inside = processes.filter(|process| {
            fs::read_link(process.path().join("cwd")).is_ok_and(|standing| standing.starts_with(&data))
        });
        inside.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
    }

    /// A program that has not logged in.
    pub fn visitor(&self) -> Program {
        Program::new(self.http.clone(), &self.url, None)
    }

    /// A program that bears this token or key.
    pub fn program(&self, token: &str) -> Program {
        Program::new(self.http.clone(), &self.url, Some(token))
    }

    /// Whether a text stands in any file of the town: its database with the log of changes, the server's log.
    pub fn keeps(&self, text: &str) -> bool {
        let found = std::process::Command::new("grep").args(["-rqaF", text]).arg(self.folder.path()).status();
        found.unwrap().success()
    }

    /// A browser without script that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.url)
    }

    /// A browser in which one of the demo's accounts has logged in to head office.
    pub async fn head_office(&self, account: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.open("/hq").await;
        let log_in = demo::LOG_INS.iter().find(|log_in| log_in.account == account).unwrap();
        let form = page.form("/console/log_in").with("account", account).with("password", log_in.password);
        browser.send(&form).await;
        browser
    }

    /// The code last sent to a number.
    pub async fn code_sent_to(&self, phone: &str) -> String {
        let inbox: Value = self.fetch(&format!("{}/messages?phone={phone}", self.sms.url)).await;
        let text = inbox[0]["text"].as_str().unwrap_or_else(|| panic!("no message for {phone}")).to_owned();
        let digits: String =
            text.chars().skip_while(|sign| !sign.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        assert_eq!(digits.len(), 6, "{text}");
        digits
    }

    /// What `wx.login()` gives a person's mini-program.
    pub async fn mini_program_code(&self, person: &str) -> String {
        let ask = json!({ "person": person, "app": "mini_program" });
        let given = self.http.post(format!("{}/sandbox/code", self.wechat.url)).json(&ask).send().await.unwrap();
        given.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned()
    }

    /// A program that has logged in as the member with this number.
    pub async fn member(&self, phone: &str) -> Program {
        let visitor = self.visitor();
        visitor.post("/auth/codes", json!({ "phone": phone })).await.done();
        let code = self.code_sent_to(phone).await;
        let session = visitor.post("/auth/sessions", json!({ "phone": phone, "code": code })).await.done();
        assert_eq!(session["member"]["phone"], phone);
        Program::new(self.http.clone(), &self.url, session["token"].as_str())
    }

    /// A program that has logged in with one of the demo's accounts.
    pub async fn staff(&self, account: &str) -> Program {
        let log_in = demo::LOG_INS.iter().find(|log_in| log_in.account == account).unwrap();
        let body = json!({ "account": account, "password": log_in.password });
        let session = self.visitor().post("/auth/staff-sessions", body).await.done();
        Program::new(self.http.clone(), &self.url, session["token"].as_str())
    }

    /// Pays at the gateway, without its page; `how` is `delay_s`, `repeat`, `silent`.
    pub async fn pay_at_gateway(&self, out_trade_no: &str, how: Value) {
        let mut body = json!({ "out_trade_no": out_trade_no });
        body.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
        let paid = self.http.post(format!("{}/sandbox/pay", self.gateway.url)).json(&body).send().await.unwrap();
        assert_eq!(paid.status(), 200, "{}", paid.text().await.unwrap());
    }

    /// Begins an order's payment, pays it at the gateway and waits until it is known.
    pub async fn pay(&self, buyer: &Program, order: &str) {
        let started = buyer.start_payment(order).await;
        self.pay_at_gateway(&started.out_trade_no, json!({})).await;
        buyer.order_in(order, "paid", Duration::from_secs(10)).await;
    }

    /// Makes the gateway misbehave.
    pub async fn control_gateway(&self, order: Value) {
        let url = format!("{}/control", self.gateway.url);
        assert_eq!(self.http.post(url).json(&order).send().await.unwrap().status(), 200);
    }

    /// What the gateway's list of transactions says.
    pub async fn gateway_page(&self) -> String {
        self.http.get(&self.gateway.url).send().await.unwrap().text().await.unwrap()
    }

    async fn fetch(&self, url: &str) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The request as it is, for tests that break its form.
    pub fn raw(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A file of the gateway's folder, as JSON.
    pub fn gateway_file(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path("gateway").join(name)).unwrap()).unwrap()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = kill(pid_of(&server), Signal::SIGTERM);
            let deadline = Instant::now() + Duration::from_secs(5);
            while matches!(server.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(20));
            }
            drop(server.kill());
            drop(server.wait());
        }
        // Left over where a test failed between a kill and the start after it.
        if let Some(postgres) = self.postgres() {
            let _ = kill(postgres, Signal::SIGQUIT);
        }
        if std::thread::panicking() {
            for name in ["server.log", "data/logs/postgres.log"] {
                let text = fs::read_to_string(self.path(name)).unwrap_or_default();
                let lines: Vec<_> = text.lines().collect();
                eprintln!("--- {name}, its end ---\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
            }
        }
    }
}

/// The program on this data, free of this shell's settings.
fn mendian(data: &Path) -> Command {
    let mut command = Command::new(MENDIAN);
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.to_string_lossy().starts_with("MENDIAN_") {
            command.env_remove(name);
        }
    }
    command.env("MENDIAN_DATA", data).stdin(Stdio::null());
    command
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// The server that a cluster's file names, where it lives and stands there.
fn running_postgres(cluster: &Path) -> Option<Pid> {
    let file = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid: i32 = file.lines().next()?.trim().parse().ok()?;
    let stands = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (stands == cluster.canonicalize().ok()?).then(|| Pid::from_raw(pid))
}

/// A client that goes straight to this machine and follows nothing by itself.
fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(Duration::from_secs(30)).build().unwrap()
}

/// A photo of one colour, as a PNG.
pub fn photo(width: u32, height: u32, red: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(width, height, image::Rgb([red, 90, 160]));
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Waits until something holds.
pub async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
