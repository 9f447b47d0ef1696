//! The page: well formed, closed in itself, and nothing of what came from elsewhere is more than
//! text.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use roxmltree::{Document, Node};
use tapline::report::{self, ReportOptions};
use tapline::trace::Trace;

use crate::labels;
use crate::scenario::Scenario;

/// Every scenario, and a run of which nothing is known, as a page.
fn pages() -> Vec<(String, String)> {
    let all = Scenario::all()
        .into_iter()
        .map(|scenario| (scenario.trace(), scenario.name));
    let all = all.chain([(Trace::default(), "nothing".to_owned())]);
    let options = ReportOptions {
        budget: Some("total<=1ms,status=200".parse().unwrap()),
        ..ReportOptions::default()
    };
    all.map(|(trace, name)| (name, report::html_report(&trace, &options)))
        .collect()
}

/// What lies between two marks, the first of its kind.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text
        .find(from)
        .unwrap_or_else(|| panic!("{from} is missing"))
        + from.len();
    let end = text[start..]
        .find(to)
        .unwrap_or_else(|| panic!("{to} is missing"));
    &text[start..start + end]
}

/// The body, which is XML too.
fn body(page: &str) -> String {
    format!("<body>{}</body>", between(page, "<body>", "<script>"))
}

#[test]
fn every_page_is_well_formed_and_fetches_nothing() {
    for (name, page) in pages() {
        let body = body(&page);
        let document = Document::parse(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ids: Vec<&str> = document
            .descendants()
            .filter_map(|node| node.attribute("id"))
            .collect();
        assert_eq!(
            ids.len(),
            ids.iter().collect::<BTreeSet<_>>().len(),
            "{name}: an identifier is there twice"
        );
        for node in document.descendants().filter(Node::is_element) {
            let tag = node.tag_name().name();
            assert!(
                ![
                    "script", "style", "img", "iframe", "object", "embed", "form", "link", "base",
                    "use", "image"
                ]
                .contains(&tag),
                "{name}: {tag}"
            );
            for attribute in node.attributes() {
                let (key, value) = (attribute.name(), attribute.value());
                assert!(
                    !key.starts_with("on") && !["style", "src", "srcset", "action"].contains(&key),
                    "{name}: {key}={value}"
                );
                assert!(
                    key != "href" || value.strip_prefix('#').is_some_and(|id| ids.contains(&id)),
                    "{name}: {key}={value}"
                );
                assert!(
                    !["aria-labelledby", "aria-describedby"].contains(&key)
                        || value.split(' ').all(|id| ids.contains(&id)),
                    "{name}: {value}"
                );
            }
        }
        let head = between(&page, "<head>", "</head>");
        assert_eq!(head.matches("href=").count(), 1, "{name}");
        assert!(
            head.contains(r#"<link rel="icon" href="data:,">"#)
                && !head.contains("url(")
                && !head.contains("@import"),
            "{name}"
        );
    }
}

/// The policy allows the style and the script that are there, and nothing else.
#[test]
fn the_policy_is_about_what_is_in_the_page() {
    let allowed = |content: &str| {
        let digest =
            base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, content.as_bytes()));
        format!("&#39;sha256-{digest}&#39;")
    };
    for (name, page) in pages() {
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        assert_eq!(page.matches("<style").count(), 1, "{name}");
        let (style, script) = (
            between(&page, "<style>", "</style>"),
            between(&page, "<script>", "</script>"),
        );
        let policy = format!(
            "default-src &#39;none&#39;; img-src data:; style-src {}; script-src {}; base-uri \
                &#39;none&#39;; form-action &#39;none&#39;",
            allowed(style),
            allowed(script)
        );
        assert!(page.contains(&policy), "{name}: {policy}");
        assert!(
            script.len() < 10_000,
            "the script has grown to {} bytes",
            script.len()
        );
    }
}

#[test]
fn tables_and_sections_have_their_names() {
    for (name, page) in pages() {
        let body = body(&page);
        let document = Document::parse(&body).unwrap();
        let named = |tag: &'static str| {
            document
                .descendants()
                .filter(move |node| node.has_tag_name(tag))
        };
        assert_eq!(named("h1").count(), 1, "{name}");
        assert_eq!(named("main").count(), 1, "{name}");
        for table in named("table") {
            assert!(
                table.children().any(|child| child.has_tag_name("caption")),
                "{name}: a table without a caption"
            );
            assert!(
                table
                    .descendants()
                    .filter(|node| node.has_tag_name("th"))
                    .all(|head| head.attribute("scope").is_some()),
                "{name}"
            );
        }
        assert!(
            named("section").all(|section| section.attribute("aria-labelledby").is_some()),
            "{name}"
        );
    }
}

#[test]
fn no_label_lies_on_another() {
    for (name, page) in pages() {
        let body = body(&page);
        let document = Document::parse(&body).unwrap();
        for picture in document
            .descendants()
            .filter(|node| node.tag_name().name() == "svg")
        {
            let wrong = labels::wrong(picture);
            assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        }
    }
}

#[test]
fn what_a_page_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, page) in pages() {
            if [
                "https_http2",
                "redirects",
                "repeated",
                "certificate_expired",
                "capture_of_others",
                "hostile_text",
                "nothing",
            ]
            .contains(&name.as_str())
            {
                insta::assert_snapshot!(format!("{name}.html"), body(&page));
            }
        }
    });
}
