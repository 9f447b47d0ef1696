//! Parsers of wire formats, one protocol per file. Pure, and safe for any input: nothing here
//! panics, loops without end or keeps more than a stated amount.

pub mod assembler;
mod byte_reader;
pub mod dns;
mod fragment;
mod frame;
pub mod hpack;
pub mod http1;
pub mod http2;
mod icmp;
mod ip;
mod link_type;
pub mod packet_headers;
pub mod quic;
mod side;
pub mod stream;
mod tcp_options;
pub mod tls;
mod transport;

pub use fragment::{Fragment, Fragments, ReassembledDatagram};
pub use frame::{ParsedFrame, TransportSegment, parse_frame, parse_ip_addresses, parse_segment};
pub use icmp::IcmpError;
pub use link_type::LinkType;
pub use side::Side;
pub use transport::{TcpFlags, TcpHeader, Transport, TransportHeader};
