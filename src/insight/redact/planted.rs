//! Secrets planted in every text of every event: those that have to be masked never leak, and the
//! others never change.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;

use super::{RedactionRules, Redactor};
use crate::trace::{Event, TEXT_FIELDS, TextClass, TextField};

/// Every event, with every text that it can have.
const EVENTS: &str = r#"
{"event":"run_started","schema":"tapline/events/1","tool_version":"1","started_at":0}
{"event":"clock_paired","wall":0,"uncertainty_ns":1}
{"event":"run_ended"}
{"event":"dropped","count":1}
{"event":"note","exchange":0,"text":"a"}
{"event":"capture_opened","interface":"lo","link_type":"EN10MB"}
{"event":"capture_unavailable","reason":"a","remedy":"b"}
{"event":"capture_off"}
{"event":"capture_closed","received":1,"dropped":0}
{"event":"packets","packets":[]}
{"event":"other_frames","frames":{"arp":1}}
{"event":"undelivered","errors":[]}
{"event":"link_set","link":{"round_trip_ns":1,"jitter_ns":0,"loss_millionths":0,
  "reorder_millionths":0,"duplicate_millionths":0,"mtu":1500,"congestion":"cubic","seed":1}}
{"event":"exchange_started","exchange":0,"cause":"asked","method":"GET","url":"http://h/"}
{"event":"phase_began","exchange":0,"phase":"dns"}
{"event":"phase_ended","exchange":0,"phase":"dns"}
{"event":"failed","exchange":0,"phase":"dns","failure":{"code":"dns_timeout","message":"a",
  "hint":"b"}}
{"event":"exchange_ended","exchange":0}
{"event":"dns_queried","exchange":0,"query":0,"name":"h","kind":"A",
  "server":{"address":"127.0.0.1:53","transport":"udp"}}
{"event":"dns_answered","exchange":0,"query":0,"answer":{"rcode":"NOERROR","truncated":false,
  "records":[{"name":"h","type":"TXT","ttl":1,"data":"d"}]}}
{"event":"dns_failed","exchange":0,"query":0,"reason":"a"}
{"event":"resolved","exchange":0,"source":"dns","addresses":["127.0.0.1"]}
{"event":"attempt_started","exchange":0,"attempt":0,"remote":"127.0.0.1:1","local":"127.0.0.1:2"}
{"event":"attempt_ended","exchange":0,"attempt":0,"outcome":{"failed":"a"}}
{"event":"connected","exchange":0,"connection":0,"local":"127.0.0.1:2","remote":"127.0.0.1:1",
  "reused":false}
{"event":"proxy_talked","exchange":0,"step":{"kind":"http","text":"a"}}
{"event":"kernel_measured","connection":0,"figures":{}}
{"event":"disconnected","connection":0}
{"event":"layered","connection":0,"from":"client"}
{"event":"tls_message","connection":0,"message":{"from":"client","name":"ClientHello","bytes":1,
  "offset":0,"detail":"d"}}
{"event":"tls_certificates","connection":0,"certificates":[{"subject":"a","issuer":"b",
  "not_before":0,"not_after":1,"sha256":"c","names":["d"]}]}
{"event":"tls_verified","connection":0,"verification":{"rejected":"a"},"took_ns":1}
{"event":"tls_verified","connection":0,"verification":{"ignored":"a"},"took_ns":1}
{"event":"tls_established","connection":0,"handshake":{"version":"TLSv1.3","cipher_suite":"a",
  "key_exchange":"b","alpn":"c","kind":"full"}}
{"event":"request_head","exchange":0,"version":"HTTP/1.1","method":"GET","target":"/",
  "headers":[{"name":"a","value":"b"}],"header_bytes":1}
{"event":"request_body","exchange":0,"sent":1}
{"event":"informational","exchange":0,"status":103,"headers":[{"name":"a","value":"b"}]}
{"event":"response_head","exchange":0,"version":"HTTP/1.1","status":200,"reason":"OK",
  "headers":[{"name":"a","value":"b"}],"header_bytes":1}
{"event":"response_body","exchange":0,"received":1,"decoded":1}
{"event":"trailers","exchange":0,"headers":[{"name":"a","value":"b"}]}
{"event":"body_preview","exchange":0,"text":"a","truncated":false}
{"event":"redirected","exchange":0,"to":"/","withheld":["a"]}
{"event":"control_measured","headers_ns":1,"total_ns":1,"error":"a"}
"#;

const CANARY: &str = "Canary7f3a";
/// Texts that contain a secret: by format, in a URL, in a URL within a URL, by name, and because it
/// was secret elsewhere.
const PLANTS: [&str; 7] = [
    "glpat-Canary7f3aCanary7f3a",
    "https://ada:Canary7f3a@h/?token=Canary7f3a",
    "could not reach //ada:Canary7f3a@h, sorry",
    "https://h/cb;jsessionid=Canary7f3a?next=https%3A%2F%2Fh%2F%3Fapi_key%3DCanary7f3a",
    "{\"client_secret\":\"Canary7f3a\"}",
    "X-Auth-Key: Canary7f3a",
    "it was Canary7f3a-known, once",
];

/// The paths of strings in a document, without array indices.
fn find_strings(value: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(_) => found.push((path.to_owned(), pointer.to_owned())),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(at, value)| find_strings(value, path, &format!("{pointer}/{at}"), found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| {
                find_strings(
                    value,
                    &format!("{path}.{name}"),
                    &format!("{pointer}/{name}"),
                    found,
                );
            });
        }
        _ => {}
    }
}

/// The events, each with one text replaced by the plant wherever any text is valid, and the path of
/// that text.
fn plant_in_events(plant: &str) -> Vec<(String, String, Event)> {
    let mut all = Vec::new();
    for sample in serde_json::Deserializer::from_str(EVENTS).into_iter::<Value>() {
        let mut sample = sample.unwrap();
        sample["at_ns"] = 0.into();
        let whole: Event = serde_json::from_value(sample.clone()).unwrap();
        assert_eq!(
            serde_json::to_value(&whole).unwrap()["event"],
            sample["event"]
        );
        let mut places = Vec::new();
        find_strings(&sample, sample["event"].as_str().unwrap(), "", &mut places);
        for (path, pointer) in places
            .into_iter()
            .filter(|(_, pointer)| pointer != "/event")
        {
            let mut changed = sample.clone();
            *changed.pointer_mut(&pointer).unwrap() = plant.into();
            // A string that rejects other text is an enumeration or an address.
            if let Ok(event) = serde_json::from_value(changed) {
                all.push((path, pointer, event));
            }
        }
    }
    all
}

/// Violations of the table.
fn find_breaches(table: &[TextField], plant: &str, rules: &RedactionRules) -> Vec<String> {
    let mut problems = Vec::new();
    let all = plant_in_events(plant);
    for (path, pointer, event) in &all {
        let masked = serde_json::to_value(Redactor::with_rules(rules).event(event)).unwrap();
        let lets_through = masked.to_string().contains(CANARY);
        let is_changed =
            masked.pointer(pointer) != serde_json::to_value(event).unwrap().pointer(pointer);
        match table
            .iter()
            .find(|field| field.path == path)
            .map(|field| field.class)
        {
            None => problems.push(format!("{path} has no class")),
            Some(TextClass::Masked) if lets_through => {
                problems.push(format!("{path} lets {plant} through"));
            }
            Some(TextClass::Own | TextClass::Harmless) if is_changed => {
                problems.push(format!("{path} is masked"));
            }
            Some(_) => {}
        }
    }
    let planted = |field: &&TextField| !all.iter().any(|(path, ..)| path == field.path);
    problems.extend(
        table
            .iter()
            .filter(planted)
            .map(|field| format!("{} is in no sample", field.path)),
    );
    problems
}

fn rules_with_known_secret() -> RedactionRules {
    let mut rules = RedactionRules::default();
    rules.add_secret("Canary7f3a-known");
    rules
}

#[test]
fn no_text_of_an_event_lets_a_secret_through() {
    for rules in [
        rules_with_known_secret(),
        rules_with_known_secret().strict(),
    ] {
        for plant in PLANTS {
            assert_eq!(find_breaches(TEXT_FIELDS, plant, &rules), [""; 0]);
        }
    }
}

#[test]
fn a_wrong_class_is_found() {
    let with = |path: &str, class: TextClass| -> Vec<TextField> {
        TEXT_FIELDS
            .iter()
            .map(|field| {
                if field.path == path {
                    TextField { class, ..*field }
                } else {
                    *field
                }
            })
            .collect()
    };
    let plant = PLANTS[0];
    assert_eq!(
        find_breaches(
            &with("note.text", TextClass::Harmless),
            plant,
            &rules_with_known_secret()
        ),
        ["note.text is masked"]
    );
    assert_eq!(
        find_breaches(
            &with("run_started.schema", TextClass::Masked),
            plant,
            &rules_with_known_secret()
        ),
        [format!("run_started.schema lets {plant} through")]
    );
    assert_eq!(
        find_breaches(
            TEXT_FIELDS.get(1..).unwrap_or_default(),
            plant,
            &rules_with_known_secret()
        ),
        ["run_started.schema has no class"]
    );
}

#[test]
fn strict_rules_show_no_words_of_others() {
    let rules = RedactionRules::default().strict();
    let masked = |path: &str| {
        let all = plant_in_events("anything");
        let event = all.into_iter().find(|(of, ..)| of == path).unwrap().2;
        !serde_json::to_string(&Redactor::with_rules(&rules).event(&event))
            .unwrap()
            .contains("anything")
    };
    for path in [
        "response_head.reason",
        "response_head.headers.value",
        "dns_answered.answer.records.data",
        "body_preview.text",
    ] {
        assert!(masked(path), "{path}");
    }
    assert!(!masked("exchange_started.url"));
}
