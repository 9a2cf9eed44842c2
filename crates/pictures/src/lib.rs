//! Pictures and papers as people send them. Bytes go in; a picture that is safe to show anybody comes out, or a
//! refusal in clear words. Knows neither what is sold nor where it is kept.
//!
//! What something is, its first bytes alone say: no name and no media type of whoever sends it counts. A picture
//! is decoded whole and drawn anew, so that nothing of what was sent goes out: no position in its EXIF, no script
//! behind its end. A PDF cannot be drawn anew; whoever serves one serves it as something to keep, never to show.

mod drawn;
mod kind;
mod refusal;

use tokio::sync::Semaphore;

pub use kind::Kind;
pub use refusal::Refusal;

/// The most that is sent in one piece, in bytes.
pub const MOST_BYTES: usize = 10 << 20;
/// The longest side of a picture that is taken, in pixels.
pub const MOST_SIDE: u32 = 12_000;
/// The most pixels of a picture that is taken.
pub const MOST_PIXELS: u64 = 40_000_000;
/// The longest side of a large picture that comes out, in pixels.
pub const LARGE_SIDE: u32 = 2_000;
/// The longest side of a small one, for lists.
pub const SMALL_SIDE: u32 = 480;

/// Decoding takes up to some hundred megabytes and a core for a moment; no more than this many at once, so that
/// uploads never take the machine from the shoppers.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// A picture that was drawn anew, in both of its sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// To look at.
    pub large: Jpeg,
    /// For lists.
    pub small: Jpeg,
}

/// A JPEG of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jpeg {
    /// The file.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// A paper: a certificate, a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A photo of one.
    Picture(Picture),
    /// As it was sent: never to be shown within the site.
    Pdf(Vec<u8>),
}

/// A picture out of what was sent: turned as it was taken, at most [`LARGE_SIDE`] long, without anything that was
/// not to be seen. Of an animation the first picture is kept; what was transparent is white.
pub async fn picture(bytes: Vec<u8>) -> Result<Picture, Refusal> {
    match kind::of(&bytes)? {
        Kind::Pdf => Err(Refusal::Pdf),
        kind => drawn_in_turn(kind, bytes).await,
    }
}

/// A paper out of what was sent: a photo as [`picture`] takes it, or a PDF.
pub async fn paper(bytes: Vec<u8>) -> Result<Paper, Refusal> {
    match kind::of(&bytes) {
        Ok(Kind::Pdf) => Ok(Paper::Pdf(bytes)),
        Ok(kind) => drawn_in_turn(kind, bytes).await.map(Paper::Picture),
        Err(refusal) => Err(refusal),
    }
}

async fn drawn_in_turn(kind: Kind, bytes: Vec<u8>) -> Result<Picture, Refusal> {
    // The semaphore is never closed, and a decoder that panics has met a file that is broken.
    let _turn = DRAWING.acquire().await.map_err(|_| Refusal::Broken)?;
    let drawn = tokio::task::spawn_blocking(move || drawn::anew(kind, &bytes));
    drawn.await.map_err(|_| Refusal::Broken)?
}
