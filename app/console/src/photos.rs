//! 门店照片: what a store shows of itself, to be added, put in order and removed.

use commerce::{files::photos as use_cases, stores};
use domain::{
    Fault, Fields, FileId, StoreId,
    files::{Move, PHOTOS_MOST, StorePhoto, StorePhotos},
    staff::Permission,
    text,
};
use leptos::{prelude::*, server_fn::ServerFn};
use rpc::{Asked, Next, Page};
use ui::{Badge, Button, Card, EmptyState, Form, Glyph, Hidden, Icon, Notice, Picture, Size, Tone};

use crate::{
    frame::{Frame, Lit},
    store_form::{choose, chosen},
};

/// This page.
const PATH: &str = "/console/photos";
const LOG_IN: &str = "/console/login";
/// The part of the page that its forms speak to.
const FORM: &str = "photos";

fn photo_of(fields: &Fields) -> Result<FileId, Fault> {
    fields.text("photo").parse().map_err(|_| Fault::NotFound("这张照片"))
}

fn page_of(store: StoreId) -> Next {
    Next::to(format!("{PATH}?store={store}"))
}

/// Moves a photo among those of its store.
#[server(prefix = "/rpc/console", endpoint = "move_photo")]
pub async fn move_photo(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let to = Move::from_code(fields.text("to")).ok_or_else(|| Fault::invalid("to", "请选择移到哪里"))?;
        let store = use_cases::move_to(&scope, photo_of(&fields)?, to).await?;
        let said = if to == Move::First { "封面已更换" } else { "顺序已调整" };
        Ok(page_of(store).saying(FORM, said))
    })
    .await
}

/// Removes a photo.
#[server(prefix = "/rpc/console", endpoint = "remove_photo")]
pub async fn remove_photo(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store = use_cases::remove(&scope, photo_of(&fields)?).await?;
        Ok(page_of(store).saying(FORM, "照片已移除；24 小时内可以在下面恢复"))
    })
    .await
}

/// Brings a photo back.
#[server(prefix = "/rpc/console", endpoint = "restore_photo")]
pub async fn restore_photo(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let store = use_cases::restore(&scope, photo_of(&fields)?).await?;
        Ok(page_of(store).saying(FORM, "照片已恢复，排在最后"))
    })
    .await
}

/// The page: of the store that its address names, or of the first that is theirs.
pub async fn photos(asked: Asked) -> Result<Page, Fault> {
    let scope = asked.scope.clone();
    let stores = stores::mine(&scope, Permission::EditStores).await?;
    let store = chosen(&asked, &stores)?;
    let found = match store {
        Some(store) => Some((store, use_cases::list(&scope, store).await?)),
        None => None,
    };
    let frame = Frame::of(&scope).await?;
    Ok(Page::new("门店照片", move || {
        let body = match found {
            Some((store, photos)) => of_store(&asked, stores, store, photos).into_any(),
            None => view! { <EmptyState glyph=Glyph::Shop title="还没有门店" text="您的权限范围内没有门店；如需查看更多，请联系总部管理员。"/> }.into_any(),
        };
        let body = view! { <h1 class="mb-3 text-xl font-bold">"门店照片"</h1> {body} };
        frame.screen(Lit::Photos, body.into_any())
    }))
}

fn of_store(
    asked: &Asked,
    stores: Vec<(StoreId, String)>,
    store: StoreId,
    photos: StorePhotos,
) -> impl IntoView + use<> {
    let name = stores.iter().find(|(id, _)| *id == store).map(|(_, name)| name.clone()).unwrap_or_default();
    let choice = choose(PATH, stores, store);
    let count = photos.shown.len();
    let last = count.saturating_sub(1);
    let (now, here) = (asked.scope.now, format!("{PATH}?store={store}"));
    let again = here.clone();
    let shown = photos.shown.into_iter().enumerate().map(|(at, photo)| {
        let alt = format!("{name} 的第 {} 张照片", at + 1);
        let note = format!("{} · {}", photo.name, text::moment(photo.sent_at, now, text::zone("")));
        view! { <Shown photo=photo here=here.clone() alt=alt note=note is_first={at == 0} is_last={at == last}/> }
    });
    let shown = shown.collect_view();
    let list = if count == 0 {
        view! { <EmptyState glyph=Glyph::Shop title="还没有照片" text="门头、店内和招牌商品的照片，能让顾客更容易找到并选择这家店。"/> }.into_any()
    } else {
        view! { <ul class="mt-4 grid grid-cols-2 gap-4 lg:grid-cols-3">{shown}</ul> }.into_any()
    };
    view! {
        {choice}
        {told(asked)}
        {upload(store, count)}
        {list}
        {removed(photos.removed, &again)}
    }
}

/// What came of a form: one line, and what is wrong with which file.
fn told(asked: &Asked) -> Option<impl IntoView + use<>> {
    let flash = asked.flash_of(FORM)?.clone();
    let tone = match (flash.good, flash.complaints.is_empty()) {
        (true, true) => Tone::Success,
        (true, false) => Tone::Warn,
        (false, _) => Tone::Error,
    };
    let wrong = flash.complaints.into_iter().map(|one| one.message).filter(|message| *message != flash.message);
    let wrong = wrong.map(|message| view! { <li class="break-words">{message}</li> }).collect_view();
    Some(view! { <Notice tone=tone>{flash.message.clone()} <ul class="list-disc ps-5">{wrong}</ul></Notice> })
}

fn upload(store: StoreId, count: usize) -> impl IntoView {
    if count >= PHOTOS_MOST {
        let full = format!("已有 {PHOTOS_MOST} 张照片，移除一些后可以再添加。");
        return view! { <Notice tone=Tone::Info>{full}</Notice> }.into_any();
    }
    let hint = format!(
        "JPEG、PNG 或 WebP，每张最大 10 MB，可以一次选多张；还可以添加 {} 张。拍摄地点等信息会自动去掉。",
        PHOTOS_MOST - count
    );
    view! {
        <Card title="添加照片">
            <Form action=format!("{PATH}/{store}") files=true>
                <label class="sr-only" for="file">"照片"</label>
                <div class="flex flex-wrap items-center gap-2">
                    <input class="min-w-0 flex-1" id="file" name="file" type="file" multiple=true required=true
                        accept="image/jpeg,image/png,image/webp" aria-describedby="file-hint"/>
                    <Button>"上传"</Button>
                </div>
                <p id="file-hint" class="mt-2 text-sm text-base-content/70">{hint}</p>
            </Form>
        </Card>
    }
    .into_any()
}

#[component]
fn Shown(photo: StorePhoto, here: String, alt: String, note: String, is_first: bool, is_last: bool) -> impl IntoView {
    let StorePhoto { photo, .. } = photo;
    let (id, small) = (photo.id.to_string(), photo.small);
    let cover = if is_first {
        view! { <span class="touch flex items-center"><Badge tone=Tone::Primary>"封面"</Badge></span> }.into_any()
    } else {
        view! { <Button tone=Tone::Plain size=Size::Small name="to" value=Move::First.code()>{Move::First.label()}</Button> }.into_any()
    };
    let step = |to: Move, glyph: Glyph, disabled: bool| {
        view! {
            <Button tone=Tone::Plain size=Size::Small name="to" value=to.code() label=to.label() disabled=disabled>
                <Icon glyph=glyph class="size-5"/>
            </Button>
        }
    };
    view! {
        <li class="panel overflow-hidden">
            <a href=photo.large.url class="block">
                <Picture src=small.url alt=alt width=small.width height=small.height class="aspect-4/3 w-full"/>
            </a>
            <div class="p-3">
                <p class="truncate text-sm text-base-content/70" title=note.clone()>{note.clone()}</p>
                <Form action=MovePhoto::PATH class="mt-2 flex flex-wrap items-center gap-2">
                    <Hidden name="from" value=here/>
                    <Hidden name="photo" value=id/>
                    {cover}
                    <span class="ms-auto flex gap-1">
                        {step(Move::Earlier, Glyph::ChevronLeft, is_first)}
                        {step(Move::Later, Glyph::ChevronRight, is_last)}
                        <Button tone=Tone::Plain size=Size::Small formaction=RemovePhoto::PATH label="移除">
                            <Icon glyph=Glyph::Close class="size-5"/>
                        </Button>
                    </span>
                </Form>
            </div>
        </li>
    }
}

/// Those that can be brought back. Only staff may see them, so they are shown by the address of staff.
fn removed(photos: Vec<StorePhoto>, here: &str) -> Option<impl IntoView + use<>> {
    if photos.is_empty() {
        return None;
    }
    let items = photos.into_iter().map(|photo| {
        let StorePhoto { photo, name, .. } = photo;
        let (id, small, here) = (photo.id.to_string(), photo.small, here.to_owned());
        view! {
            <li class="w-36">
                <Picture src=format!("/console{}", small.url) alt=format!("已移除：{name}") width=small.width height=small.height
                    class="aspect-4/3 w-full rounded-box opacity-60"/>
                <Form action=RestorePhoto::PATH class="mt-2">
                    <Hidden name="from" value=here/>
                    <Hidden name="photo" value=id/>
                    <Button tone=Tone::Plain size=Size::Small block=true>"恢复"</Button>
                </Form>
            </li>
        }
    });
    let items = items.collect_view();
    Some(view! {
        <section class="mt-8">
            <h2 class="text-lg font-bold">"最近移除"</h2>
            <p class="mb-3 text-sm text-base-content/70">"顾客已经看不到；移除 24 小时后彻底删除。"</p>
            <ul class="flex flex-wrap gap-4">{items}</ul>
        </section>
    })
}
