//! SOCKS version 5 (RFC 1928), with user and password (RFC 1929) where they are given.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio_socks::tcp::Socks5Stream;
use tokio_socks::{Error, TargetAddr};

use super::{Talk, authority};
use crate::probe::Failed;
use crate::probe::resolve::resolve_within;
use crate::probe::spec::ProxyKind;
use crate::probe::tap::Io;
use crate::trace::Code;

/// Asks for a way to `host:port`. For `socks5` the name is resolved here, for `socks5h` by the proxy.
pub(super) async fn ask<S: Io>(talk: &Talk<'_>, stream: S, host: &str, port: u16) -> Result<S, Failed> {
    let target = target(talk, host, port).await?;
    let shown = match &target {
        TargetAddr::Ip(address) => address.to_string(),
        TargetAddr::Domain(name, port) => authority(name, *port),
    };
    let with = if talk.proxy.credentials.is_some() { " with user and password" } else { "" };
    talk.said(format!("CONNECT {shown}{with}"));
    let opened = match talk.proxy.credentials.as_ref().map(crate::units::Secret::expose) {
        Some((user, password)) => Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await,
        None => Socks5Stream::connect_with_socket(stream, target).await,
    };
    let opened = opened.map_err(|error| refusal(talk, &error, &shown))?;
    talk.said(match opened.target_addr() {
        TargetAddr::Ip(bound) => format!("succeeded, from {bound}"),
        TargetAddr::Domain(name, port) => format!("succeeded, from {}", authority(&name, port)),
    });
    Ok(opened.into_inner())
}

async fn target<'a>(talk: &Talk<'_>, host: &'a str, port: u16) -> Result<TargetAddr<'a>, Failed> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(TargetAddr::Ip(SocketAddr::new(ip, port)));
    }
    if talk.proxy.kind == ProxyKind::Socks5h {
        return Ok(TargetAddr::Domain(host.into(), port));
    }
    let addresses = resolve_within(talk.step, host, port).await?;
    addresses.first().copied().map(TargetAddr::Ip).ok_or_else(|| {
        talk.failed(Code::ProxyRefused, &format!("was not asked: {host} has no address"), "let the proxy resolve the name: socks5h")
    })
}

/// A sentence for each way a SOCKS talk can end badly; the replies are those of RFC 1928 §6.
fn refusal(talk: &Talk<'_>, error: &Error, target: &str) -> Failed {
    let server_side = "the proxy tried and could not; see whether the server can be reached from there";
    let (code, what, hint) = match error {
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => return talk.closed(None),
        Error::Io(error) => return talk.closed(Some(error)),
        Error::GeneralSocksServerFailure => (Code::ProxyRefused, "reports a general failure (reply 1)", "the proxy's log will say more"),
        Error::ConnectionNotAllowedByRuleset => {
            (Code::ProxyRefused, "does not allow it by its rules (reply 2)", "ask who runs the proxy, or see --noproxy")
        }
        Error::NetworkUnreachable => (Code::ProxyRefused, "reports that the network cannot be reached (reply 3)", server_side),
        Error::HostUnreachable => {
            (Code::ProxyRefused, "reports that the host cannot be reached, or not be resolved (reply 4)", server_side)
        }
        Error::ConnectionRefused => (Code::ProxyRefused, "reports that the server refused the connection (reply 5)", server_side),
        Error::TtlExpired => (Code::ProxyRefused, "reports that the time to live expired on the way (reply 6)", server_side),
        Error::CommandNotSupported => (Code::ProxyRefused, "does not know the CONNECT command (reply 7)", "use another proxy"),
        Error::AddressTypeNotSupported => {
            (Code::ProxyRefused, "does not support this type of address (reply 8)", "try the other of socks5 and socks5h, or -4 or -6")
        }
        Error::NoAcceptableAuthMethods | Error::AuthorizationRequired if talk.proxy.credentials.is_none() => {
            (Code::ProxyAuthRequired, "wants credentials", "give them in the proxy's URL: socks5h://user:password@host:port")
        }
        Error::NoAcceptableAuthMethods | Error::UnknownAuthMethod => {
            (Code::ProxyAuthRequired, "wants a method of authentication that is not supported", "only user and password (RFC 1929) are")
        }
        Error::PasswordAuthFailure(_) | Error::AuthorizationRequired => {
            (Code::ProxyAuthRequired, "did not accept user and password", "check them; special characters in the URL are percent-encoded")
        }
        Error::InvalidAuthValues(_) => {
            (Code::ProxyAuthRequired, "cannot be given these credentials: each is 1 to 255 bytes long", "check user and password")
        }
        Error::InvalidTargetAddress(_) => {
            (Code::ProxyProtocol, "cannot be given a name of more than 255 bytes", "check the URL's host name")
        }
        _ => (Code::ProxyProtocol, "does not speak SOCKS5", "check the proxy's scheme (http, https, socks5, socks5h) and port"),
    };
    talk.failed(code, &format!("{what}; it was asked for {target}"), hint)
}
