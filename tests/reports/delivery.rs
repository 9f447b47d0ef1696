//! Runs that are sent: to a collector, to a webhook, to nobody.

use assert_cmd::Command;
use serde_json::Value;

use crate::receiver::{Received, Receiver};
use crate::{otlp, peer};

/// What a server that is fine says.
fn fine(_: &Received, _: usize) -> (u16, String, String) {
    (200, String::new(), "{}".to_owned())
}

/// A probe of the receiver's own page, with what is further wanted.
fn probe(receiver: &Receiver, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tapline").unwrap();
    let url = format!("http://{}/page?token=s3cret", receiver.authority());
    command
        .args(["probe", "--capture", "off", "--format", "text", &url])
        .args(arguments);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
    ] {
        command.env_remove(name);
    }
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OTEL_"))
    {
        command.env_remove(name);
    }
    command
}

/// The exit code and what was said on standard error.
fn ended(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn spans_and_metrics_reach_a_collector_with_the_environments_fields() {
    let receiver = Receiver::start(fine);
    let mut command = probe(&receiver, &["--otlp", "-", "--with-secrets"]);
    command.env(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://ada:hunter2@{}/base/", receiver.authority()),
    );
    command
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=lab%20one")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=ci");
    assert_eq!(ended(command), (0, String::new()));
    let [traces, metrics] =
        ["traces", "metrics"].map(|signal| receiver.received(&format!("/base/v1/{signal}")));
    let ([traces], [metrics]) = (&traces[..], &metrics[..]) else {
        panic!("{traces:?} {metrics:?}")
    };
    for request in [traces, metrics] {
        assert_eq!(request.field("content-type"), Some("application/json"));
        assert_eq!(request.field("x-tenant"), Some("lab one"));
        assert_eq!(
            request.field("authorization"),
            Some("Basic YWRhOmh1bnRlcjI=")
        );
        assert!(
            !request.body.contains("s3cret"),
            "secrets stay here, whatever is written here: {}",
            request.body
        );
        assert!(request.body.contains("deployment.environment.name"));
    }
    let Some(mut python) = peer::python(otlp::READ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, request) in [("traces", traces), ("metrics", metrics)] {
        std::fs::write(folder.path().join(name), &request.body).unwrap();
        python.arg(folder.path().join(name));
    }
    peer::satisfied(python);
}

#[test]
fn a_webhook_gets_the_document_and_is_asked_again_when_it_says_later() {
    let receiver = Receiver::start(|request, before| match (request.path.as_str(), before) {
        ("/hook", 0) => (503, "Retry-After: 0\r\n".to_owned(), String::new()),
        ("/hook", 1) => (500, String::new(), String::new()),
        _ => fine(request, before),
    });
    let command = probe(
        &receiver,
        &[
            "--webhook",
            &format!("http://{}/hook", receiver.authority()),
        ],
    );
    assert_eq!(ended(command), (0, String::new()));
    let posts = receiver.received("/hook");
    assert_eq!(posts.len(), 3);
    let document: Value = serde_json::from_str(&posts[2].body).unwrap();
    assert_eq!(
        (&document["schema"], &document["exchanges"][0]["status"]),
        (&"tapline/summary/1".into(), &200.into())
    );
    assert!(
        document["exchanges"][0]["url"]
            .as_str()
            .unwrap()
            .ends_with("?token=REDACTED")
    );
}

#[test]
fn what_cannot_be_sent_is_a_warning_without_secrets_and_changes_no_exit_code() {
    let receiver = Receiver::start(|request, before| match request.path.as_str() {
        "/refuse/v1/traces?key=hunter2" => (400, String::new(), String::new()),
        "/refuse/v1/metrics?key=hunter2" => (
            200,
            String::new(),
            r#"{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"no \u001b[2J room"}}"#
                .to_owned(),
        ),
        "/far/hunter2" => (429, "Retry-After: 3600\r\n".to_owned(), String::new()),
        "/moved/hunter2" => (302, "Location: /elsewhere\r\n".to_owned(), String::new()),
        _ => fine(request, before),
    });
    let at = |path: &str| format!("http://ada:hunter2@{}{path}", receiver.authority());
    let (otlp, far, moved) = (
        at("/refuse?key=hunter2"),
        at("/far/hunter2"),
        at("/moved/hunter2"),
    );
    let command = probe(
        &receiver,
        &["--otlp", &otlp, "--webhook", &far, "--webhook", &moved],
    );
    let (code, said) = ended(command);
    let shown = format!("http://{}", receiver.authority());
    let wanted = [
        format!(
            "tapline: spans could not be sent to {shown}: it responded 400 Bad Request (1 attempt)"
        ),
        format!("tapline: metrics: {shown} accepted only part of the data: no \\x1b[2J room"),
        format!(
            "tapline: the run could not be sent to {shown}: it responded 429 Too Many Requests \
             and asked for a retry after 3600 s"
        ),
        format!(
            "tapline: the run could not be sent to {shown}: it responded 302 Found (1 attempt)"
        ),
    ];
    assert_eq!(
        (code, said.lines().collect::<Vec<_>>()),
        (0, wanted.iter().map(String::as_str).collect())
    );
    assert_eq!(receiver.received("/elsewhere").len(), 0);
}

#[test]
fn nobody_there_is_a_warning_and_a_missed_budget_keeps_its_exit_code() {
    let receiver = Receiver::start(fine);
    let gone = Receiver::start(fine).authority();
    let command = probe(
        &receiver,
        &[
            "--webhook",
            &format!("http://ada:hunter2@{gone}/hunter2"),
            "--budget",
            "total<=1ns",
        ],
    );
    let (code, said) = ended(command);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains(&format!(
            "tapline: the run could not be sent to http://{gone}: "
        )) && said.contains("(4 attempts)"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_is_no_address_is_refused_before_anything_is_asked() {
    let receiver = Receiver::start(fine);
    let (code, said) = ended(probe(&receiver, &["--otlp", "ftp://ada:hunter2@h/"]));
    assert_eq!(
        (code, said.as_str()),
        (2, "tapline: --otlp: an http or https URL is required\n")
    );
    assert!(receiver.received("/page?token=s3cret").is_empty());
}
