//! SOCKS5 proxy (RFC 1928) with optional user name and password (RFC 1929).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::service::LabState;
use super::super::service::{AcceptedConnection, Service};
use super::CONNECT_TIMEOUT;

/// The SOCKS proxy.
pub(in crate::lab) const SOCKS: Service = Service::tcp("socks", "socks5", 1080, |visit| {
    Box::pin(serve_socks(visit))
});

const NEGOTIATION_TIMEOUT: Duration = Duration::from_secs(10);

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// Reply codes (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum SocksReply {
    Succeeded = 0,
    NotAllowed = 2,
    HostUnreachable = 4,
    Refused = 5,
    CommandNotSupported = 7,
    AddressNotSupported = 8,
}

async fn serve_socks(AcceptedConnection { mut stream, state }: AcceptedConnection) {
    let Ok(Ok(Some((host, port)))) =
        timeout(NEGOTIATION_TIMEOUT, negotiate_request(&mut stream)).await
    else {
        return;
    };
    let connection = connect_to_target(&host, port, &state).await;
    let (reply, bound) = match &connection {
        Ok(connection) => (SocksReply::Succeeded, connection.local_addr().ok()),
        Err(reply) => (*reply, None),
    };
    if send_reply(&mut stream, reply, bound).await.is_ok()
        && let Ok(mut connection) = connection
    {
        let _ = copy_bidirectional(&mut stream, &mut connection).await;
    }
}

/// Negotiates the authentication method and reads the request; `None` if that failed.
async fn negotiate_request(stream: &mut TcpStream) -> io::Result<Option<(String, u16)>> {
    if stream.read_u8().await? != VERSION {
        return Ok(None);
    }
    let methods = read_length_prefixed(stream).await?;
    // A client that offers credentials has to give them.
    let method = [USER_AND_PASSWORD, NO_AUTHENTICATION]
        .into_iter()
        .find(|method| methods.contains(method))
        .unwrap_or(NO_METHOD);
    stream.write_all(&[VERSION, method]).await?;
    if method == NO_METHOD || (method == USER_AND_PASSWORD && !authenticate_client(stream).await?) {
        return Ok(None);
    }
    let [version, command, _, kind] = read_exactly::<4>(stream).await?;
    if version != VERSION {
        return Ok(None);
    }
    let Some(host) = read_host(stream, kind).await? else {
        send_reply(stream, SocksReply::AddressNotSupported, None).await?;
        return Ok(None);
    };
    let port = stream.read_u16().await?;
    if command != CONNECT {
        send_reply(stream, SocksReply::CommandNotSupported, None).await?;
        return Ok(None);
    }
    Ok(Some((host, port)))
}

/// Returns true if the client's user name and password are correct (RFC 1929 §2).
async fn authenticate_client(stream: &mut TcpStream) -> io::Result<bool> {
    let version = stream.read_u8().await?;
    let name = read_length_prefixed(stream).await?;
    let password = read_length_prefixed(stream).await?;
    let is_known = version == 1 && name == b"class" && password == b"lab";
    stream.write_all(&[1, u8::from(!is_known)]).await?;
    Ok(is_known)
}

/// Reads the destination address (RFC 1928 §5); `None` for an unknown address type.
async fn read_host(stream: &mut TcpStream, kind: u8) -> io::Result<Option<String>> {
    Ok(match kind {
        1 => Some(Ipv4Addr::from(read_exactly::<4>(stream).await?).to_string()),
        3 => Some(String::from_utf8_lossy(&read_length_prefixed(stream).await?).into_owned()),
        4 => Some(Ipv6Addr::from(read_exactly::<16>(stream).await?).to_string()),
        _ => None,
    })
}

async fn connect_to_target(
    host: &str,
    port: u16,
    state: &LabState,
) -> Result<TcpStream, SocksReply> {
    let address = state
        .addresses
        .resolve(host, port)
        .ok_or(SocksReply::NotAllowed)?;
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(SocksReply::Refused)
        }
        _ => Err(SocksReply::HostUnreachable),
    }
}

async fn send_reply(
    stream: &mut TcpStream,
    reply: SocksReply,
    bound: Option<SocketAddr>,
) -> io::Result<()> {
    let bound = bound.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
    let mut message = vec![VERSION, reply as u8, 0];
    match bound.ip() {
        IpAddr::V4(address) => message.extend([&[1], &address.octets()[..]].concat()),
        IpAddr::V6(address) => message.extend([&[4], &address.octets()[..]].concat()),
    }
    message.extend(bound.port().to_be_bytes());
    stream.write_all(&message).await
}

/// Reads bytes prefixed with their count.
async fn read_length_prefixed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_exactly<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
