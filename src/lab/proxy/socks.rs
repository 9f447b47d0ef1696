//! SOCKS5 (RFC 1928): connections on behalf of clients that are known by name and password (RFC
//! 1929), or not at all.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::service::{Service, Visit};
use super::super::site::Site;
use super::LONGEST_CONNECTING;

/// The SOCKS proxy.
pub(in crate::lab) const SOCKS: Service =
    Service::connections("socks", "socks5", 1080, |visit| Box::pin(serve(visit)));

const LONGEST_GREETING: Duration = Duration::from_secs(10);

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// What a request is answered with (RFC 1928 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Reply {
    Succeeded = 0,
    NotAllowed = 2,
    HostUnreachable = 4,
    Refused = 5,
    CommandNotSupported = 7,
    AddressNotSupported = 8,
}

async fn serve(Visit { mut stream, site }: Visit) {
    let Ok(Ok(Some((host, port)))) = timeout(LONGEST_GREETING, greet(&mut stream)).await else {
        return;
    };
    let opened = open(&host, port, &site).await;
    let (reply, bound) = match &opened {
        Ok(opened) => (Reply::Succeeded, opened.local_addr().ok()),
        Err(reply) => (*reply, None),
    };
    if answer(&mut stream, reply, bound).await.is_ok()
        && let Ok(mut opened) = opened
    {
        let _ = copy_bidirectional(&mut stream, &mut opened).await;
    }
}

/// Agrees on a method, and reads where to; nothing where that came to no end.
async fn greet(stream: &mut TcpStream) -> io::Result<Option<(String, u16)>> {
    if stream.read_u8().await? != VERSION {
        return Ok(None);
    }
    let methods = counted(stream).await?;
    // Who can say who it is, shall.
    let method = [USER_AND_PASSWORD, NO_AUTHENTICATION]
        .into_iter()
        .find(|method| methods.contains(method))
        .unwrap_or(NO_METHOD);
    stream.write_all(&[VERSION, method]).await?;
    if method == NO_METHOD || (method == USER_AND_PASSWORD && !is_known(stream).await?) {
        return Ok(None);
    }
    let [version, command, _, kind] = read_exactly::<4>(stream).await?;
    if version != VERSION {
        return Ok(None);
    }
    let Some(host) = host(stream, kind).await? else {
        answer(stream, Reply::AddressNotSupported, None).await?;
        return Ok(None);
    };
    let port = stream.read_u16().await?;
    if command != CONNECT {
        answer(stream, Reply::CommandNotSupported, None).await?;
        return Ok(None);
    }
    Ok(Some((host, port)))
}

/// Whether the client gives the name and the password that work (RFC 1929 §2).
async fn is_known(stream: &mut TcpStream) -> io::Result<bool> {
    let version = stream.read_u8().await?;
    let (name, password) = (counted(stream).await?, counted(stream).await?);
    let is_known = version == 1 && name == b"class" && password == b"lab";
    stream.write_all(&[1, u8::from(!is_known)]).await?;
    Ok(is_known)
}

/// The destination (RFC 1928 §5), or nothing where its kind is not known.
async fn host(stream: &mut TcpStream, kind: u8) -> io::Result<Option<String>> {
    Ok(match kind {
        1 => Some(Ipv4Addr::from(read_exactly::<4>(stream).await?).to_string()),
        3 => Some(String::from_utf8_lossy(&counted(stream).await?).into_owned()),
        4 => Some(Ipv6Addr::from(read_exactly::<16>(stream).await?).to_string()),
        _ => None,
    })
}

async fn open(host: &str, port: u16, site: &Site) -> Result<TcpStream, Reply> {
    let address = site.places.reach(host, port).ok_or(Reply::NotAllowed)?;
    match timeout(LONGEST_CONNECTING, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(Reply::Refused),
        _ => Err(Reply::HostUnreachable),
    }
}

async fn answer(stream: &mut TcpStream, reply: Reply, bound: Option<SocketAddr>) -> io::Result<()> {
    let bound = bound.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
    let mut message = vec![VERSION, reply as u8, 0];
    match bound.ip() {
        IpAddr::V4(address) => message.extend([&[1], &address.octets()[..]].concat()),
        IpAddr::V6(address) => message.extend([&[4], &address.octets()[..]].concat()),
    }
    message.extend(bound.port().to_be_bytes());
    stream.write_all(&message).await
}

/// Bytes after their count.
async fn counted(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_exactly<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
