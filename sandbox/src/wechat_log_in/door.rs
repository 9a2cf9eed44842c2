//! The pages on which people log in: one agrees, and is sent back with a code.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::get,
};
use chrono::Utc;
use partners::wechat_log_in::{App, AppKind};
use reqwest::Url;
use serde::Deserialize;

use super::{WeChat, codes::name};
use crate::page::{BEIJING, escape, page};

/// The list shows the newest.
const MOST_SHOWN: usize = 50;
/// WeChat wants the parameters in this order, the last may be missing, others may follow.
const PARAMETERS: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];
/// The longest `state`, in bytes.
const MOST_STATE_BYTES: usize = 128;

/// The pages.
pub fn router() -> Router<Arc<WeChat>> {
    Router::new()
        .route("/", get(list))
        .route("/connect/oauth2/authorize", get(show_in_wechat).post(act_in_wechat))
        .route("/connect/qrconnect", get(show_elsewhere).post(act_elsewhere))
}

type Pairs = Query<Vec<(String, String)>>;

/// A request to log in that WeChat would show.
struct Asked {
    kind: AppKind,
    back: Url,
    scope: String,
    state: String,
}

/// What somebody decided: the name on the button they took, or the name they typed.
#[derive(Deserialize)]
struct Decision {
    person: Option<String>,
}

async fn show_in_wechat(State(wechat): State<Arc<WeChat>>, Query(pairs): Pairs) -> Response {
    show(&wechat, AppKind::OfficialAccount, &pairs)
}

async fn show_elsewhere(State(wechat): State<Arc<WeChat>>, Query(pairs): Pairs) -> Response {
    show(&wechat, AppKind::Website, &pairs)
}

async fn act_in_wechat(State(wechat): State<Arc<WeChat>>, Query(pairs): Pairs, Form(act): Form<Decision>) -> Response {
    decide(&wechat, AppKind::OfficialAccount, &pairs, act)
}

async fn act_elsewhere(State(wechat): State<Arc<WeChat>>, Query(pairs): Pairs, Form(act): Form<Decision>) -> Response {
    decide(&wechat, AppKind::Website, &pairs, act)
}

fn show(wechat: &WeChat, kind: AppKind, pairs: &[(String, String)]) -> Response {
    match read(wechat, kind, pairs) {
        Ok(asked) => choice(wechat, &asked, "").into_response(),
        Err(complaint) => refuse(complaint),
    }
}

fn decide(wechat: &WeChat, kind: AppKind, pairs: &[(String, String)], act: Decision) -> Response {
    // The address is that of the page, query and all, and is believed no more than it was there.
    let asked = match read(wechat, kind, pairs) {
        Ok(asked) => asked,
        Err(complaint) => return refuse(complaint),
    };
    let Some(typed) = act.person else { return turned_away(asked) };
    match name(&typed) {
        None => {
            let again = choice(wechat, &asked, "请输入 1 到 20 个字的名字。");
            (StatusCode::UNPROCESSABLE_ENTITY, again).into_response()
        }
        Some(person) => {
            let code = wechat.codes().give(kind, person, &asked.scope, Utc::now());
            go_back(asked, Some(&code))
        }
    }
}

/// Refused: WeChat's own browser stays where it is, any other goes back without a code.
fn turned_away(asked: Asked) -> Response {
    if asked.kind == AppKind::Website {
        return go_back(asked, None);
    }
    let body = "<div class=\"card center\"><h1>已拒绝</h1>\
                <p class=\"muted\">没有告诉商家你是谁。可以关闭这个页面，或返回上一页。</p></div>";
    page("已拒绝 · 沙箱", None, body).into_response()
}

fn go_back(asked: Asked, code: Option<&str>) -> Response {
    let mut back = asked.back;
    back.query_pairs_mut().extend_pairs(code.map(|code| ("code", code))).append_pair("state", &asked.state);
    Redirect::to(back.as_str()).into_response()
}

/// Checks what WeChat checks; a complaint as it words them.
fn read(wechat: &WeChat, kind: AppKind, pairs: &[(String, String)]) -> Result<Asked, &'static str> {
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).take(PARAMETERS.len()).collect();
    if names != PARAMETERS && names != PARAMETERS[..4] {
        return Err("该链接无法访问：参数缺失，或顺序不对");
    }
    let value = |at: usize| pairs.get(at).map_or("", |(_, value)| value.as_str());
    if wechat.apps.of(kind).is_none_or(|app: &App| app.app_id != value(0)) {
        return Err("appid 参数错误，错误码：10013");
    }
    let back = Url::parse(value(1)).ok().filter(|back| may_return(wechat, back));
    let back = back.ok_or("redirect_uri 域名与后台配置不一致，错误码：10003")?;
    if value(2) != "code" {
        return Err("response_type 参数错误，错误码：10004");
    }
    let scopes: &[&str] =
        if kind == AppKind::Website { &["snsapi_login"] } else { &["snsapi_base", "snsapi_userinfo"] };
    if !scopes.contains(&value(3)) {
        return Err("scope 参数错误或没有 scope 权限，错误码：10005");
    }
    let state = value(4);
    if state.len() > MOST_STATE_BYTES || !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("state 参数错误：最多 128 个字母和数字");
    }
    Ok(Asked { kind, back, scope: value(3).to_owned(), state: state.to_owned() })
}

/// Whether people may be sent there: to this machine itself, or to a host that was allowed.
fn may_return(wechat: &WeChat, back: &Url) -> bool {
    let Some(host) = back.host_str().filter(|_| matches!(back.scheme(), "http" | "https")) else { return false };
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    is_here || wechat.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
}

fn refuse(complaint: &str) -> Response {
    let body = format!(
        "<div class=\"card center\"><div class=\"mark bad\" aria-hidden=\"true\">!</div><h1>无法登录</h1>\
         <p class=\"text\">{}</p></div>",
        escape(complaint)
    );
    (StatusCode::BAD_REQUEST, page("无法登录 · 沙箱", None, &body)).into_response()
}

/// Forms without an action post to the page's own address, where everything asked for stands.
fn choice(wechat: &WeChat, asked: &Asked, complaint: &str) -> Html<String> {
    let host = escape(asked.back.host_str().unwrap_or_default());
    let (title, ask) = match asked.kind {
        AppKind::Website => ("微信扫码登录", "真实页面显示二维码，用微信扫码确认。这里直接选择：扫码的是谁？"),
        _ => ("微信授权", "真实页面在微信内，只问是否允许。这里先选择：打开微信的是谁？"),
    };
    let codes = wechat.codes();
    let people: String = codes.people().fold(String::new(), |mut buttons, person| {
        let first = escape(&person.chars().take(1).collect::<String>());
        let person = escape(person);
        // Writing to a string cannot fail.
        let _ = write!(
            buttons,
            "<button class=\"person\" name=\"person\" value=\"{person}\">\
             <span class=\"face\" aria-hidden=\"true\">{first}</span>{person}</button>"
        );
        buttons
    });
    let (wrong, told) = if complaint.is_empty() {
        ("", String::new())
    } else {
        (
            " aria-invalid=\"true\" aria-describedby=\"complaint\"",
            format!("<p class=\"complaint\" id=\"complaint\">{}</p>", escape(complaint)),
        )
    };
    let body = format!(
        "<p class=\"note\">沙箱微信：不是真实的微信登录。</p>\
         <h1>{title}</h1><p class=\"muted\">{host} 申请知道你的微信身份。{ask}</p>\
         <form method=\"post\" class=\"people\">{people}</form>\
         <form method=\"post\" class=\"card\"><label class=\"above\" for=\"person\">或者是另一个人</label>\
         <input type=\"text\" id=\"person\" name=\"person\" placeholder=\"名字\" required maxlength=\"20\" autocomplete=\"off\"{wrong}>{told}\
         <button class=\"main\">允许</button><p class=\"muted\">同一个名字总是同一个人。</p></form>\
         <form method=\"post\"><button>拒绝</button></form>"
    );
    page(&format!("{title} · 沙箱"), None, &body)
}

async fn list(State(wechat): State<Arc<WeChat>>) -> Html<String> {
    let mut body = String::from(
        "<h1>微信登录沙箱</h1><p class=\"muted\">谁登录过，从哪里登录。页面每 5 秒自动刷新。</p>\
         <p class=\"muted\">小程序的 code（代替 wx.login）：POST /sandbox/code {\"person\":\"林晓\",\"app\":\"mini_program\"}</p>",
    );
    let codes = wechat.codes();
    if codes.newest().next().is_none() {
        body.push_str(
            "<div class=\"card center muted\">还没有人登录。在商城点“微信登录”，就会来到这里选择是谁。</div>",
        );
    }
    for grant in codes.newest().take(MOST_SHOWN) {
        let place = match grant.app {
            AppKind::MiniProgram => "小程序",
            AppKind::OfficialAccount => "微信内（公众号）",
            AppKind::Website => "网站",
        };
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "<article class=\"card\"><div class=\"row\"><span>{time} · {place}</span><span class=\"state\">{state}</span></div>\
             <p class=\"text\"><strong>{person}</strong></p></article>",
            time = grant.at.with_timezone(&BEIJING).format("%m-%d %H:%M:%S"),
            state = if grant.used { "已登录" } else { "code 未使用" },
            person = escape(&grant.person),
        );
    }
    page("微信登录沙箱", Some(5), &body)
}
