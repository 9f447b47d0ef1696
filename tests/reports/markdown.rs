//! Markdown, as markdownlint and a browser's parser of it judge it.

use serde_json::Value;
use tapline::insight::ServerNames;
use tapline::insight::diff::{ComparedRun, DiffTolerance, compare_runs};
use tapline::report::{self, Comparison, DiffFormat, ReportOptions};
use tapline::trace::{
    Event, EventKind, ExchangeCause, ExchangeId, Failure, FailureCode, HttpHeader, HttpVersion,
    Phase, Trace,
};
use tapline::units::{Moment, Untrusted};

use crate::peer;
use crate::scenario::Scenario;

/// Prints for each file the complaints of markdownlint's default rules but the one for lines'
/// lengths, which tables break; then what is in it by markdown-it: the kinds of tokens, and the
/// texts that are no code.
const READ: &str = r#"
    // Modules of the newer kind are not looked for where NODE_PATH says.
    const path = process.env.NODE_PATH + "/markdownlint/lib/exports-promise.mjs";
    import(path).then(async ({ lint }) => {
        const fs = require("fs"), md = require("markdown-it")({ html: true, linkify: true });
        for (const file of process.argv.slice(1)) {
            const text = fs.readFileSync(file, "utf8");
            const config = { default: true, "line-length": false };
            const found = await lint({ strings: { text }, config });
            const complaints = found.text.map(one => one.lineNumber + ": "
                + [one.ruleNames[0], one.ruleDescription, one.errorDetail].join(" "));
            const tokens = md.parse(text, {}).flatMap(token => [token, ...(token.children ?? [])]);
            const kinds = [...new Set(tokens.map(token => token.type))];
            const texts = tokens.filter(token => token.type === "text")
                .map(token => token.content).join("\n");
            console.log(JSON.stringify({ complaints, kinds, texts }));
        }
    }).catch(error => { console.log(error); process.exit(1); });
"#;

fn read(runs: &[Trace], options: &ReportOptions) -> Option<Vec<Value>> {
    read_texts(runs.iter().map(|run| report::markdown_report(run, options)))
}

fn read_texts(texts: impl Iterator<Item = String>) -> Option<Vec<Value>> {
    let mut node = peer::node("markdownlint", READ)?;
    let folder = tempfile::tempdir().unwrap();
    for (i, text) in texts.enumerate() {
        let file = folder.path().join(format!("{i}.md"));
        std::fs::write(&file, text).unwrap();
        node.arg(file);
    }
    Some(
        peer::satisfied(node)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// What is in a document that holds nothing but what this program put there.
const KINDS: [&str; 26] = [
    "heading_open",
    "heading_close",
    "inline",
    "text",
    "paragraph_open",
    "paragraph_close",
    "fence",
    "table_open",
    "table_close",
    "thead_open",
    "thead_close",
    "tbody_open",
    "tbody_close",
    "tr_open",
    "tr_close",
    "th_open",
    "th_close",
    "td_open",
    "td_close",
    "code_inline",
    "strong_open",
    "strong_close",
    "bullet_list_open",
    "bullet_list_close",
    "list_item_open",
    "list_item_close",
];

fn assert_harmless(name: &str, document: &Value) {
    assert_eq!(document["complaints"], serde_json::json!([]), "{name}");
    for kind in document["kinds"].as_array().unwrap() {
        let known = ["blockquote_open", "blockquote_close", "softbreak"];
        let kind = kind.as_str().unwrap();
        assert!(
            KINDS.contains(&kind) || known.contains(&kind),
            "{name}: {kind}"
        );
    }
}

#[test]
fn every_scenario_passes_markdownlint_and_holds_neither_html_nor_links() {
    let all = Scenario::all();
    let runs: Vec<Trace> = all.iter().map(Scenario::trace).collect();
    let options = ReportOptions {
        budget: Some("total<1ms,tls<1s,status=200".parse().unwrap()),
        ..ReportOptions::default()
    };
    let Some(documents) = read(&runs, &options) else {
        return;
    };
    for (document, scenario) in documents.iter().zip(&all) {
        assert_harmless(&scenario.name, document);
    }
}

#[test]
fn a_suite_passes_too_whatever_its_endpoints_are_called() {
    let Some(documents) = read_texts(std::iter::once(
        crate::crowd::written(report::Format::Markdown).0,
    )) else {
        return;
    };
    assert_harmless("suite", &documents[0]);
    let texts = documents[0]["texts"].as_str().unwrap();
    assert!(
        !["script", "e.test", "@you", "#1"]
            .iter()
            .any(|word| texts.contains(word)),
        "{texts}"
    );
}

#[test]
fn comparisons_pass_markdownlint_and_hold_neither_html_nor_links() {
    let all = Scenario::all();
    let sides: Vec<ComparedRun> = all
        .iter()
        .map(|scenario| ComparedRun::from_trace(&scenario.trace(), &ServerNames::default()))
        .collect();
    let pairs = || {
        sides
            .iter()
            .zip(sides.iter().cycle().skip(1))
            .chain(sides.iter().zip(sides.iter().cycle().skip(5)))
    };
    let name = Untrusted::from("<b>_run_ @you.pcapng");
    let written = pairs().map(|(before, after)| {
        let found = compare_runs(before, after, DiffTolerance::default());
        DiffFormat::Markdown.write(
            Comparison {
                difference: &found,
                names: [&name, &name],
            },
            &ReportOptions::default(),
        )
    });
    let Some(documents) = read_texts(written) else {
        return;
    };
    for (document, scenario) in documents.iter().zip(all.iter().cycle()) {
        assert_harmless(&scenario.name, document);
    }
}

#[test]
fn whatever_servers_say_is_no_markup_no_link_and_nobody_is_called() {
    let hostile = "</td><script>x</script> [a](http://e.test) ![i](http://e.test/i) @everyone #1 \
        www.e.test http://e.test a@e.test\n\n# H\n\n|x|\n\n```\n- b";
    let exchange = ExchangeId(0);
    let text = || hostile.into();
    let head = EventKind::ResponseHead {
        exchange,
        version: HttpVersion::Http11,
        status: 200,
        reason: text(),
        headers: vec![HttpHeader::new("Server-Timing", "db;desc=\"<b>@you\"")],
        header_bytes: 1,
    };
    let failure = Failure {
        code: FailureCode::BodyMalformed,
        message: text(),
        hint: String::new(),
    };
    let happened = [
        EventKind::ExchangeStarted {
            exchange,
            cause: ExchangeCause::Asked,
            method: hostile.into(),
            url: text(),
        },
        EventKind::PhaseBegan {
            exchange,
            phase: Phase::Receive,
            position: None,
        },
        head,
        EventKind::Redirected {
            exchange,
            to: text(),
            withheld: vec![text()],
        },
        EventKind::Note {
            exchange: Some(exchange),
            text: text(),
        },
        EventKind::Failed {
            exchange,
            phase: Phase::Receive,
            failure,
        },
        EventKind::ExchangeEnded { exchange },
    ];
    let trace = Trace::from_events(happened.map(|what| Event {
        at: Moment(0),
        kind: what,
    }));
    let Some(documents) = read(&[trace], &ReportOptions::default()) else {
        return;
    };
    assert_harmless("hostile", &documents[0]);
    let texts = documents[0]["texts"].as_str().unwrap();
    for active in ["<", "@", "www.", "http:", "#1"] {
        assert!(!texts.contains(active), "{active} in {texts}");
    }
}

#[test]
fn the_diagram_tells_every_layer_in_order() {
    let written = report::markdown_report(
        &Scenario::named("https_http2").trace(),
        &ReportOptions::default(),
    );
    let (_, diagram) = written.split_once("```mermaid\n").unwrap();
    let (diagram, _) = diagram.split_once("```").unwrap();
    let told = [
        "GET https://api.lab.test/users",
        "A api.lab.test?",
        "10.7.0.10",
        "SYN",
        "SYN, ACK",
        "ClientHello",
        "ServerHello",
        "GET /users",
        "200 OK",
        "body, 8,192 B",
    ];
    let mut rest = diagram.split_once("Note over").unwrap().1;
    for text in told {
        rest = rest
            .split_once(text)
            .unwrap_or_else(|| panic!("{text} is missing or early in {diagram}"))
            .1;
    }
}
