//! What is paid of a supplier's invoice: the form of its page, and the payments that were entered.

use commerce::purchasing;
use domain::{
    Fault, Fen, Fields, SupplierPaymentId,
    purchasing::{InvoicePayment, InvoiceView, PayInvoice as PayWhole, PayPart, TakeBackPayment},
    text,
};
use leptos::prelude::*;
use rpc::{Asked, Next};
use ui::{Button, Card, Field, Form, Hidden, Tone};
use uuid::Uuid;

use crate::{
    frame::{LOG_IN, beside},
    invoices::{id_of, path_of},
    suppliers::{FORM, part},
};

/// Says that an invoice was paid, or a part of it.
#[server(prefix = "/rpc/hq", endpoint = "pay_invoice")]
pub async fn pay_invoice(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let done = if fields.given("credit").is_some() { "已登记退款" } else { "已登记付款" };
        // An invoice of nothing has no amount to name.
        match fields.given("whole") {
            Some(_) => purchasing::pay_invoice(&scope, id, PayWhole::from_fields(&fields)?).await?,
            None => purchasing::pay_part(&scope, id, PayPart::from_fields(&fields)?).await?,
        }
        Ok(Next::to(path_of(id)).saying(FORM, done))
    })
    .await
}

/// Takes a payment back that was entered wrongly.
#[server(prefix = "/rpc/hq", endpoint = "take_back_supplier_payment")]
pub async fn take_back_supplier_payment(#[server(flatten)] fields: Fields) -> Result<(), ServerFnError> {
    rpc::post(FORM, LOG_IN, fields, async |scope, fields| {
        let id = id_of(&fields)?;
        let payment: SupplierPaymentId = fields.text("payment").parse().map_err(|_| Fault::NotFound("这笔付款"))?;
        // Several forms of this kind stand on the page: each field is named after its payment.
        let command = TakeBackPayment::from_fields(&fields.of(&payment.to_string()));
        let taken = purchasing::take_back_payment(&scope, id, payment, command).await;
        taken.map_err(|fault| beside(fault, payment))?;
        Ok(Next::to(path_of(id)).saying(FORM, "已撤销，金额重新计入应付"))
    })
    .await
}

/// Whether an invoice is a credit note: what is entered of it is what the supplier pays back.
fn is_credit(found: &InvoiceView) -> bool {
    found.card.amount_fen < Fen::ZERO
}

/// The form of a payment of an open invoice; all that is left stands in it.
pub fn paying(asked: &Asked, found: &InvoiceView) -> AnyView {
    let (id, rest) = (found.card.id, Fen(found.card.rest_fen.0.abs()));
    let (title, labels, left) = if is_credit(found) {
        let labels = ["本次收到（元）", "收款日期", "收款流水号"];
        ("登记供应商退款", labels, format!("还有 {rest} 未收回，可分次登记"))
    } else {
        ("登记付款", ["本次付款（元）", "付款日期", "付款流水号"], format!("还有 {rest} 未付，可分次登记"))
    };
    let [label, day_label, reference_label] = labels;
    let [(day, day_wrong), (reference, reference_wrong), (note, note_wrong)] =
        ["paid_on", "reference", "note"].map(|name| part(asked, name, String::new()));
    let (amount, amount_wrong) = part(asked, "amount", rest.in_yuan());
    let amount = match rest {
        Fen::ZERO => view! { <Hidden name="whole" value="on"/> }.into_any(),
        _ => view! { <Field name="amount" label=label inputmode="decimal" value=amount error=amount_wrong hint=left/> }
            .into_any(),
    };
    let credit = is_credit(found).then(|| view! { <Hidden name="credit" value="on"/> });
    view! {
        <Card title=title>
            <Form action="/rpc/hq/pay_invoice">
                <Hidden name="from" value=path_of(id)/>
                <Hidden name="id" value=id.to_string()/>
                <Hidden name="key" value=Uuid::now_v7().to_string()/>
                {credit}
                <div class="grid gap-x-4 sm:grid-cols-2">
                    {amount}
                    <Field name="paid_on" kind="date" label=day_label value=day error=day_wrong/>
                    <Field name="reference" label=reference_label value=reference error=reference_wrong maxlength=60/>
                    <Field name="note" label="备注" required=false value=note error=note_wrong maxlength=200/>
                </div>
                <Button>"登记"</Button>
            </Form>
        </Card>
    }
    .into_any()
}

/// The payments of an invoice, with how each is taken back; nothing where there are none.
pub fn payments(asked: &Asked, found: &InvoiceView) -> Option<AnyView> {
    if found.payments.is_empty() {
        return None;
    }
    let title = if is_credit(found) { "退款记录" } else { "付款记录" };
    let items = found.payments.iter().map(|payment| item(asked, found, payment)).collect_view();
    Some(view! { <Card title=title><ol class="-my-2 divide-y divide-base-300">{items}</ol></Card> }.into_any())
}

fn item(asked: &Asked, found: &InvoiceView, payment: &InvoicePayment) -> AnyView {
    let when = |at| text::moment(at, asked.scope.now, text::zone(""));
    let what = format!("{} · {}", payment.paid_on, payment.reference);
    let who = format!("{} {} {}", payment.entered_by, when(payment.entered_at), payment.note);
    // With the sign of the invoice, as what is paid of it in all.
    let amount = Fen(found.card.amount_fen.0.signum() * payment.amount_fen.0).to_string();
    let amount = match payment.taken_back {
        None => view! { <span class="font-medium">{amount}</span> }.into_any(),
        Some(_) => view! { <del class="text-base-content/70">{amount}</del> }.into_any(),
    };
    let end = match &payment.taken_back {
        None => taking_back(asked, found, payment.id),
        Some(back) => {
            let why = format!("已撤销：{}（{} {}）", back.reason, back.by, when(back.at));
            view! { <p class="text-sm break-words">{why}</p> }.into_any()
        }
    };
    view! {
        <li class="py-3">
            <div class="flex flex-wrap items-baseline justify-between gap-x-4">
                <span class="tabular min-w-0 break-words">{what}</span>
                <span class="tabular">{amount}</span>
            </div>
            <p class="text-sm break-words text-base-content/70">{who}</p>
            {end}
        </li>
    }
    .into_any()
}

fn taking_back(asked: &Asked, found: &InvoiceView, payment: SupplierPaymentId) -> AnyView {
    let invoice = found.card.id;
    let act = if is_credit(found) { "撤销这笔退款" } else { "撤销这笔付款" };
    let name = format!("reason.{payment}");
    let (reason, reason_wrong) = part(asked, &name, String::new());
    let open = !reason.is_empty() || !reason_wrong.is_empty();
    view! {
        <details open=open>
            <summary class="inline-flex min-h-11 cursor-pointer items-center font-medium">"登记错了，撤销这笔"</summary>
            <Form action="/rpc/hq/take_back_supplier_payment">
                <Hidden name="from" value=path_of(invoice)/>
                <Hidden name="id" value=invoice.to_string()/>
                <Hidden name="payment" value=payment.to_string()/>
                <Field name=name label="撤销原因" value=reason error=reason_wrong maxlength=200/>
                <Button tone=Tone::Error>{act}</Button>
            </Form>
        </details>
    }
    .into_any()
}
