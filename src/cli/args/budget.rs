//! What `--help` says about budgets.

/// The long help of `--budget`.
pub(super) const HELP: &str = "\
Limits such as 'total<=500ms,dns<=50ms'; exit with code 4 if one is not met

A rule compares (<= < >= > = !=) a measure with a number and its unit: 'cert_days>=14', \
'status<400', 'http_version>=2'. It applies to every request; with --repeat also to a statistic \
of them: 'p95(total)<=300ms', with p1 to p99, min, median, mean or max. A tolerance turns small \
violations into warnings: 'total<=500ms+-10%', 'cert_days>=30+-16'. A rule whose measure was not \
measured is reported as such, and is neither met nor missed. With a rule on failures, such as \
'failures<=1', that many failed requests do not cause exit code 3.

Measures: dns connect proxy tls send wait receive (or xfer) ttfb total, on the program's clock; \
wire_dns to wire_receive, on the packets' clock; rtt, round_trips, extra_round_trips (beyond the \
minimum); size (or response_body_bytes), response_decoded_bytes, response_header_bytes, \
request_header_bytes, request_body_bytes, sent_bytes, received_bytes; segments_sent, \
segments_received, retransmits, retransmits_received; status, http_version, tls_version, \
cert_days; failures";
