//! Pictures that people send, over HTTP: how they come in, and how they go out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use support::{
    STORE, Town,
    browser::{Browser, Page},
    photo,
    program::Program,
};
use uuid::Uuid;

const SCRIPT: &str = "<html><script>alert('mendian')</script>";
const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>"#;

async fn store_id(town: &Town) -> String {
    town.visitor().store(STORE).await["id"].as_str().unwrap().to_owned()
}

/// The photos' page of the store, with what was sent.
async fn send(browser: &mut Browser, store: &str, files: &[(&str, &[u8])]) -> Page {
    browser.upload_all(&format!("/console/photos/{store}"), &[], files).await
}

/// The addresses of the pictures in a page's list of photos.
fn pictures(page: &Page) -> Vec<String> {
    page.attributes("img[src^='/files/']", "src")
}

/// Adds a photo by the API.
async fn added(town: &Town, who: &Program, store: &str, bytes: Vec<u8>) -> (u16, Value) {
    let path = format!("/api/v1/console/stores/{store}/photos?name=%E9%97%A8%E5%A4%B4.php.jpg");
    let request = town.raw(Method::POST, &path).bearer_auth(who.token());
    let answer = request.header("content-type", "application/octet-stream").body(bytes).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn fetched(town: &Town, path: &str) -> (u16, HeaderMap, Vec<u8>) {
    let answer = town.raw(Method::GET, path).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_manager_adds_orders_and_removes_photos_and_shoppers_see_them() {
    let town = Town::start().await;
    let store = store_id(&town).await;
    let (one, two, three) = (photo(800, 600, 10), photo(600, 800, 120), photo(64, 48, 240));
    let mut manager = town.head_office("manager").await;
    let empty = manager.open("/console/photos").await;
    assert!(empty.html.contains("还没有照片"), "{}", empty.html);
    let page = send(&mut manager, &store, &[("一.png", &one), ("二.png", &two), ("三.png", &three)]).await;
    assert!(page.html.contains("已添加 3 张照片"), "{}", page.html);
    let list = pictures(&page);
    assert_eq!(list.len(), 3);

    // Whoever shops sees them with their sizes, on the store's page and, the cover alone, in the finder.
    let mut shopper = town.browser();
    let seen = shopper.open(&format!("/s/{STORE}")).await;
    assert_eq!(pictures(&seen), list);
    let selector = format!("img[src='{}']", list[0]);
    assert_eq!(seen.attribute(&selector, "width").as_deref(), Some("480"));
    assert_eq!(seen.attribute(&selector, "height").as_deref(), Some("360"));
    assert_eq!(seen.attribute(&selector, "loading").as_deref(), Some("lazy"));
    assert!(seen.attribute(&selector, "alt").unwrap().contains("的照片，第 1 张，共 3 张"));
    assert!(seen.links_to(&list[0].replace("small", "large")));
    assert_eq!(pictures(&shopper.open(&format!("/stores?q={STORE}")).await), [list[0].clone()]);

    // The last becomes the cover; the first goes and comes back.
    let id = |address: &str| address.split('/').nth(2).unwrap().to_owned();
    let form = page.form("/rpc/console/move_photo").with("photo", &id(&list[2])).with("to", "first");
    let page = manager.send(&form).await;
    assert!(page.html.contains("封面已更换"), "{}", page.html);
    assert_eq!(pictures(&page), [list[2].clone(), list[0].clone(), list[1].clone()]);
    assert_eq!(pictures(&shopper.open(&format!("/stores?q={STORE}")).await), [list[2].clone()]);
    let mut form = page.form("/rpc/console/move_photo").with("photo", &id(&list[0]));
    form.action.set_path("/rpc/console/remove_photo");
    let page = manager.send(&form).await;
    assert!(page.html.contains("照片已移除"), "{}", page.html);
    assert_eq!(pictures(&shopper.open(&format!("/s/{STORE}")).await), [list[2].clone(), list[1].clone()]);
    let gone = page.attribute("img[src^='/console/files/']", "src").unwrap();
    assert_eq!(manager.open(&gone).await.headers["cache-control"], "private, no-store");
    assert_eq!(fetched(&town, &list[0]).await.0, 404);
    assert_eq!(fetched(&town, &gone).await.0, 303, "nobody is asked to log in");
    let mut clerk = town.head_office("clerk").await;
    assert_eq!(clerk.open(&gone).await.status, 403);
    let page = manager.send(&page.form("/rpc/console/restore_photo")).await;
    assert_eq!(pictures(&page), [list[2].clone(), list[1].clone(), list[0].clone()]);
    town.check_books().await;
}

#[tokio::test]
async fn each_file_of_a_form_is_judged_by_itself_and_by_its_bytes_alone() {
    let town = Town::start().await;
    let store = store_id(&town).await;
    let mut manager = town.head_office("manager").await;
    let good = photo(80, 60, 10);
    let large = vec![0xFF; (10 << 20) + 1];
    let files: [(&str, &[u8]); 6] = [
        ("好.php.jpg", &good),
        ("图.jpg", SVG.as_bytes()),
        ("页.png", SCRIPT.as_bytes()),
        ("动.jpg", b"GIF89a"),
        ("纸.jpg", b"%PDF-1.7"),
        ("大.jpg", &large),
    ];
    let page = send(&mut manager, &store, &files).await;
    assert!(page.html.contains("已添加 1 张照片，其余没有添加"), "{}", page.html);
    for told in [
        "“图.jpg”：不支持 SVG",
        "“页.png”：这是网页",
        "“动.jpg”：不支持 GIF",
        "“纸.jpg”：这里只收图片",
        "“大.jpg”：文件超过 10 MB",
    ] {
        assert!(page.html.contains(told), "{told}: {}", page.html);
    }
    assert_eq!(pictures(&page).len(), 1);
    assert!(page.html.contains("好.php.jpg"), "a name is a text for people");
    let page = send(&mut manager, &store, &[("", b"")]).await;
    assert!(page.html.contains("没有收到照片"), "{}", page.html);
    let page = send(&mut manager, &store, &[("<script>.jpg", b"x")]).await;
    assert!(page.html.contains("&lt;script&gt;.jpg") && !page.html.contains("<script>.jpg"), "{}", page.html);

    // Another's store is not found, by whatever way.
    let elsewhere = town.visitor().store("QH-HZ-001").await["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&mut manager, &elsewhere, &[("好.jpg", &good)]).await.status, 404);
    assert_eq!(send(&mut manager, "..%2f..", &[("好.jpg", &good)]).await.status, 404);
    let mut clerk = town.head_office("clerk").await;
    assert_eq!(send(&mut clerk, &store, &[("好.jpg", &good)]).await.status, 403);
    assert_eq!(send(&mut town.browser(), &store, &[("好.jpg", &good)]).await.url.path(), "/console/login");
    town.check_books().await;
}

#[tokio::test]
async fn what_goes_out_is_a_picture_of_ours_and_nothing_else() {
    let town = Town::start().await;
    let (store, manager) = (store_id(&town).await, town.staff("manager").await);
    // A picture with a page behind its end.
    let mut sent = photo(640, 480, 10);
    sent.extend(SCRIPT.bytes());
    let (status, body) = added(&town, &manager, &store, sent.clone()).await;
    assert_eq!(status, 200, "{body}");
    let id = body["id"].as_str().unwrap();
    assert_eq!(added(&town, &manager, &store, sent.clone()).await.1["id"], id, "the same file is the same photo");
    for size in ["large", "small"] {
        let (status, headers, bytes) = fetched(&town, &format!("/files/{id}/{size}")).await;
        assert_eq!(status, 200);
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value);
        }
        assert_eq!(headers["content-disposition"], format!("inline; filename=\"{id}-{size}.jpg\""));
        assert!(headers.get("set-cookie").is_none());
        assert!(bytes.starts_with(b"\xFF\xD8\xFF") && bytes.ends_with(b"\xFF\xD9"));
        assert!(!bytes.windows(8).any(|window| window == b"<script>"));
    }
    let list = manager.get(&format!("/console/stores/{store}/photos")).await.done();
    assert_eq!((&list["shown"][0]["id"], &list["shown"][0]["name"]), (&json!(id), &json!("门头.php.jpg")));
    let order = json!({ "photos": [id] });
    assert_eq!(manager.put(&format!("/console/stores/{store}/photos"), order).await.status, 204);
    let twice = json!({ "photos": [id, id] });
    manager.put(&format!("/console/stores/{store}/photos"), twice).await.refused(409, "photos_changed");
    let view = town.visitor().get(&format!("/stores/{store}")).await.done();
    assert_eq!(view["photos"][0]["large"], json!({ "url": format!("/files/{id}/large"), "width": 640, "height": 480 }));
    assert_eq!(view["cover"], view["photos"][0]);
    let gone = manager.attempt(Method::DELETE, &format!("/console/photos/{id}"), None).await.unwrap();
    assert_eq!(gone.status, 204);
    assert_eq!(fetched(&town, &format!("/files/{id}/large")).await.0, 404);
    assert!(town.visitor().get(&format!("/stores/{store}")).await.done()["cover"].is_null());
    let back = manager.attempt(Method::POST, &format!("/console/photos/{id}/restore"), None).await.unwrap();
    assert_eq!(back.status, 204);
    assert_eq!(fetched(&town, &format!("/files/{id}/large")).await.0, 200);
    for wrong in [SVG.as_bytes().to_vec(), b"\xFF\xD8\xFF\xE0".to_vec(), Vec::new()] {
        let (status, body) = added(&town, &manager, &store, wrong).await;
        assert_eq!((status, body["complaints"][0]["field"].as_str()), (422, Some("file")), "{body}");
    }
}

#[tokio::test]
async fn no_address_of_a_file_leads_anywhere_else() {
    let town = Town::start().await;
    let (store, manager) = (store_id(&town).await, town.staff("manager").await);
    let (_, body) = added(&town, &manager, &store, photo(40, 30, 10)).await;
    let id = body["id"].as_str().unwrap();
    for path in [
        "/files/..%2f..%2f..%2fetc%2fpasswd/large".to_owned(),
        "/files/%2e%2e/large".to_owned(),
        format!("/files/{id}/..%2flarge"),
        format!("/files/{id}/..%2f..%2f..%2fetc%2fpasswd"),
        format!("/files/{id}/large%00.html"),
        format!("/files/{id}/large.html"),
        format!("/files/{id}/whole"),
        format!("/files/{id}/LARGE"),
        format!("/files/{id}"),
        format!("/files/{id}%2flarge"),
        format!("/files/x%5c..%5c{id}/large"),
        "/files/00000000-0000-0000-0000-000000000000/large".to_owned(),
    ] {
        // A client would tidy such a path; this one sends it as it stands.
        let answer = as_it_stands(&town, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}");
    }
}

/// What is answered to bytes that no client would send.
fn as_it_stands(town: &Town, request: &str) -> String {
    let mut stream = TcpStream::connect(town.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // Whoever has been answered already may be cut off while it sends.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let town = Town::start().await;
    let (store, manager) = (store_id(&town).await, town.staff("manager").await);
    let head = |path: &str, length: usize, more: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n\r\n")
    };
    let api = format!("/api/v1/console/stores/{store}/photos");
    let bearer = format!("authorization: Bearer {}", manager.token());
    let answer = as_it_stands(&town, &head(&api, (10 << 20) + 1, &bearer));
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("上限 10 MB"), "{answer}");
    let form = format!(
        "cookie: mendian-staff={}\r\nsec-fetch-site: same-origin\r\ncontent-type: multipart/form-data; boundary=x",
        manager.token()
    );
    let answer = as_it_stands(&town, &head(&format!("/console/photos/{store}"), 200 << 20, &form));
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("请分几次上传"), "{answer}");
    // One that does not say how large it is, is read no further than it may be.
    let head = format!(
        "POST {api} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{bearer}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let pieces = format!("100000\r\n{}\r\n", "x".repeat(1 << 20)).repeat(12);
    let answer = as_it_stands(&town, &format!("{head}{pieces}0\r\n\r\n"));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    let list = manager.get(&format!("/console/stores/{store}/photos")).await.done();
    assert_eq!(list["shown"], json!([]));
}

#[tokio::test]
async fn a_person_sends_only_so_many_files_in_ten_minutes() {
    let town = Town::start().await;
    let (store, manager) = (store_id(&town).await, town.staff("manager").await);
    // Ten minutes may begin anew once while they are sent.
    let mut judged = 0;
    while added(&town, &manager, &store, b"GIF89a".to_vec()).await.0 == 422 {
        judged += 1;
    }
    assert!((60..=120).contains(&judged), "{judged}");
    assert_eq!(added(&town, &manager, &store, b"GIF89a".to_vec()).await.0, 429);
    let hq = town.staff("hq").await;
    assert_eq!(added(&town, &hq, &store, photo(40, 30, 10)).await.0, 200, "others are not kept from sending");
}

#[tokio::test]
async fn a_merchants_owner_adds_its_papers_on_its_page_and_head_office_removes_them() {
    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";
    let town = Town::start().await;
    let mut owner = town.head_office("merchant").await;
    let mine = owner.open("/hq/staff").await.attribute("a[href^='/hq/merchants/']", "href").unwrap();
    assert!(owner.open(&mine).await.html.contains("还没有证照"));
    let address = format!("{mine}/papers");
    let ended = [("kind", "licence"), ("valid_until", "2020-01-01")];
    let wrong = owner.upload_all(&address, &ended, &[("执照.pdf", SCRIPT.as_bytes())]).await;
    assert!(wrong.html.contains(r#"id="file-error""#) && wrong.html.contains("2020-01-01"), "{}", wrong.html);
    let wrong = owner.upload_all(&address, &[("kind", "x"), ("valid_until", "soon")], &[("执照.pdf", PDF)]).await;
    assert!(wrong.html.contains("请选择证照类型") && wrong.html.contains("请选择日期"), "{}", wrong.html);
    let page = owner.upload_all(&address, &ended, &[]).await;
    assert!(page.html.contains("请先选择文件"), "{}", page.html);
    let page = owner.upload_all(&address, &ended, &[("执照.pdf", PDF)]).await;
    assert!(page.html.contains("已保存证照") && page.html.contains("执照.pdf"), "{}", page.html);
    assert!(page.html.contains("已过期") && !page.html.contains("/rpc/hq/remove_paper"), "{}", page.html);
    let file = page.attribute(&format!("a[href^='{address}/']"), "href").unwrap();
    assert_eq!(owner.download(&file).await, PDF);

    let mut office = town.head_office("hq").await;
    assert!(office.open("/hq/merchants").await.html.contains("1 份证照到期或即将到期"));
    let page = office.open(&mine).await;
    let page = office.send(&page.form("/rpc/hq/remove_paper")).await;
    assert!(page.html.contains("已移除证照") && page.html.contains("还没有证照"), "{}", page.html);
    assert_eq!(owner.open(&file).await.status, 404);

    let hq = town.staff("hq").await;
    let scan = town.raw(Method::POST, &format!("/api/v1{address}?kind=contract")).bearer_auth(hq.token());
    let added: Value = scan.body(photo(40, 30, 10)).send().await.unwrap().json().await.unwrap();
    let path = format!("/api/v1{address}/{}/file", added["id"].as_str().unwrap());
    let answer = town.raw(Method::GET, &path).bearer_auth(hq.token()).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(hq.get(&address).await.done()[0]["kind"], "contract");
}

/// What a buyer asks for of a tin that the store has handed over to them; answers its id.
async fn asked_for(buyer: &Program, manager: &Program, town: &Town) -> String {
    let goods = buyer.goods(STORE, "qh-mingqian-longjing").await;
    let order = buyer.place(&goods, 1).await;
    town.pay(buyer, &order).await;
    manager.post(&format!("/console/orders/{order}/accept"), json!({})).await.done();
    let seen = buyer.order(&order).await;
    manager.post("/console/redemptions", json!({ "code": seen["pickup_code"] })).await.done();
    let id = Uuid::now_v7().to_string();
    let lines = json!([{ "line": 1, "quantity": 1 }]);
    let body = json!({ "id": id, "order_id": order, "kind": "refund_only", "lines": lines, "reason": "quality",
                       "note": "", "expected_refund_fen": seen["total_fen"] });
    buyer.post("/after-sales", body).await.done();
    id
}

#[tokio::test]
async fn a_store_adds_pictures_of_what_came_back_and_what_is_wrong_stands_beside_its_field() {
    let town = Town::start().await;
    let (buyer, manager) = (town.member("13800138000").await, town.staff("manager").await);
    let id = asked_for(&buyer, &manager, &town).await;
    let page = format!("/console/after-sales/{id}");
    let (address, good) = (format!("{page}/proofs"), photo(80, 60, 10));
    let mut store = town.head_office("manager").await;
    let typed = |note: &'static str| [("from", page.as_str()), ("note", note)];

    let files: [(&str, &[u8]); 2] = [("底.png", &good), ("页.png", SCRIPT.as_bytes())];
    let seen = store.upload_all(&address, &typed("罐底凹陷"), &files).await;
    assert!(seen.html.contains("已添加 1 张照片，其余没有添加"), "{}", seen.html);
    assert!(seen.text("#store_proof_file-error").unwrap().contains("“页.png”：这是网页"), "{}", seen.html);
    assert!(seen.html.contains("罐底凹陷") && seen.html.contains("还可以添加 5 张"), "{}", seen.html);
    let picture = seen.attribute("img[alt='门店的第 1 张照片']", "src").unwrap();
    assert_eq!(store.open(&picture).await.headers["cache-control"], "private, no-store");

    // Nothing that was typed is lost.
    let long = "凹".repeat(201);
    let refused =
        store.upload_all(&address, &[("note", &long), ("from", &page)], &[("二.png", &photo(60, 80, 9))]).await;
    assert_eq!(refused.text("#store_proof_note-error").as_deref(), Some("最多 200 个字"), "{}", refused.html);
    assert_eq!(refused.attribute("#store_proof_note", "value"), Some(long));
    let refused = store.upload_all(&address, &typed("边上也有"), &[]).await;
    assert!(refused.text("#store_proof_file-error").unwrap().contains("请先选择"), "{}", refused.html);
    assert_eq!(refused.attribute("#store_proof_note", "value").as_deref(), Some("边上也有"));

    let refused = store.upload_all(&address, &typed("盖子也裂了"), &[("底.png", &good)]).await;
    let told = refused.text("#store_proof_note-error").unwrap();
    assert!(told.contains("“底.png”：这张照片已经添加过，说明不能再改"), "{}", refused.html);
    assert_eq!(refused.attribute("#store_proof_note", "value").as_deref(), Some("盖子也裂了"));

    // The API adds as the form does, and the same file again is the same picture.
    let mut added = Vec::new();
    for _ in 0..2 {
        let sent = town.raw(Method::POST, &format!("/api/v1{address}?name=x.png&note=x")).bearer_auth(manager.token());
        let answer: Value = sent.body(photo(90, 60, 20)).send().await.unwrap().json().await.unwrap();
        added.push(answer["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(added[0], added[1]);

    // The shopper sees them once the store has decided, with their own cookie, and no stranger does.
    let small = picture.strip_prefix("/console/after-sales").unwrap();
    let as_buyer = || town.raw(Method::GET, small).header("cookie", format!("mendian={}", buyer.token())).send();
    assert_eq!(buyer.get(&format!("/after-sales/{id}")).await.done()["store_proofs"], json!([]));
    assert_eq!(as_buyer().await.unwrap().status(), 404);
    let refusal = json!({ "agree": false, "note": "人为损坏" });
    manager.post(&format!("/console/after-sales/{id}/decision"), refusal).await.done();
    let told = buyer.get(&format!("/after-sales/{id}")).await.done();
    assert_eq!(told["store_proofs"].as_array().unwrap().len(), 2, "{told}");
    let first = &told["store_proofs"][0];
    assert_eq!((&first["note"], &first["by"]), (&json!("罐底凹陷"), &json!("商家")));
    assert_eq!(as_buyer().await.unwrap().status(), 200);
    assert_eq!(fetched(&town, small).await.0, 404);
    town.check_books().await;
}
