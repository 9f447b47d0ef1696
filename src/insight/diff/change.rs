//! Something that is otherwise now.

use crate::trace::Phase;
use crate::units::Untrusted;

/// Something that is otherwise now, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffChange {
    /// What it is.
    pub kind: Kind,
    /// The phase whose time it shows in; `None` where it is several, or none.
    pub phase: Option<Phase>,
    /// What it does to that time.
    pub effect: TimingEffect,
    /// A part of a sentence, which may quote what servers say.
    pub description: Untrusted,
}

/// What a change does to a phase's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingEffect {
    /// It takes longer.
    Longer,
    /// It takes less.
    Shorter,
    /// That cannot be said.
    Unknown,
}

impl TimingEffect {
    /// The effect of something that there is more of now, or less.
    pub(super) const fn from_increase(more: bool) -> Self {
        if more { Self::Longer } else { Self::Shorter }
    }

    /// Whether it can be why something takes longer, or less.
    pub(super) const fn explains(self, longer: bool) -> bool {
        matches!(
            (self, longer),
            (Self::Longer, true) | (Self::Shorter, false) | (Self::Unknown, _)
        )
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// What changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// The name in machine output.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Where the name's addresses came from, or whether they were asked for.
    Resolution "resolution",
    /// How often DNS servers were asked, or whether they answered.
    Questions "questions",
    /// Which DNS server was asked.
    NameServer "name_server",
    /// A connection that was used before, or a new one.
    Reuse "reuse",
    /// The address that answered.
    Address "address",
    /// Connection attempts.
    Attempts "attempts",
    /// The first segment was sent again.
    Syn "syn",
    /// The round-trip time.
    RoundTrip "round_trip",
    /// The proxy.
    Proxy "proxy",
    /// TLS or none.
    Tls "tls",
    /// Round trips of the handshake of TLS.
    HandshakeTrips "handshake_trips",
    /// What TLS agreed on beside its version.
    Parameters "parameters",
    /// The server's certificate.
    Certificate "certificate",
    /// What came of checking it.
    Verification "verification",
    /// The version of HTTP.
    HttpVersion "http_version",
    /// The size of the request's body.
    RequestBody "request_body",
    /// The size of the response's body.
    ResponseBody "response_body",
    /// The content coding.
    Coding "coding",
    /// The status.
    Status "status",
    /// What the server tells of its own time.
    ServerTiming "server_timing",
    /// Time in which nothing passed.
    Waited "waited",
    /// The server's own work.
    Server "server",
    /// This machine's own work.
    Machine "machine",
    /// Segments that were sent again.
    Again "sent_again",
    /// Where it is redirected to.
    Redirect "redirect",
    /// How the conversation ended.
    Ending "ending",
    /// It failed then, or fails now.
    Failure "failure",
}
