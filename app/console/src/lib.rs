//! The console 门店端: what a store's people see. One file for each page, its server functions first.

pub mod islands;

#[cfg(feature = "ssr")]
mod account;
#[cfg(feature = "ssr")]
mod board;
#[cfg(feature = "ssr")]
mod code;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
mod log_in;
#[cfg(feature = "ssr")]
mod orders;
#[cfg(feature = "ssr")]
mod photos;
#[cfg(feature = "ssr")]
mod proposals;
#[cfg(feature = "ssr")]
mod propose;
#[cfg(feature = "ssr")]
mod shortages;
#[cfg(feature = "ssr")]
mod ticket;

#[cfg(feature = "ssr")]
pub use routes::{FACE, register, routes};

#[cfg(feature = "ssr")]
mod routes {
    //! Which address shows which page.

    use axum::Router;
    use leptos::server_fn::axum::register_explicit;
    use rpc::{Face, page};
    use ui::Theme;

    use crate::{account, board, code, log_in, orders, photos, proposals, propose, shortages, ticket};

    /// The console among the faces.
    pub const FACE: Face =
        Face { log_in: "/console/login", home: "/console", account: "/console/account", theme: Theme::System };

    /// The console's pages.
    pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
        Router::new()
            .route("/console", page(FACE, board::board))
            .route("/console/login", page(FACE, log_in::log_in))
            .route("/console/code", page(FACE, code::code))
            .route("/console/account", page(FACE, account::account))
            .route("/console/proposals", page(FACE, proposals::proposals))
            .route("/console/proposals/new", page(FACE, propose::new))
            .route("/console/proposals/{proposal}", page(FACE, proposals::proposal))
            .route("/console/orders", page(FACE, orders::orders))
            .route("/console/orders/{order}", page(FACE, orders::order))
            .route("/console/orders/{order}/ticket", page(FACE, ticket::ticket))
            .route("/console/photos", page(FACE, photos::photos))
            .route("/console/shortages", page(FACE, shortages::shortages))
            .route("/console/shortages/{shortage}", page(FACE, shortages::shortage))
    }

    /// Makes the forms' addresses known to the server.
    pub fn register() {
        register_explicit::<log_in::StaffLogIn>();
        register_explicit::<log_in::StaffLogOut>();
        register_explicit::<account::ChangePassword>();
        register_explicit::<code::EnterCode>();
        register_explicit::<account::BeginSecondStep>();
        register_explicit::<account::ConfirmSecondStep>();
        register_explicit::<account::TurnOffSecondStep>();
        register_explicit::<account::EndSession>();
        register_explicit::<account::EndOtherSessions>();
        register_explicit::<board::AcceptOrder>();
        register_explicit::<board::PrepareOrder>();
        register_explicit::<board::RejectOrder>();
        register_explicit::<board::RedeemCode>();
        register_explicit::<propose::Propose>();
        register_explicit::<proposals::SubmitProposal>();
        register_explicit::<proposals::WithdrawProposal>();
        register_explicit::<proposals::DecideProposal>();
        register_explicit::<photos::MovePhoto>();
        register_explicit::<photos::RemovePhoto>();
        register_explicit::<photos::RestorePhoto>();
        register_explicit::<shortages::LetShortageWait>();
    }
}
