//! Owners and causes of time: the vocabulary in which a run's time is divided.

/// Owner of an interval of an exchange's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// This machine.
    Client,
    /// The path between this machine and the other end of its connection.
    Network,
    /// Whoever ends the connection: the server, a load balancer or a CDN.
    Server,
    /// The DNS servers that were queried.
    Resolver,
    /// The proxy.
    Proxy,
    /// Nobody: nothing was outstanding.
    None,
    /// Not borne out by the evidence.
    Unknown,
}

impl Owner {
    /// All owners.
    pub const ALL: [Self; 7] = [
        Self::Client,
        Self::Network,
        Self::Server,
        Self::Resolver,
        Self::Proxy,
        Self::None,
        Self::Unknown,
    ];

    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::Server => "server",
            Self::Resolver => "resolver",
            Self::Proxy => "proxy",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    /// The name on a screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Client => "this machine",
            Self::None => "idle",
            other => other.name(),
        }
    }
}

/// What an owner spent an interval on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// From what the wire brought until the program acted on it.
    Processing,
    /// A wait that the client chose: happy eyeballs' stagger (RFC 8305 §5), the timer of
    /// `100-continue` (RFC 9110 §10.1.1).
    Delay,
    /// For a connection or a stream.
    Queue,
    /// The connection was carrying other streams of this run.
    Shared,
    /// The owner's TCP window was full (RFC 9293 §3.8.6).
    Window,
    /// The owner's HTTP/2 or HTTP/3 window was full (RFC 9113 §5.2).
    FlowControl,
    /// A small segment of the owner's waited for a delayed acknowledgment (RFC 9293 §3.7.4).
    Nagle,
    /// Propagation: one round trip for each handshake step and each request.
    RoundTrip,
    /// The sender had sent all that its congestion window allowed (RFC 5681 §3.1).
    CongestionWindow,
    /// Segments arrived one behind the other at the rate of the narrowest link.
    Bandwidth,
    /// A round trip longer than the path's least.
    Queueing,
    /// A segment was lost and found missing by acknowledgments (RFC 5681 §3.2, RFC 8985).
    Loss,
    /// A segment was lost and sent again after a timer (RFC 6298).
    Timeout,
    /// Nothing came back: lost, filtered or away cannot be told apart.
    Unanswered,
    /// The time of a turn beyond its round trip, until the first byte.
    Think,
    /// A pause within a body with nothing under way.
    Pause,
    /// Until the answer that let the first connection attempt start.
    Lookup,
    /// Waiting for a proxy to reach its target.
    Connect,
    /// A plain HTTP proxy's answer less the round trip to it.
    Forward,
    /// Nothing outstanding.
    Idle,
    /// The rest.
    Unexplained,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 21] = [
        Self::Processing,
        Self::Delay,
        Self::Queue,
        Self::Shared,
        Self::Window,
        Self::FlowControl,
        Self::Nagle,
        Self::RoundTrip,
        Self::CongestionWindow,
        Self::Bandwidth,
        Self::Queueing,
        Self::Loss,
        Self::Timeout,
        Self::Unanswered,
        Self::Think,
        Self::Pause,
        Self::Lookup,
        Self::Connect,
        Self::Forward,
        Self::Idle,
        Self::Unexplained,
    ];

    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Delay => "delay",
            Self::Queue => "queue",
            Self::Shared => "shared",
            Self::Window => "window",
            Self::FlowControl => "flow_control",
            Self::Nagle => "nagle",
            Self::RoundTrip => "round_trip",
            Self::CongestionWindow => "congestion_window",
            Self::Bandwidth => "bandwidth",
            Self::Queueing => "queueing",
            Self::Loss => "loss",
            Self::Timeout => "timeout",
            Self::Unanswered => "unanswered",
            Self::Think => "think",
            Self::Pause => "pause",
            Self::Lookup => "lookup",
            Self::Connect => "connect",
            Self::Forward => "forward",
            Self::Idle => "idle",
            Self::Unexplained => "unexplained",
        }
    }
}

/// What narrows a cause down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// The congestion window grows from its initial size (RFC 6928, RFC 5681 §3.1).
    SlowStart,
    /// The congestion window was reduced after a loss (RFC 5681 §3.2).
    AfterLoss,
    /// The congestion window was reset after an idle time (RFC 5681 §4.1).
    AfterIdle,
    /// Even full segments without rising delay: the link or the sender.
    Paced,
    /// The timer was early: the bytes had arrived.
    Spurious,
    /// The wait between connection attempts (RFC 8305 §5).
    ConnectionAttemptDelay,
    /// The wait for the other address family's answer (RFC 8305 §3).
    ResolutionDelay,
    /// The timer of `Expect: 100-continue` (RFC 9110 §10.1.1).
    ExpectContinue,
    /// The wait between repeats (`--interval`).
    Interval,
}

impl Detail {
    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SlowStart => "slow_start",
            Self::AfterLoss => "after_loss",
            Self::AfterIdle => "after_idle",
            Self::Paced => "paced",
            Self::Spurious => "spurious",
            Self::ConnectionAttemptDelay => "connection_attempt_delay",
            Self::ResolutionDelay => "resolution_delay",
            Self::ExpectContinue => "expect_continue",
            Self::Interval => "interval",
        }
    }
}

/// Owner, cause and detail of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribution {
    /// The owner.
    pub owner: Owner,
    /// What it spent the time on.
    pub cause: Cause,
    /// What narrows the cause down.
    pub detail: Option<Detail>,
}

impl Attribution {
    /// This machine's own work.
    pub(crate) const PROCESSING: Self = Self::new(Owner::Client, Cause::Processing);
    /// Propagation.
    pub(crate) const ROUND_TRIP: Self = Self::new(Owner::Network, Cause::RoundTrip);
    /// The time a server takes until the first byte of its answer.
    pub(crate) const THINK: Self = Self::new(Owner::Server, Cause::Think);
    /// What the evidence does not bear out.
    pub(crate) const UNEXPLAINED: Self = Self::new(Owner::Unknown, Cause::Unexplained);

    /// An owner and a cause without a detail.
    pub const fn new(owner: Owner, cause: Cause) -> Self {
        Self {
            owner,
            cause,
            detail: None,
        }
    }

    pub(crate) const fn network(cause: Cause) -> Self {
        Self::new(Owner::Network, cause)
    }

    pub(crate) const fn with_detail(self, detail: Detail) -> Self {
        Self {
            detail: Some(detail),
            ..self
        }
    }
}
