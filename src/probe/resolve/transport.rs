//! DNS messages over UDP (RFC 1035 §4.2.1) and TCP (RFC 7766).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::proto::op::{DnsRequest, Message, MessageType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Maximum size of a response in a datagram; more than any EDNS size in use.
const MAX_DATAGRAM_BYTES: usize = 16 * 1024;

/// Reason why a query failed.
#[derive(Debug)]
pub(super) enum DnsTransportError {
    /// The server could not be reached or closed the connection.
    Transport(String),
    /// The response is not a DNS message.
    Malformed(String),
}

impl From<io::Error> for DnsTransportError {
    fn from(error: io::Error) -> Self {
        Self::Transport(match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing is listening there".to_owned(),
            io::ErrorKind::UnexpectedEof => {
                "it closed the connection without a response".to_owned()
            }
            _ => error.to_string(),
        })
    }
}

/// Sends a query over UDP. The socket is connected, so that the kernel accepts datagrams only from
/// this server and reports ICMP errors.
pub(super) async fn query_over_udp(
    server: SocketAddr,
    request: &DnsRequest,
) -> Result<Message, DnsTransportError> {
    let any = if server.is_ipv4() {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&encode_query(request)?).await?;
    let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let datagram = buffer.get(..length).unwrap_or_default();
        // A datagram with another ID is a late response to an earlier query, or forged.
        if datagram.get(..2) == Some(&request.metadata.id.to_be_bytes()) {
            let message = decode_message(datagram)?;
            if is_answer_to(&message, request) {
                return Ok(message);
            }
        }
    }
}

/// Sends a query over TCP.
pub(super) async fn query_over_tcp(
    server: SocketAddr,
    request: &DnsRequest,
) -> Result<Message, DnsTransportError> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let question = encode_query(request)?;
    let length = u16::try_from(question.len())
        .map_err(|_| DnsTransportError::Malformed("the query is too long".to_owned()))?;
    stream
        .write_all(&[&length.to_be_bytes(), question.as_slice()].concat())
        .await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    let message = decode_message(&answer)?;
    if message.metadata.id == request.metadata.id && is_answer_to(&message, request) {
        Ok(message)
    } else {
        Err(DnsTransportError::Malformed(
            "its response is for another query".to_owned(),
        ))
    }
}

fn encode_query(request: &DnsRequest) -> Result<Vec<u8>, DnsTransportError> {
    request.to_vec().map_err(|error| {
        DnsTransportError::Malformed(format!("the query cannot be encoded: {error}"))
    })
}

fn decode_message(bytes: &[u8]) -> Result<Message, DnsTransportError> {
    Message::from_vec(bytes).map_err(|error| {
        DnsTransportError::Malformed(format!("its response is not a DNS message: {error}"))
    })
}

/// Returns true if a message is a response to this query (RFC 5452 §9.1). Servers that report an
/// error may omit the question.
pub(super) fn is_answer_to(message: &Message, request: &DnsRequest) -> bool {
    message.metadata.message_type == MessageType::Response
        && (message.queries == request.queries || message.queries.is_empty())
}
