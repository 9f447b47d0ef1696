//! OTLP's JSON against the messages that OpenTelemetry publishes, and what spans say of a run.

use serde_json::{Value, json};
use tapline::report::{self, OtlpIds, OtlpResource, ReportOptions};
use tapline::trace::Trace;

use crate::peer;
use crate::scenario::Scenario;

/// Reads each file as the request that a collector takes. Unknown fields are errors; identifiers
/// are hexadecimal in OTLP's JSON, which the general mapping does not know, so they are looked at
/// here.
pub(crate) const READ: &str = r#"
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

def prepared(value):
    if isinstance(value, list):
        return [prepared(one) for one in value]
    if not isinstance(value, dict):
        return value
    for name, length in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
        if name in value:
            raw = bytes.fromhex(value[name])
            assert len(raw) == length and any(raw), value[name]
            value = {**value, name: base64.b64encode(raw).decode()}
    for name in ("intValue", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "count"):
        assert name not in value or isinstance(value[name], str), value
    return {name: prepared(one) for name, one in value.items()}

for path in sys.argv[1:]:
    document = json.load(open(path))
    is_trace = "resourceSpans" in document
    message = ExportTraceServiceRequest() if is_trace else ExportMetricsServiceRequest()
    json_format.ParseDict(prepared(document), message)
    for resource in getattr(message, "resource_spans", []):
        for scope in resource.scope_spans:
            for span in scope.spans:
                assert span.start_time_unix_nano <= span.end_time_unix_nano, span
                keys = [attribute.key for attribute in span.attributes]
                assert len(keys) == len(set(keys)), keys
    for resource in getattr(message, "resource_metrics", []):
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.histogram.data_points:
                    assert sum(point.bucket_counts) == point.count, point
                    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, point
"#;

const IDENTITY: OtlpIds = OtlpIds {
    trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
    span: 0x00f0_67aa_0ba9_02b7,
};

fn bodies(trace: &Trace) -> Vec<String> {
    let (options, resource) = (ReportOptions::default(), OtlpResource::default());
    let mut bodies = report::otlp_traces(trace, &options, IDENTITY, &resource);
    bodies.extend(report::otlp_metrics(trace, &options, &resource));
    bodies
}

fn spans(name: &str) -> Vec<Value> {
    let body = report::otlp_traces(
        &Scenario::named(name).trace(),
        &ReportOptions::default(),
        IDENTITY,
        &OtlpResource::default(),
    )
    .remove(0);
    let document: Value = serde_json::from_str(&body).unwrap();
    document["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap()
        .clone()
}

fn attribute<'a>(span: &'a Value, name: &str) -> &'a Value {
    let all = span["attributes"].as_array().unwrap();
    all.iter()
        .find(|attribute| attribute["key"] == name)
        .map_or(&Value::Null, |attribute| &attribute["value"])
}

#[test]
fn every_scenario_is_what_collectors_take() {
    let Some(mut python) = peer::python(READ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for scenario in Scenario::all() {
        for (i, body) in bodies(&scenario.trace()).into_iter().enumerate() {
            let file = folder.path().join(format!("{}-{i}.json", scenario.name));
            std::fs::write(&file, body).unwrap();
            python.arg(file);
        }
    }
    peer::satisfied(python);
}

#[test]
fn secrets_are_masked() {
    let all: String = Scenario::all()
        .iter()
        .flat_map(|scenario| bodies(&scenario.trace()))
        .collect();
    assert!(all.contains("access_token=REDACTED"));
    for secret in [
        "hunter2",
        "YWRhOmh1bnRlcjI",
        "k-123",
        "s3cr3t-token",
        "abc123",
        "def456",
        "tok-789",
    ] {
        assert!(!all.contains(secret), "{secret} should be masked");
    }
}

#[test]
fn an_exchange_is_a_client_span_and_its_phases_are_within() {
    let spans = spans("https_http2");
    let names: Vec<&str> = spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    let wanted = [
        "GET",
        "HTTP connection_setup api.lab.test",
        "DNS lookup api.lab.test",
        "socket connect 10.7.0.10:443",
        "TLS client handshake api.lab.test",
        "HTTP request send",
        "HTTP response wait",
        "HTTP response receive",
    ];
    assert_eq!(names, wanted);
    let [exchange, setup, dns, socket, tls, ..] = &spans[..] else {
        panic!("spans")
    };
    assert_eq!(
        (
            &exchange["kind"],
            &exchange["parentSpanId"],
            &exchange["status"]
        ),
        (&json!(3), &Value::Null, &Value::Null)
    );
    assert_eq!(
        [&setup["parentSpanId"], &spans[6]["parentSpanId"]],
        [&exchange["spanId"]; 2]
    );
    assert_eq!(
        [
            &dns["parentSpanId"],
            &socket["parentSpanId"],
            &tls["parentSpanId"]
        ],
        [&setup["spanId"]; 3]
    );
    assert_eq!(exchange["startTimeUnixNano"], "1795176000000290000");
    for (name, value) in [
        ("http.request.method", json!({ "stringValue": "GET" })),
        (
            "url.full",
            json!({ "stringValue": "https://api.lab.test/users" }),
        ),
        ("server.address", json!({ "stringValue": "api.lab.test" })),
        ("server.port", json!({ "intValue": "443" })),
        ("http.response.status_code", json!({ "intValue": "200" })),
        ("network.protocol.version", json!({ "stringValue": "2" })),
        (
            "network.peer.address",
            json!({ "stringValue": "10.7.0.10" }),
        ),
        ("http.request.resend_count", Value::Null),
    ] {
        assert_eq!(attribute(exchange, name), &value, "{name}");
    }
    assert_eq!(
        attribute(tls, "tls.protocol.version"),
        &json!({ "stringValue": "1.3" })
    );
    assert_eq!(
        attribute(tls, "tls.next_protocol"),
        &json!({ "stringValue": "h2" })
    );
    assert_eq!(
        attribute(dns, "dns.answers"),
        &json!({ "arrayValue": { "values": [{ "stringValue": "10.7.0.10" }] } })
    );
}

#[test]
fn redirects_share_a_trace_and_are_counted_and_a_failure_is_an_error() {
    let redirected = spans("redirects");
    let around = &redirected[0];
    let hops: Vec<&Value> = redirected.iter().filter(|span| span["kind"] == 3).collect();
    assert_eq!(
        hops.iter()
            .map(|hop| &hop["parentSpanId"])
            .collect::<Vec<_>>(),
        [&around["spanId"]; 3]
    );
    assert!(
        redirected
            .iter()
            .all(|span| span["traceId"] == around["traceId"])
    );
    let counts: Vec<&Value> = hops
        .iter()
        .map(|hop| attribute(hop, "http.request.resend_count"))
        .collect();
    assert_eq!(
        counts,
        [
            &Value::Null,
            &json!({ "intValue": "1" }),
            &json!({ "intValue": "2" })
        ]
    );
    let failed = &spans("nxdomain")[0];
    assert_eq!(
        attribute(failed, "error.type"),
        &json!({ "stringValue": "dns_no_such_name" })
    );
    assert_eq!(
        (&failed["status"]["code"], &failed["events"][0]["name"]),
        (&json!(2), &json!("exception"))
    );
}
