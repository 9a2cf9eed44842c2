//! What the lines of a part of a cart cost now.
//!
//! Every quote wants the same statement, so one answers all who wait.

use std::collections::HashMap;

use domain::{
    CartId, Fault, Fen, Quantity, SkuId,
    cart::{Part, Quote, QuotedLine},
    catalog::Options,
    fulfilment::{AddressView, Way, Wish},
    hours::Slot,
};
use uuid::Uuid;

use super::better;
use crate::{
    House, Scope,
    catalog::kept::Catalogue,
    database::OrFault,
    fulfilment::{self, Load},
    memory::{Key, LOOKS_MOST, Sight, Versions},
    stock::{purchase_limits, quotas},
    together,
};

/// How many statements are under way at once: one answers while the next one gathers.
const CLERKS: usize = 2;
/// How many carts one statement reads.
const ROUND_MOST: usize = 256;

/// Where carts wait to be read.
pub(super) type Desk = together::Desk<Asked, Result<Read, Fault>>;

/// A desk for quotes.
pub(super) fn desk() -> Desk {
    Desk::new(CLERKS, ROUND_MOST)
}

/// Which cart's lines of which part.
pub(super) struct Asked {
    cart: Uuid,
    part: Part,
    /// Whose early holds count as available.
    member: Option<Uuid>,
}

/// Lines, and which state of stores and goods they are of.
pub(super) struct Read {
    versions: Versions,
    rows: Vec<Row>,
}

/// A line of the cart with the price and stock of this moment.
struct Row {
    sku_id: Uuid,
    options: String,
    quantity: i64,
    /// `None` where it is not on the shelf.
    price_fen: Option<i64>,
    available: i64,
}

/// What the lines of one part of the cart cost at this moment, and when they can be picked up; a store alone names what
/// is not set apart there. Reads prices and stock anew: nothing a client sends takes part.
pub async fn quote(scope: &Scope, part: impl Into<Part>) -> Result<Quote, Fault> {
    quote_for(scope, part, &Wish::default()).await
}

/// [`quote`] for a way in which the goods reach their shopper, with what that costs, and who would rather send them.
///
/// Faults: those of `quote`; `Invalid` beside `address_id` for an address that is not in the shopper's book.
pub async fn quote_for(scope: &Scope, part: impl Into<Part>, wish: &Wish) -> Result<Quote, Fault> {
    let (mut quote, sight, to) = priced(scope, part.into(), wish, true).await?;
    if let Some(to) = to {
        quote.better = better::of(scope, &sight, &quote, &to).await?;
    }
    Ok(quote)
}

/// The same without the latter: what placing an order rests on. What the member has had of limited goods is counted there,
/// under their lock.
pub(crate) async fn quote_to_place(scope: &Scope, part: Part, wish: &Wish) -> Result<Quote, Fault> {
    Ok(priced(scope, part, wish, false).await?.0)
}

async fn priced(
    scope: &Scope,
    part: Part,
    wish: &Wish,
    counts: bool,
) -> Result<(Quote, Sight, Option<AddressView>), Fault> {
    let (cart, store) = (scope.cart.ok_or(Fault::Unauthenticated)?, part.store_id);
    let (sight, rows) = lines_at(scope, cart, part).await?;
    // What is not there is brought nowhere.
    let to = if rows.is_empty() { None } else { fulfilment::destination(scope, wish).await? };
    let view = sight.store()?.view(scope, None);
    // Lines of one SKU with different options draw on the same stock; who of two parts gets it, placing says.
    let mut left: HashMap<Uuid, Left> =
        rows.iter().map(|row| (row.sku_id, Left { pieces: row.available, ..Left::default() })).collect();
    if counts {
        let had = purchase_limits::had_of(scope, Some(store), &sight.catalogue.limited(left.keys().copied())).await?;
        had.into_iter().for_each(|(sku, had)| left.entry(sku).or_default().had = had);
        let shelves: Vec<_> = left.keys().map(|sku| (store.0, *sku)).collect();
        for ((_, sku), may_sell) in quotas::left(scope, &sight.catalogue, shelves.into_iter()).await? {
            let of = left.entry(sku).or_default();
            of.pieces = of.pieces.min(may_sell);
        }
    }
    let mut lines = Vec::with_capacity(rows.len());
    let mut goods = Fen::ZERO;
    for row in rows {
        let line = quote_line(row, &sight.catalogue, &mut left)?;
        goods = goods.checked_add(line.total_fen).ok_or_else(too_much)?;
        lines.push(line);
    }
    let ways = fulfilment::ways(scope, sight.store()?, Load::of(&lines, goods), to.as_ref(), view.slots).await?;
    let way = ways.iter().find(|way| way.fulfilment == wish.fulfilment);
    let freight = way.map_or(Fen::ZERO, |way| way.freight_fen);
    let slots: Vec<Slot> = way.into_iter().flat_map(Way::open_slots).collect();
    let orderable = way.is_some_and(|way| way.problem.is_none())
        && !lines.is_empty()
        && !slots.is_empty()
        && lines.iter().all(|line| line.problem.is_none())
        && goods > Fen::ZERO;
    let quote = Quote {
        store: view.card,
        apart: part.apart,
        lines,
        goods_fen: goods,
        freight_fen: freight,
        total_fen: goods.checked_add(freight).ok_or_else(too_much)?,
        fulfilment: wish.fulfilment,
        address_id: wish.address_id,
        ways,
        elsewhere: sight.stores().elsewhere(scope, sight.store()?),
        slots,
        orderable,
        better: None,
    };
    Ok((quote, sight, to))
}

/// The lines of a part of the cart, and what is known of their goods at the same moment.
async fn lines_at(scope: &Scope, cart: CartId, part: Part) -> Result<(Sight, Vec<Row>), Fault> {
    let mut sight = Sight::of(scope, Key::Id(part.store_id)).await?;
    let member = scope.member().ok().map(|member| member.0);
    for _ in 0..LOOKS_MOST {
        let asked = Asked { cart: cart.0, part, member };
        let read = scope.house.carts.reading.ask(&scope.house, asked, read_all).await??;
        if let Some(newer) = sight.renewed(scope, read.versions).await? {
            sight = newer;
            continue;
        }
        let on_menu = |row: &Row| sight.menu.has(&sight.catalogue, row.sku_id);
        let rows = read.rows.into_iter().map(|row| Row { price_fen: row.price_fen.filter(|_| on_menu(&row)), ..row });
        let rows = rows.collect();
        return Ok((sight, rows));
    }
    Err(Fault::conflict("goods_changing", "门店正在更新商品，请稍后再试"))
}

/// The answers to all who ask at this moment.
async fn read_all(house: House, asked: Vec<Asked>) -> Vec<Result<Read, Fault>> {
    match read(&house, &asked).await {
        Ok(read) => read.into_iter().map(Ok).collect(),
        Err(fault) => asked.iter().map(|_| Err(fault.clone())).collect(),
    }
}

async fn read(house: &House, asked: &[Asked]) -> Result<Vec<Read>, Fault> {
    let carts: Vec<Uuid> = asked.iter().map(|one| one.cart).collect();
    let stores: Vec<Uuid> = asked.iter().map(|one| one.part.store_id.0).collect();
    let aparts: Vec<bool> = asked.iter().map(|one| one.part.apart).collect();
    let members: Vec<Option<Uuid>> = asked.iter().map(|one| one.member).collect();
    // A cart without lines of the part still has a row, which tells the versions.
    let found = sqlx::query!(
        r#"select a.place as "place!",
                  (select version from versions where what = 'stores') as "stores!",
                  (select version from versions where what = 'catalogue') as "catalogue!",
                  coalesce(v.version, 0) as "menu!",
                  c.sku_id as "sku_id?", c.options as "options?", c.quantity as "quantity?",
                  l.price_fen as "price_fen?",
                  coalesce(s.on_hand - s.held - s.allocated - s.kept_back, 0) + coalesce(h.pieces, 0) as "available!"
           from unnest((select $1::uuid[]), (select $2::uuid[]), (select $3::uuid[]), (select $4::bool[])) with ordinality
                as a (cart_id, store_id, member_id, apart, place)
           left join menu_versions v on v.store_id = a.store_id
           left join cart_lines c on c.cart_id = a.cart_id and c.store_id = a.store_id and c.apart = a.apart
           left join listings l on l.store_id = c.store_id and l.sku_id = c.sku_id and l.on_shelf
           left join stock s on s.location_id = c.store_id and s.sku_id = c.sku_id
           left join lateral (
               select sum(quantity)::bigint as pieces from early_holds
               where member_id = a.member_id and state = 'held' and location_id = c.store_id and sku_id = c.sku_id
           ) h on true
           order by a.place, c.set_at, c.sku_id, c.options"#,
        &carts,
        &stores,
        &members as &[Option<Uuid>],
        &aparts,
    )
    .fetch_all(&house.pool)
    .await
    .or_fault()?;
    let mut answers: Vec<Read> = Vec::with_capacity(asked.len());
    for row in found {
        if row.place > answers.len() as i64 {
            let versions = Versions { stores: row.stores, catalogue: row.catalogue, menu: row.menu };
            answers.push(Read { versions, rows: Vec::new() });
        }
        if let (Some(sku_id), Some(options), Some(quantity), Some(read)) =
            (row.sku_id, row.options, row.quantity, answers.last_mut())
        {
            read.rows.push(Row { sku_id, options, quantity, price_fen: row.price_fen, available: row.available });
        }
    }
    Ok(answers)
}

/// What there is of a variant for the lines that want it.
#[derive(Default)]
struct Left {
    /// Pieces for the next line.
    pieces: i64,
    /// Pieces that the lines so far want.
    wanted: i64,
    /// What its member has had of it, where that is limited.
    had: i64,
}

fn too_much() -> Fault {
    Fault::invalid("quantity", "金额过大，请减少数量")
}

fn quote_line(row: Row, catalogue: &Catalogue, left: &mut HashMap<Uuid, Left>) -> Result<QuotedLine, Fault> {
    let quantity = Quantity::try_from(row.quantity).map_err(|reason| Fault::Internal(reason.into()))?;
    let sku = catalogue.sku(row.sku_id).ok_or(Fault::NotFound("这件商品"))?;
    let product = catalogue.product_of(sku);
    let codes: Vec<String> = row.options.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    let options = Options::from(codes);
    let (chosen, mut problem) = match options.chosen(&product.modifiers) {
        Ok(chosen) => (chosen, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let extra =
        chosen.iter().try_fold(Fen::ZERO, |sum, option| sum.checked_add(option.price_fen)).ok_or_else(too_much)?;
    let unit = Fen(row.price_fen.unwrap_or(0)).checked_add(extra).ok_or_else(too_much)?;
    let total = unit.checked_times(quantity).ok_or_else(too_much)?;
    let left = left.entry(row.sku_id).or_default();
    let available = left.pieces;
    left.pieces -= quantity.get();
    left.wanted += quantity.get();
    if row.price_fen.is_none() {
        problem = Some("本店已下架，请删除".into());
    } else if available <= 0 {
        problem = Some("已售罄".into());
    } else if left.pieces < 0 {
        problem = Some(format!("库存不足，仅剩 {available} 件"));
    } else if let Some(limit) = sku.limit.filter(|limit| left.had + left.wanted > limit.most) {
        problem = Some(limit.refusal(left.had));
    }
    Ok(QuotedLine {
        sku_id: SkuId(row.sku_id),
        product_code: product.code.clone(),
        name: product.name.clone(),
        spec: sku.values.join(" / "),
        options_text: chosen.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join("、"),
        options,
        picture: product.picture.clone(),
        quantity,
        unit_fen: unit,
        total_fen: total,
        weight_grams: sku.weight_grams,
        available: available.max(0),
        problem,
    })
}
