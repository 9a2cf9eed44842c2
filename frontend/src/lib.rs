//! The wasm entry: what the browser runs of this program.
//!
//! Pages are rendered on the server; here are only their islands. Every `#[island]` exports its own
//! hydration function, which `boot.js` calls for the elements it finds.

// Nothing of the faces is called by name: linking them is what exports their islands.
#[cfg(feature = "staff")]
use console as _;
#[cfg(feature = "staff")]
use hq as _;
#[cfg(feature = "shop")]
use shop as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Prepares the reactive system, once and before the first island hydrates.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
