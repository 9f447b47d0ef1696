//! URLs as people type them: which host they reach, and that nothing is asked or sent where they
//! reach none.

use crate::fixture::dns::{Answer, DnsServer, Reply};
use crate::fixture::recorder::Recorder;
use crate::probe::{command, probe, run};

/// The host is the one that is meant, and the user's name and password do not end up in the path.
#[test]
fn a_scheme_with_odd_slashes_reaches_its_host() {
    let server = Recorder::ok();
    let host = format!("127.0.0.1:{}", server.port());
    for text in [
        "http://{}/p",
        "http:/{}/p",
        "HTTP:/{}/p",
        "http:///{}/p",
        "http:\\\\{}/p",
        "http:\\/{}/p",
        "http:/\\{}/p",
        "{}/p",
        "  {}/p ",
        "http:u:pw@{}/p",
        "http:/u:pw@{}/p",
        "u:pw@{}/p",
    ] {
        probe(&[text.replace("{}", &host)]).ok();
        let request = server.take_one();
        assert_eq!(
            (request.target.as_str(), request.header("host")),
            ("/p", Some(host.as_str())),
            "{text}"
        );
        assert_eq!(
            request.header("authorization"),
            text.contains("pw").then_some("Basic dTpwdw=="),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_url_is_a_usage_error_before_any_lookup() {
    let dns = DnsServer::start(|question| Reply::Message(Answer::empty(3).bytes(question)));
    let servers = dns.address().to_string();
    for text in [
        "http:8080/p",
        "https:443",
        "//host/",
        "/path",
        "?q",
        "#f",
        "http://",
        "http:",
        "http://u:hunter2@/",
        "host:port/",
        "u:hunter2",
        "http://host\\@evil/",
        "host\\@evil",
        "http://a@b@c/",
        "http://http://h/",
        "http://https://u:hunter2@h/",
        "http://h:0/",
        "http://h:65536/",
        "http://exa\nmple.test/",
        "ht\ttp://h/",
        "file:///etc/passwd",
        "ftp://h/",
        "javascript:alert(1)",
        "mailto:a@b",
        "unknown://h/",
        "ws://h/",
        "host:/p",
        "http://a b/",
        "http://[::1/",
        "http://h%2Fevil/",
        " ",
    ] {
        for (option, url) in [(None, text), (Some("-x"), "http://h.test/")] {
            // A proxy is another matter where no URL has to be.
            let words = match option {
                None => vec!["probe", "--dns-servers", &servers, "--", url],
                Some(_) if matches!(text, "/path" | "?q" | "#f" | " " | "http://" | "http:") => {
                    continue;
                }
                Some(option) => vec!["probe", "--dns-servers", &servers, option, text, url],
            };
            let run = run(command(&words));
            assert_eq!(run.status, Some(2), "{words:?}: {}", run.errors());
            assert!(
                !run.errors().contains("hunter2") && run.errors().contains("tapline: "),
                "{words:?}: {}",
                run.errors()
            );
        }
    }
    for (option, text) in [
        ("--doh-url", "http:8080"),
        ("--doh-url", "http://h/"),
        ("--webhook", "http:8080"),
        ("--webhook", "http://h\\@i/"),
        ("--otlp", "h:4318"),
    ] {
        let run = run(command(&[
            "probe",
            "--capture",
            "off",
            option,
            text,
            "http://h.test/",
        ]));
        assert_eq!(run.status, Some(2), "{option} {text}: {}", run.errors());
    }
    assert!(
        dns.asked().is_empty(),
        "{:?}",
        dns.asked()
            .iter()
            .map(|question| question.name.clone())
            .collect::<Vec<_>>()
    );
}

/// A misspelt command is no host.
#[test]
fn a_misspelt_command_is_not_looked_up() {
    let dns = DnsServer::start(|question| Reply::Message(Answer::empty(3).bytes(question)));
    let servers = dns.address().to_string();
    for (word, meant) in [
        ("prob", "probe"),
        ("dif", "diff"),
        ("Lab", "lab"),
        ("reprot", "report"),
        ("doctr", "doctor"),
    ] {
        let run = run(command(&["--dns-servers", &servers, word]));
        assert_eq!(run.status, Some(2), "{word}: {}", run.errors());
        let says = format!(
            "unknown command '{word}'; did you mean '{meant}'? To request a host of this name, \
             write http://{word}/"
        );
        assert!(run.errors().contains(&says), "{}", run.errors());
    }
    assert!(dns.asked().is_empty());
    let run = run(command(&[
        "--capture",
        "off",
        "--dns-servers",
        &servers,
        "http://prob/",
    ]));
    assert_eq!(run.status, Some(3), "{}", run.errors());
    assert!(dns.asked().iter().any(|question| question.name == "prob"));
}
