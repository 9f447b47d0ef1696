//! What `--help` says about budgets.

/// The long help of `--budget`.
pub(super) const HELP: &str = "\
Limits such as 'total<=500ms,dns<=50ms'; a missed one ends with exit code 4

A rule compares (<= < >= > = !=) a measure with a number and its unit: 'cert_days>=14', \
'status<400', 'http_version>=2'. It is about every \
request; with --repeat also about a statistic of them: 'p95(total)<=300ms' with p1 to p99, min, \
median, mean or max. What is beyond the \
limit by a tolerance at most is a warning and no miss: 'total<=500ms+-10%', 'cert_days>=30+-16'. \
What was not measured is said, and is \
neither kept nor missed. With a rule on failures, such as 'failures<=1', so many failed requests \
do not end with exit code 3.

Measures: dns connect proxy tls send wait receive (or xfer) ttfb total, by the program's clock; \
wire_dns to wire_receive, by the packets'; \
rtt, round_trips, extra_round_trips (more than the least possible); size (or \
response_body_bytes), response_decoded_bytes, \
response_header_bytes, request_header_bytes, request_body_bytes, sent_bytes, received_bytes; \
segments_sent, segments_received, \
retransmits, retransmits_received; status, http_version, tls_version, cert_days; failures";
