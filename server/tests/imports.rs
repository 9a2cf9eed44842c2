//! Head office's imports over HTTP, as a browser without script does them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use support::{
    STORE, TEA, Town,
    browser::{Browser, Page},
    until,
};

/// How long reading or writing a small file may take on a busy machine.
const SOON: Duration = Duration::from_secs(15);

const STORES: &str = "店号,店名,品牌,地址,省,经度,纬度\n\
    N-1,新店一,青禾茶铺,\"路 1 号, 二楼\",31,121.47,31.23\n\
    N-2,新店二,青禾茶铺,路 2 号,99,121.47,31.23\n\
    N-1,新店一,青禾茶铺,路 1 号,31,121.47,31.23\n\
    N-3,'=1+1,青禾茶铺,路 3 号,31,121.48,31.23\n";

/// Whether the server is at it: a browser without script looks again by itself.
fn is_running(page: &Page) -> bool {
    page.html.contains("http-equiv=\"refresh\"")
}

/// The import's page once the server is no longer at it.
async fn settled(browser: &mut Browser, page: Page) -> Page {
    let begun = std::time::Instant::now();
    let mut page = page;
    while is_running(&page) {
        assert!(begun.elapsed() < SOON, "still at it: {}", page.html);
        tokio::time::sleep(Duration::from_millis(200)).await;
        page = browser.open(page.url.path()).await;
    }
    page
}

async fn sent(browser: &mut Browser, kind: &str, name: &str, content: &[u8]) -> Page {
    let page = browser.upload("/hq/imports", &[("kind", kind), ("datum", "wgs84")], (name, content)).await;
    assert_eq!(page.status, 200, "{}", page.html);
    settled(browser, page).await
}

#[tokio::test]
async fn a_file_is_looked_at_confirmed_and_then_there() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let preview = sent(&mut hq, "stores", "门店.csv", STORES.as_bytes()).await;
    for told in ["确认导入 2 行", "与第 2 行重复", "不是国内的地区编码", "UTF-8", "路 1 号, 二楼"]
    {
        assert!(preview.html.contains(told), "{told}: {}", preview.html);
    }
    assert!(
        town.visitor().get("/stores?q=N-1").await.done().as_array().unwrap().is_empty(),
        "a preview changes nothing"
    );

    let rejects = hq.open(&format!("{}/rejects.csv", preview.url.path())).await;
    assert!(rejects.html.contains("N-2,新店二,青禾茶铺,路 2 号,99,121.47,31.23,省 “99”"), "{}", rejects.html);

    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    let done = settled(&mut hq, done).await;
    assert!(done.html.contains("已导入 2 行"), "{}", done.html);
    assert_eq!(town.visitor().store("N-3").await["name"], "=1+1", "a formula is text");

    // The same file again, its mended rejects, and a column that is chosen by hand and remembered.
    let again = sent(&mut hq, "stores", "门店.csv", STORES.as_bytes()).await;
    let form = again.form("/rpc/hq/choose_import_columns");
    assert_eq!(form.value("column_code"), Some("店号"));
    let other = hq.send(&form.with("column_name", "地址")).await;
    let other = settled(&mut hq, other).await;
    assert_eq!(other.form("/rpc/hq/choose_import_columns").value("column_name"), Some("地址"));
    let cancelled = hq.send(&other.form("/rpc/hq/cancel_import")).await;
    assert!(cancelled.html.contains("没有改动任何数据"), "{}", cancelled.html);
    let next = sent(&mut hq, "stores", "门店.csv", STORES.as_bytes()).await;
    assert_eq!(next.form("/rpc/hq/choose_import_columns").value("column_name"), Some("地址"));
    assert!(hq.open("/hq/imports").await.html.contains("已取消"));
}

#[tokio::test]
async fn what_is_no_table_is_refused_in_words_and_changes_nothing() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let wide = format!("{}\n1\n", "a,".repeat(300));
    let large = vec![b'a'; 33 << 20];
    let cases: [(&str, &[u8], &str); 7] = [
        ("空.csv", b"", "文件是空的"),
        ("图.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "不是表格文件"),
        ("坏.xlsx", b"PK\x03\x04 broken", "工作簿无法打开"),
        ("宽.csv", wide.as_bytes(), "表格有 301 列"),
        ("头.csv", "商品名称,品牌\n".as_bytes(), "没有数据行"),
        ("缺.csv", "商品名称,品牌\n茶,青禾\n".as_bytes(), "还没有指定这些列：分类、价格(元)"),
        ("长.csv", "商品名称,品牌,分类,价格\n茶,青禾,茶,1,2,3\n".as_bytes(), "这一行有 6 格，表头有 4 格"),
    ];
    for (name, content, told) in cases {
        let page = sent(&mut hq, "products", name, content).await;
        assert!(page.html.contains(told), "{name}: {}", page.html);
        assert!(!page.html.contains("/rpc/hq/confirm_import"), "{name} can be confirmed");
    }
    let page = hq.upload("/hq/imports", &[("kind", "stores")], ("大.csv", &large)).await;
    assert!(page.html.contains("超过 32 MB"), "{} {}", page.status, page.html);
}

#[tokio::test]
async fn only_who_may_import_everywhere_sees_and_sends_imports() {
    let town = Town::start().await;
    for account in ["shanghai", "clerk"] {
        let mut browser = town.head_office(account).await;
        for path in ["/hq/imports", "/hq/imports/new"] {
            assert_eq!(browser.open(path).await.status, 403, "{account} {path}");
        }
        let page = browser.upload("/hq/imports", &[("kind", "stores")], ("门店.csv", STORES.as_bytes())).await;
        assert_eq!(page.status, 403, "{account}");
    }
    let mut nobody = town.browser();
    let page = nobody.upload("/hq/imports", &[("kind", "stores")], ("门店.csv", STORES.as_bytes())).await;
    assert_eq!(page.url.path(), "/console/login");
}

#[tokio::test]
async fn what_is_exported_is_imported_again_unchanged() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let nasty = "商品名称,商品编码,品牌,分类,规格,条码,价格,描述\n\
        '+1 茶,0012,青禾茶铺,\"分\"\"类\"\", 一\",容量:500ml\\/瓶,0012345678901234567890,9.9,\"=1+1\n第二行, \"\"引号\"\"\"\n";
    let preview = sent(&mut hq, "products", "怪.csv", nasty.as_bytes()).await;
    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    assert!(settled(&mut hq, done).await.html.contains("已导入 1 行"));
    for (kind, told) in [("products", "0012345678901234567890"), ("stores", "QH-SH-001")] {
        for ending in ["csv", "xlsx"] {
            let file = hq.download(&format!("/hq/{kind}/all/{ending}")).await;
            assert!(ending == "xlsx" || String::from_utf8_lossy(&file).contains(told));
            let again = sent(&mut hq, kind, &format!("再来.{ending}"), &file).await;
            assert!(again.html.contains("将新增 0 行、更新 0 行"), "{kind} {ending}: {}", again.html);
            assert!(!again.html.contains("不导入</span>"), "{kind} {ending}: {}", again.html);
        }
    }
    // A list and its file have the same filters: one of its products by initials, by barcode, none.
    for (filter, lines) in [("q=zznc", 2), ("q=0012345678901234567890&published=yes", 1), ("q=zznc&published=no", 0)] {
        let file = hq.download(&format!("/hq/products/all/csv?{filter}")).await;
        let list = hq.open(&format!("/hq/products?{filter}")).await;
        assert_eq!(String::from_utf8(file).unwrap().matches("青禾茶铺").count(), lines, "{filter}");
        assert_eq!(list.html.contains("没有符合条件的商品"), lines == 0, "{filter}: {}", list.html);
        assert_eq!(list.html.contains("珍珠奶茶"), filter == "q=zznc", "{filter}: {}", list.html);
    }
    assert!(hq.open("/hq/orders/all/csv").await.html.contains("订单号,状态,门店"));
    assert_eq!(hq.open("/hq/orders/all/pdf").await.status, 404);
    let mut clerk = town.head_office("clerk").await;
    for path in ["/hq/products", "/hq/stores/all/csv", "/hq/products/all/xlsx", "/hq/orders/all/csv"] {
        assert_eq!(clerk.open(path).await.status, 403, "{path}");
    }
    let imports = String::from_utf8(hq.download("/hq/imports/all/csv").await).unwrap();
    assert!(imports.contains("怪.csv,商品,已完成,1,0,0,0,"), "{imports}");
    let mut shanghai = town.head_office("shanghai").await;
    for (list, header) in
        [("imports", "文件,内容,状态"), ("keys", "合作方,状态,密钥开头"), ("webhooks", "接收方,地址,状态")]
    {
        assert!(String::from_utf8(hq.download(&format!("/hq/{list}/all/csv")).await).unwrap().contains(header));
        for browser in [&mut clerk, &mut shanghai] {
            assert_eq!(browser.open(&format!("/hq/{list}/all/xlsx")).await.status, 403, "{list}");
        }
    }
}

#[tokio::test]
async fn orders_are_filtered_alike_in_the_list_its_file_its_batches_and_the_api() {
    let town = Town::start().await;
    let member = town.member("13800000021").await;
    let order = member.place(&member.goods(STORE, TEA).await, 1).await;
    let number = member.order(&order).await["number"].as_str().unwrap().to_owned();
    let (mut hq, program) = (town.head_office("hq").await, town.staff("hq").await);
    for (filter, there) in [
        ("from=2020-01-01", true),
        ("to=2020-01-01", false),
        ("goods=zznc", true),
        ("goods=zzzzz", false),
        ("fulfilment=pickup", true),
        ("fulfilment=express", false),
    ] {
        let page = hq.open(&format!("/hq/orders?{filter}")).await;
        assert_eq!(page.html.contains(&number), there, "{filter}");
        let file = String::from_utf8(hq.download(&format!("/hq/orders/all/csv?{filter}")).await).unwrap();
        assert_eq!(file.contains(&number), there, "{filter}");
        let list = program.get(&format!("/hq/orders?{filter}")).await.done();
        assert_eq!(list["items"].as_array().unwrap().iter().any(|one| one["number"] == number), there, "{filter}");
        assert_eq!(
            page.attributes("form[role=search] details[open]", "class").len(),
            1,
            "what is set is not folded away"
        );
        let (name, value) = filter.split_once('=').unwrap();
        if there {
            let batch = page.form("/rpc/hq/draft_order_batch");
            assert_eq!(batch.value(&format!("{name}.filter")), Some(value));
        }
    }
    let wrong = "from=2026-11-02&to=2026-11-01";
    let page = hq.open(&format!("/hq/orders?{wrong}")).await;
    assert!(page.status == 200 && page.html.contains("结束日期早于开始日期") && page.html.contains("2026-11-02"));
    assert_eq!(hq.open(&format!("/hq/orders/all/csv?{wrong}")).await.status, 422);
    assert_eq!(hq.open("/hq/orders?from=yesterday").await.status, 422, "no day is not any day");
    program.get(&format!("/hq/orders?{wrong}")).await.refused(422, "invalid");
    town.check_books().await;
}

#[tokio::test]
async fn an_import_whose_server_was_killed_is_done_by_the_next_and_once() {
    const ROWS: usize = 20_000;
    let mut town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    let mut table = "店号,店名,品牌,地址,省,经度,纬度\n".to_owned();
    for row in 0..ROWS {
        table.push_str(&format!("K-{row:05},新店 {row},青禾茶铺,长路 {row} 号,31,121.47,31.23\n"));
    }
    let preview = sent(&mut hq, "stores", "多.csv", table.as_bytes()).await;
    let mut page = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    until("rows are being written", SOON, async || {
        page = hq.open(preview.url.path()).await;
        let done = page.attribute("progress", "value").and_then(|done| done.parse::<usize>().ok());
        done.is_some_and(|done| done > 0)
    })
    .await;
    town.kill_server();
    town.start_server().await;
    let mut hq = town.head_office("hq").await;
    page = hq.open(preview.url.path()).await;
    assert!(is_running(&page), "it had ended before its server was killed: {}", page.html);
    let found = async |town: &Town| town.visitor().get("/stores?q=K-00001").await.done().as_array().unwrap().len();
    assert_eq!(found(&town).await, 0, "a part was kept");
    until("another server has done it", Duration::from_secs(90), async || {
        page = hq.open(preview.url.path()).await;
        !is_running(&page)
    })
    .await;
    assert!(page.html.contains(&format!("已导入 {ROWS} 行")), "{}", page.html);
    assert_eq!(found(&town).await, 1);
}

#[tokio::test]
async fn suppliers_orders_prices_and_allocations_come_in_as_tables_and_only_for_who_may_do_so_by_hand() {
    let town = Town::start().await;
    let mut hq = town.head_office("hq").await;
    // Under names that people use.
    let suppliers = "供应商编码,供应商名称,提前期,商品编码,含税进价,起订量\nJN-9,江南食品,3,qh-zhenzhu-naicha-m,3.50,10\n,无编号,3,qh-zhenzhu-naicha-m,3,1\nJN-9,,,nothing,2,1\n";
    let preview = sent(&mut hq, "suppliers", "供应商.csv", suppliers.as_bytes()).await;
    for told in ["确认导入 1 行", "不能为空", "没有“nothing”这个SKU 编码或条码"] {
        assert!(preview.html.contains(told), "{told}: {}", preview.html);
    }
    assert!(!hq.open("/hq/suppliers").await.html.contains("江南食品"), "a preview changes nothing");
    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    assert!(settled(&mut hq, done).await.html.contains("已导入 1 行"));
    assert!(hq.open("/hq/suppliers").await.html.contains("江南食品"));
    let again = sent(&mut hq, "suppliers", "供应商.csv", suppliers.as_bytes()).await;
    assert!(again.html.contains("1 行不变"), "{}", again.html);

    let store = town.visitor().store("QH-SH-001").await["code"].as_str().unwrap().to_owned();
    let orders = format!(
        "供应商编号,收货方编号,SKU,数量\nJN-9,{store},qh-zhenzhu-naicha-m,20\nJN-9,{store},qh-zhenzhu-naicha-l,20\n"
    );
    let preview = sent(&mut hq, "purchases", "采购.csv", orders.as_bytes()).await;
    assert!(preview.html.contains("没有这件商品的报价"), "{}", preview.html);
    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    assert!(settled(&mut hq, done).await.html.contains("已导入 1 行"));
    let list = hq.open("/hq/purchases").await.html;
    assert!(list.contains("草稿") && list.contains("江南食品"), "{list}");

    let prices = "SKU,经营方式,供货价\nqh-zhenzhu-naicha-m,加盟,5.20\nqh-zhenzhu-naicha-m,火星,5\n";
    let preview = sent(&mut hq, "supply_prices", "供货价.csv", prices.as_bytes()).await;
    assert!(preview.html.contains("确认导入 1 行") && preview.html.contains("经营方式"), "{}", preview.html);
    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    assert!(settled(&mut hq, done).await.html.contains("已导入 1 行"));
    let exported = hq.download("/hq/supply-prices/all/csv").await;
    let again = sent(&mut hq, "supply_prices", "供货价.csv", &exported).await;
    assert!(again.html.contains("1 行不变"), "{}", again.html);

    let office = town.staff("hq").await;
    let (warehouse, receipt) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let depot = serde_json::json!({ "code": "CK-9", "name": "测试仓", "region": "310000", "address": "路 9 号" });
    office.put(&format!("/hq/warehouses/{warehouse}"), depot).await.done();
    let sku = town.visitor().goods(STORE, TEA).await.sku_id;
    let came =
        serde_json::json!({ "id": receipt, "location_id": warehouse, "lines": [{ "sku_id": sku, "quantity": 12 }] });
    office.post("/console/receipts", came).await.done();
    // As people plan it: a column for each store.
    let allotted =
        "仓库编号,SKU,QH-SH-001,QH-SH-002,QH-SH-003\nCK-9,qh-zhenzhu-naicha-m,5,4,9\nNO-1,qh-zhenzhu-naicha-m,1,,\n";
    let preview = sent(&mut hq, "allocations", "配货.csv", allotted.as_bytes()).await;
    for told in ["确认导入 2 行", "仓库只剩 3 件可分配", "没有“NO-1”这个仓库编号"] {
        assert!(preview.html.contains(told), "{told}: {}", preview.html);
    }
    let none = office.get("/console/transfers").await.done();
    assert!(none["items"].as_array().unwrap().is_empty(), "a preview sends nothing");
    let done = hq.send(&preview.form("/rpc/hq/confirm_import")).await;
    assert!(settled(&mut hq, done).await.html.contains("已导入 2 行"));
    let sent_out = office.get("/console/transfers").await.done();
    assert_eq!(sent_out["items"].as_array().unwrap().len(), 2, "{sent_out}");

    // What only the trial finds out is told, and not tried for ever.
    let foreign = "仓库编号,门店编号,SKU,数量\nCK-9,BB-SH-001,qh-zhenzhu-naicha-m,1\n";
    let refused = sent(&mut hq, "allocations", "别家.csv", foreign.as_bytes()).await;
    assert!(refused.html.contains("所属品牌的商品"), "{}", refused.html);
    assert!(!refused.html.contains("/rpc/hq/confirm_import"), "it cannot be confirmed");
    town.check_books().await;
}
