//! Head office's pages 总部后台: today's figures, the orders and the stores within a person's reach.

#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod order;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod stores;
#[cfg(feature = "ssr")]
mod wall;

#[cfg(feature = "ssr")]
pub use routes::{FACE, routes};

#[cfg(feature = "ssr")]
mod routes {
    //! Which address shows which page.

    use axum::Router;
    use rpc::{Face, page};
    use ui::Theme;

    use crate::{order, orders, stores, wall};

    /// Head office among the faces; its people log in where the stores' people do.
    pub const FACE: Face = Face { log_in: "/console/login", home: "/hq", theme: Theme::System };

    /// Head office's pages.
    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        Router::new()
            .route("/hq", page(FACE, wall::wall))
            .route("/hq/orders", page(FACE, orders::orders))
            .route("/hq/orders/{order}", page(FACE, order::order))
            .route("/hq/stores", page(FACE, stores::stores))
    }
}
