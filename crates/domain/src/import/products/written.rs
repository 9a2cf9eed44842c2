//! Prices and specifications as people write them in a cell.

use crate::{Fen, weights::GRAMS_MOST};

/// Whole pieces as people write them, up to a million: `12`, `1,200`, `12.00` of a workbook, `12件`.
pub(in crate::import) fn pieces_of(text: &str) -> Option<i64> {
    let Fen(hundredths) = Fen::typed(text.trim_end_matches(['件', '个', '份', '杯', '瓶']))?;
    let is_whole = hundredths % 100 == 0 && !text.starts_with(['¥', '￥']) && !text.contains('元');
    (is_whole && hundredths <= 100_000_000).then_some(hundredths / 100)
}

/// Whole grams as people write them, up to a tonne: `500`, `1,200`, `500克`, `500g`, `1.5kg`.
pub(super) fn grams_of(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let kilos = ["kg", "千克", "公斤"].iter().find_map(|unit| text.strip_suffix(unit));
    let number = kilos.unwrap_or_else(|| text.trim_end_matches(['克', 'g']));
    if number.contains(['¥', '￥', '元']) {
        return None;
    }
    let Fen(hundredths) = Fen::typed(number.trim())?;
    let hundredths = if kilos.is_some() { hundredths.checked_mul(1000)? } else { hundredths };
    let grams = hundredths / 100;
    (hundredths % 100 == 0 && (0..=GRAMS_MOST).contains(&grams)).then_some(grams)
}

/// Names and values; a value alone has an empty name. A backslash takes the meaning from the sign after it.
pub(super) fn pairs_of(text: &str) -> Option<Vec<(String, String)>> {
    let (mut pairs, mut name, mut now, mut signs) = (Vec::new(), None, String::new(), text.chars());
    let mut is_named = false;
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => now.push(signs.next()?),
            ':' | '：' if name.is_none() => (name, is_named) = (Some(std::mem::take(&mut now)), true),
            '/' | ';' | '；' if is_named => pairs.push((name.take()?, std::mem::take(&mut now))),
            _ => now.push(sign),
        }
    }
    match name {
        Some(name) => pairs.push((name, now)),
        None if is_named => return None,
        None if now.is_empty() => {}
        None => return Some(vec![(String::new(), now)]),
    }
    let trimmed: Vec<(String, String)> =
        pairs.into_iter().map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
    let is_whole = |(place, (name, value)): (usize, &(String, String))| {
        !name.is_empty() && !value.is_empty() && trimmed[..place].iter().all(|(other, _)| other != name)
    };
    trimmed.iter().enumerate().all(is_whole).then_some(trimmed.clone())
}

/// Specifications as they are exported, and read again the same.
pub fn specs_text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let escaped = |text: &str| {
        text.chars().fold(String::new(), |mut text, sign| {
            if "\\:：/;；".contains(sign) {
                text.push('\\');
            }
            text.push(sign);
            text
        })
    };
    pairs.map(|(name, value)| format!("{}:{}", escaped(name), escaped(value))).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_however_they_are_written() {
        for (text, pieces) in
            [("0", 0), ("12", 12), ("1,200", 1200), ("12.00", 12), ("30件", 30), ("1000000", 1_000_000)]
        {
            assert_eq!(pieces_of(text), Some(pieces), "{text}");
        }
        for text in ["-1", "1.5", "1000001", "许多", "¥5", "5元", "1e3"] {
            assert_eq!(pieces_of(text), None, "{text}");
        }
    }

    #[test]
    fn weights_are_whole_grams_however_they_are_written() {
        for (text, grams) in [
            ("0", 0),
            ("500", 500),
            ("1,200", 1200),
            ("500.00", 500),
            ("500克", 500),
            ("500 g", 500),
            ("1.5kg", 1500),
            ("2 公斤", 2000),
            ("1000000", 1_000_000),
        ] {
            assert_eq!(grams_of(text), Some(grams), "{text}");
        }
        for text in ["-1", "0.5", "1000001", "1001kg", "一斤", "¥5", "5元", "1e3", "kg"] {
            assert_eq!(grams_of(text), None, "{text}");
        }
    }

    #[test]
    fn specifications_are_exported_as_they_are_read() {
        let pairs = [("容量", "500ml/瓶"), ("口味", "a:b\\c；d")];
        let text = specs_text(pairs.into_iter());
        let read = pairs_of(&text).unwrap();
        assert!(read.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(pairs), "{text}");
        assert_eq!(pairs_of("500ml/瓶").unwrap(), [(String::new(), "500ml/瓶".to_owned())]);
        for broken in ["杯型:", ":大", "杯型:大/温度", "杯型:大/杯型:小"] {
            assert_eq!(pairs_of(broken), None, "{broken}");
        }
    }
}
