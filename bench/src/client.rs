//! One kept connection to a server, as a browser or a program has one.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection, with the token of whoever uses it.
pub struct Client {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    /// Whose requests these are.
    pub token: Option<String>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self { address, sender: open(address).await?, token: None })
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            None => Bytes::new(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                serde_json::to_vec(body)?.into()
            }
        };
        self.exchange(request.body(Full::new(body))?).await
    }

    /// A page, file or list as it is asked for by who takes these encodings; answers the bytes on the line.
    pub async fn load(&mut self, path: &str, encodings: &str) -> Result<Bytes> {
        let request = Request::get(path)
            .header(header::HOST, self.address.to_string())
            .header(header::ACCEPT_ENCODING, encodings)
            .body(Full::default())?;
        let (status, body) = self.exchange(request).await?;
        ensure!(status == StatusCode::OK, "{path}: {status}");
        Ok(body)
    }

    /// A page as a browser with this cookie asks for it.
    pub async fn page(&mut self, path: &str, cookie: &str) -> Result<Bytes> {
        let request = Request::get(path)
            .header(header::HOST, self.address.to_string())
            .header(header::COOKIE, cookie)
            .body(Full::default())?;
        let (status, body) = self.exchange(request).await?;
        ensure!(status == StatusCode::OK, "{path}: {status}");
        Ok(body)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        if self.sender.ready().await.is_err() {
            self.sender = open(self.address).await?;
        }
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    /// A request of the API that must succeed.
    pub async fn api(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.json(method, &format!("/api/v1{path}"), body).await
    }

    /// A request that must succeed; nothing is read as null.
    pub async fn json(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.send(method, path, body).await?;
        ensure!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&answer));
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).with_context(|| path.to_owned())
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with the connection; what goes wrong is told to whoever sends.
    tokio::spawn(connection);
    Ok(sender)
}
