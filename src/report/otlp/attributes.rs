//! Attributes and their values in OTLP's JSON encoding, in which 64-bit integers are strings.

use serde_json::{Value, json};

/// The attributes of a span, data point or resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes(Vec<Value>);

impl Attributes {
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.add(name, &json!({ "stringValue": value }));
    }

    pub(super) fn optional_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(super) fn number(&mut self, name: &str, value: impl Into<u64>) {
        self.add(name, &json!({ "intValue": value.into().to_string() }));
    }

    pub(super) fn boolean(&mut self, name: &str, value: bool) {
        self.add(name, &json!({ "boolValue": value }));
    }

    pub(super) fn seconds(&mut self, name: &str, value: crate::units::Nanos) {
        self.add(name, &json!({ "doubleValue": value.as_secs_f64() }));
    }

    pub(super) fn texts(&mut self, name: &str, values: impl Iterator<Item = String>) {
        let values: Vec<Value> = values
            .map(|value| json!({ "stringValue": value }))
            .collect();
        self.add(name, &json!({ "arrayValue": { "values": values } }));
    }

    pub(super) fn into_json(self) -> Value {
        Value::Array(self.0)
    }

    fn add(&mut self, name: &str, value: &Value) {
        self.0.push(json!({ "key": name, "value": value }));
    }
}
