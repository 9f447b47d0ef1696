//! Changes in messages: version, status, sizes, content coding.

use super::ChangeFinder;
use crate::insight::diff::change::{ChangeKind, TimingEffect};
use crate::insight::diff::facts::ExchangeFacts;
use crate::trace::Phase;
use crate::units::{Bytes, Untrusted};

pub(super) fn find_message_changes(found: &mut ChangeFinder<'_>) {
    let before = found.before;
    let after = found.after;
    if let (Some(was), Some(is)) = (before.version, after.version)
        && was != is
    {
        found.add(
            ChangeKind::HttpVersion,
            None,
            TimingEffect::Unknown,
            format!("{is} instead of {was}"),
        );
    }
    if let (Some(was), Some(is)) = (before.status, after.status)
        && was != is
    {
        found.add(
            ChangeKind::Status,
            Phase::Wait,
            TimingEffect::Unknown,
            format!("status {is}, {was} before"),
        );
    }
    let whose = if before.cause.is_some() {
        ["the request body", "the response body"]
    } else {
        ["the data from the client", "the data from the server"]
    };
    compare_sizes(
        found,
        ChangeKind::RequestBody,
        Phase::Send,
        whose[0],
        [before.sent_bytes, after.sent_bytes],
    );
    compare_sizes(
        found,
        ChangeKind::ResponseBody,
        Phase::Receive,
        whose[1],
        [before.received_bytes, after.received_bytes],
    );
    compare_codings(found, before, after);
}

fn compare_sizes(
    found: &mut ChangeFinder<'_>,
    kind: ChangeKind,
    phase: Phase,
    what: &str,
    bytes: [Option<u64>; 2],
) {
    let [Some(was), Some(is)] = bytes else { return };
    if was != is {
        let than = if is > was { "larger" } else { "smaller" };
        let words = format!(
            "{what} is {} {than} ({}, {} before)",
            Bytes(is.abs_diff(was)),
            Bytes(is),
            Bytes(was)
        );
        found.add(kind, phase, TimingEffect::from_increase(is > was), words);
    }
}

fn compare_codings(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    if before.response_fields.is_empty() || after.response_fields.is_empty() {
        return;
    }
    let coding = |facts: &ExchangeFacts| {
        facts
            .response_fields
            .iter()
            .find(|field| field.is("content-encoding"))
            .map(|field| field.value.clone())
    };
    let words = match (coding(before), coding(after)) {
        (Some(was), None) => format!("no longer compressed ({} before)", was.raw()),
        (None, Some(is)) => format!("compressed now ({})", is.raw()),
        (Some(was), Some(is)) if was != is => {
            format!("compressed with {} instead of {}", is.raw(), was.raw())
        }
        _ => return,
    };
    found.add(
        ChangeKind::Coding,
        Phase::Receive,
        TimingEffect::Unknown,
        Untrusted::new(words),
    );
}
