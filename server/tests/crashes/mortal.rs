//! A town whose server ends at a place, once.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use commerce::FaultPoint;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Town,
    program::{Answer, Program},
};

/// A town whose server ends at a place, once.
pub struct Mortal {
    pub town: Town,
    /// Where it is to end; nowhere once it has.
    pub point: Option<FaultPoint>,
}

impl Mortal {
    /// The server runs, and is to end at the next place.
    pub async fn until_it_ends_at(&mut self, point: FaultPoint) {
        self.town.kill_server();
        let name = format!("{point:?}");
        self.point = Some(point);
        let settings = [("MENDIAN_ENDS_AT", name.as_str())];
        if let Some(ended) = self.town.attempt_to_start_server_with(&settings).await {
            // A gateway's notice of what was before, or the work left of it, may be there before the server is ready.
            assert_eq!(ended.signal(), Some(Signal::SIGKILL as i32), "not at {point:?}");
            self.point = None;
            self.town.start_server().await;
        }
    }

    /// Asks, again where the server ended meanwhile and another one was started.
    pub async fn ask(&mut self, who: &Program, method: Method, path: &str, body: Option<&Value>) -> Answer {
        if let Ok(answer) = who.attempt(method.clone(), path, body).await {
            return answer;
        }
        let point = self.point.take().unwrap_or_else(|| panic!("{path}: no server answers"));
        self.town.kill_server();
        self.town.start_server().await;
        let again = who.attempt(method, path, body).await;
        again.unwrap_or_else(|failure| panic!("{path} after {point:?}: {failure}"))
    }

    /// Waits until an order is in this state, whatever becomes of the server meanwhile.
    pub async fn comes_to(&mut self, who: &Program, order: &str, state: &str, limit: Duration) -> Value {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let order = self.ask(who, Method::GET, &format!("/orders/{order}"), None).await.done();
            if order["state"] == state {
                return order;
            }
            assert!(tokio::time::Instant::now() < deadline, "the order is not {state}: {order}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for something, and once more, which is answered in the same way.
    pub async fn twice(&mut self, who: &Program, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.ask(who, method.clone(), path, Some(body)).await;
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
        let again = self.ask(who, method, path, Some(body)).await;
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{path}");
        answer.body
    }

    /// What there is of the variant with this code at a store or warehouse.
    pub async fn on_hand(&mut self, who: &Program, place: &str, code: &str) -> i64 {
        let stock = self.ask(who, Method::GET, &format!("/console/stock/{place}?q={code}"), None).await.done();
        stock["items"][0]["on_hand"].as_i64().unwrap()
    }
}
