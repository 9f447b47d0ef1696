//! The report as one page that stands on its own: nothing is fetched, it prints, and without a
//! script it is only less lively.
//!
//! A content security policy forbids everything but the one style sheet and the one script that are
//! in it, by their digests; so even what slipped through the escaping could not run.

mod conversations;
mod exchange;
mod headers;
mod names;
mod packets;
mod page;
mod repeats;
mod run;
mod security;
mod time;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Options;
use super::markup::Markup;
use super::picture::{Heading, Scene};
use super::svg::{COLOURS, PICTURE};
use crate::insight::{Repeats, Transfer, exchange_count, transfers};
use crate::trace::{Cause, Trace};
use crate::units::counted;
use page::Page;

const PAGE: &str = include_str!("../../../assets/report/page.css");
const SCRIPT: &str = include_str!("../../../assets/report/page.js");

/// A run as an HTML document. It ends with a line break.
pub fn html(trace: &Trace, options: &Options) -> String {
    let heading = Heading::of(&Scene {
        trace,
        redactor: options.redactor(),
    });
    let (style, script) = (
        without_indents(&[COLOURS, PICTURE, PAGE].concat()),
        without_indents(SCRIPT),
    );
    let mut document = Markup::default();
    document.raw("<!doctype html>\n");
    document.open("html", &[("lang", &"en")]);
    head(
        &mut document,
        &format!("{}: {}", heading.asked, heading.total),
        &style,
        &script,
    );
    document.open("body", &[]);
    document.raw(&body(trace, options, &heading));
    document.open("script", &[]);
    document.raw(&script);
    document.finish()
}

fn head(document: &mut Markup, title: &str, style: &str, script: &str) {
    let policy = format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; \
            form-action 'none'",
        digest(style),
        digest(script)
    );
    document.open("head", &[]);
    document.void("meta", &[("charset", &"utf-8")]);
    document.void(
        "meta",
        &[
            ("http-equiv", &"Content-Security-Policy"),
            ("content", &policy),
        ],
    );
    document.void(
        "meta",
        &[
            ("name", &"viewport"),
            ("content", &"width=device-width, initial-scale=1"),
        ],
    );
    document.void(
        "meta",
        &[("name", &"color-scheme"), ("content", &"light dark")],
    );
    document.void(
        "meta",
        &[("name", &"referrer"), ("content", &"no-referrer")],
    );
    document.with_text("title", &[], title);
    document.void("link", &[("rel", &"icon"), ("href", &"data:,")]);
    document.open("style", &[]);
    document.raw(style);
    document.close();
    document.close();
}

/// Style and script as they are sent: indents and lines of comments stay here. Neither has text
/// over several lines.
fn without_indents(source: &str) -> String {
    source
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// A source expression that allows what has this digest (CSP Level 3 §2.3.1).
fn digest(content: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

fn body(trace: &Trace, options: &Options, heading: &Heading) -> String {
    let (main, sections) = main(trace, options, heading);
    let mut page = Page::new(trace, options);
    page.element(
        "a",
        &[("class", &"skip"), ("href", &"#content")],
        "To the figures",
    );
    run::header(&mut page, heading);
    page.open("nav", &[("aria-label", &"On this page")]);
    for (id, title) in &sections {
        page.element("a", &[("href", &format!("#{id}"))], title);
    }
    page.close();
    page.add(&main);
    run::footer(&mut page);
    page.finish().0
}

fn main(trace: &Trace, options: &Options, heading: &Heading) -> (String, Vec<(String, String)>) {
    let mut page = Page::new(trace, options);
    page.open("main", &[("id", &"content")]);
    match trace.exchanges() {
        [] => conversations::write(&mut page),
        [only] => exchange::write(&mut page, only, 2),
        _ => several(&mut page, heading),
    }
    packets::ladders(&mut page);
    run::write(&mut page);
    page.close();
    page.finish()
}

/// Redirects, several URLs, repeated runs: the whole first, then one by one.
fn several(page: &mut Page<'_>, heading: &Heading) {
    /// Exchanges that are told in full.
    const MOST: usize = 12;
    let trace = page.trace();
    let all: Vec<Transfer<'_>> = transfers(trace).collect();
    let repeated = all.len() > 1
        && all.iter().any(|run| {
            run.hops()
                .first()
                .is_some_and(|hop| hop.cause == Cause::Repeat)
        });
    let told: Vec<_> = if repeated {
        repeats::write(page, &Repeats::together(trace, &all));
        time::overview(page, heading);
        repeats::remarkable(&all)
    } else {
        time::overview(page, heading);
        run::hops(page);
        trace.exchanges().iter().take(MOST).collect()
    };
    for exchange in &told {
        page.open("details", &[]);
        let Heading {
            asked,
            outcome,
            total,
            ..
        } = Heading::of_exchange(&page.scene, exchange);
        let came = outcome
            .split(" \u{00b7} ")
            .next()
            .unwrap_or_default()
            .to_owned();
        page.element(
            "summary",
            &[],
            &format!("#{} {asked}: {came}, {total}", exchange.id.0),
        );
        exchange::write(page, exchange, 3);
        page.close();
    }
    let left = exchange_count(trace).saturating_sub(told.len());
    if left > 0 {
        page.say(&format!(
            "{} not told in full; --format json has all.",
            counted(left, "more exchange")
        ));
    }
}
