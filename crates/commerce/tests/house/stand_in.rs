//! A gateway of a test's own: it says of every refund what the test says, signed as the real one signs. It can keep whoever
//! asks waiting, so that a test does something in between.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use partners::wechat_pay::{CallbackHeaders, Complaint, RefundState, WeChatPay, signing::SigningKey};
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

use crate::gateway;

/// Asking for a refund.
pub const REFUND: &str = "POST";
/// Asking how one stands.
pub const QUERY: &str = "GET";

/// What it says.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// Nothing that is believed.
    Broken,
    /// No.
    Refused(u16, &'static str),
    /// A refund that stands so.
    Refund(RefundState),
}

/// The gateway has never heard of a refund.
pub const UNKNOWN: Answer = Answer::Refused(404, "RESOURCE_NOT_EXISTS");
/// The merchant's account has too little.
pub const NOT_ENOUGH: Answer = Answer::Refused(403, "NOT_ENOUGH");

struct Said {
    key: SigningKey,
    amount_fen: i64,
    refund: Mutex<Answer>,
    query: Mutex<Answer>,
    asked: AtomicUsize,
    /// The method whose answers wait.
    held: watch::Sender<Option<&'static str>>,
}

pub struct StandIn {
    address: String,
    said: Arc<Said>,
}

impl StandIn {
    /// A gateway that refuses refunds of this amount and has never heard of any.
    pub async fn new(amount_fen: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let key = SigningKey::from_pkcs8_pem(&gateway::key().to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap();
        let said = Arc::new(Said {
            key,
            amount_fen,
            refund: Mutex::new(NOT_ENOUGH),
            query: Mutex::new(UNKNOWN),
            asked: AtomicUsize::new(0),
            held: watch::Sender::new(None),
        });
        let says = said.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, says.clone()));
            }
        });
        Self { address, said }
    }

    pub fn client(&self) -> WeChatPay {
        gateway::wechat_pay_at(&self.address)
    }

    /// What it says to who asks for a refund from now on.
    pub fn refunds(&self, answer: Answer) {
        *self.said.refund.lock().unwrap() = answer;
    }

    /// What it says to who asks how one stands from now on.
    pub fn queries(&self, answer: Answer) {
        *self.said.query.lock().unwrap() = answer;
    }

    /// Keeps whoever asks in this way waiting.
    pub fn hold(&self, method: &'static str) {
        self.said.held.send_replace(Some(method));
    }

    pub fn release(&self) {
        self.said.held.send_replace(None);
    }

    /// How often it was asked for a refund.
    pub fn asked(&self) -> usize {
        self.said.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often, in whichever way.
    pub async fn is_asked(&self, times: usize) {
        for _ in 0..500 {
            if self.asked() >= times {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("asked {} times, not {times}", self.asked());
    }
}

/// Reads one request, and answers it once nothing holds it.
async fn answer(mut stream: TcpStream, said: Arc<Said>) {
    let mut read = Vec::new();
    let (head, body) = loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    said.asked.fetch_add(1, Ordering::SeqCst);
    let is_query = head.starts_with(QUERY);
    let method = if is_query { QUERY } else { REFUND };
    let _ = said.held.subscribe().wait_for(|held| *held != Some(method)).await;
    let number = if is_query {
        head.split_whitespace().nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned()
    } else {
        let asked: Value = serde_json::from_str(&body).unwrap_or_default();
        asked["out_refund_no"].as_str().unwrap_or_default().to_owned()
    };
    let says = if is_query { *said.query.lock().unwrap() } else { *said.refund.lock().unwrap() };
    let reply = said.reply(&number, says);
    let _ = stream.write_all(&reply).await;
}

impl Said {
    fn reply(&self, number: &str, says: Answer) -> Vec<u8> {
        let (status, body) = match says {
            Answer::Broken => (500, Vec::new()),
            Answer::Refused(status, code) => {
                let complaint = Complaint { code: code.into(), message: "不行".into() };
                (status, serde_json::to_vec(&complaint).unwrap())
            }
            Answer::Refund(state) => {
                (200, serde_json::to_vec(&gateway::refund(number, self.amount_fen, state)).unwrap())
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
        let signed = CallbackHeaders::sign(&self.key, gateway::KEY_ID, &body, now);
        let mut reply = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
        for (name, value) in signed.present() {
            reply.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut reply = (reply + "\r\n").into_bytes();
        reply.extend_from_slice(&body);
        reply
    }
}
