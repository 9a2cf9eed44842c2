//! 接口文档: the OpenAPI document as a page to read. It needs no script.

use leptos::prelude::*;
use serde_json::Value;
use ui::{Badge, Main, Tone};

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
/// Where the API is mounted.
const BASE: &str = "/api/v1";

/// One operation as the page shows it.
struct Operation {
    method: &'static str,
    path: &'static str,
    about: &'static Value,
}

impl Operation {
    fn id(&self) -> &str {
        text(&self.about["operationId"])
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The whole page.
pub fn page(document: &'static Value) -> impl IntoView + use<> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let groups: Vec<_> = tags
        .map(|tag| {
            (text(&tag["name"]).to_owned(), text(&tag["description"]).to_owned(), of_tag(document, &tag["name"]))
        })
        .collect();
    let ways = groups.iter().map(|(tag, _, operations)| view! { <Way tag=tag.clone() links=links(operations)/> });
    let ways = ways.collect_view();
    let sections = groups.iter().map(|(tag, about, operations)| {
        let operations = operations.iter().map(one).collect_view();
        view! {
            <section class="mt-10 first:mt-0">
                <h2 class="text-xl font-bold">{tag.clone()}</h2>
                <p class="text-base-content/70">{about.clone()}</p>
                {operations}
            </section>
        }
    });
    let sections = sections.collect_view();
    let info = &document["info"];
    view! {
        <Main>
            <h1 class="text-2xl font-bold">{format!("{} · JSON API", text(&info["title"]))}</h1>
            <p class="mt-2 max-w-3xl">{text(&info["description"]).to_owned()}</p>
            <p class="mt-2">
                <a class="link" href="/api/v1/openapi.json" rel="external">"openapi.json"</a>
                " · 登录后把令牌放进 "
                <code>"Authorization: Bearer …"</code>
            </p>
            <div class="mt-6 grid grid-cols-1 gap-8 lg:grid-cols-[16rem_minmax(0,1fr)]">
                <nav class="lg:sticky lg:top-4 lg:max-h-[calc(100svh-2rem)] lg:self-start lg:overflow-y-auto" aria-label="接口">
                    {ways}
                </nav>
                <div class="min-w-0">{sections}</div>
            </div>
        </Main>
    }
}

/// The operations of a tag.
fn of_tag(document: &'static Value, tag: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, operations)| {
        METHODS.into_iter().filter_map(move |method| Some(Operation { method, path, about: operations.get(method)? }))
    });
    all.filter(|operation| operation.about["tags"][0] == *tag).collect()
}

/// What the navigation says of each operation: its anchor and its words.
fn links(operations: &[Operation]) -> Vec<(String, String)> {
    operations
        .iter()
        .map(|one| (format!("#{}", one.id()), format!("{} {}", one.method.to_uppercase(), one.path)))
        .collect()
}

#[component]
fn Way(tag: String, links: Vec<(String, String)>) -> impl IntoView {
    let links = links.into_iter().map(|(href, words)| {
        view! { <li><a class="link-quiet block truncate py-1 font-mono text-xs" href=href>{words}</a></li> }
    });
    view! {
        <p class="mt-3 font-semibold first:mt-0">{tag}</p>
        <ul>{links.collect_view()}</ul>
    }
}

fn one(operation: &Operation) -> impl IntoView + use<> {
    let about = operation.about;
    let who = if about.get("security").is_some() { "需要令牌" } else { "公开" };
    let tone = match operation.method {
        "get" => Tone::Info,
        "delete" => Tone::Error,
        _ => Tone::Success,
    };
    let sent = &about["requestBody"]["content"]["application/json"];
    let answer = &about["responses"]["200"]["content"]["application/json"];
    let (id, method) = (operation.id().to_owned(), operation.method.to_uppercase());
    let (address, curl) = (format!("{BASE}{}", operation.path), curl(operation));
    view! {
        <article id=id class="panel mt-4 scroll-mt-4 p-4">
            <h3 class="flex flex-wrap items-center gap-2">
                <Badge tone=tone>{method}</Badge>
                <code class="font-bold break-all">{address}</code>
                <Badge>{who}</Badge>
            </h3>
            <p class="mt-2">{text(&about["summary"]).to_owned()}</p>
            {parameters(about)}
            {example("请求", &sent["example"])}
            {example("回答", &answer["example"])}
            {faults(about)}
            {block("curl", &curl)}
        </article>
    }
}

fn parameters(about: &Value) -> Option<impl IntoView + use<>> {
    let all = about["parameters"].as_array().filter(|all| !all.is_empty())?;
    let rows = all.iter().map(|one| {
        let needed = if one["required"] == true { "必填" } else { "" };
        let place = if one["in"] == "path" { "路径" } else { "查询" };
        let words = text(&one["description"]).to_owned();
        view! {
            <tr>
                <td><code>{text(&one["name"]).to_owned()}</code></td>
                <td class="whitespace-nowrap">{place}" "{needed}</td>
                <td>{words}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    Some(view! {
        <div class="mt-3 overflow-x-auto">
            <table class="table table-sm">
                <thead><tr><th scope="col">"参数"</th><th scope="col">"位置"</th><th scope="col">"说明"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    })
}

fn example(title: &str, value: &Value) -> Option<impl IntoView + use<>> {
    let text = (!value.is_null()).then(|| serde_json::to_string_pretty(value).unwrap_or_default())?;
    Some(block(title, &text))
}

/// A piece of text that one copies; long ones open on demand.
fn block(title: &str, text: &str) -> impl IntoView + use<> {
    let long = text.lines().count() > 12;
    view! {
        <details class="mt-3" open=!long>
            <summary class="cursor-pointer text-sm font-semibold">{title.to_owned()}</summary>
            <pre class="mt-1 overflow-x-auto rounded-box bg-base-200 p-3 text-xs leading-relaxed" tabindex="0">{text.to_owned()}</pre>
        </details>
    }
}

/// Every way it can fail: status, code and an example of the message.
fn faults(about: &Value) -> impl IntoView + use<> {
    let responses = about["responses"].as_object().into_iter().flatten();
    let problems = responses.flat_map(|(status, response)| {
        let examples = response["content"]["application/problem+json"]["examples"].as_object().into_iter().flatten();
        examples
            .map(move |(code, example)| (status.clone(), code.clone(), text(&example["value"]["detail"]).to_owned()))
    });
    let rows = problems.map(|(status, code, detail)| {
        view! { <tr><td class="tabular">{status}</td><td><code>{code}</code></td><td>{detail}</td></tr> }
    });
    let rows = rows.collect_view();
    view! {
        <details class="mt-3">
            <summary class="cursor-pointer text-sm font-semibold">"出错时"</summary>
            <div class="overflow-x-auto">
                <table class="table table-sm">
                    <thead><tr><th scope="col">"状态"</th><th scope="col">"code"</th><th scope="col">"detail（示例）"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// The operation as one types it.
fn curl(operation: &Operation) -> String {
    let mut line = format!("curl -X {} \"$MENDIAN{BASE}{}\"", operation.method.to_uppercase(), operation.path);
    if operation.about.get("security").is_some() {
        line.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    let sent = &operation.about["requestBody"]["content"]["application/json"]["example"];
    if !sent.is_null() {
        line.push_str(&format!(" \\\n  -H 'Content-Type: application/json' \\\n  -d '{sent}'"));
    }
    line
}
