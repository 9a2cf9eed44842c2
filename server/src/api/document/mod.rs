//! What the OpenAPI document says of all operations in the same way: their names, the faults they can
//! answer with, and examples. Handlers name only what is their own.
//!
//! `examples.json` holds real answers of the demo, by operation.

mod conflicts;
mod links;

use domain::{Complaint, Fault};
use serde_json::{Map, Value, json};

use self::{
    conflicts::{CONFLICTS, FIRST_OF_ALL},
    links::LINKS,
};
use super::problem::{FILE_MOST, JSON_MOST, Problem};

const EXAMPLES: &str = include_str!("../examples.json");
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Operations that are counted, and answer 429 where it is too often.
const COUNTED: [&str; 28] = [
    "after-sales_add_proof",
    "after-sales_add_store_proof",
    "after-sales_find",
    "after-sales_receive",
    "after-sales_turn_away",
    "auth_ask_code",
    "auth_log_in",
    "auth_log_in_with_password",
    "auth_log_in_with_wechat",
    "me_link_wechat",
    "me_unlink_wechat",
    "me_ask_own_code",
    "me_set_password",
    "me_remove_password",
    "me_change_phone",
    "me_export",
    "auth_staff_log_in",
    "auth_change_password",
    "auth_enter_code",
    "auth_confirm_second_step",
    "holds_take",
    "orders_place",
    "centre_draft_batch",
    "console_redeem",
    "console_deliver",
    "console_add_photo",
    "losses_add_photo",
    "staff_add_paper",
];

/// Completes the document that the handlers' own words make.
pub fn complete(mut document: Value) -> Value {
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for method in METHODS {
            if let Some(operation) = operations.get_mut(method) {
                complete_operation(operation, path, &examples);
            }
        }
    }
    document
}

fn complete_operation(operation: &mut Value, path: &str, examples: &Value) {
    let name = format!("{}_{}", text(&operation["tags"][0]), text(&operation["operationId"]));
    operation["operationId"] = json!(name);
    let example = &examples[&name];
    if let Some(request) = example.get("request") {
        operation["requestBody"]["content"]["application/json"]["example"] = request.clone();
    }
    if let Some(answer) = example.get("answer") {
        operation["responses"]["200"]["content"]["application/json"]["example"] = answer.clone();
    }
    for (status, word) in [("200", "What was asked for."), ("204", "Done; there is nothing to answer.")] {
        if let Some(response) = operation["responses"].get_mut(status) {
            response["description"] = json!(word);
        }
    }
    for (_, targets, parameters) in LINKS.iter().filter(|(of, ..)| *of == name) {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(parameter, at)| ((*parameter).to_owned(), json!(at))).collect();
        for target in *targets {
            operation["responses"]["200"]["links"][target] = json!({ "operationId": target, "parameters": parameters });
        }
    }
    let faults = faults_of(operation, &name, path);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    responses.remove("default");
    for problem in faults {
        add_problem(responses, &problem);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every way in which an operation can fail.
fn faults_of(operation: &Value, name: &str, path: &str) -> Vec<Problem> {
    let has = |field: &str, of: &str| operation[field].as_array().into_iter().flatten().any(|one| one["in"] == of);
    let body = operation.get("requestBody").is_some();
    let mut faults = Vec::new();
    let mut add = |when: bool, fault: Fault| {
        if when {
            faults.push(Problem::of(&fault, REQUEST));
        }
    };
    let complaint = || vec![Complaint::new(if body { "slot" } else { "after" }, "这个值不合要求，请检查后再试")];
    add(operation.get("security").is_some(), Fault::Unauthenticated);
    let of_staff = path.starts_with("/console") || path.starts_with("/hq");
    add(of_staff, Fault::Forbidden);
    for (code, message) in FIRST_OF_ALL {
        add(of_staff, Fault::conflict(code, message));
    }
    add(has("parameters", "path") || body, Fault::NotFound("这个订单"));
    for (code, message) in CONFLICTS.iter().filter(|(of, _)| *of == name).flat_map(|(_, conflicts)| *conflicts) {
        add(true, Fault::conflict(code, *message));
    }
    add(has("parameters", "query") || body, Fault::Invalid(complaint()));
    add(COUNTED.contains(&name), Fault::TooMany { retry_after_s: 60 });
    add(true, Fault::Internal(String::new()));
    add(true, Fault::Upstream { who: "数据库", hidden: String::new() });
    if body {
        let is_json = operation["requestBody"]["content"].get("application/json").is_some();
        faults.push(Problem::too_large(if is_json { JSON_MOST } else { FILE_MOST }, REQUEST));
        faults.extend(is_json.then(|| Problem::not_json(REQUEST)));
    }
    faults
}

/// The request that all examples name.
const REQUEST: &str = "01a207ec124e77518b4b8ddd6ac09ad0";

/// Adds a problem to the answers, beside others of its status.
fn add_problem(responses: &mut Map<String, Value>, problem: &Problem) {
    let response = responses.entry(problem.status.to_string()).or_insert_with(|| {
        json!({
            "description": "",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
        })
    });
    let known = text(&response["description"]);
    let joint = if known.is_empty() { "" } else { ", " };
    response["description"] = json!(format!("{known}{joint}`{}`", problem.code));
    response["content"]["application/problem+json"]["examples"][&problem.code] = json!({ "value": problem });
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::document;
    use super::*;

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let of = |(path, operations): (&String, &'_ Value)| -> Vec<(String, Value)> {
            METHODS
                .iter()
                .filter_map(|method| Some((format!("{method} {path}"), operations.get(*method)?.clone())))
                .collect()
        };
        let names: Vec<_> = paths.iter().flat_map(of).map(|(name, _)| name).collect();
        let values = paths.values().flat_map(|operations| METHODS.iter().filter_map(|method| operations.get(*method)));
        names.into_iter().zip(values).collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = document();
        let operations = operations(&document);
        let names: HashSet<_> = operations.iter().map(|(_, operation)| text(&operation["operationId"])).collect();
        assert_eq!(names.len(), operations.len());
    }

    #[test]
    fn a_link_leads_from_an_operation_to_another_that_takes_its_parameters() {
        let document = document();
        let operations = operations(&document);
        let named = |name: &str| operations.iter().find(|(_, operation)| operation["operationId"] == name).unwrap().1;
        for (from, targets, parameters) in LINKS {
            named(from);
            for (target, parameter) in
                targets.iter().flat_map(|target| parameters.iter().map(move |(of, _)| (target, of)))
            {
                let takes = named(target)["parameters"].as_array().unwrap();
                assert!(takes.iter().any(|one| one["name"] == *parameter), "{target} takes no {parameter}");
            }
        }
    }

    #[test]
    fn every_body_that_goes_in_or_out_has_an_example() {
        let document = document();
        for (name, operation) in operations(&document) {
            // A file has none: its bytes are no text.
            let json = |of: &Value| of["content"].get("application/json").cloned();
            let example = |of: &Value| json(of).is_none_or(|of| !of["example"].is_null());
            assert!(operation.get("requestBody").is_none_or(example), "{name}: no example of what is sent");
            let answer = operation["responses"].get("200");
            assert!(answer.is_none_or(example), "{name}: no example of the answer");
        }
    }

    #[test]
    fn an_example_has_everything_that_its_schema_requires() {
        let document = document();
        for (name, operation) in operations(&document) {
            let body = &operation["responses"]["200"]["content"]["application/json"];
            check(&document, &name, &body["schema"], &body["example"]);
            let sent = &operation["requestBody"]["content"]["application/json"];
            check(&document, &name, &sent["schema"], &sent["example"]);
        }
    }

    fn check(document: &Value, name: &str, schema: &Value, example: &Value) {
        let schema = match schema["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(example.get(text(required)).is_some(), "{name}: {required} is missing in {example}");
        }
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = example.get(field).filter(|value| !value.is_null()) {
                check(document, name, of, value);
            }
        }
        for item in example.as_array().into_iter().flatten() {
            check(document, name, &schema["items"], item);
        }
    }

    #[test]
    fn every_conflict_that_is_told_belongs_to_an_operation() {
        let document = document();
        let operations = operations(&document);
        for name in CONFLICTS.iter().map(|(name, _)| *name).chain(COUNTED) {
            assert!(operations.iter().any(|(_, operation)| text(&operation["operationId"]) == name), "{name}");
        }
    }
}
