//! Several thresholds, set at once.

use std::collections::HashMap;

use super::{AlertKind, Goods, SetAlertRule};
use crate::{Fault, Fields, LocationId};

/// The most thresholds that are set at once.
pub const RULES_MOST: usize = 300;

/// Sets several thresholds: all of them, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAlertRules {
    /// Each with its number in the form; 1 to 300, no two about the same.
    pub rules: Vec<(usize, SetAlertRule)>,
}

impl SetAlertRules {
    /// Refuses what a form would not let through.
    ///
    /// Faults: `Invalid` beside `rules`, or beside a line's own field: `threshold.3`.
    pub fn check(&self) -> Result<(), Fault> {
        if !(1..=RULES_MOST).contains(&self.rules.len()) {
            return Err(Fault::invalid("rules", format!("一次设置 1 到 {RULES_MOST} 项")));
        }
        let mut known = HashMap::new();
        for (line, rule) in &self.rules {
            rule.check().map_err(|fault| fault.in_line(*line))?;
            if known.insert(rule.about(), line).is_some() {
                return Err(Fault::invalid("threshold", "同一项设置了两次").in_line(*line));
            }
        }
        Ok(())
    }

    /// Reads the command from a form: of each line what [`SetAlertRule::from_fields`] reads.
    pub fn from_fields(fields: &Fields) -> Result<Self, Fault> {
        let lines = fields.lines("kind");
        let rules = fields.read_lines(&lines, SetAlertRule::from_fields)?;
        let command = Self { rules: lines.into_iter().zip(rules).collect() };
        command.check().map(|()| command)
    }

    /// The fields of a form that says so; [`Self::from_fields`] reads them again.
    pub fn fields(&self) -> Fields {
        let lines = self.rules.iter().flat_map(|(line, rule)| {
            let (category, sku) = match &rule.goods {
                Goods::All => (String::new(), String::new()),
                Goods::Category { code } => (code.clone(), String::new()),
                Goods::Sku { code } => (String::new(), code.clone()),
            };
            let said = [
                ("kind", rule.kind.code().to_owned()),
                ("location", rule.location_id.map(|id| id.to_string()).unwrap_or_default()),
                ("category", category),
                ("sku", sku),
                ("threshold", rule.threshold.map(|threshold| threshold.to_string()).unwrap_or_default()),
            ];
            said.map(|(name, value)| (format!("{name}.{line}"), value))
        });
        Fields(lines.filter(|(_, value)| !value.is_empty()).collect())
    }
}

impl SetAlertRule {
    /// What it is about: of two that are about the same only one applies.
    pub fn about(&self) -> (Option<LocationId>, AlertKind, Goods) {
        (self.location_id, self.kind, self.goods.clone())
    }
}

/// What setting a threshold would change, for people to look at before they say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// Its number in the form.
    pub line: usize,
    /// What would be set.
    pub rule: SetAlertRule,
    /// What the place is called; nothing for all places.
    pub location_name: Option<String>,
    /// What the goods are called.
    pub goods_name: String,
    /// What is set of the same now: a threshold, or no alert; nothing where something that says less applies.
    pub before: Option<Option<i64>>,
}

impl RuleChange {
    /// What is set now, for people.
    pub fn now(&self) -> String {
        self.before.map_or("没有单独设置".to_owned(), |threshold| self.told(threshold))
    }

    /// What would be set, for people.
    pub fn then(&self) -> String {
        self.told(self.rule.threshold)
    }

    fn told(&self, threshold: Option<i64>) -> String {
        threshold.map_or("不提醒".to_owned(), |threshold| self.rule.kind.meaning(threshold))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rule(kind: AlertKind, goods: Goods, threshold: Option<i64>) -> SetAlertRule {
        SetAlertRule { kind, location_id: Some(LocationId(Uuid::from_u128(7))), goods, threshold }
    }

    #[test]
    fn thresholds_pass_through_a_form_and_back() {
        let of = |code: &str| Goods::Sku { code: code.into() };
        let rules = [
            rule(AlertKind::Low, of("T-1"), Some(5)),
            rule(AlertKind::Slow, of("T-1"), None),
            SetAlertRule { location_id: None, ..rule(AlertKind::High, Goods::All, Some(9)) },
            rule(AlertKind::Expiring, Goods::Category { code: "C".into() }, Some(30)),
        ];
        let command = SetAlertRules { rules: (0..).zip(rules).collect() };
        assert_eq!(SetAlertRules::from_fields(&command.fields()), Ok(command));
    }

    #[test]
    fn what_is_wrong_stands_beside_its_line_and_nothing_is_said_twice() {
        let field = |rules: &[SetAlertRule]| {
            let command = SetAlertRules { rules: (0..).zip(rules.iter().cloned()).collect() };
            command.check().unwrap_err().complaints()[0].field.clone()
        };
        let low = |threshold| rule(AlertKind::Low, Goods::All, threshold);
        assert_eq!(field(&[low(Some(1)), rule(AlertKind::Slow, Goods::All, Some(0))]), "threshold.1");
        assert_eq!(field(&[low(Some(1)), low(None)]), "threshold.1");
        assert_eq!(field(&[]), "rules");
    }
}
