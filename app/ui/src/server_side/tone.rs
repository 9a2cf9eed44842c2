//! The meanings that colours carry.

/// What a thing means, from which its colours follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Primary,
    Accent,
    Info,
    Success,
    Warn,
    Error,
}
