//! What people see: the three faces under one roof. The browser's side is `frontend`, which links
//! the faces' islands itself.

use axum::Router;
use rpc::Face;

/// The pages of all faces; also makes their forms known to the server.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    shop::register();
    console::register();
    hq::register();
    Router::new().merge(shop::routes()).merge(console::routes()).merge(hq::routes())
}

/// The face an address belongs to, for pages that nobody serves.
pub fn face_of(path: &str) -> Face {
    let under = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if under("/hq") {
        hq::FACE
    } else if under("/console") {
        console::FACE
    } else {
        shop::FACE
    }
}
