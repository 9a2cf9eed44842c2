//! The component library: what every face is made of.
//!
//! Components take texts and numbers as they are shown, and addresses as they are linked; they know
//! nothing of what is sold. An empty text means "not there", so `error=""` is a field without a
//! fault. All of it is rendered on the server: only [`Icon`] and [`live`] also serve inside islands.
//!
//! [`page`] turns a view into a whole document, [`render`] into a fragment.

mod icon;
pub mod live;
pub use icon::{Glyph, Icon};

#[cfg(feature = "ssr")]
mod server_side {
    mod action;
    mod chart;
    mod choice;
    mod data;
    mod entry;
    mod field;
    mod find_in;
    mod frame;
    mod navigation;
    mod picture;
    mod qr;
    mod remembered;
    mod render;
    mod shell;
    mod state;
    mod surface;
    mod table_in;
    mod tone;

    pub use action::{Button, CountButtons, Form, Hidden, LinkButton, Size};
    pub use chart::{Bar, BarChart, Line, LineChart};
    pub use choice::{CheckBox, Choice, ChoiceButton, ChoiceItem};
    pub use data::{Column, DataTable, Fact, Facts, NamedCell, Price, ReferenceCell, Stat, Trend};
    pub use entry::{ChoiceCell, Entry, EntryCell, EntryRow};
    pub use field::{Field, Select, SelectItem, Stepper, TextArea};
    pub use find_in::FindIn;
    pub use frame::{Main, RailScreen, TabScreen};
    pub use navigation::{Breadcrumbs, Chip, ChipButtons, Chips, NavLink, Pager, SideRail, TabBar, TopBar};
    pub use picture::Picture;
    pub use qr::QrCode;
    pub use remembered::Remembered;
    pub use render::render;
    pub use shell::{Assets, Head, Theme, page};
    pub use state::{EmptyState, ErrorPage, Notice, Progress, Step, StepState};
    pub use surface::{Badge, Card, Section, Sheet, SheetButton};
    pub use table_in::{FillIn, PASTED_MOST, TableIn};
    pub use tone::Tone;
}
#[cfg(feature = "ssr")]
pub use server_side::*;
