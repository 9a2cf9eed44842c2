//! What a first visit moves over the line, compressed as browsers ask for it.

use anyhow::Result;
use hyper::Method;

use crate::{client::Client, town::Town};

/// Bytes on the line.
pub struct Sizes {
    pub html: usize,
    pub css: usize,
    /// Scripts and the program they load.
    pub code: usize,
}

/// The page at `path` and what its head names below `/pkg/`. A program that only an island loads is
/// named in the page too.
pub async fn first_visit(town: &Town, path: &str) -> Result<Sizes> {
    let mut client = Client::connect(town.address).await?;
    let html = client.load(path, "br").await?.len();
    let (_, text) = client.send(Method::GET, path, None).await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut sizes = Sizes { html, css: 0, code: 0 };
    let mut seen = Vec::new();
    for part in text.split("/pkg/").skip(1) {
        let name =
            part.split(|sign: char| !(sign.is_ascii_alphanumeric() || "._-".contains(sign))).next().unwrap_or("");
        if name.is_empty() || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let bytes = client.load(&format!("/pkg/{name}"), "br").await?.len();
        if name.ends_with(".css") {
            sizes.css += bytes;
        } else {
            sizes.code += bytes;
        }
    }
    Ok(sizes)
}
