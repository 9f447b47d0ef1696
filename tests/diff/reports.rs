//! Every scenario beside every other one, as every report.

use jsonschema::Validator;
use serde_json::Value;
use tapline::insight::ServerNames;
use tapline::insight::diff::{ComparedRun, DiffTolerance, compare_runs};
use tapline::report::{Comparison, DiffFormat, ReportOptions};
use tapline::units::{Untrusted, is_unsafe_for_terminal};
use unicode_width::UnicodeWidthStr as _;

use crate::scenario::Scenario;

fn sides() -> Vec<(String, ComparedRun)> {
    Scenario::all()
        .iter()
        .map(|scenario| {
            (
                scenario.name.clone(),
                ComparedRun::from_trace(&scenario.trace(), &ServerNames::default()),
            )
        })
        .collect()
}

fn written(
    before: &ComparedRun,
    after: &ComparedRun,
    format: DiffFormat,
    options: &ReportOptions,
) -> String {
    let names = ["before.pcapng", "now.pcapng"].map(Untrusted::from);
    let found = compare_runs(before, after, DiffTolerance::default());
    format.write(
        Comparison {
            difference: &found,
            names: [&names[0], &names[1]],
        },
        options,
    )
}

fn validator() -> Validator {
    let path = format!(
        "{}/assets/schema/diff-1.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "it is no JSON Schema");
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn every_two_scenarios_are_compared_as_the_schema_says_and_are_safe_to_look_at() {
    let (sides, validator) = (sides(), validator());
    for (was, before) in &sides {
        for (is, after) in &sides {
            for format in [DiffFormat::Text, DiffFormat::Json, DiffFormat::Markdown] {
                let text = written(before, after, format, &ReportOptions::default());
                let unsafe_at = text
                    .chars()
                    .position(|c| is_unsafe_for_terminal(c) && c != '\n');
                assert_eq!(unsafe_at, None, "{was} {is} {format:?}");
                assert!(text.ends_with('\n'));
                if format == DiffFormat::Json {
                    let document: Value = serde_json::from_str(&text).unwrap();
                    let errors: Vec<String> = validator
                        .iter_errors(&document)
                        .map(|error| format!("{}: {error}", error.instance_path()))
                        .collect();
                    assert!(errors.is_empty(), "{was} {is}: {}", errors.join("\n"));
                }
            }
        }
    }
}

#[test]
fn what_is_compared_with_itself_is_no_regression() {
    for (name, side) in sides() {
        let found = compare_runs(&side, &side, DiffTolerance::default());
        assert_eq!(found.regressions, [], "{name}");
        assert!(
            found.only_before.is_empty() && found.only_after.is_empty(),
            "{name}"
        );
        let changes: Vec<_> = found
            .transfers
            .iter()
            .flat_map(|transfer| &transfer.hops)
            .flat_map(|hop| &hop.changes)
            .collect();
        assert!(changes.is_empty(), "{name}: {changes:?}");
    }
}

#[test]
fn text_fits_its_columns() {
    let sides = sides();
    for (was, before) in &sides {
        for (is, after) in &sides {
            let text = written(before, after, DiffFormat::Text, &ReportOptions::default());
            let wide = text.lines().find(|line| line.width() > 80);
            assert_eq!(wide, None, "{was} {is}");
        }
    }
}

#[test]
fn comparisons_read_well() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let side = |name: &str| {
        ComparedRun::from_trace(&Scenario::named(name).trace(), &ServerNames::default())
    };
    settings.bind(|| {
        for (was, is) in [
            ("https_http2", "losses"),
            ("https_http2", "certificate_expired"),
            ("happy_eyeballs", "https_http2"),
            ("redirects", "repeated"),
        ] {
            for format in [DiffFormat::Text, DiffFormat::Markdown] {
                let name = format!("diff.{was}.{is}.{}", format.name());
                insta::assert_snapshot!(
                    name,
                    written(&side(was), &side(is), format, &ReportOptions::default())
                );
            }
        }
        let ascii = ReportOptions {
            ascii: true,
            ..ReportOptions::default()
        };
        let text = written(
            &side("https_http2"),
            &side("happy_eyeballs"),
            DiffFormat::Text,
            &ascii,
        );
        assert!(text.is_ascii(), "{text}");
    });
}
