//! The frame of the stand-ins' pages: plain HTML, one inline style, no script.

use axum::response::Html;
use chrono::FixedOffset;

/// The zone of the people who read the pages, and of the times in the protocols.
pub const BEIJING: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("within a day");

/// Escapes a text for HTML, inside elements and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Fen as people read them: `¥12.80`.
pub fn yuan(fen: i64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}

/// A whole page. `title` is escaped here, `body` is HTML; with `refresh_s` it loads itself again.
pub fn page(title: &str, refresh_s: Option<u32>, body: &str) -> Html<String> {
    let refresh = refresh_s.map(|s| format!("<meta http-equiv=\"refresh\" content=\"{s}\">")).unwrap_or_default();
    let title = escape(title);
    Html(format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{refresh}\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    ))
}

const STYLE: &str = "
*{box-sizing:border-box}
body{margin:0;background:#ededed;color:#191919;font:16px/1.5 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif}
main{max-width:640px;margin:0 auto;padding:16px 16px 48px}
h1{font-size:20px;margin:8px 0 4px}
.muted{color:#666;font-size:14px}
.card{background:#fff;border-radius:12px;padding:16px;margin:12px 0}
.row{display:flex;justify-content:space-between;gap:16px;padding:6px 0}
.row span:first-child{color:#666;flex:none}
.row span:last-child{text-align:right;overflow-wrap:anywhere}
.amount{font-size:44px;font-weight:600;text-align:center;margin:8px 0 0;font-variant-numeric:tabular-nums}
.center{text-align:center}
.code{font-weight:700;font-size:18px;letter-spacing:1px;font-variant-numeric:tabular-nums}
.text{overflow-wrap:anywhere;margin:4px 0 0}
.mark{width:64px;height:64px;border-radius:50%;background:#07c160;color:#fff;font-size:36px;line-height:64px;margin:24px auto 8px}
.mark.bad{background:#d9480f}
button,.button{display:block;width:100%;min-height:48px;border:0;border-radius:10px;font:inherit;font-weight:600;padding:11px 16px;margin-top:12px;text-align:center;text-decoration:none;background:#fff;color:#191919;box-shadow:inset 0 0 0 1px #d0d0d0;cursor:pointer}
button.main,.button.main{box-shadow:none;background:#067a3e;color:#fff;font-size:18px;min-height:54px}
button:focus-visible,a:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid #1677ff;outline-offset:2px}
summary{min-height:44px;padding:10px 0;cursor:pointer;color:#3b5b8c}
label{display:flex;align-items:center;gap:10px;min-height:44px}
input[type=number]{width:84px;min-height:44px;font:inherit;padding:4px 8px;border:1px solid #999;border-radius:8px}
input[type=text]{width:100%;min-height:44px;font:inherit;padding:4px 12px;border:1px solid #767676;border-radius:8px}
input[aria-invalid]{border-color:#b3261e}
.complaint{color:#b3261e;font-size:14px;margin:6px 0 0}
label.above{display:block;min-height:0;margin-bottom:6px;font-weight:600}
.people{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;margin:12px 0}
.person{display:flex;align-items:center;gap:12px;margin:0;min-height:64px;text-align:left;overflow-wrap:anywhere}
.face{flex:none;width:40px;height:40px;border-radius:8px;background:#067a3e;color:#fff;line-height:40px;text-align:center}
input[type=checkbox]{width:22px;height:22px}
a{color:#2f5f9e}
.state{font-weight:600}
.note{border-left:4px solid #f0a020;background:#fff7e6;padding:8px 12px;border-radius:6px;font-size:14px}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_place_in_a_page() {
        assert_eq!(escape(r#"<b a="1" b='2'>&"#), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;");
    }

    #[test]
    fn fen_are_shown_as_yuan_with_two_decimals() {
        assert_eq!((yuan(5).as_str(), yuan(1280).as_str()), ("¥0.05", "¥12.80"));
    }
}
