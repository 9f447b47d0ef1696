//! The report as a self-contained web page: nothing is loaded, it can be printed, and without
//! JavaScript it merely lacks interaction.
//!
//! A content security policy allows only the embedded style sheet and script, by their hashes, so
//! markup that slipped through the escaping could not run code.

mod conversations;
mod headers;
mod names;
mod packets;
mod page;
mod repeats;
mod run;
mod security;
mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ReportOptions;
use super::markup::Markup;
use super::picture::{Heading, PictureContext};
use super::svg::{COLOUR_STYLE, PICTURE_STYLE};
use crate::insight::{RepeatedRequest, Transfer, exchange_count, group_into_transfers};
use crate::trace::{Exchange, ExchangeCause, Trace};
use crate::units::format_count;
use page::HtmlPage;

const PAGE_STYLE: &str = include_str!("../../../assets/report/page.css");
const PAGE_SCRIPT: &str = include_str!("../../../assets/report/page.js");

/// A run as an HTML document. It ends with a line break.
pub fn html_report(trace: &Trace, options: &ReportOptions) -> String {
    let heading = Heading::new(&PictureContext {
        trace,
        redactor: options.redactor(),
    });
    let style = strip_indents(&[COLOUR_STYLE, PICTURE_STYLE, PAGE_STYLE].concat());
    let script = strip_indents(PAGE_SCRIPT);
    let mut document = Markup::default();
    document.raw("<!doctype html>\n");
    document.open("html", &[("lang", &"en")]);
    write_head(
        &mut document,
        &format!("{}: {}", heading.asked, heading.total),
        &style,
        &script,
    );
    document.open("body", &[]);
    document.raw(&page_body(trace, options, &heading));
    document.open("script", &[]);
    document.raw(&script);
    document.finish()
}

fn write_head(document: &mut Markup, title: &str, style: &str, script: &str) {
    let policy = format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; \
            form-action 'none'",
        csp_digest(style),
        csp_digest(script)
    );
    document.open("head", &[]);
    document.void_element("meta", &[("charset", &"utf-8")]);
    document.void_element(
        "meta",
        &[
            ("http-equiv", &"Content-Security-Policy"),
            ("content", &policy),
        ],
    );
    document.void_element(
        "meta",
        &[
            ("name", &"viewport"),
            ("content", &"width=device-width, initial-scale=1"),
        ],
    );
    document.void_element(
        "meta",
        &[("name", &"color-scheme"), ("content", &"light dark")],
    );
    document.void_element(
        "meta",
        &[("name", &"referrer"), ("content", &"no-referrer")],
    );
    document.text_element("title", &[], title);
    document.void_element("link", &[("rel", &"icon"), ("href", &"data:,")]);
    document.open("style", &[]);
    document.raw(style);
    document.close();
    document.close();
}

/// Removes indentation and comment lines from the style sheet and the script. Neither contains
/// multi-line strings.
fn strip_indents(source: &str) -> String {
    source
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// A CSP source expression that allows content with this hash (CSP Level 3 §2.3.1).
fn csp_digest(content: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

fn page_body(trace: &Trace, options: &ReportOptions, heading: &Heading) -> String {
    let (main, sections) = page_main(trace, options, heading);
    let mut page = HtmlPage::new(trace, options);
    page.element(
        "a",
        &[("class", &"skip"), ("href", &"#content")],
        "Skip to content",
    );
    run::write_header(&mut page, heading);
    page.open("nav", &[("aria-label", &"On this page")]);
    for (id, title) in &sections {
        page.element("a", &[("href", &format!("#{id}"))], title);
    }
    page.close();
    page.add(&main);
    run::write_footer(&mut page);
    page.finish().0
}

fn page_main(
    trace: &Trace,
    options: &ReportOptions,
    heading: &Heading,
) -> (String, Vec<(String, String)>) {
    let mut page = HtmlPage::new(trace, options);
    page.open("main", &[("id", &"content")]);
    match trace.exchanges() {
        [] => conversations::write(&mut page),
        [only] => write_exchange(&mut page, only, 2),
        _ => write_several(&mut page, heading),
    }
    packets::write_ladders(&mut page);
    run::write(&mut page);
    page.close();
    page.finish()
}

/// Writes several exchanges (redirects, several URLs, repeated runs): an overview first, then the
/// details.
fn write_several(page: &mut HtmlPage<'_>, heading: &Heading) {
    /// Maximum number of exchanges shown in full.
    const MAX_SHOWN_IN_FULL: usize = 12;
    let trace = page.trace();
    let all: Vec<Transfer<'_>> = group_into_transfers(trace).collect();
    let repeated = all.len() > 1
        && all.iter().any(|run| {
            run.hops()
                .first()
                .is_some_and(|hop| hop.cause == ExchangeCause::Repeat)
        });
    let shown: Vec<_> = if repeated {
        repeats::write(page, &RepeatedRequest::all_runs(trace, &all));
        timeline::write_overview(page, heading);
        repeats::notable_runs(&all)
    } else {
        timeline::write_overview(page, heading);
        run::write_exchanges(page);
        trace.exchanges().iter().take(MAX_SHOWN_IN_FULL).collect()
    };
    for exchange in &shown {
        page.open("details", &[]);
        let Heading {
            asked,
            outcome,
            total,
            ..
        } = Heading::of_exchange(&page.context, exchange);
        let result = outcome
            .split(" \u{00b7} ")
            .next()
            .unwrap_or_default()
            .to_owned();
        page.element(
            "summary",
            &[],
            &format!("#{} {asked}: {result}, {total}", exchange.id.0),
        );
        write_exchange(page, exchange, 3);
        page.close();
    }
    let left = exchange_count(trace).saturating_sub(shown.len());
    if left > 0 {
        page.paragraph(&format!(
            "{} not shown in full; {}.",
            format_count(left, "more exchange"),
            if trace.retired().cut_runs() {
                "--format events and --save have all"
            } else {
                "--format json has all"
            }
        ));
    }
}

/// Writes the sections about an exchange, with headings from the given level on.
fn write_exchange(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    timeline::write(page, exchange, level);
    names::write(page, exchange, level);
    security::write(page, exchange, level);
    headers::write(page, exchange, level);
    packets::write(page, exchange, level);
}
