//! Addresses that keep what was asked.

/// A path with those of the pairs that have a value as its query.
pub fn address<T: AsRef<str>>(path: &str, pairs: &[(&str, T)]) -> String {
    let given = pairs.iter().map(|(name, value)| (name, value.as_ref())).filter(|(_, value)| !value.is_empty());
    let query: Vec<_> = given.map(|(name, value)| format!("{name}={}", urlencoding::encode(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_only_what_is_given() {
        assert_eq!(address("/hq/stock", &[("q", ""), ("skip", "")]), "/hq/stock");
        assert_eq!(
            address("/hq/stock", &[("q", "牛奶 & 茶"), ("skip", "")]),
            "/hq/stock?q=%E7%89%9B%E5%A5%B6%20%26%20%E8%8C%B6"
        );
    }
}
