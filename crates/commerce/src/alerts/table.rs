//! Several thresholds at once: what a file would set, what that would change, and setting it.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    Complaint, Fault, LocationId,
    alerts::{AlertKind, AlertRule, Goods, RULES_MOST, RuleChange, SetAlertRule, SetAlertRules},
    import::{ThresholdLine, line_field},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rules;
use crate::{
    Scope,
    catalog::{self, Named},
    database::OrFault,
    stockroom::Setter,
};

/// The most thresholds that a table is made of, and that one may say.
pub const TABLE_MOST: usize = 10_000;
const NO_PLACE: &str = "没有这个门店或仓库，或它不归您管";

/// What a threshold is about, as [`SetAlertRule::about`] has it.
type About = (Option<LocationId>, AlertKind, Goods);

/// The thresholds that whoever asks sets, each with the code of its place, which those for all places do not have; and
/// how many were looked through for them: where that is [`TABLE_MOST`], there are likely more.
///
/// Faults: `Forbidden`; `PeopleOnly`.
pub async fn as_table(scope: &Scope) -> Result<(Vec<(String, AlertRule)>, usize), Fault> {
    let found = rules::seen(scope, None, TABLE_MOST as i64).await?;
    let (setter, many) = (Setter::of(scope)?, found.len());
    let own: Vec<AlertRule> = found.into_iter().filter(|rule| setter.at(rule.location_id).is_ok()).collect();
    let mut tx = scope.begin().await?;
    let places = places(&mut tx, own.iter().filter_map(|rule| rule.location_id).collect()).await?;
    let code = |rule: &AlertRule| rule.location_id.and_then(|id| places.get(&id)).map(|(code, _)| code.clone());
    Ok((own.into_iter().map(|rule| (code(&rule).unwrap_or_default(), rule)).collect(), many))
}

/// The codes and names of these places.
async fn places(
    tx: &mut PgConnection,
    ids: HashSet<LocationId>,
) -> Result<HashMap<LocationId, (String, String)>, Fault> {
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select id as "id!", code as "code!", name as "name!" from stock_places where id = any($1)"#,
        &ids,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    Ok(rows.into_iter().map(|row| (LocationId(row.id), (row.code, row.name))).collect())
}

/// What a table would set: of a row that names no place, at `location`, or everywhere where that is none. What is set
/// so already is left out. It changes nothing.
///
/// Faults: `Invalid` beside each line that is wrong, or beside `table`; `NotFound` for a `location` out of reach;
/// `Forbidden`; `PeopleOnly`.
pub async fn of_table(
    scope: &Scope,
    location: Option<LocationId>,
    list: &[ThresholdLine],
) -> Result<SetAlertRules, Fault> {
    let setter = Setter::of(scope)?;
    setter.at(location)?;
    // Before anything is looked up for them.
    let many: usize = list.iter().map(|one| one.set.len()).sum();
    if many > TABLE_MOST {
        let most = format!("这个表格有 {many} 项设置，一次最多 {TABLE_MOST} 项，请只留下要改的行");
        return Err(Fault::invalid("table", most));
    }
    let mut tx = scope.begin().await?;
    let known = Known::of(&mut tx, list).await?;
    let (mut rules, mut complaints) = (Vec::new(), Vec::new());
    let mut lines: HashMap<About, u64> = HashMap::new();
    for one in list {
        let mut complain = |wrong: String| complaints.push(Complaint::new(line_field(one.line), wrong));
        let (place, goods) = (known.place(&setter, one, location), known.goods(&one.goods));
        let (location_id, goods) = match (place, goods) {
            (Ok(place), Ok(goods)) => (place, goods),
            (place, goods) => {
                [place.err(), goods.err()].into_iter().flatten().for_each(|wrong| complain(wrong.to_owned()));
                continue;
            }
        };
        for (kind, threshold) in &one.set {
            let rule = SetAlertRule { kind: *kind, location_id, goods: goods.clone(), threshold: *threshold };
            match lines.insert(rule.about(), one.line) {
                Some(first) => complain(format!("「{}」与第 {first} 行说的是同一项", kind.label())),
                None => rules.push(rule),
            }
        }
    }
    if !complaints.is_empty() {
        return Err(Fault::Invalid(complaints));
    }
    let before = set_now(&mut tx, &rules).await?;
    rules.retain(|rule| before.get(&rule.about()) != Some(&rule.threshold));
    match rules.len() {
        0 => Err(Fault::invalid("table", "表格里的设置和现在的相同，没有要改的")),
        many if many > RULES_MOST => {
            Err(Fault::invalid("table", format!("这个表格要改 {many} 项，一次最多 {RULES_MOST} 项，请分成几个文件")))
        }
        _ => Ok(SetAlertRules { rules: (0..).zip(rules).collect() }),
    }
}

/// What a table names, as far as it is there.
struct Known {
    skus: Named,
    categories: HashSet<String>,
    places: HashMap<String, Vec<LocationId>>,
}

impl Known {
    async fn of(tx: &mut PgConnection, list: &[ThresholdLine]) -> Result<Self, Fault> {
        let goods: Vec<Goods> = list.iter().map(|one| one.goods.clone()).collect();
        let skus = catalog::named(&mut *tx, skus_of(&goods).into_iter()).await?;
        let categories = categories(&mut *tx, &goods).await?.into_keys().collect();
        let codes: Vec<String> = list.iter().filter_map(|one| one.place.clone()).collect();
        let rows = sqlx::query!(
            r#"select id as "id!", code as "code!" from stock_places where code = any($1) order by id"#,
            &codes
        )
        .fetch_all(tx)
        .await
        .or_fault()?;
        let mut places: HashMap<String, Vec<LocationId>> = HashMap::new();
        for row in rows {
            places.entry(row.code).or_default().push(LocationId(row.id));
        }
        Ok(Self { skus, categories, places })
    }

    /// Where a row is meant for, or what is wrong with that. Of a place that is not theirs nobody is told that it is
    /// there.
    fn place(
        &self,
        setter: &Setter,
        one: &ThresholdLine,
        location: Option<LocationId>,
    ) -> Result<Option<LocationId>, &'static str> {
        let Some(code) = &one.place else { return Ok(location) };
        let theirs = |id: &&LocationId| setter.at(Some(**id)).is_ok();
        let found: Vec<&LocationId> = self.places.get(code).into_iter().flatten().filter(theirs).collect();
        match found.as_slice() {
            [] => Err(NO_PLACE),
            [only] => Ok(Some(**only)),
            _ => Err("门店和仓库都有这个编号，请在提醒页上单独设置"),
        }
    }

    /// The goods that are meant, a variant by its code, or what is wrong with them.
    fn goods(&self, goods: &Goods) -> Result<Goods, &'static str> {
        match goods {
            Goods::All => Ok(Goods::All),
            Goods::Sku { code } => self.skus.find(code).map(|sku| Goods::Sku { code: sku.code.clone() }),
            Goods::Category { code } if self.categories.contains(code) => Ok(goods.clone()),
            Goods::Category { .. } => Err("没有这个分类编码"),
        }
    }
}

/// The codes or barcodes of the variants among these goods.
fn skus_of(goods: &[Goods]) -> Vec<&str> {
    let codes = goods.iter().filter_map(|goods| match goods {
        Goods::Sku { code } => Some(code.as_str()),
        Goods::All | Goods::Category { .. } => None,
    });
    codes.collect()
}

/// The names of the categories among these goods, by code.
async fn categories(tx: &mut PgConnection, goods: &[Goods]) -> Result<HashMap<String, String>, Fault> {
    let codes = goods.iter().filter_map(|goods| match goods {
        Goods::Category { code } => Some(code.clone()),
        Goods::All | Goods::Sku { .. } => None,
    });
    let codes: Vec<String> = codes.collect();
    let rows = sqlx::query!("select code, name from categories where code = any($1)", &codes)
        .fetch_all(tx)
        .await
        .or_fault()?;
    Ok(rows.into_iter().map(|row| (row.code, row.name)).collect())
}

/// What is set now of what these rules are about.
async fn set_now(tx: &mut PgConnection, rules: &[SetAlertRule]) -> Result<HashMap<About, Option<i64>>, Fault> {
    let places: Vec<Uuid> = rules.iter().filter_map(|rule| rule.location_id).map(|id| id.0).collect();
    let (mut categories, mut skus) = (Vec::new(), Vec::new());
    for rule in rules {
        match &rule.goods {
            Goods::All => {}
            Goods::Category { code } => categories.push(code.clone()),
            Goods::Sku { code } => skus.push(code.clone()),
        }
    }
    let rows = sqlx::query!(
        r#"select r.kind, r.location_id, c.code as "category?", k.code as "sku?", r.threshold
           from alert_rules r left join categories c on c.id = r.category_id left join skus k on k.id = r.sku_id
           where (r.location_id is null or r.location_id = any($1))
             and (r.category_id is null or c.code = any($2)) and (r.sku_id is null or k.code = any($3))"#,
        &places,
        &categories,
        &skus,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let now = rows.into_iter().filter_map(|row| {
        let goods = match (row.sku, row.category) {
            (Some(code), _) => Goods::Sku { code },
            (None, Some(code)) => Goods::Category { code },
            (None, None) => Goods::All,
        };
        Some(((row.location_id.map(LocationId), AlertKind::from_code(&row.kind)?, goods), row.threshold))
    });
    Ok(now.collect())
}

/// What setting these would change, in the order of the form. It changes nothing.
///
/// Faults: `Invalid` beside a line's `category` or `sku` for a code that nothing has; `NotFound` for a place out of
/// reach; `Forbidden`; `PeopleOnly`.
pub async fn changes(scope: &Scope, command: &SetAlertRules) -> Result<Vec<RuleChange>, Fault> {
    let setter = Setter::of(scope)?;
    for (_, rule) in &command.rules {
        setter.at(rule.location_id)?;
    }
    let mut tx = scope.begin().await?;
    let rules: Vec<SetAlertRule> = command.rules.iter().map(|(_, rule)| rule.clone()).collect();
    let goods: Vec<Goods> = rules.iter().map(|rule| rule.goods.clone()).collect();
    let before = set_now(&mut tx, &rules).await?;
    let places = places(&mut tx, rules.iter().filter_map(|rule| rule.location_id).collect()).await?;
    let categories = categories(&mut tx, &goods).await?;
    let skus = catalog::named(&mut tx, skus_of(&goods).into_iter()).await?;
    let change = |(line, rule): &(usize, SetAlertRule)| -> Result<RuleChange, Fault> {
        let goods_name = match &rule.goods {
            Goods::All => Ok("全部商品".to_owned()),
            Goods::Category { code } => categories.get(code).cloned().ok_or(("category", "没有这个分类编码")),
            Goods::Sku { code } => skus.find(code).map(|sku| sku.name.clone()).map_err(|wrong| ("sku", wrong)),
        };
        Ok(RuleChange {
            line: *line,
            goods_name: goods_name.map_err(|(field, wrong)| Fault::invalid(field, wrong).in_line(*line))?,
            location_name: rule.location_id.and_then(|id| places.get(&id)).map(|(_, name)| name.clone()),
            before: before.get(&rule.about()).copied(),
            rule: rule.clone(),
        })
    };
    command.rules.iter().map(change).collect()
}

/// Sets several thresholds, all or none; those for the same goods at the same place become these.
///
/// Faults: `Invalid` beside a line's `threshold`, `category` or `sku`; `NotFound` for a place out of reach;
/// `Forbidden`; `PeopleOnly`.
pub async fn set_all(scope: &Scope, command: &SetAlertRules) -> Result<(), Fault> {
    command.check()?;
    let setter = Setter::of(scope)?;
    for (_, rule) in &command.rules {
        setter.at(rule.location_id)?;
    }
    let mut tx = scope.begin().await?;
    // In one order, so that two who set the same wait for each other.
    let in_order: BTreeMap<String, &(usize, SetAlertRule)> =
        command.rules.iter().map(|one| (format!("{:?}", one.1.about()), one)).collect();
    for (line, rule) in in_order.into_values() {
        rules::set_in(&mut tx, scope, rule).await.map_err(|fault| fault.in_line(*line))?;
    }
    tx.commit().await.or_fault()
}
