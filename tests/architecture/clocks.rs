//! Time is an argument: clocks are read in few places.

use syn::visit::{self, Visit};

use super::complaint::Complaint;
use super::paths::Target;
use super::source::Source;

/// Rooms, and one module, that may read a clock.
const READERS: [&str; 6] = [
    "src/probe/",
    "src/capture/",
    "src/lab/",
    "src/cli/",
    "src/tui/runtime/",
    "src/tui/runtime.rs",
];

/// Types whose `now` reads a clock.
const CLOCKS: [&str; 4] = ["Instant", "SystemTime", "Timestamp", "Zoned"];

/// The wall that clocks are read in `probe`, `capture`, `tui::runtime`, `lab` and `cli` only.
pub(super) fn check(source: &Source) -> Vec<Complaint> {
    if READERS.iter().any(|reader| source.path.starts_with(reader)) {
        return Vec::new();
    }
    let mut readings = Readings::default();
    readings.0.extend(
        source
            .used
            .iter()
            .filter(|used| reads_a_clock(&used.target))
            .map(|used| (used.line, used.target.written())),
    );
    readings.visit_file(&source.syntax);
    let wall =
        "time is an argument: clocks are read in probe, capture, tui::runtime, lab and cli only";
    readings
        .0
        .into_iter()
        .map(|(line, what)| source.complaint(line, format!("`{what}`"), wall))
        .collect()
}

fn reads_a_clock(target: &Target) -> bool {
    let Target::External(segments) = target else {
        return false;
    };
    matches!(
        segments.as_slice(),
        [.., clock, now] if now == "now" && CLOCKS.contains(&clock.as_str())
    )
}

/// `start.elapsed()` reads a clock too, and names no type.
#[derive(Default)]
struct Readings(Vec<(usize, String)>);

impl<'ast> Visit<'ast> for Readings {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "elapsed" && call.args.is_empty() {
            self.0
                .push((call.method.span().start().line, ".elapsed()".to_owned()));
        }
        visit::visit_expr_method_call(self, call);
    }
}
