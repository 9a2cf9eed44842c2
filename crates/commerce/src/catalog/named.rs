//! The variants that people name in tables and forms, by code or barcode.

use std::collections::HashMap;

use domain::{Fault, SkuId};
use sqlx::PgConnection;

use crate::database::OrFault;

/// Said of a code or barcode that no variant has.
const NONE: &str = "没有这个 SKU 编码或条码";
/// Said of a code that several variants have but for capital letters.
const CASES: &str = "有几个 SKU 编码只是大小写不同，请按商品资料里的写法填写";
/// Said of a barcode that several variants have: none of them may be taken for another.
const SEVERAL: &str = "这个条码对应多个商品，请填写 SKU 编码";

/// A variant that somebody named.
#[derive(Clone, Debug)]
pub(crate) struct NamedSku {
    pub id: SkuId,
    pub code: String,
    /// For people: `珍珠奶茶 · 中杯`.
    pub name: String,
}

/// What was found of what was named.
pub(crate) struct Named {
    by_code: HashMap<String, NamedSku>,
    /// By the code in small letters; nothing where several have the same.
    by_any_case: HashMap<String, Option<NamedSku>>,
    /// Nothing where several have the same.
    by_barcode: HashMap<String, Option<NamedSku>>,
}

impl Named {
    /// The variant with this code, in its own letters or else in capital or small ones; else the only one with this
    /// barcode; or what is wrong, for people.
    pub fn find(&self, text: &str) -> Result<&NamedSku, &'static str> {
        let text = text.trim();
        if let Some(one) = self.by_code.get(text) {
            return Ok(one);
        }
        match (self.by_any_case.get(&text.to_lowercase()), self.by_barcode.get(text)) {
            (Some(Some(one)), _) | (None, Some(Some(one))) => Ok(one),
            (Some(None), _) => Err(CASES),
            (None, Some(None)) => Err(SEVERAL),
            (None, None) => Err(NONE),
        }
    }

    /// The only variant that was named; or what is wrong, beside `sku`.
    pub fn only(&self, text: &str) -> Result<&NamedSku, Fault> {
        self.find(text).map_err(|wrong| Fault::invalid("sku", wrong))
    }
}

/// The variants that these codes and barcodes name.
pub(crate) async fn named<'a>(tx: &mut PgConnection, texts: impl Iterator<Item = &'a str>) -> Result<Named, Fault> {
    let texts: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    let lower: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let rows = sqlx::query!(
        r#"select k.id, k.code, k.barcode, concat_ws(' · ', d.name, nullif(array_to_string(k.spec_values, ' '), '')) as "name!"
           from skus k join products d on d.id = k.product_id where lower(k.code) = any($1) or k.barcode = any($2)"#,
        &lower,
        &texts,
    )
    .fetch_all(tx)
    .await
    .or_fault()?;
    let mut named = Named { by_code: HashMap::new(), by_any_case: HashMap::new(), by_barcode: HashMap::new() };
    for row in rows {
        let sku = NamedSku { id: SkuId(row.id), code: row.code, name: row.name };
        let only = |under: &mut HashMap<String, Option<NamedSku>>, name: String| {
            under.entry(name).and_modify(|one| *one = None).or_insert_with(|| Some(sku.clone()));
        };
        only(&mut named.by_any_case, sku.code.to_lowercase());
        if let Some(barcode) = row.barcode {
            only(&mut named.by_barcode, barcode);
        }
        named.by_code.insert(sku.code.clone(), sku);
    }
    Ok(named)
}
