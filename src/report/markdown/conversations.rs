//! A capture of other traffic: the ends of each conversation and its traffic.

use super::escape::code_span;
use super::table::MarkdownTable;
use crate::insight::captured_conversations;
use crate::report::ReportOptions;
use crate::trace::{Direction, Trace};
use crate::units::{Bytes, Untrusted, group_digits};

/// Maximum number of conversations listed; a note counts the others.
const MAX_CONVERSATIONS: usize = 200;

/// Returns `None` if the trace is not a capture of other traffic.
pub(super) fn conversations_section(trace: &Trace, options: &ReportOptions) -> Option<String> {
    let all = captured_conversations(trace)?;
    let columns = [
        ("Client", false),
        ("Server", false),
        ("Name", false),
        ("Sent", true),
        ("Received", true),
        ("Retransmitted", true),
        ("Not delivered", false),
    ];
    let mut table = MarkdownTable::new(&columns);
    for (place, flow) in all.iter().enumerate().take(MAX_CONVERSATIONS) {
        let sent = flow.counts(Direction::Sent);
        let received = flow.counts(Direction::Received);
        let transport = flow.key.transport.name();
        table.row([
            code_span(&flow.key.local.to_string()),
            format!("{transport} {}", code_span(&flow.key.remote.to_string())),
            options
                .names
                .at(place)
                .map(Untrusted::escaped)
                .map(|name| code_span(&name))
                .unwrap_or_default(),
            Bytes(sent.payload_bytes).to_string(),
            Bytes(received.payload_bytes).to_string(),
            group_digits(sent.retransmitted.saturating_add(received.retransmitted)),
            flow.delivery_errors()
                .first()
                .map(|error| error.icmp.name())
                .unwrap_or_default()
                .to_owned(),
        ]);
    }
    let rest = all.len().saturating_sub(MAX_CONVERSATIONS);
    let rest = if rest == 0 {
        String::new()
    } else {
        format!("\n\n{rest} more are not listed.")
    };
    Some(format!("## Conversations\n\n{}{rest}", table.as_str()))
}
