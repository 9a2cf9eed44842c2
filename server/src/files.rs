//! The built site's files: scripts, styles, pictures. They lie in a folder, or within the program: built
//! with the feature `embed`, a release is one file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::{
    Router,
    http::{HeaderValue, header},
};
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};
use ui::Assets;

/// Where the site is built.
#[cfg(not(feature = "embed"))]
const BUILT: &str = "target/site";
/// The names in it carry a hash of their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// These may be drawn anew under the same name.
const A_WEEK: &str = "public, max-age=604800";

/// Where the files are.
#[derive(Clone, Debug)]
pub enum Files {
    /// In a folder.
    Folder(PathBuf),
    /// In the program.
    #[cfg(feature = "embed")]
    Inside,
}

impl Files {
    /// In this folder; where none is named, in the program if they are in it.
    pub fn new(folder: Option<PathBuf>) -> Self {
        match folder {
            Some(folder) => Self::Folder(folder),
            #[cfg(feature = "embed")]
            None => Self::Inside,
            #[cfg(not(feature = "embed"))]
            None => Self::Folder(BUILT.into()),
        }
    }

    /// What the pages' scripts and styles are called.
    pub fn assets(&self) -> anyhow::Result<Assets> {
        let list = match self {
            Self::Folder(folder) => {
                let list = folder.join("assets.json");
                std::fs::read(&list)
                    .with_context(|| format!("{} cannot be read; build the site first", list.display()))?
            }
            #[cfg(feature = "embed")]
            Self::Inside => inside::read("assets.json").context("the program was built without its site")?,
        };
        serde_json::from_slice(&list).context("assets.json is not understood")
    }

    /// The routes of all files.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        match self {
            Self::Folder(folder) => Router::new()
                .nest_service("/pkg", below(&folder.join("pkg"), FOREVER))
                .nest_service("/pictures", below(&folder.join("pictures"), A_WEEK))
                .route_service("/favicon.svg", ServeFile::new(folder.join("favicon.svg")))
                .route_service("/manifest.webmanifest", ServeFile::new(folder.join("manifest.webmanifest")))
                .route_service("/robots.txt", ServeFile::new(folder.join("robots.txt"))),
            #[cfg(feature = "embed")]
            Self::Inside => inside::routes(),
        }
    }
}

/// A folder, compressed copies first.
fn below(folder: &Path, cache: &'static str) -> Router {
    let cached = SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    let plain = SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let folder = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(folder).layer(cached).layer(plain)
}

#[cfg(feature = "embed")]
mod inside {
    use axum::{
        Router,
        extract::Path,
        http::{HeaderMap, StatusCode, header},
        response::{IntoResponse, Response},
        routing::get,
    };
    use rust_embed::{EmbeddedFile, RustEmbed};

    use super::{A_WEEK, FOREVER};

    #[derive(RustEmbed)]
    #[folder = "../target/site"]
    struct Site;

    /// A file by its path in the site.
    pub fn read(path: &str) -> Option<Vec<u8>> {
        Site::get(path).map(|file| file.data.into_owned())
    }

    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        let single = |name: &'static str| get(move |asked: HeaderMap| async move { answer(name, &asked, A_WEEK) });
        Router::new()
            .route(
                "/pkg/{*path}",
                get(|Path(path): Path<String>, asked: HeaderMap| async move {
                    answer(&format!("pkg/{path}"), &asked, FOREVER)
                }),
            )
            .route(
                "/pictures/{*path}",
                get(|Path(path): Path<String>, asked: HeaderMap| async move {
                    answer(&format!("pictures/{path}"), &asked, A_WEEK)
                }),
            )
            .route("/favicon.svg", single("favicon.svg"))
            .route("/manifest.webmanifest", single("manifest.webmanifest"))
            .route("/robots.txt", single("robots.txt"))
    }

    /// A file in the smallest form that whoever asks understands, or the word that they have it already.
    fn answer(path: &str, asked: &HeaderMap, cache: &'static str) -> Response {
        let Some((file, encoding)) = in_form(path, asked) else { return StatusCode::NOT_FOUND.into_response() };
        let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
        let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let about = [
            (header::CACHE_CONTROL, cache.to_owned()),
            (header::ETAG, tag),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if known {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        let kind = mime_guess::from_path(path).first_or_octet_stream().to_string();
        let kind = [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())];
        let encoding = encoding.map(|encoding| [(header::CONTENT_ENCODING, encoding)]);
        (about, kind, encoding, file.data).into_response()
    }

    fn in_form(path: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
        let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let takes = |name: &str| accepted.split(',').any(|one| one.trim() == name);
        let forms = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(name, _)| takes(name));
        let mut packed = forms.filter_map(|(name, end)| Some((Site::get(&format!("{path}.{end}"))?, Some(name))));
        packed.next().or_else(|| Some((Site::get(path)?, None)))
    }
}
