//! Tunnels through HTTP proxies by the CONNECT method (RFC 9110 §9.3.6).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ProxyHandshake, Tunnel, format_authority};
use crate::probe::PhaseFailure;
use crate::probe::tap::ByteStream;
use crate::trace::FailureCode;
use crate::units::Untrusted;

/// Maximum length of a response's head in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Maximum number of interim responses (1xx) before the final one.
const MAX_INTERIM: usize = 16;

/// Requests a tunnel to `host:port`.
pub(super) async fn request_tunnel<S: ByteStream>(
    handshake: &ProxyHandshake<'_>,
    mut stream: S,
    host: &str,
    port: u16,
) -> Result<Tunnel<S>, PhaseFailure> {
    let target = format_authority(host, port);
    handshake.record_step(format!("CONNECT {target}"));
    let head = request_head(handshake, &target);
    let sent = async {
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await
    };
    sent.await
        .map_err(|error| handshake.closed_failure(Some(&error)))?;
    let mut buffer = BytesMut::with_capacity(1024);
    for _ in 0..MAX_INTERIM {
        let response = read_response(handshake, &mut stream, &mut buffer).await?;
        handshake.record_step(response.status_text());
        match response.status {
            100..=199 => {}
            200..=299 => return Ok(Tunnel::new(stream, buffer.freeze())),
            _ => return Err(response.refusal_failure(handshake, &target)),
        }
    }
    Err(handshake.failure(
        FailureCode::ProxyProtocol,
        "keeps sending interim responses to CONNECT but no final one",
        "the proxy is broken; try another",
    ))
}

fn request_head(handshake: &ProxyHandshake<'_>, target: &str) -> String {
    let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(credentials) = &handshake.proxy.credentials {
        let (user, password) = credentials.expose();
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let _ = write!(head, "Proxy-Authorization: Basic {encoded}\r\n");
    }
    let user_agent = handshake
        .context
        .spec
        .user_agent
        .as_deref()
        .unwrap_or(concat!("tapline/", env!("CARGO_PKG_VERSION")));
    if !user_agent.is_empty() && !user_agent.contains(char::is_control) {
        let _ = write!(head, "User-Agent: {user_agent}\r\n");
    }
    head.push_str("Proxy-Connection: keep-alive\r\n\r\n");
    head
}

/// Head of the proxy's response.
struct ConnectResponse {
    status: u16,
    reason: Untrusted,
    /// Value of `Proxy-Authenticate`: the schemes that the proxy accepts.
    challenge: Option<Untrusted>,
}

impl ConnectResponse {
    /// Returns status and reason: `200 Connection established`.
    fn status_text(&self) -> Untrusted {
        Untrusted::new(format!("{} {}", self.status, self.reason.raw()).trim_end())
    }

    fn refusal_failure(&self, handshake: &ProxyHandshake<'_>, target: &str) -> PhaseFailure {
        let answered = format!(
            "answered CONNECT {target} with {}",
            self.status_text().escaped()
        );
        let has_credentials = handshake.proxy.credentials.is_some();
        // Some proxies reject credentials with 401, which RFC 9110 reserves for origin servers.
        if self.status == 407 || (self.status == 401 && has_credentials) {
            return self.unauthorized_failure(handshake, &answered, has_credentials);
        }
        let hint = match self.status {
            405 | 501 => "it does not support the CONNECT method; check that it is a proxy",
            502..=504 => {
                "the proxy could not connect; check whether the server can be reached from there"
            }
            _ => {
                "the proxy does not allow this target, or could not reach it; check its log, or \
                    exclude the host with --noproxy"
            }
        };
        handshake.failure(FailureCode::ProxyRefused, &answered, hint)
    }

    fn unauthorized_failure(
        &self,
        handshake: &ProxyHandshake<'_>,
        answered: &str,
        has_credentials: bool,
    ) -> PhaseFailure {
        let wants = self
            .challenge
            .as_ref()
            .map_or_else(String::new, |challenge| {
                format!("; it asks for {}", challenge.escaped())
            });
        let (given, hint) = if has_credentials {
            (
                "did not accept the credentials",
                "check user and password, and that it accepts Basic authentication",
            )
        } else {
            (
                "requires credentials",
                "give them in the proxy's URL: http://user:password@host:port",
            )
        };
        handshake.failure(
            FailureCode::ProxyAuthRequired,
            &format!("{given}: it {answered}{wants}"),
            hint,
        )
    }
}

/// Reads up to the end of a head. Bytes read beyond it stay in the buffer.
async fn read_response<S: ByteStream>(
    handshake: &ProxyHandshake<'_>,
    stream: &mut S,
    buffer: &mut BytesMut,
) -> Result<ConnectResponse, PhaseFailure> {
    loop {
        if let Some(end) = head_end(buffer) {
            let head = buffer.split_to(end).freeze();
            return parse_head(&head).ok_or_else(|| not_http_failure(handshake, &head));
        }
        if !could_be_http(buffer) || buffer.len() > MAX_HEAD_BYTES {
            return Err(not_http_failure(handshake, buffer));
        }
        match stream.read_buf(buffer).await {
            Ok(0) if buffer.is_empty() => return Err(handshake.closed_failure(None)),
            Ok(0) => return Err(not_http_failure(handshake, buffer)),
            Ok(_) => {}
            Err(error) => return Err(handshake.closed_failure(Some(&error))),
        }
    }
}

/// Returns the offset after the empty line that ends a head. A bare line feed also ends a line (RFC
/// 9112 §2.2).
fn head_end(buffer: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (i, _) in buffer
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
    {
        if matches!(buffer.get(line_start..i), Some(b"" | b"\r")) {
            return Some(i + 1);
        }
        line_start = i + 1;
    }
    None
}

fn could_be_http(buffer: &[u8]) -> bool {
    let sign = b"HTTP/1.";
    let common = buffer.len().min(sign.len());
    buffer.get(..common) == sign.get(..common)
}

fn parse_head(head: &Bytes) -> Option<ConnectResponse> {
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status_line = lines.next()?;
    let after_version = status_line
        .strip_prefix(b"HTTP/1.")?
        .strip_prefix(b"0 ")
        .or_else(|| status_line.strip_prefix(b"HTTP/1.1 "))?;
    let status: u16 = std::str::from_utf8(after_version.get(..3)?)
        .ok()?
        .parse()
        .ok()?;
    let reason = match after_version.get(3..)? {
        [] => &[],
        [b' ', reason @ ..] => reason,
        _ => return None,
    };
    let challenge = lines.find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        name.eq_ignore_ascii_case(b"proxy-authenticate")
            .then(|| Untrusted::from_bytes(value.get(1..).unwrap_or_default().trim_ascii()))
    });
    (100..=599).contains(&status).then(|| ConnectResponse {
        status,
        reason: Untrusted::from_bytes(reason.trim_ascii()),
        challenge,
    })
}

fn not_http_failure(handshake: &ProxyHandshake<'_>, bytes: &[u8]) -> PhaseFailure {
    let start = Untrusted::from_bytes(bytes.get(..bytes.len().min(48)).unwrap_or_default());
    let what = format!(
        "did not answer CONNECT with HTTP/1.x; its response begins with \"{}\"",
        start.escaped()
    );
    handshake.failure(
        FailureCode::ProxyProtocol,
        &what,
        "check the proxy's scheme (http, https, socks5, socks5h) and port",
    )
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    proptest! {
        #[test]
        fn crafted_heads_are_taken_without_a_panic(
            tail in vec(any::<u8>(), 0..60),
            honest in any::<bool>(),
        ) {
            let start: &[u8] = if honest {
                b"HTTP/1.1 407 x\r\nProxy-Authenticate"
            } else {
                b"HTTP/1."
            };
            let head = [start, &tail, b"\r\n\r\n"].concat();
            prop_assert!(head_end(&head).is_some() && could_be_http(&head));
            if let Some(response) = parse_head(&Bytes::from(head)) {
                prop_assert!((100..=599).contains(&response.status));
            }
        }
    }
}
