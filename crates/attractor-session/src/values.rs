//! Converts the fields of reports to JSON.

use attractor::fields::{Field, Value};
use serde_json::{Map, Value as Json, json};

/// A value as JSON. A missing value is null.
///
/// ```
/// use attractor::fields::Value;
/// assert_eq!(attractor_session::json(&Value::Whole(3)).to_string(), "3");
/// assert_eq!(attractor_session::json(&Value::None).to_string(), "null");
/// ```
pub fn json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Whole(n) => json!(n),
        Value::Number(x) => json!(x),
        Value::Text(text) => json!(text),
        Value::Counts(counts) => json!(counts),
        Value::List(numbers) => json!(numbers),
        Value::Numbers(numbers) => json!(numbers),
        Value::Weights(weights) => json!(weights),
    }
}

/// Adds every field of a report to a JSON object, in the declared order.
pub fn insert_fields<T>(object: &mut Map<String, Json>, fields: &[Field<T>], report: &T) {
    for field in fields {
        object.insert(field.name.to_owned(), json(&(field.get)(report)));
    }
}

/// Adds every field of a list of reports to a JSON object. Each field becomes a list with one value a report.
pub fn insert_lists<T>(object: &mut Map<String, Json>, fields: &[Field<T>], reports: &[T]) {
    for field in fields {
        let list = reports.iter().map(|report| json(&(field.get)(report)));
        object.insert(field.name.to_owned(), list.collect());
    }
}
