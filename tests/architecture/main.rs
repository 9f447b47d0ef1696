//! The walls of the house, checked on the source itself.
//!
//! `ARCHITECTURE.md` says which room may use which, which rooms are pure, where clocks are read and
//! where `unsafe` may stand. Here every file under `src/` (and for the marks of unfinished work,
//! every Rust file of the package) is parsed, the paths in it are resolved, and what breaks a wall
//! is listed as `file:line`, what was found, and the wall it breaks.
//!
//! Each check is a function of a parsed file, so [`seeded`](architecture::seeded) can show each of
//! them to fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod clocks;
mod complaint;
mod document;
mod marks;
mod names;
mod paths;
mod purity;
mod rooms;
mod seeded;
mod source;
mod texts;
mod tree;
mod unsafety;

use complaint::Complaint;
use source::Source;
use tapline::trace::TEXT_FIELDS;

/// Everything that is wrong with one file.
fn complaints_about(path: &str, text: &str, dependencies: &[String]) -> Vec<Complaint> {
    let mut complaints = names::check_path(path);
    let source = match Source::parse(path, text, dependencies) {
        Ok(source) => source,
        Err(complaint) => {
            complaints.push(complaint);
            return complaints;
        }
    };
    complaints.extend(marks::check(&source));
    if source.is_product() {
        complaints.extend(rooms::check(&source));
        complaints.extend(purity::check(&source));
        complaints.extend(clocks::check(&source));
        complaints.extend(unsafety::check(&source));
        complaints.extend(names::check_functions(&source));
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

#[test]
fn the_walls_stand() {
    let dependencies = tree::dependencies();
    let files = tree::rust_files();
    assert!(
        files.iter().any(|(path, _)| path == "src/lib.rs"),
        "the source was not found"
    );
    let complaints: Vec<Complaint> = files
        .iter()
        .flat_map(|(path, text)| complaints_about(path, text, &dependencies))
        .collect();
    let listed: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(
        complaints.is_empty(),
        "{} walls are broken:\n{}",
        complaints.len(),
        listed.join("\n")
    );
}

#[test]
fn each_type_name_is_declared_once() {
    let dependencies = tree::dependencies();
    let sources: Vec<Source> = tree::rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("src/"))
        .map(|(path, text)| Source::parse(&path, &text, &dependencies).expect("it parses"))
        .collect();
    let listed: Vec<String> = names::check_types(&sources)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        listed.is_empty(),
        "{} names:\n{}",
        listed.len(),
        listed.join("\n")
    );
}

#[test]
fn every_text_of_an_event_has_a_class() {
    let dependencies = tree::dependencies();
    let files = tree::rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("src/trace/") || path.starts_with("src/wire/"));
    let sources: Vec<Source> = files
        .map(|(path, text)| Source::parse(&path, &text, &dependencies).expect("it parses"))
        .collect();
    let table: Vec<&str> = TEXT_FIELDS.iter().map(|field| field.path).collect();
    let listed: Vec<String> = texts::check(&sources, &table)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(listed.is_empty(), "{}", listed.join("\n"));
}
