//! A change between two exchanges.

use crate::trace::Phase;
use crate::units::Untrusted;

/// A change between two exchanges, with its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffChange {
    /// Kind of change.
    pub kind: ChangeKind,
    /// The phase whose time it affects; `None` if several, or none.
    pub phase: Option<Phase>,
    /// Its effect on that time.
    pub effect: TimingEffect,
    /// A part of a sentence, which may quote servers.
    pub description: Untrusted,
}

/// The effect of a change on a phase's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingEffect {
    /// The phase takes longer.
    Longer,
    /// The phase takes less time.
    Shorter,
    /// The effect is unknown.
    Unknown,
}

impl TimingEffect {
    /// The effect of an increase or a decrease.
    pub(super) const fn from_increase(more: bool) -> Self {
        if more { Self::Longer } else { Self::Shorter }
    }

    /// Returns true if the change can explain a slower or a faster phase.
    pub(super) const fn explains(self, longer: bool) -> bool {
        matches!(
            (self, longer),
            (Self::Longer, true) | (Self::Shorter, false) | (Self::Unknown, _)
        )
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// Kind of a change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ChangeKind { $($(#[$doc])* $kind,)* }

        impl ChangeKind {
            /// The name in machine output.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Source of the addresses, or whether they were looked up.
    Resolution "resolution",
    /// Number of DNS queries, or whether they were answered.
    Questions "questions",
    /// Which DNS server was asked.
    NameServer "name_server",
    /// A reused connection instead of a new one, or vice versa.
    Reuse "reuse",
    /// The remote address.
    Address "address",
    /// Connection attempts.
    Attempts "attempts",
    /// Retransmissions of the SYN.
    SynRetransmissions "syn",
    /// The round-trip time.
    RoundTrip "round_trip",
    /// The proxy.
    Proxy "proxy",
    /// TLS or cleartext.
    Tls "tls",
    /// Round trips of the TLS handshake.
    HandshakeTrips "handshake_trips",
    /// Negotiated TLS parameters other than the version.
    Parameters "parameters",
    /// The server's certificate.
    Certificate "certificate",
    /// The result of verifying it.
    Verification "verification",
    /// The HTTP version.
    HttpVersion "http_version",
    /// The size of the request's body.
    RequestBody "request_body",
    /// The size of the response's body.
    ResponseBody "response_body",
    /// The content coding.
    Coding "coding",
    /// The status code.
    Status "status",
    /// The server's reported durations.
    ServerTiming "server_timing",
    /// Idle time on the connection.
    IdleTime "waited",
    /// The server's own work.
    ServerWork "server",
    /// This machine's own work.
    LocalWork "machine",
    /// Retransmitted segments.
    Retransmissions "sent_again",
    /// The redirect target.
    Redirect "redirect",
    /// Ending of the connection.
    Ending "ending",
    /// A failure that is new, or gone.
    Failure "failure",
}
