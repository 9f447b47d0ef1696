//! All text fields of events, with the treatment each receives when secrets are masked.
//!
//! Paths are those of the event format, without list indices. `tests/architecture/texts.rs` reads
//! the types and reports each field that is missing here; a test in `insight::redact` plants a
//! secret in each of these fields and checks that it is masked.

/// Treatment of a text field when secrets are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextClass {
    /// Text from a fixed list of this program's own. Never changed.
    Own,
    /// Text from elsewhere that cannot contain a secret. Never changed.
    Harmless,
    /// Text that may contain a secret: secrets in it are masked.
    Masked,
}

/// A text field of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextField {
    /// Path of event and field: `request_head.headers.value`.
    pub path: &'static str,
    /// Its treatment.
    pub class: TextClass,
    /// Reason for the treatment.
    pub why: &'static str,
}

const fn own_text(path: &'static str, why: &'static str) -> TextField {
    TextField {
        path,
        class: TextClass::Own,
        why,
    }
}

const fn harmless_text(path: &'static str, why: &'static str) -> TextField {
    TextField {
        path,
        class: TextClass::Harmless,
        why,
    }
}

const fn masked_text(path: &'static str, why: &'static str) -> TextField {
    TextField {
        path,
        class: TextClass::Masked,
        why,
    }
}

/// All text fields, in the order of the events.
pub const TEXT_FIELDS: &[TextField] = &[
    own_text("run_started.schema", "the format's name"),
    own_text("run_started.tool_version", "the program's version"),
    masked_text("note.text", "a sentence with names and URLs from elsewhere"),
    harmless_text(
        "capture_opened.interface",
        "the kernel's name of an interface, at most 15 bytes",
    ),
    own_text("capture_opened.link_type", "libpcap's name of a link type"),
    masked_text(
        "capture_unavailable.reason",
        "a sentence with the system's error message",
    ),
    masked_text(
        "capture_unavailable.remedy",
        "a command with the program's path",
    ),
    harmless_text(
        "link_set.link.congestion",
        "the kernel's name of an algorithm, at most 15 bytes",
    ),
    masked_text(
        "exchange_started.method",
        "the user's text, or another program's",
    ),
    masked_text(
        "exchange_started.url",
        "URLs may contain user names, passwords and tokens",
    ),
    masked_text(
        "failed.failure.message",
        "a sentence with names and URLs from elsewhere",
    ),
    masked_text(
        "failed.failure.hint",
        "a sentence that may quote the request",
    ),
    masked_text("dns_queried.name", "a name that may contain a token"),
    own_text("dns_queried.kind", "a record type's mnemonic"),
    own_text("dns_answered.answer.rcode", "a response code's mnemonic"),
    masked_text(
        "dns_answered.answer.records.name",
        "a name that may contain a token",
    ),
    own_text(
        "dns_answered.answer.records.type",
        "a record type's mnemonic",
    ),
    masked_text(
        "dns_answered.answer.records.data",
        "TXT records may contain verification tokens",
    ),
    masked_text(
        "dns_failed.reason",
        "a sentence with the system's error message, or a DoH server's URL",
    ),
    masked_text("attempt_started.remote", "a socket's path may be anything"),
    masked_text("attempt_started.local", "a socket's path may be anything"),
    masked_text(
        "attempt_ended.outcome.failed",
        "a sentence with the system's error message",
    ),
    masked_text("connected.local", "a socket's path may be anything"),
    masked_text("connected.remote", "a socket's path may be anything"),
    own_text("proxy_talked.step.kind", "a protocol's name"),
    masked_text(
        "proxy_talked.step.text",
        "the proxy's response, and the requested address",
    ),
    own_text("tls_message.message.name", "a handshake message's name"),
    masked_text(
        "tls_message.message.detail",
        "names of servers and protocols",
    ),
    masked_text(
        "tls_certificates.certificates.subject",
        "text from a certificate",
    ),
    masked_text(
        "tls_certificates.certificates.issuer",
        "text from a certificate",
    ),
    harmless_text(
        "tls_certificates.certificates.sha256",
        "the digest of public data",
    ),
    masked_text(
        "tls_certificates.certificates.names",
        "text from a certificate",
    ),
    masked_text(
        "tls_verified.verification.rejected",
        "a sentence with names from elsewhere",
    ),
    masked_text(
        "tls_verified.verification.ignored",
        "a sentence with names from elsewhere",
    ),
    own_text("tls_established.handshake.version", "a version's name"),
    own_text(
        "tls_established.handshake.cipher_suite",
        "IANA's name of a cipher suite",
    ),
    own_text(
        "tls_established.handshake.key_exchange",
        "IANA's name of a group",
    ),
    masked_text(
        "tls_established.handshake.alpn",
        "a protocol name that the server chose among ours",
    ),
    own_text("tls_established.handshake.kind", "a word from a fixed list"),
    masked_text(
        "request_head.method",
        "the user's text, or another program's",
    ),
    masked_text("request_head.target", "queries may contain tokens"),
    masked_text("request_head.headers.name", "the user's text"),
    masked_text("request_head.headers.value", "credentials, cookies, tokens"),
    masked_text("informational.headers.name", "the server's text"),
    masked_text("informational.headers.value", "cookies, tokens, URLs"),
    masked_text("response_head.reason", "the server's text"),
    masked_text("response_head.headers.name", "the server's text"),
    masked_text("response_head.headers.value", "cookies, tokens, URLs"),
    masked_text("trailers.headers.name", "the server's text"),
    masked_text("trailers.headers.value", "cookies, tokens, URLs"),
    masked_text(
        "body_preview.text",
        "secrets in a body cannot be recognized, so all of it is masked",
    ),
    masked_text(
        "redirected.to",
        "URLs may contain user names, passwords and tokens",
    ),
    masked_text(
        "redirected.withheld",
        "names of fields, which are the user's text",
    ),
    masked_text(
        "control_measured.error",
        "the client's error message, with the URL",
    ),
];
