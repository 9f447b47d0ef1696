//! Key logs (RFC 9850): secrets of TLS connections that clients and servers write on request
//! (`SSLKEYLOGFILE`).
//!
//! ```text
//! LABEL client_random secret        all but the label in hexadecimal, one secret a line
//! ```

use std::collections::HashMap;

use crate::units::Secret;

/// Maximum number of secrets; further ones are ignored.
const MOST_SECRETS: usize = 1 << 20;
/// Maximum length of a secret in bytes: an output of SHA-512.
const LONGEST: usize = 64;

/// Purpose of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.2 and before.
    Master,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`: protects early data (0-RTT).
    ClientEarly,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`: protects what a client sends after the handshake.
    ClientTraffic,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerTraffic,
}

impl Label {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "CLIENT_RANDOM" => Self::Master,
            "CLIENT_EARLY_TRAFFIC_SECRET" => Self::ClientEarly,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::ClientHandshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::ServerHandshake,
            "CLIENT_TRAFFIC_SECRET_0" => Self::ClientTraffic,
            "SERVER_TRAFFIC_SECRET_0" => Self::ServerTraffic,
            _ => return None,
        })
    }
}

/// Secrets of any number of connections, by the client's random value.
#[derive(Clone, Debug, Default)]
pub struct KeyLog {
    secrets: HashMap<Name, Secret<Vec<u8>>>,
}

impl KeyLog {
    /// Adds the secrets of a log. Comments, labels of other protocols and malformed lines are
    /// skipped, as RFC 9850 §2 requires; of two secrets for the same purpose the later one counts.
    pub fn read(&mut self, text: &[u8]) {
        for line in text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| str::from_utf8(line).ok())
        {
            if self.secrets.len() == MOST_SECRETS {
                break;
            }
            if let Some((key, secret)) = entry(line) {
                self.secrets.insert(key, Secret::new(secret));
            }
        }
    }

    /// Returns a secret of the connection with this client random value.
    pub fn secret(&self, client_random: &[u8; 32], label: Label) -> Option<&[u8]> {
        self.secrets
            .get(&(*client_random, label))
            .map(|secret| secret.expose().as_slice())
    }

    /// Returns true if there is a secret of a connection.
    pub fn knows(&self, client_random: &[u8; 32]) -> bool {
        [Label::Master, Label::ServerTraffic, Label::ClientTraffic]
            .into_iter()
            .any(|label| self.secret(client_random, label).is_some())
    }

    /// Returns true if there are no secrets.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

/// Key of a secret: the client's random value and the label.
type Name = ([u8; 32], Label);

fn entry(line: &str) -> Option<(Name, Vec<u8>)> {
    let mut words = line.split_ascii_whitespace();
    let label = Label::named(words.next()?)?;
    let random = from_hex(words.next()?)?.try_into().ok()?;
    let secret = from_hex(words.next()?)?;
    words.next().is_none().then_some(((random, label), secret))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * LONGEST {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    digits
        .chunks_exact(2)
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_found_by_the_clients_random_and_their_label() {
        let random = "0a".repeat(32);
        let text = format!(
            "# a comment\nCLIENT_RANDOM {random} 0102\r\nSERVER_TRAFFIC_SECRET_0 {random} \
                FFee\nEXPORTER_SECRET {random} 00\n"
        );
        let mut log = KeyLog::default();
        log.read(text.as_bytes());
        assert_eq!(log.secret(&[10; 32], Label::Master), Some(&[1, 2][..]));
        assert_eq!(
            log.secret(&[10; 32], Label::ServerTraffic),
            Some(&[0xff, 0xee][..])
        );
        assert!(log.knows(&[10; 32]) && !log.knows(&[11; 32]));
    }

    #[test]
    fn malformed_lines_are_skipped() {
        let random = "0a".repeat(32);
        let mut log = KeyLog::default();
        for line in [
            format!("CLIENT_RANDOM {random}"),
            format!("CLIENT_RANDOM {random} 1"),
            format!("CLIENT_RANDOM {random} zz"),
            format!("CLIENT_RANDOM {} 11", &random[2..]),
            format!("CLIENT_RANDOM {random} 11 22"),
            format!("CLIENT_RANDOM {random} {}", "00".repeat(65)),
        ] {
            log.read(line.as_bytes());
        }
        assert!(log.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            KeyLog::default().read(&bytes);
        }
    }
}
