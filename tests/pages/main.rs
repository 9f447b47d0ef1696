//! The reports that are looked at in a browser: well formed, closed in themselves, and legible.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod html;
mod labels;
#[path = "../scenarios/scenario.rs"]
mod scenario;

use std::collections::BTreeSet;

use roxmltree::Document;
use scenario::Scenario;
use tapline::report::{self, ReportOptions};
use tapline::trace::Trace;

/// Every scenario, and a run of which nothing is known, as a picture.
fn pictures() -> Vec<(String, String)> {
    let all = Scenario::all()
        .into_iter()
        .map(|scenario| (scenario.trace(), scenario.name));
    let all = all.chain([(Trace::default(), "nothing".to_owned())]);
    all.map(|(trace, name)| (name, report::svg_report(&trace, &ReportOptions::default())))
        .collect()
}

#[test]
fn every_picture_is_well_formed_and_refers_to_nothing_outside() {
    for (name, svg) in pictures() {
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut ids = BTreeSet::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let tag = node.tag_name().name();
            assert!(
                [
                    "svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "text", "g"
                ]
                .contains(&tag),
                "{name}: {tag}"
            );
            for attribute in node.attributes() {
                assert!(
                    !attribute.name().starts_with("on") && !attribute.name().contains("href"),
                    "{name}: {}",
                    attribute.name()
                );
                assert!(
                    !attribute.value().contains("url(")
                        || attribute.value() == "url(#tapline-hatch)",
                    "{name}: {}",
                    attribute.value()
                );
            }
            if let Some(id) = node.attribute("id") {
                assert!(ids.insert(id), "{name}: {id} is there twice");
            }
            if tag == "style" {
                assert!(
                    !node.text().unwrap_or_default().contains("url("),
                    "{name}: the style fetches something"
                );
            }
        }
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        for id in root.attribute("aria-labelledby").unwrap().split(' ') {
            assert!(ids.contains(id), "{name}: {id} is not there");
        }
    }
}

#[test]
fn no_label_lies_on_another_or_leaves_the_picture() {
    for (name, svg) in pictures() {
        let wrong = labels::wrong(Document::parse(&svg).unwrap().root_element());
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
    }
}

#[test]
fn labels_that_lie_on_each_other_are_found() {
    let svg = |x: u32| {
        let text = |x| format!("<text x='{x}' y='20' font-size='10'>some words</text>");
        format!(
            "<svg viewBox='0 0 200 40' xmlns='http://www.w3.org/2000/svg'>{}{}</svg>",
            text(10),
            text(x)
        )
    };
    for (x, found) in [(100, 0), (40, 1), (180, 1)] {
        assert_eq!(
            labels::wrong(Document::parse(&svg(x)).unwrap().root_element()).len(),
            found,
            "at {x}"
        );
    }
}
