//! How things stand: nothing here yet, something happened, how far it is, it went wrong.

use super::action::present;
use super::tone::Tone;
use crate::{Glyph, Icon};
use leptos::prelude::*;

/// Nothing to show, and what to do about it.
#[component]
pub fn EmptyState(
    glyph: Glyph,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center px-4 py-12 text-center">
            <span class="mb-4 grid size-20 place-items-center rounded-full bg-primary/10 text-primary">
                <Icon glyph=glyph class="size-9"/>
            </span>
            <p class="text-lg font-semibold">{title}</p>
            {present(text).map(|text| view! { <p class="mt-1 max-w-sm text-base-content/70">{text}</p> })}
            {children.map(|children| view! { <div class="mt-5 flex flex-wrap justify-center gap-2">{children()}</div> })}
        </div>
    }
}

/// Something a person should know now. Warnings and errors interrupt a screen reader.
#[component]
pub fn Notice(
    #[prop(optional, default = Tone::Info)] tone: Tone,
    #[prop(optional, into)] title: String,
    children: Children,
) -> impl IntoView {
    let (colour, glyph, role) = match tone {
        Tone::Error => ("alert-error", Glyph::Alert, "alert"),
        Tone::Warn => ("alert-warning", Glyph::Alert, "alert"),
        Tone::Success => ("alert-success", Glyph::Check, "status"),
        Tone::Plain | Tone::Primary | Tone::Accent | Tone::Info => ("alert-info", Glyph::Bell, "status"),
    };
    view! {
        <div class=format!("alert alert-soft mb-4 {colour}") role=role>
            <Icon glyph=glyph/>
            <div class="min-w-0">
                {present(title).map(|title| view! { <p class="font-semibold">{title}</p> })}
                <div>{children()}</div>
            </div>
        </div>
    }
}

/// Where a step of a [`Progress`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Now,
    Later,
}

/// One step of a [`Progress`].
#[derive(Clone, Debug)]
pub struct Step {
    label: String,
    time: String,
    state: StepState,
}

impl Step {
    pub fn new(label: impl Into<String>, state: StepState) -> Self {
        Self { label: label.into(), time: String::new(), state }
    }

    /// When it was, or when it is expected to be.
    pub fn time(mut self, time: impl Into<String>) -> Self {
        self.time = time.into();
        self
    }

    fn item(self) -> impl IntoView {
        let (class, said) = match self.state {
            StepState::Done => ("progress-step is-done", "已完成"),
            StepState::Now => ("progress-step is-now", "进行中"),
            StepState::Later => ("progress-step", "未开始"),
        };
        let mark = (self.state == StepState::Done).then(|| view! { <Icon glyph=Glyph::Check class="size-3.5"/> });
        view! {
            <li class=class aria-current=(self.state == StepState::Now).then_some("step")>
                <span class="progress-dot">{mark}</span>
                <span class="font-medium">{self.label}</span>
                <span class="sr-only">{said}</span>
                <span class="tabular text-xs text-base-content/70">{self.time}</span>
            </li>
        }
    }
}

/// How far a thing has come, step by step.
#[component]
pub fn Progress(#[prop(into)] label: String, steps: Vec<Step>) -> impl IntoView {
    let items = steps.into_iter().map(Step::item).collect_view();
    view! { <ol class="progress-steps" aria-label=label>{items}</ol> }
}

/// A page that could not be shown: why, and where to go. Its children are the ways on.
#[component]
pub fn ErrorPage(
    code: u16,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    /// What a person can quote, so that the log entry is found.
    #[prop(optional, into)]
    request_id: String,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="flex min-h-[80svh] flex-col items-center justify-center p-6 text-center">
            <p class="tabular text-7xl font-black tracking-tighter text-primary" aria-hidden="true">{code}</p>
            <h1 class="mt-2 text-2xl font-bold">{title}</h1>
            <p class="mt-2 text-base-content/70">{text}</p>
            <div class="mt-6 flex flex-wrap justify-center gap-2">{children()}</div>
            {present(request_id)
                .map(|id| view! { <p class="mt-8 text-xs break-all text-base-content/70">{format!("请求编号 {id}")}</p> })}
        </section>
    }
}
