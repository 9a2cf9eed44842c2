//! A second server on a town's database, as where a chain runs several.

use std::{
    fs::{self, File},
    net::TcpListener,
    process::{Child, Stdio},
    time::Duration,
};

use super::{Town, program::Program, until};

/// A server that runs beside the town's own, and ends with this.
pub struct Beside {
    server: Child,
    url: String,
    http: reqwest::Client,
}

impl Town {
    /// Starts another server on the database of this town's, and waits until it is ready.
    pub async fn another_server(&self) -> Beside {
        // The fifth line says where PostgreSQL's socket is.
        let told = fs::read_to_string(self.path("data/postgres/cluster/postmaster.pid")).unwrap();
        let database = format!("postgres://mendian@localhost:5432/mendian?host={}", told.lines().nth(4).unwrap());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut server = self.mendian();
        server.arg("serve").envs(self.serving(&url)).env("DATABASE_URL", database);
        let server = server.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let beside = Beside { server, url, http: self.http.clone() };
        until("the other server is ready", Duration::from_secs(60), async || {
            let health = beside.http.get(format!("{}/health", beside.url)).send().await;
            health.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        beside
    }
}

impl Beside {
    /// The same program, that asks this server.
    pub fn program(&self, who: &Program) -> Program {
        Program::new(self.http.clone(), &self.url, Some(who.token()))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
