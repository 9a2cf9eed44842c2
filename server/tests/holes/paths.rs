//! Paths that climb out, as no browser and no client library would send them.

use std::{fs, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    inventory::{DOORS, Door},
    support::Town,
};

/// Stands in a file beside the site's folder.
const SECRET: &str = "beside-the-site-lies-a-word";

/// A step up, in the notations that have opened doors elsewhere.
const STEPS: &[&str] = &[
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "....//",
    "..;/",
    "..\\",
    "..%5c",
    "%c0%ae%c0%ae/",
    "..%00/",
    "./.././",
];

/// Every climb: the steps to what lies beside the site, two folders up from its parts, and to the machine's root;
/// and addresses that begin anew.
fn climbs() -> Vec<String> {
    let mut climbs: Vec<String> = ["/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "file:///etc/passwd", "\0", "%00"]
        .map(str::to_owned)
        .to_vec();
    for step in STEPS {
        for target in ["secret.txt", "gateway/merchant.json"] {
            climbs.extend([1, 2, 3].map(|times| step.repeat(times) + target));
        }
        climbs.push(step.repeat(12) + "etc/passwd");
        climbs.push(step.repeat(12) + "etc%2fpasswd%00.csv");
    }
    climbs
}

/// The door's address with the climb in place of each name.
fn climbing(door: &Door, climb: &str) -> String {
    let parts = door.path.split('/').map(|part| if part.starts_with('{') { climb } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Sends the address as it is; answers the status and all that came.
async fn ask(town: &Town, method: &str, path: &str, cookies: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(town.url.trim_start_matches("http://")).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: town\r\ncookie: {cookies}\r\nsec-fetch-site: same-origin\r\n\
         accept: text/html\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    read.unwrap_or_else(|_| panic!("no end of the answer to {method} {path}")).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status for {path}: {answer}")), answer)
}

#[tokio::test]
async fn no_path_climbs_out_of_what_an_address_serves() {
    let town = Town::start().await;
    fs::write(town.folder().join("secret.txt"), SECRET).unwrap();
    for part in ["pkg", "pictures"] {
        fs::create_dir(town.folder().join("site").join(part)).unwrap();
    }
    fs::write(town.folder().join("site/pkg/x.js"), "// ours").unwrap();
    let (staff, member) = (town.staff("hq").await, town.member("13800000071").await);
    let cookies = format!("mendian-staff={}; mendian={}", staff.token(), member.token());
    assert_eq!(ask(&town, "GET", "/pkg/x.js", &cookies).await.0, 200, "what is ours is served");

    let named = DOORS.iter().filter(|door| door.path.contains('{') && (door.method == "GET" || !door.is_api()));
    let files = ["/favicon.svg", "/robots.txt", "/manifest.webmanifest", "/hq/stores/all", "/api/docs", ""];
    let mut addresses = Vec::new();
    for climb in climbs() {
        addresses.extend(named.clone().map(|door| (door.method, climbing(door, &climb))));
        addresses.extend(files.map(|file| ("GET", format!("{file}/{climb}"))));
    }
    let told = [SECRET, "root:x:", "api_v3_key", "PRIVATE KEY", "MENDIAN_"];
    for (method, path) in &addresses {
        let (status, answer) = ask(&town, method, path, &cookies).await;
        let refused = match status {
            // To log in, for what takes a key.
            301..=308 => answer.contains("location: /login") || answer.contains("location: /console/login"),
            // Beside "not there": an id or a text that can be none, or nobody of the API's.
            400 | 401 | 404 | 405 => true,
            422 => path.starts_with("/api/v1/") || path.contains("%00"),
            _ => false,
        };
        assert!(refused, "{method} {path:?}: {status}\n{answer}");
        for word in told {
            assert!(!answer.contains(word), "{method} {path:?} tells {word}: {answer}");
        }
    }
    assert!(addresses.len() > 1_000, "only {} addresses", addresses.len());
    town.check_books().await;
}
