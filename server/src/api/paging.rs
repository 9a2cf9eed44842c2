//! How much of a list is asked for. What is out of bounds is refused: a client that asks for more than it
//! gets would take the first page for the whole.

use serde::Deserialize;

/// How many entries at most: 1 to `MOST`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct Limit<const MOST: usize>(usize);

impl<const MOST: usize> Limit<MOST> {
    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl<const MOST: usize> TryFrom<u64> for Limit<MOST> {
    type Error = String;
    fn try_from(number: u64) -> Result<Self, String> {
        let fits = usize::try_from(number).ok().filter(|number| (1..=MOST).contains(number));
        fits.map(Self).ok_or_else(|| format!("须是 1 到 {MOST} 的整数"))
    }
}

/// How many entries to pass over.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct Offset(u32);

impl Offset {
    /// Further into a list than anybody reads on.
    const MOST: u32 = 100_000;

    /// The number.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u64> for Offset {
    type Error = String;
    fn try_from(number: u64) -> Result<Self, String> {
        let fits = u32::try_from(number).ok().filter(|number| *number <= Self::MOST);
        fits.map(Self).ok_or_else(|| format!("须是 0 到 {} 的整数", Self::MOST))
    }
}
