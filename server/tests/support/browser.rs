//! A browser without script: cookies, forms as they stand on the page, redirects.

use std::collections::BTreeMap;

use reqwest::{
    Method, Url,
    header::{ACCEPT, COOKIE, HeaderMap, LOCATION, SET_COOKIE},
};
use scraper::{ElementRef, Html, Selector};

/// Redirects followed for one click.
const REDIRECTS_MOST: usize = 10;

/// One shopper's browser.
pub struct Browser {
    http: reqwest::Client,
    base: Url,
    /// The site's cookies; other sites get and set none.
    pub cookies: BTreeMap<String, String>,
    /// `Set-Cookie` values as they came.
    pub cookies_set: Vec<String>,
    /// What `Sec-Fetch-Site` and `Origin` say when a form is sent.
    pub sender: Vec<(&'static str, String)>,
}

/// A page that was shown.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub url: Url,
    pub headers: HeaderMap,
    pub html: String,
}

/// A form as it would be sent.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    pub fn new(http: reqwest::Client, url: &str) -> Self {
        let sender = vec![("sec-fetch-site", "same-origin".to_owned())];
        Self { http, base: url.parse().unwrap(), cookies: BTreeMap::new(), cookies_set: Vec::new(), sender }
    }

    /// Opens an address of the site, or a whole one.
    pub async fn open(&mut self, address: &str) -> Page {
        let url = self.base.join(address).unwrap();
        self.go(Method::GET, url, None).await
    }

    /// A file as its bytes, with what the browser was given so far.
    pub async fn download(&mut self, address: &str) -> Vec<u8> {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(self.base.join(address).unwrap()).header(COOKIE, pairs.join("; "));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{address}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// Sends a form.
    pub async fn send(&mut self, form: &Form) -> Page {
        self.go(Method::POST, form.action.clone(), Some(&form.fields)).await
    }

    /// Sends a file with a form of its kind.
    pub async fn upload(&mut self, address: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Page {
        self.upload_all(address, fields, &[file]).await
    }

    /// Sends files with a form of their kind, as `multipart/form-data` (RFC 7578).
    pub async fn upload_all(&mut self, address: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
        const BOUNDARY: &str = "----mendian-test";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.bytes());
        }
        for (name, content) in files {
            let head =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend(head.bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let url = self.base.join(address).unwrap();
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.post(url.clone()).header(COOKIE, pairs.join("; ")).header(ACCEPT, "text/html");
        let request = request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        let request = self.sender.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        match headers.get(LOCATION).filter(|_| status.is_redirection()) {
            Some(to) => self.open(to.to_str().unwrap()).await,
            None => Page { status: status.as_u16(), url, headers, html: answer.text().await.unwrap() },
        }
    }

    async fn go(&mut self, method: Method, url: Url, fields: Option<&[(String, String)]>) -> Page {
        let (mut method, mut url, mut fields) = (method, url, fields);
        for _ in 0..REDIRECTS_MOST {
            let ours = url.origin() == self.base.origin();
            let mut request = self.http.request(method, url.clone()).header(ACCEPT, "text/html,*/*;q=0.8");
            if ours && !self.cookies.is_empty() {
                let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, pairs.join("; "));
            }
            if let Some(fields) = fields {
                request = self
                    .sender
                    .iter()
                    .fold(request.form(fields), |request, (name, value)| request.header(*name, value));
            }
            let answer = request.send().await.unwrap();
            let (status, headers) = (answer.status(), answer.headers().clone());
            if ours {
                self.keep_cookies(&headers);
            }
            match headers.get(LOCATION).filter(|_| status.is_redirection()) {
                Some(to) => url = url.join(to.to_str().unwrap()).unwrap(),
                None => {
                    return Page { status: status.as_u16(), url, headers, html: answer.text().await.unwrap() };
                }
            }
            (method, fields) = (Method::GET, None);
        }
        panic!("more than {REDIRECTS_MOST} redirects, the last to {url}");
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.cookies_set.push(set.to_owned());
        }
    }
}

impl Page {
    /// The page's elements; they live on one thread, so they are parsed where they are asked for.
    fn select<T>(&self, selector: &str, of: impl FnMut(ElementRef<'_>) -> T) -> Vec<T> {
        Html::parse_document(&self.html).select(&Selector::parse(selector).unwrap()).map(of).collect()
    }

    /// The text of the first element that fits, without the space around it.
    pub fn text(&self, selector: &str) -> Option<String> {
        self.select(selector, |element| element.text().collect::<String>().trim().to_owned()).into_iter().next()
    }

    /// An attribute of the first element that fits.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.select(selector, |element| element.attr(name).map(str::to_owned)).into_iter().flatten().next()
    }

    /// An attribute of every element that fits, in their order.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        self.select(selector, |element| element.attr(name).map(str::to_owned)).into_iter().flatten().collect()
    }

    /// Whether a link to this address stands on the page.
    pub fn links_to(&self, path: &str) -> bool {
        self.select("a[href]", |link| link.attr("href") == Some(path)).contains(&true)
    }

    /// The first form whose action ends so, filled as the page filled it.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let selector = if action.is_empty() { "form".into() } else { format!(r#"form[action$="{action}"]"#) };
        let found = self.select(&selector, |form| Form {
            action: self.url.join(form.attr("action").unwrap_or("")).unwrap(),
            fields: fields_of(form),
        });
        found.into_iter().next().unwrap_or_else(|| panic!("no form {action} at {}: {}", self.url, self.html))
    }
}

/// What a form sends when nobody touches it, its buttons left out.
fn fields_of(form: ElementRef<'_>) -> Vec<(String, String)> {
    let controls = Selector::parse("input[name], select[name], textarea[name]").unwrap();
    let enabled = form.select(&controls).filter(|control| control.attr("disabled").is_none());
    let values = enabled.filter_map(|control| Some((control.attr("name")?.to_owned(), value_of(control)?)));
    values.collect()
}

fn value_of(control: ElementRef<'_>) -> Option<String> {
    let text = |name: &str| control.attr(name).unwrap_or("").to_owned();
    match (control.value().name(), text("type").as_str()) {
        ("textarea", _) => Some(control.text().collect()),
        ("select", _) => {
            let options: Vec<_> = control.select(&Selector::parse("option").unwrap()).collect();
            let chosen = options.iter().find(|option| option.attr("selected").is_some()).or(options.first())?;
            Some(chosen.attr("value").unwrap_or("").to_owned())
        }
        (_, "radio" | "checkbox") => control.attr("checked").map(|_| text("value")),
        _ => Some(text("value")),
    }
}

impl Form {
    /// With a field typed anew, or a button pressed.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}
