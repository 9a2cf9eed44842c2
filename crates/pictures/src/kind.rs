//! What a file is, by its first bytes alone.

use crate::{MOST_BYTES, Refusal};

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    WebP,
    Pdf,
}

/// How much of a file is looked at to say what else it is.
const LOOKED_AT: usize = 1_024;

/// What these bytes are, or why they are not taken.
pub fn of(bytes: &[u8]) -> Result<Kind, Refusal> {
    match bytes {
        [] => Err(Refusal::Empty),
        _ if bytes.len() > MOST_BYTES => Err(Refusal::TooLarge),
        [0xFF, 0xD8, 0xFF, ..] => Ok(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Kind::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Kind::WebP),
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Kind::Pdf),
        _ => Err(otherwise(bytes)),
    }
}

/// The words for what is not taken; a guess decides nothing here.
fn otherwise(bytes: &[u8]) -> Refusal {
    if bytes.starts_with(b"GIF8") {
        return Refusal::Gif;
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Refusal::Heic;
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]).to_lowercase();
    if text.contains("<svg") {
        Refusal::Svg
    } else if text.contains("<!doctype html") || text.contains("<html") || text.contains("<script") {
        Refusal::Html
    } else {
        Refusal::Unknown
    }
}
