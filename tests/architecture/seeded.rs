//! The checks are themselves checked: each wall is broken on purpose, and the complaint has to
//! come, at the right line.

use super::source::Source;
use super::{complaints_about, names, texts};

const DEPENDENCIES: [&str; 12] = [
    "tokio",
    "http",
    "hyper",
    "h2",
    "reqwest",
    "pcap",
    "jiff",
    "serde",
    "ratatui",
    "futures_channel",
    "thiserror",
    "hickory_resolver",
];

fn complaints(path: &str, text: &str) -> Vec<String> {
    let dependencies: Vec<String> = DEPENDENCIES.iter().map(ToString::to_string).collect();
    complaints_about(path, text, &dependencies)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Asserts that the text, put into a file at the path, is refused with exactly this complaint.
#[track_caller]
fn refused(path: &str, text: &str, complaint: &str) {
    assert_eq!(
        complaints(path, text),
        [complaint],
        "for {text:?} in {path}"
    );
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(
        complaints(path, text),
        Vec::<String>::new(),
        "for {text:?} in {path}"
    );
}

#[test]
fn a_room_that_reaches_to_its_right() {
    let wall = "`trace` may not use `probe`; it may use units, wire";
    refused(
        "src/trace/fold.rs",
        "\nuse crate::probe::Run;",
        &format!("src/trace/fold.rs:2: found `crate::probe::Run`: {wall}"),
    );
    refused(
        "src/trace/fold.rs",
        "fn f() { crate::probe::run(); }",
        &format!("src/trace/fold.rs:1: found `crate::probe::run`: {wall}"),
    );
    refused(
        "src/trace/fold.rs",
        "struct S(Vec<crate::probe::Run>);",
        &format!("src/trace/fold.rs:1: found `crate::probe::Run`: {wall}"),
    );
    refused(
        "src/trace/fold.rs",
        "pub use super::super::probe::Run;",
        &format!("src/trace/fold.rs:1: found `crate::probe::Run`: {wall}"),
    );
    refused(
        "src/trace/fold.rs",
        "mod a { use super::super::super::probe; }",
        &format!("src/trace/fold.rs:1: found `crate::probe`: {wall}"),
    );
    refused(
        "src/trace/mod.rs",
        "use tapline::probe::*;",
        &format!("src/trace/mod.rs:1: found `crate::probe::*`: {wall}"),
    );
    refused(
        "src/trace/mod.rs",
        "m! { crate::probe::run() }",
        &format!("src/trace/mod.rs:1: found `crate::probe::run`: {wall}"),
    );
}

#[test]
fn rooms_side_by_side() {
    let found = "src/insight/gap.rs:1: found `crate::timeline::Scale`";
    refused(
        "src/insight/gap.rs",
        "use crate::timeline::Scale;",
        &format!("{found}: `insight` may not use `timeline`; it may use units, wire, trace"),
    );
    let found = "src/units/size.rs:1: found `crate::trace::Trace`";
    refused(
        "src/units/size.rs",
        "use crate::trace::Trace;",
        &format!("{found}: `units` may not use `trace`; it may use no other room"),
    );
}

#[test]
fn the_screen_sees_no_engine() {
    for room in ["probe", "capture", "lab", "sys", "cli", "report"] {
        refused(
            "src/tui/runtime.rs",
            &format!("use crate::{room}::Thing;"),
            &format!(
                "src/tui/runtime.rs:1: found `crate::{room}::Thing`: `tui` may not use `{room}`; \
                    it may use units, wire, trace, timeline, insight, dissect"
            ),
        );
    }
}

#[test]
fn ways_around_the_rooms() {
    let nameless = "rooms are used by their names, and";
    refused(
        "src/tui/mod.rs",
        "use crate::*;",
        &format!("src/tui/mod.rs:1: found `crate::*`: {nameless} `crate::*` is none"),
    );
    refused(
        "src/tui/mod.rs",
        "use super as top;",
        &format!("src/tui/mod.rs:1: found `crate`: {nameless} `crate::` is none"),
    );
    refused(
        "src/tui/mod.rs",
        "use crate::Run;",
        &format!("src/tui/mod.rs:1: found `crate::Run`: {nameless} `crate::Run` is none"),
    );
    refused(
        "src/main.rs",
        "use tapline::probe::Run;",
        "src/main.rs:1: found `crate::probe::Run`: `main` may not use `probe`; it may use cli",
    );
    let list = "`lib.rs` declares the listed rooms and nothing else";
    refused(
        "src/lib.rs",
        "pub mod trace;\npub use trace::Trace;",
        &format!("src/lib.rs:2: found an item that is not a room: {list}"),
    );
    refused(
        "src/lib.rs",
        "pub mod attic;",
        &format!("src/lib.rs:1: found the module `attic`: {list}"),
    );
    refused(
        "src/lib.rs",
        "pub mod trace { }",
        &format!("src/lib.rs:1: found the module `trace`: {list}"),
    );
    refused(
        "src/tui/mod.rs",
        "#[path = \"../probe/mod.rs\"]\nmod engine;",
        "src/tui/mod.rs:2: found `#[path]`: a module lies where its name says",
    );
    refused(
        "src/tui/mod.rs",
        "include!(\"../probe/run.rs\");",
        "src/tui/mod.rs:1: found `include!`: code that is included is code that these checks do \
            not see",
    );
    refused(
        "src/tui/mod.rs",
        "extern crate self as me;",
        "src/tui/mod.rs:1: found `extern crate`: crates are named by `use`, not by `extern crate`",
    );
}

#[test]
fn an_unlisted_room() {
    let wall = "only `lib.rs`, `main.rs` and the folders of listed rooms stand in `src/`; list a \
        new room in tests/architecture/rooms.rs";
    refused(
        "src/attic/mod.rs",
        "",
        &format!("src/attic/mod.rs:1: found a file in the unlisted room `attic`: {wall}"),
    );
    refused(
        "src/trace.rs",
        "",
        &format!("src/trace.rs:1: found a file in the unlisted room `trace`: {wall}"),
    );
}

#[test]
fn a_pure_room_that_reaches_out() {
    for what in [
        "std::fs::read",
        "std::net::TcpStream",
        "std::net::*",
        "std::env::var",
        "std::process::exit",
        "std::thread::spawn",
        "std::time::Instant",
        "std::time::SystemTime",
        "std::time::*",
        "std::io::stdout",
        "std::os::fd::RawFd",
    ] {
        let wall = "`report` is pure: no files, sockets, clocks, threads, processes or environment";
        refused(
            "src/report/text.rs",
            &format!("use {what};"),
            &format!("src/report/text.rs:1: found `{what}`: {wall}"),
        );
    }
    refused(
        "src/report/text.rs",
        "use std::{net, fmt};\nfn f() { net::UdpSocket::bind(x); }",
        "src/report/text.rs:2: found `std::net::UdpSocket::bind`: `report` is pure: no files, \
            sockets, clocks, threads, processes or environment",
    );
    for name in [
        "tokio",
        "pcap",
        "hyper",
        "reqwest",
        "h2",
        "http",
        "ratatui",
        "hickory_resolver",
    ] {
        let wall = "if it only computes, list it in tests/architecture/purity.rs";
        refused(
            "src/insight/gap.rs",
            &format!("fn f(x: &{name}::Thing) {{}}"),
            &format!(
                "src/insight/gap.rs:1: found `{name}::Thing`: `insight` is pure and may not use \
                    the crate `{name}`; {wall}"
            ),
        );
    }
    refused(
        "src/timeline/axis.rs",
        "#[tokio::test]\nfn f() {}",
        "src/timeline/axis.rs:1: found `tokio::test`: `timeline` is pure and may not use the \
            crate `tokio`; if it only computes, list it in tests/architecture/purity.rs",
    );
    for name in ["print", "println", "eprint", "eprintln"] {
        refused(
            "src/wire/tcp.rs",
            &format!("fn f() {{ {name}!(\"x\"); }}"),
            &format!("src/wire/tcp.rs:1: found `{name}!`: `wire` is pure: the caller writes"),
        );
    }
}

#[test]
fn an_http_library_in_the_trace() {
    let wall = "no HTTP library's types enter `trace`: it says what happened in its own words";
    for what in [
        "http::HeaderMap",
        "hyper::Request",
        "h2::Reason",
        "reqwest::Url",
    ] {
        refused(
            "src/trace/http.rs",
            &format!("pub struct S({what});"),
            &format!("src/trace/http.rs:1: found `{what}`: {wall}"),
        );
    }
    refused(
        "src/trace/mod.rs",
        "mod http;\npub use ::http::HeaderMap;",
        &format!("src/trace/mod.rs:2: found `http::HeaderMap`: {wall}"),
    );
    accepted("src/trace/mod.rs", "mod http;\npub use http::Header;");
}

#[test]
fn a_clock_read_where_time_is_an_argument() {
    let wall =
        "time is an argument: clocks are read in probe, capture, tui::runtime, lab and cli only";
    for (text, found) in [
        (
            "fn f() { std::time::Instant::now(); }",
            "std::time::Instant::now",
        ),
        (
            "use std::time as t; fn f() { let now = t::SystemTime::now; }",
            "std::time::SystemTime::now",
        ),
        (
            "use tokio::time::Instant as I; fn f() { I::now(); }",
            "tokio::time::Instant::now",
        ),
        ("fn f() { jiff::Timestamp::now(); }", "jiff::Timestamp::now"),
        ("fn f() { jiff::Zoned::now(); }", "jiff::Zoned::now"),
        ("fn f(start: T) { start.elapsed(); }", ".elapsed()"),
    ] {
        for path in ["src/tui/state.rs", "src/sys/tcp.rs"] {
            refused(path, text, &format!("{path}:1: found `{found}`: {wall}"));
        }
        for path in [
            "src/tui/runtime.rs",
            "src/tui/runtime/tick.rs",
            "src/probe/run.rs",
            "src/capture/mod.rs",
            "src/lab/mod.rs",
            "src/cli/mod.rs",
        ] {
            accepted(path, text);
        }
    }
}

#[test]
fn unsafe_code() {
    let only = "`sys` is the only room with `unsafe`";
    refused(
        "src/probe/tcp.rs",
        "fn f() {\n  unsafe { g() }\n}",
        &format!("src/probe/tcp.rs:2: found `unsafe`: {only}"),
    );
    refused(
        "src/probe/tcp.rs",
        "m! { unsafe { g() } }",
        &format!("src/probe/tcp.rs:1: found `unsafe`: {only}"),
    );
    refused(
        "src/probe/tcp.rs",
        "#![allow(unsafe_code)]",
        &format!("src/probe/tcp.rs:1: found `unsafe_code`: {only}"),
    );
    let reason = "each `unsafe` says in a `// SAFETY:` comment before it why it is sound";
    for text in [
        "fn f() {\n  unsafe { g() }\n}",
        "fn f() {\n  // SAFETY:\n  unsafe { g() }\n}",
        "// SAFETY: of another.\nfn f() {\n  unsafe { g() }\n}",
    ] {
        let line = text
            .lines()
            .position(|line| line.contains("unsafe"))
            .unwrap()
            + 1;
        refused(
            "src/sys/tcp.rs",
            text,
            &format!("src/sys/tcp.rs:{line}: found `unsafe`: {reason}"),
        );
    }
    refused(
        "src/sys/tcp.rs",
        "unsafe impl Send for S {}",
        &format!("src/sys/tcp.rs:1: found `unsafe`: {reason}"),
    );
    accepted(
        "src/sys/tcp.rs",
        "fn f() {\n  // SAFETY: g has no conditions.\n  unsafe { g() }\n}",
    );
    accepted(
        "src/sys/tcp.rs",
        "fn f() {\n  // SAFETY: two lines\n  // of reasons.\n  let done =\n    unsafe { g() };\n}",
    );
}

#[test]
fn a_channel_without_a_bound() {
    let wall = "channels are bounded, and what overflows is itself an event";
    refused(
        "src/probe/run.rs",
        "use std::sync::mpsc;\nfn f() { mpsc::channel::<u8>(); }",
        &format!("src/probe/run.rs:2: found `std::sync::mpsc::channel`: {wall}"),
    );
    refused(
        "src/probe/run.rs",
        "fn f() { tokio::sync::mpsc::unbounded_channel(); }",
        &format!("src/probe/run.rs:1: found `unbounded_channel`: {wall}"),
    );
    refused(
        "src/probe/run.rs",
        "fn f() { futures_channel::mpsc::unbounded(); }",
        &format!("src/probe/run.rs:1: found `unbounded`: {wall}"),
    );
    accepted(
        "src/probe/run.rs",
        "use tokio::sync::mpsc;\nfn f() { mpsc::channel(64); std::sync::mpsc::sync_channel(64); }",
    );
}

#[test]
fn unfinished_code_and_names_that_say_nothing() {
    for name in ["todo", "unimplemented", "dbg"] {
        for path in ["src/cli/mod.rs", "tests/cli.rs", "examples/headless.rs"] {
            refused(
                path,
                &format!("fn f() {{ g({name}!()); }}"),
                &format!("{path}:1: found `{name}!`: nothing unfinished is landed"),
            );
        }
    }
    for name in ["utils", "util", "helpers", "helper", "common", "misc"] {
        let wall = format!("a module is named for its one idea, and `{name}` is none");
        refused(
            "src/cli/mod.rs",
            &format!("mod {name};"),
            &format!("src/cli/mod.rs:1: found the module `{name}`: {wall}"),
        );
        refused(
            &format!("src/cli/{name}.rs"),
            "",
            &format!("src/cli/{name}.rs:1: found a file of this name: {wall}"),
        );
        refused(
            &format!("tests/{name}/mod.rs"),
            "",
            &format!("tests/{name}/mod.rs:1: found a file of this name: {wall}"),
        );
    }
}

#[test]
fn text_that_is_not_rust() {
    let complaints = complaints("src/cli/mod.rs", "fn f( {");
    assert!(
        complaints[0].ends_with("what cannot be parsed cannot be checked"),
        "{complaints:?}"
    );
}

#[test]
fn what_is_allowed_is_let_through() {
    accepted(
        "src/lib.rs",
        "//! The house.\npub mod trace;\npub mod units;",
    );
    accepted(
        "src/main.rs",
        "fn main() -> std::process::ExitCode { tapline::cli::run() }",
    );
    accepted(
        "src/trace/flow.rs",
        "use std::net::{IpAddr, SocketAddr};\nuse std::time::Duration;\nuse \
            serde::Serialize;\nuse crate::units::Nanos;\nuse super::Event;",
    );
    accepted(
        "src/probe/run.rs",
        "use crate::sys::tcp;\nuse crate::trace::Event;\nuse hyper::Request;\nfn f() { \
            println!(\"{}\", crate::units::Nanos(1)); }",
    );
    accepted(
        "tests/tui.rs",
        "#[path = \"interop/server.rs\"]\nmod server;",
    );
    accepted("src/cli/probe.rs", "use crate::{lab, probe, report, tui};");
    accepted(
        "src/report/text.rs",
        "use std::fmt::Write as _;\nuse std::io::Write;\nfn f(a: u8) -> bool { a != 1 }",
    );
}

#[test]
fn a_text_of_an_event_without_a_class() {
    let told = |text: &str, table: &[&str]| -> Vec<String> {
        let source = Source::parse("src/trace/event.rs", text, &[]).expect("it parses");
        texts::check(&[source], table)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let events = "pub enum EventKind {\n A { at: u64, said: Option<Untrusted> },\n LongName { of: \
        Vec<Inner> },\n}\n\
                  pub struct Inner {\n #[serde(rename = \"type\")]\n kind: String,\n other: \
    Way,\n}\n\
                  pub enum Way { In, Failed(Untrusted) }";
    let all = ["a.said", "long_name.of.type", "long_name.of.other.failed"];
    assert_eq!(told(events, &all), [""; 0]);
    let wall = "every text of an event has a class in src/trace/text_fields.rs";
    assert_eq!(
        told(events, &all[1..]),
        [format!("src/trace/event.rs:2: found `a.said`: {wall}")]
    );
    assert_eq!(
        told(events, &all[..2]),
        [format!(
            "src/trace/event.rs:10: found `long_name.of.other.failed`: {wall}"
        )]
    );
    let wire = Source::parse("src/wire/tcp.rs", "pub struct Way {\n said: String }", &[]);
    let trace = "pub enum EventKind { A { way: Way } }";
    let trace = Source::parse("src/trace/event.rs", trace, &[]).expect("it parses");
    let complaints = texts::check(&[trace, wire.expect("it parses")], &[]);
    assert_eq!(
        complaints
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [format!("src/wire/tcp.rs:2: found `a.way.said`: {wall}")]
    );
    let gone =
        "src/trace/text_fields.rs:0: found `b.c`: each row of the table is a text of an event";
    assert_eq!(
        told(
            events,
            &[
                "a.said",
                "long_name.of.type",
                "long_name.of.other.failed",
                "b.c"
            ]
        ),
        [gone]
    );
    let unknown = told("pub enum EventKind { A { of: Elsewhere } }", &[]);
    assert!(
        unknown.first().is_some_and(|told| told.contains(
            "a type at `a.of` that is not among \
        the events' own"
        )),
        "{unknown:?}"
    );
}

#[test]
fn a_free_function_named_of() {
    refused(
        "src/report/text.rs",
        "struct A;\nimpl A { fn of() -> Self { A } }\nfn f() {\n fn of() {}\n}\n\
            #[cfg(test)]\nmod tests { fn of() {} }",
        "src/report/text.rs:4: found `fn of`: a free function's name says what it returns or \
            does, and `of` says neither",
    );
}

#[test]
fn two_visible_types_of_one_name() {
    let source = |path: &str, text: &str| Source::parse(path, text, &[]).expect("it parses");
    let first = source(
        "src/wire/dns.rs",
        "pub struct Answer;\nstruct Own;\npub enum Error {}",
    );
    let second = source(
        "src/probe/answer.rs",
        "mod inner {\n    pub(super) type Answer = u8;\n}\nstruct Own;\npub struct Error;\n\
            #[cfg(test)]\nmod tests { pub struct Answer; }",
    );
    let complaints = names::check_types(&[first, second]);
    let listed: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    let expected = "src/probe/answer.rs:2: found a type named `Answer`: a type's name is declared \
                    once, and `Answer` is at src/wire/dns.rs:1 already";
    assert_eq!(listed, [expected]);
}
