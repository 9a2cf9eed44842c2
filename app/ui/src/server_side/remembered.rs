//! Views that are drawn again and again for the same facts.

use std::{hash::Hash, sync::Arc};

use leptos::prelude::*;
use quick_cache::sync::Cache;

use super::render::without_separators;

/// How many drawn views are kept; the least used go first. At about a kilobyte each.
const KEPT: usize = 20_000;

/// The texts of a view by what it shows. A view is a function of its facts, so equal facts have equal
/// text, whenever they are read; facts that change are other facts.
///
/// For views without islands, and one memory for each kind of view.
pub struct Remembered<Facts>(Cache<Facts, Arc<str>>);

impl<Facts: Eq + Hash + Clone> Default for Remembered<Facts> {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl<Facts: Eq + Hash + Clone> Remembered<Facts> {
    /// The text of `facts`, drawn by `draw` unless it is known.
    pub fn text<V: IntoView>(&self, facts: Facts, draw: impl FnOnce(Facts) -> V) -> Arc<str> {
        if let Some(known) = self.0.get(&facts) {
            return known;
        }
        let text: Arc<str> = without_separators(&draw(facts.clone()).to_html()).into();
        self.0.insert(facts, text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_facts_are_drawn_once_and_other_facts_anew() {
        let (memory, mut drawn) = (Remembered::default(), 0);
        let mut text = |price: i64| {
            memory.text(("茶", price), |(name, price)| {
                drawn += 1;
                view! { <li>{name}" "{price}</li> }
            })
        };
        assert_eq!(&*text(1500), "<li>茶 1500</li>");
        assert_eq!(&*text(1600), "<li>茶 1600</li>");
        assert_eq!(&*text(1500), "<li>茶 1500</li>");
        assert_eq!(drawn, 2);
    }
}
