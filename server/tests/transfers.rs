//! Goods on their way from a warehouse to a store, over the pages of both, without script.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{STORE, TEA, Town};
use uuid::Uuid;

#[tokio::test]
async fn a_store_asks_a_warehouse_which_sends_and_what_did_not_arrive_is_accounted_for() {
    let town = Town::start().await;
    let (mut office, mut console) = (town.head_office("hq").await, town.head_office("manager").await);
    let goods = town.visitor().goods(STORE, TEA).await;
    let field = format!("pieces.{}", goods.sku_id);

    // A warehouse, and goods in it.
    let warehouse = Uuid::now_v7();
    let form = office.open(&format!("/hq/warehouses/{warehouse}")).await.form("/rpc/hq/save_warehouse");
    let form = form.with("name", "上海中心仓").with("address", "青浦区华新镇 1 号").with("region", "310000");
    let wrong = office.send(&form.clone().with("code", "仓")).await;
    assert!(wrong.html.contains("大写字母、数字"), "{}", wrong.html);
    assert_eq!(wrong.form("/rpc/hq/save_warehouse").value("name"), Some("上海中心仓"), "what was typed is kept");
    let list = office.send(&form.with("code", "CK-SH")).await;
    assert!(list.html.contains("上海中心仓"), "{}", list.html);
    let stock = format!("/hq/warehouses/{warehouse}/stock");
    let form = office.open(&format!("{stock}?q=zhenzhu")).await.form("/rpc/console/receive_goods");
    let taken = office.send(&form.with(&field, "30").with("note", "送货单 7")).await;
    assert!(taken.html.contains("已收货 30 件"), "{}", taken.html);

    // The store asks for some of it.
    let new = format!("/console/transfers/new?source={warehouse}&{field}=12");
    let searched = console.open(&format!("{new}&q=zhenzhu&table=qh-tea-m%2C3")).await;
    let pasted = searched.form("/rpc/console/request_transfer");
    assert_eq!(pasted.value("table"), Some("qh-tea-m,3"), "what was pasted outlives a search");
    let form = console.open(&new).await.form("/rpc/console/request_transfer");
    assert_eq!(form.value(&field), Some("12"), "what the address says is filled in");
    let wrong = console.send(&form.clone().with(&field, "0")).await;
    assert!(wrong.html.contains("数量须是 1 到 100,000 的整数"), "{}", wrong.html);
    let asked = console.send(&form).await;
    let path = asked.url.path().to_owned();
    assert!(asked.html.contains("待同意") && path.starts_with("/console/transfers/"), "{path}");
    let id = path.rsplit('/').next().unwrap();

    // The warehouse agrees and sends.
    let here = format!("/hq/transfers/{id}");
    let form = office.open(&here).await.form("/rpc/console/decide_transfer");
    let agreed = office.send(&form.with("verdict", "approve")).await;
    assert_eq!(agreed.url.path(), here, "head office stays on its own page");
    let form = agreed.form("/rpc/console/ship_transfer");
    let wrong = office.send(&form.clone().with(&field, "13")).await;
    assert!(wrong.html.contains("只同意了 12 件"), "{}", wrong.html);
    let sent = office.send(&form).await;
    assert!(sent.html.contains("在途"), "{}", sent.html);

    // Less arrives than was sent.
    let form = console.open(&path).await.form("/rpc/console/receive_transfer").with(&field, "10");
    let wrong = console.send(&form).await;
    assert!(wrong.html.contains("请写明原因"), "{}", wrong.html);
    let form = wrong.form("/rpc/console/receive_transfer");
    assert_eq!(form.value(&field), Some("10"), "what was counted is kept");
    let arrived = console.send(&form.with("reason", "破损 2 件")).await;
    assert!(arrived.html.contains("差 2 件"), "{}", arrived.html);

    // And what is missing is accounted for.
    let form = office.open(&here).await.form("/rpc/console/settle_transfer").with("note", "承运方确认");
    let unsaid = office.send(&form).await;
    assert!(unsaid.html.contains("请填写丢失或退回的件数") && unsaid.html.contains("差 2 件"), "{}", unsaid.html);
    let form = unsaid.form("/rpc/console/settle_transfer");
    assert_eq!(form.value("note"), Some("承运方确认"), "what was written is kept");
    let beside = unsaid.form("/rpc/console/receive_rest_of_transfer");
    assert_eq!(beside.value("note").map(str::trim), Some(""), "in the form it was written in alone");
    let settled = office.send(&form.with(&field.replace("pieces.", "lost."), "2")).await;
    assert!(settled.html.contains("差异已处理") && !settled.html.contains("差 2 件"), "{}", settled.html);
    let pick = console.open(&format!("{path}/pick")).await;
    assert!(pick.html.contains("拣货单"), "{}", pick.html);
    town.check_books().await;
}
