//! SOCKS version 5 (RFC 1928), with user and password (RFC 1929) where they are given.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Talk, authority};
use crate::probe::Failed;
use crate::probe::redirect::permitted;
use crate::probe::resolve::resolve_within;
use crate::probe::spec::ProxyKind;
use crate::probe::tap::Io;
use crate::trace::Code;
use crate::units::Untrusted;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD_FITS: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Asks for a way to `host:port`. For `socks5` the name is resolved here, for `socks5h` by the
/// proxy.
pub(super) async fn ask<S: Io>(
    talk: &Talk<'_>,
    mut stream: S,
    host: &str,
    port: u16,
) -> Result<S, Failed> {
    let target = Target::of(talk, host, port).await?;
    let request = target.request(talk)?;
    let mut socks = Socks {
        talk,
        stream: &mut stream,
        target: &target.shown,
    };
    socks.agree_on_method().await?;
    talk.said(format!("CONNECT {}", target.shown));
    socks.say(&request).await?;
    let bound = socks.reply().await?;
    talk.said(bound.map_or_else(
        || "succeeded".into(),
        |bound| Untrusted::new(format!("succeeded, from {}", bound.raw())),
    ));
    Ok(stream)
}

/// A SOCKS request names one address. IPv4 is the safer choice: that this machine has a route for
/// IPv6 says nothing of the proxy.
fn first_choice(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses
        .iter()
        .find(|address| address.is_ipv4())
        .or_else(|| addresses.first())
        .copied()
}

/// Where the way is to lead.
struct Target {
    shown: String,
    address: Result<SocketAddr, (String, u16)>,
}

impl Target {
    async fn of(talk: &Talk<'_>, host: &str, port: u16) -> Result<Self, Failed> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address = match host.parse::<IpAddr>() {
            Ok(ip) => Ok(SocketAddr::new(ip, port)),
            Err(_) if talk.proxy.kind == ProxyKind::Socks5h => Err((host.to_owned(), port)),
            Err(_) => first_choice(&permitted(
                talk.step,
                resolve_within(talk.step, host, port).await?,
            )?)
            .ok_or_else(|| (host.to_owned(), port)),
        };
        let shown = address
            .as_ref()
            .map_or_else(|(name, port)| authority(name, *port), ToString::to_string);
        Ok(Self { shown, address })
    }

    /// The request of RFC 1928 §4.
    fn request(&self, talk: &Talk<'_>) -> Result<Vec<u8>, Failed> {
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
                    talk.failed(
                        Code::ProxyProtocol,
                        "cannot be given a name of more than 255 bytes",
                        "check the host's name",
                    )
                };
                request.extend([NAME, u8::try_from(name.len()).map_err(too_long)?]);
                request.extend(name.as_bytes());
                *port
            }
        };
        request.extend(port.to_be_bytes());
        Ok(request)
    }
}

/// A talk with a SOCKS proxy.
struct Socks<'a, S> {
    talk: &'a Talk<'a>,
    stream: &'a mut S,
    target: &'a str,
}

impl<S: Io> Socks<'_, S> {
    /// Offers the methods of authentication there are, and does what the proxy chooses.
    async fn agree_on_method(&mut self) -> Result<(), Failed> {
        let credentials = self
            .talk
            .proxy
            .credentials
            .as_ref()
            .map(crate::units::Secret::expose);
        match credentials {
            Some(_) => {
                self.say(&[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD])
                    .await?;
            }
            None => self.say(&[VERSION, 1, NO_AUTHENTICATION]).await?,
        }
        let [version, method] = self.hear().await?;
        match (version, method, credentials) {
            (VERSION, NO_AUTHENTICATION, _) => Ok(()),
            (VERSION, USER_AND_PASSWORD, Some((user, password))) => {
                self.authenticate(user, password).await
            }
            (VERSION, NO_METHOD_FITS | USER_AND_PASSWORD, None) => {
                let hint = "give them in the proxy's URL: socks5h://user:password@host:port";
                Err(self
                    .talk
                    .failed(Code::ProxyAuthRequired, "wants credentials", hint))
            }
            (VERSION, NO_METHOD_FITS, Some(_)) => {
                let what = "accepts neither user and password nor a client without credentials";
                Err(self.talk.failed(
                    Code::ProxyAuthRequired,
                    what,
                    "it may want GSSAPI, which is not supported",
                ))
            }
            (VERSION, other, _) => {
                Err(self.no_socks(&format!("chose method {other}, which was not offered")))
            }
            (other, ..) => {
                Err(self.no_socks(&format!("answered the greeting with version {other}")))
            }
        }
    }

    /// RFC 1929.
    async fn authenticate(&mut self, user: &str, password: &str) -> Result<(), Failed> {
        let too_long = |_| {
            let what = "cannot be given these credentials: each may have 255 bytes at most";
            self.talk
                .failed(Code::ProxyAuthRequired, what, "check user and password")
        };
        let lengths = (
            u8::try_from(user.len()).map_err(too_long)?,
            u8::try_from(password.len()).map_err(too_long)?,
        );
        self.talk.said("user and password");
        let message = [
            &[1, lengths.0],
            user.as_bytes(),
            &[lengths.1],
            password.as_bytes(),
        ]
        .concat();
        self.say(&message).await?;
        let [_, status] = self.hear().await?;
        if status != 0 {
            let hint = "check them; special characters in the URL are percent-encoded";
            return Err(self.talk.failed(
                Code::ProxyAuthRequired,
                "did not accept user and password",
                hint,
            ));
        }
        Ok(())
    }

    /// The reply of RFC 1928 §6: the proxy's own address and port towards the target, where it
    /// tells them.
    async fn reply(&mut self) -> Result<Option<Untrusted>, Failed> {
        let [version, reply, _, kind] = self.hear().await?;
        if version != VERSION {
            return Err(self.no_socks(&format!("answered the request with version {version}")));
        }
        if reply != 0 {
            return Err(self.refusal(reply));
        }
        let host = match kind {
            IPV4 => Untrusted::new(Ipv4Addr::from(self.hear::<4>().await?).to_string()),
            IPV6 => Untrusted::new(Ipv6Addr::from(self.hear::<16>().await?).to_string()),
            NAME => self.name().await?,
            other => {
                return Err(self.no_socks(&format!(
                    "gave its own address as type {other}, which does not exist"
                )));
            }
        };
        let port = u16::from_be_bytes(self.hear().await?);
        Ok((port != 0).then(|| Untrusted::new(authority(host.raw(), port))))
    }

    async fn name(&mut self) -> Result<Untrusted, Failed> {
        let [length] = self.hear().await?;
        let mut name = vec![0; usize::from(length)];
        self.stream
            .read_exact(&mut name)
            .await
            .map_err(|error| self.talk.closed(Some(&error)))?;
        Ok(Untrusted::from_bytes(&name))
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written
            .await
            .map_err(|error| self.talk.closed(Some(&error)))
    }

    /// Exactly as many bytes as belong to the answer: what follows is the tunnel's.
    async fn hear<const N: usize>(&mut self) -> Result<[u8; N], Failed> {
        let mut bytes = [0; N];
        self.stream
            .read_exact(&mut bytes)
            .await
            .map_err(|error| self.talk.closed(Some(&error)))?;
        Ok(bytes)
    }

    fn no_socks(&self, what: &str) -> Failed {
        let what = format!("does not speak SOCKS5: it {what}");
        self.talk.failed(
            Code::ProxyProtocol,
            &what,
            "check the proxy's scheme (http, https, socks5, socks5h) and port",
        )
    }

    fn refusal(&self, reply: u8) -> Failed {
        const FROM_THERE: &str =
            "the proxy tried and could not; see whether the server can be reached from there";
        let (what, hint) = match reply {
            1 => ("reports a general failure", "the proxy's log will say more"),
            2 => (
                "does not allow it by its rules",
                "ask who runs the proxy, or see --noproxy",
            ),
            3 => ("reports that the network cannot be reached", FROM_THERE),
            4 => (
                "reports that the host cannot be reached, or its name not be resolved",
                FROM_THERE,
            ),
            5 => ("reports that the server refused the connection", FROM_THERE),
            6 => (
                "reports that the time to live expired on the way, or that there was no answer",
                FROM_THERE,
            ),
            7 => ("does not know the CONNECT command", "use another proxy"),
            8 => (
                "does not support this type of address",
                "try the other of socks5 and socks5h, or -4 or -6",
            ),
            _ => (
                "refused for a reason of its own",
                "the proxy's documentation or log will say what this reply means",
            ),
        };
        self.talk.failed(
            Code::ProxyRefused,
            &format!("{what} (reply {reply}); it was asked for {}", self.target),
            hint,
        )
    }
}
