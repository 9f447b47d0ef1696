//! SOCKS version 5 (RFC 1928), with username/password authentication (RFC 1929).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ProxyHandshake, format_authority};
use crate::probe::PhaseFailure;
use crate::probe::redirect::permitted_addresses;
use crate::probe::resolve::resolve_in_phase;
use crate::probe::spec::ProxyKind;
use crate::probe::tap::ByteStream;
use crate::trace::FailureCode;
use crate::units::Untrusted;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const DOMAIN_NAME: u8 = 3;
const IPV6: u8 = 4;

/// Requests a connection to `host:port`. With `socks5` the name is resolved here, with `socks5h` by
/// the proxy.
pub(super) async fn request_tunnel<S: ByteStream>(
    handshake: &ProxyHandshake<'_>,
    mut stream: S,
    host: &str,
    port: u16,
) -> Result<S, PhaseFailure> {
    let target = SocksTarget::resolve(handshake, host, port).await?;
    let request = target.request(handshake)?;
    let mut socks = SocksHandshake {
        handshake,
        stream: &mut stream,
        target: &target.label,
    };
    socks.negotiate_method().await?;
    handshake.record_step(format!("CONNECT {}", target.label));
    socks.send(&request).await?;
    let bound = socks.read_reply().await?;
    handshake.record_step(bound.map_or_else(
        || "succeeded".into(),
        |bound| Untrusted::new(format!("succeeded, from {}", bound.raw())),
    ));
    Ok(stream)
}

/// Chooses the address for the request, which can hold only one. IPv4 is the safer choice: an IPv6
/// route on this machine does not imply one on the proxy.
fn prefer_ipv4(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses
        .iter()
        .find(|address| address.is_ipv4())
        .or_else(|| addresses.first())
        .copied()
}

/// Target of the connection.
struct SocksTarget {
    label: String,
    address: Result<SocketAddr, (String, u16)>,
}

impl SocksTarget {
    async fn resolve(
        handshake: &ProxyHandshake<'_>,
        host: &str,
        port: u16,
    ) -> Result<Self, PhaseFailure> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = match host.parse::<IpAddr>() {
            Ok(ip) => Ok(SocketAddr::new(ip, port)),
            Err(_) if handshake.proxy.kind == ProxyKind::Socks5h => Err((host.to_owned(), port)),
            Err(_) => prefer_ipv4(&permitted_addresses(
                handshake.context,
                resolve_in_phase(handshake.context, host, port).await?,
            )?)
            .ok_or_else(|| (host.to_owned(), port)),
        };
        let label = address.as_ref().map_or_else(
            |(name, port)| format_authority(name, *port),
            ToString::to_string,
        );
        Ok(Self { label, address })
    }

    /// Encodes the request of RFC 1928 §4.
    fn request(&self, handshake: &ProxyHandshake<'_>) -> Result<Vec<u8>, PhaseFailure> {
        let mut request = vec![VERSION, CONNECT, 0];
        let port = match &self.address {
            Ok(SocketAddr::V4(address)) => {
                request.push(IPV4);
                request.extend(address.ip().octets());
                address.port()
            }
            Ok(SocketAddr::V6(address)) => {
                request.push(IPV6);
                request.extend(address.ip().octets());
                address.port()
            }
            Err((name, port)) => {
                let too_long = |_| {
                    handshake.failure(
                        FailureCode::ProxyProtocol,
                        "cannot be given a name longer than 255 bytes",
                        "check the host's name",
                    )
                };
                request.extend([DOMAIN_NAME, u8::try_from(name.len()).map_err(too_long)?]);
                request.extend(name.as_bytes());
                *port
            }
        };
        request.extend(port.to_be_bytes());
        Ok(request)
    }
}

/// Handshake with a SOCKS proxy.
struct SocksHandshake<'a, S> {
    handshake: &'a ProxyHandshake<'a>,
    stream: &'a mut S,
    target: &'a str,
}

impl<S: ByteStream> SocksHandshake<'_, S> {
    /// Negotiates the authentication method and authenticates if the proxy asks for it.
    async fn negotiate_method(&mut self) -> Result<(), PhaseFailure> {
        let credentials = self
            .handshake
            .proxy
            .credentials
            .as_ref()
            .map(crate::units::Secret::expose);
        match credentials {
            Some(_) => {
                self.send(&[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD])
                    .await?;
            }
            None => self.send(&[VERSION, 1, NO_AUTHENTICATION]).await?,
        }
        let [version, method] = self.receive().await?;
        match (version, method, credentials) {
            (VERSION, NO_AUTHENTICATION, _) => Ok(()),
            (VERSION, USER_AND_PASSWORD, Some((user, password))) => {
                self.authenticate(user, password).await
            }
            (VERSION, NO_ACCEPTABLE_METHOD | USER_AND_PASSWORD, None) => {
                let hint = "give them in the proxy's URL: socks5h://user:password@host:port";
                Err(self.handshake.failure(
                    FailureCode::ProxyAuthRequired,
                    "requires credentials",
                    hint,
                ))
            }
            (VERSION, NO_ACCEPTABLE_METHOD, Some(_)) => {
                let what = "accepts neither user and password nor a client without credentials";
                Err(self.handshake.failure(
                    FailureCode::ProxyAuthRequired,
                    what,
                    "it may require GSSAPI, which is not supported",
                ))
            }
            (VERSION, other, _) => {
                Err(self.not_socks_failure(&format!("chose method {other}, which was not offered")))
            }
            (other, ..) => {
                Err(self.not_socks_failure(&format!("answered the greeting with version {other}")))
            }
        }
    }

    /// Authenticates with user and password (RFC 1929).
    async fn authenticate(&mut self, user: &str, password: &str) -> Result<(), PhaseFailure> {
        let too_long = |_| {
            let what = "cannot be given these credentials: user and password are limited to 255 \
                bytes each";
            self.handshake.failure(
                FailureCode::ProxyAuthRequired,
                what,
                "check user and password",
            )
        };
        let lengths = (
            u8::try_from(user.len()).map_err(too_long)?,
            u8::try_from(password.len()).map_err(too_long)?,
        );
        self.handshake.record_step("user and password");
        let message = [
            &[1, lengths.0],
            user.as_bytes(),
            &[lengths.1],
            password.as_bytes(),
        ]
        .concat();
        self.send(&message).await?;
        let [_, status] = self.receive().await?;
        if status != 0 {
            let hint = "check them; special characters in the URL must be percent-encoded";
            return Err(self.handshake.failure(
                FailureCode::ProxyAuthRequired,
                "did not accept user and password",
                hint,
            ));
        }
        Ok(())
    }

    /// Reads the reply (RFC 1928 §6). Returns the proxy's address and port on the connection to the
    /// target, if the reply contains them.
    async fn read_reply(&mut self) -> Result<Option<Untrusted>, PhaseFailure> {
        let [version, reply, _, kind] = self.receive().await?;
        if version != VERSION {
            return Err(
                self.not_socks_failure(&format!("answered the request with version {version}"))
            );
        }
        if reply != 0 {
            return Err(self.refusal_failure(reply));
        }
        let host = match kind {
            IPV4 => Untrusted::new(Ipv4Addr::from(self.receive::<4>().await?).to_string()),
            IPV6 => Untrusted::new(Ipv6Addr::from(self.receive::<16>().await?).to_string()),
            DOMAIN_NAME => self.read_name().await?,
            other => {
                return Err(self.not_socks_failure(&format!(
                    "gave its own address as type {other}, which does not exist"
                )));
            }
        };
        let port = u16::from_be_bytes(self.receive().await?);
        Ok((port != 0).then(|| Untrusted::new(format_authority(host.raw(), port))))
    }

    async fn read_name(&mut self) -> Result<Untrusted, PhaseFailure> {
        let [length] = self.receive().await?;
        let mut name = vec![0; usize::from(length)];
        self.stream
            .read_exact(&mut name)
            .await
            .map_err(|error| self.handshake.closed_failure(Some(&error)))?;
        Ok(Untrusted::from_bytes(&name))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), PhaseFailure> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written
            .await
            .map_err(|error| self.handshake.closed_failure(Some(&error)))
    }

    /// Reads exactly `N` bytes, because the bytes after a message may already belong to the tunnel.
    async fn receive<const N: usize>(&mut self) -> Result<[u8; N], PhaseFailure> {
        let mut bytes = [0; N];
        self.stream
            .read_exact(&mut bytes)
            .await
            .map_err(|error| self.handshake.closed_failure(Some(&error)))?;
        Ok(bytes)
    }

    fn not_socks_failure(&self, what: &str) -> PhaseFailure {
        let what = format!("does not speak SOCKS5: it {what}");
        self.handshake.failure(
            FailureCode::ProxyProtocol,
            &what,
            "check the proxy's scheme (http, https, socks5, socks5h) and port",
        )
    }

    fn refusal_failure(&self, reply: u8) -> PhaseFailure {
        const CHECK_FROM_PROXY: &str =
            "the proxy could not connect; check whether the server can be reached from there";
        let (what, hint) = match reply {
            1 => ("reports a general failure", "check the proxy's log"),
            2 => (
                "does not allow the connection by its rules",
                "ask the proxy's operator, or exclude the host with --noproxy",
            ),
            3 => ("reports that the network is unreachable", CHECK_FROM_PROXY),
            4 => (
                "reports that the host is unreachable, or that its name cannot be resolved",
                CHECK_FROM_PROXY,
            ),
            5 => (
                "reports that the server refused the connection",
                CHECK_FROM_PROXY,
            ),
            6 => (
                "reports that the TTL expired, or that there was no answer",
                CHECK_FROM_PROXY,
            ),
            7 => ("does not support the CONNECT command", "use another proxy"),
            8 => (
                "does not support this type of address",
                "try the other of socks5 and socks5h, or -4 or -6",
            ),
            _ => (
                "refused for an unknown reason",
                "see the proxy's documentation or log for the meaning of this reply",
            ),
        };
        self.handshake.failure(
            FailureCode::ProxyRefused,
            &format!("{what} (reply {reply}); the target was {}", self.target),
            hint,
        )
    }
}
