//! Charts drawn on the server: no script, sharp in print, coloured by the theme.

use leptos::prelude::*;
use std::fmt::Write;

/// One bar of a [`BarChart`].
#[derive(Clone, Debug)]
pub struct Bar {
    label: String,
    value: i64,
    shown: String,
}

impl Bar {
    /// `shown` is the value as it is read, with its unit.
    pub fn new(label: impl Into<String>, value: i64, shown: impl Into<String>) -> Self {
        Self { label: label.into(), value, shown: shown.into() }
    }
}

/// Labelled horizontal bars, the longest as wide as its place. Labels and values are plain text, so
/// they wrap and are read like any list.
#[component]
pub fn BarChart(#[prop(into)] title: String, bars: Vec<Bar>) -> impl IntoView {
    let longest = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
    let items = bars
        .into_iter()
        .map(|bar| {
            let width = permille(bar.value, longest);
            view! {
                <li>
                    <div class="flex justify-between gap-4 text-sm">
                        <span class="min-w-0 truncate">{bar.label}</span>
                        <span class="tabular shrink-0 font-semibold">{bar.shown}</span>
                    </div>
                    <svg class="mt-1 h-2 w-full" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                        <rect width="1000" height="10" rx="5" class="fill-base-200"></rect>
                        <rect width=width.to_string() height="10" rx="5" class="fill-primary"></rect>
                    </svg>
                </li>
            }
        })
        .collect_view();
    view! {
        <figure>
            <figcaption class="mb-3 text-sm font-semibold">{title}</figcaption>
            <ol class="grid gap-3">{items}</ol>
        </figure>
    }
}

/// One line of a [`LineChart`].
#[derive(Clone, Debug)]
pub struct Line {
    name: String,
    values: Vec<i64>,
}

impl Line {
    pub fn new(name: impl Into<String>, values: Vec<i64>) -> Self {
        Self { name: name.into(), values }
    }
}

/// The drawing is this wide and high in its own units; the page scales it.
const WIDTH: i64 = 640;
const HEIGHT: i64 = 200;
/// Room for the labels below.
const FOOT: i64 = 24;
/// Room at the sides, so that the outermost labels and dots are whole.
const SIDE: i64 = 24;

/// The first line is filled and strong, the second dashed: told apart without their colours.
const STYLES: [(&str, &str); 2] = [("stroke-primary", ""), ("stroke-accent", "6 5")];

/// Two series over the same points, such as today and yesterday.
#[component]
pub fn LineChart(
    #[prop(into)] title: String,
    /// One label for each point; some are left out where they would touch.
    labels: Vec<String>,
    /// At most two.
    lines: Vec<Line>,
) -> impl IntoView {
    let top = lines.iter().flat_map(|line| &line.values).copied().max().unwrap_or(0);
    let summary = summary(&labels, &lines);
    let points = labels.len();
    let drawn = lines.iter().zip(STYLES).map(|(line, style)| line_view(line, top, style)).collect_view();
    let legend = lines
        .into_iter()
        .zip(STYLES)
        .map(|(line, (class, dash))| {
            view! {
                <span class="inline-flex items-center gap-2">
                    <svg class="w-6" viewBox="0 0 24 4" aria-hidden="true">
                        <path d="M0 2h24" class=class stroke-width="3" stroke-dasharray=dash></path>
                    </svg>
                    {line.name}
                </span>
            }
        })
        .collect_view();
    let label_step = points.div_ceil(8).max(1);
    let marks = labels
        .into_iter()
        .enumerate()
        .step_by(label_step)
        .map(|(at, label)| {
            view! {
                <text
                    class="fill-base-content/70 text-xs"
                    text-anchor="middle"
                    x=across(at, points).to_string()
                    y=(HEIGHT + FOOT - 6).to_string()
                >
                    {label}
                </text>
            }
        })
        .collect_view();
    view! {
        <figure>
            <figcaption class="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
                <span class="font-semibold">{title.clone()}</span>
                <span class="flex gap-4 text-base-content/70">{legend}</span>
            </figcaption>
            <svg
                class="h-auto w-full"
                viewBox=format!("0 0 {WIDTH} {}", HEIGHT + FOOT)
                role="img"
                aria-label=format!("{title}。{summary}")
            >
                {grid_view()}
                {drawn}
                {marks}
            </svg>
        </figure>
    }
}

fn grid_view() -> impl IntoView {
    let lines = (0..=4).fold(String::new(), |mut path, quarter| {
        let y = down(quarter, 4);
        // Writing to a String cannot fail.
        let _ = write!(path, "M{SIDE} {y}H{}", WIDTH - SIDE);
        path
    });
    view! { <path d=lines class="stroke-base-300" stroke-width="1" fill="none"></path> }
}

fn line_view(line: &Line, top: i64, (class, dash): (&'static str, &'static str)) -> impl IntoView + use<> {
    let path = polyline(&line.values, top);
    let area = dash.is_empty().then(|| {
        let last = across(line.values.len().saturating_sub(1), line.values.len());
        let first = across(0, line.values.len());
        view! { <path d=format!("{path}L{last} {HEIGHT}L{first} {HEIGHT}Z") class="fill-primary/10"></path> }
    });
    view! {
        {area}
        <path
            d=path
            class=class
            fill="none"
            stroke-width="2.5"
            stroke-dasharray=dash
            stroke-linecap="round"
            stroke-linejoin="round"
        ></path>
    }
}

fn polyline(values: &[i64], top: i64) -> String {
    let mut path = String::new();
    for (at, value) in values.iter().enumerate() {
        let step = if at == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{step}{} {}", across(at, values.len()), down(*value, top));
    }
    path
}

/// The x of point `at` of `count`; a lone point stands in the middle.
fn across(at: usize, count: usize) -> i64 {
    let steps = i64::try_from(count).unwrap_or(i64::MAX) - 1;
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    if steps < 1 { WIDTH / 2 } else { SIDE + (WIDTH - 2 * SIDE) * at / steps }
}

/// The y of `value` where `top` reaches the upper edge.
fn down(value: i64, top: i64) -> i64 {
    // A little air above, so that the thickness of the line stays inside.
    const AIR: i64 = 4;
    HEIGHT - (HEIGHT - AIR) * permille(value, top) / 1000
}

/// `value` in thousandths of `whole`, within 0 and 1000.
fn permille(value: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let share = i128::from(value.clamp(0, whole)) * 1000 / i128::from(whole);
    i64::try_from(share).unwrap_or(1000)
}

/// The chart in words: where each line starts, ends and is highest.
fn summary(labels: &[String], lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let (Some(last), Some((at, most))) =
            (line.values.last(), line.values.iter().enumerate().max_by_key(|(_, value)| **value))
        else {
            continue;
        };
        let when = labels.get(at).map_or("", String::as_str);
        let _ = write!(text, "{}：最后 {last}，最高 {most}（{when}）。", line.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render;

    #[test]
    fn the_longest_bar_fills_its_place_and_none_leaves_it() {
        assert_eq!(permille(80, 80), 1000);
        assert_eq!(permille(20, 80), 250);
        assert_eq!(permille(-5, 80), 0);
        assert_eq!(permille(i64::MAX, i64::MAX), 1000);
        assert_eq!(permille(0, 0), 0);
    }

    #[test]
    fn a_line_runs_from_edge_to_edge_and_stays_inside() {
        assert_eq!(polyline(&[0, 10], 10), format!("M{SIDE} {HEIGHT}L{} 4", WIDTH - SIDE));
    }

    #[test]
    fn a_chart_without_values_is_still_a_chart() {
        let html = render(|| view! { <LineChart title="销售" labels=vec![] lines=vec![Line::new("今天", vec![])]/> });
        assert!(html.contains("<svg") && !html.contains("NaN"), "{html}");
    }

    #[test]
    fn a_chart_can_be_heard() {
        let lines = vec![Line::new("今天", vec![3, 9, 4])];
        let labels = ["08", "09", "10"].map(String::from).to_vec();
        let html = render(|| view! { <LineChart title="销售" labels=labels lines=lines/> });
        assert!(html.contains("销售。今天：最后 4，最高 9（09）。"), "{html}");
    }
}
