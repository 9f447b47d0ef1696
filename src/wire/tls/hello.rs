//! Parsers for `ClientHello` and `ServerHello` (RFC 8446 §4.1, §4.2; RFC 6066 §3; RFC 7301 §3.1).

/// Maximum number of entries kept of a list in a hello.
const MOST_LISTED: usize = 64;

/// A `ClientHello`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// Random value, by which key logs identify the connection.
    pub random: [u8; 32],
    /// Requested host name (SNI), as sent.
    pub server_name: Option<Vec<u8>>,
    /// Offered application protocols (ALPN), in order.
    pub alpn: Vec<Vec<u8>>,
    /// Offered versions, in order; without the extension the version of the hello itself.
    pub versions: Vec<u16>,
    /// Groups with a key share, in order.
    pub key_shares: Vec<u16>,
}

/// A `ServerHello`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// Its random value.
    pub random: [u8; 32],
    /// Chosen version: 0x0303 for TLS 1.2, 0x0304 for TLS 1.3.
    pub version: u16,
    /// Chosen cipher suite.
    pub cipher_suite: u16,
    /// Group of its key share, or the one it requests in a `HelloRetryRequest`.
    pub group: Option<u16>,
    /// Whether it requests another `ClientHello` (`HelloRetryRequest`).
    pub is_retry: bool,
}

/// The random value that marks a `HelloRetryRequest` (RFC 8446 §4.1.3): SHA-256 of that name.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

impl ClientHello {
    /// Parses the body of a `ClientHello`; `None` if it is incomplete.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = Cursor(body);
        let legacy = rest.u16()?;
        let random = rest.random()?;
        rest.block8()?;
        rest.block16()?;
        rest.block8()?;
        let mut hello = Self {
            random,
            ..Self::default()
        };
        for (kind, data) in rest.extensions() {
            hello.take_extension(kind, Cursor(data));
        }
        if hello.versions.is_empty() {
            hello.versions.push(legacy);
        }
        Some(hello)
    }

    fn take_extension(&mut self, kind: u16, mut data: Cursor<'_>) {
        match kind {
            0 => {
                let mut names = Cursor(data.block16().unwrap_or_default());
                if names.u8() == Some(0) {
                    self.server_name = names.block16().map(<[u8]>::to_vec);
                }
            }
            16 => {
                let mut list = Cursor(data.block16().unwrap_or_default());
                self.alpn = std::iter::from_fn(|| list.block8())
                    .take(MOST_LISTED)
                    .map(<[u8]>::to_vec)
                    .collect();
            }
            43 => {
                let mut list = Cursor(data.block8().unwrap_or_default());
                self.versions = std::iter::from_fn(|| list.u16())
                    .take(MOST_LISTED)
                    .collect();
            }
            51 => {
                let mut list = Cursor(data.block16().unwrap_or_default());
                self.key_shares = std::iter::from_fn(|| list.u16().zip(list.block16()))
                    .take(MOST_LISTED)
                    .map(|(group, _)| group)
                    .collect();
            }
            _ => {}
        }
    }
}

impl ServerHello {
    /// Parses the body of a `ServerHello`; `None` if it is incomplete.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = Cursor(body);
        let legacy = rest.u16()?;
        let random = rest.random()?;
        rest.block8()?;
        let cipher_suite = rest.u16()?;
        rest.u8()?;
        let mut hello = Self {
            random,
            version: legacy,
            cipher_suite,
            group: None,
            is_retry: random == RETRY,
        };
        for (kind, data) in rest.extensions() {
            match kind {
                43 => hello.version = Cursor(data).u16().unwrap_or(legacy),
                51 => hello.group = Cursor(data).u16(),
                _ => {}
            }
        }
        Some(hello)
    }
}

/// Reader that never reads past the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn random(&mut self) -> Option<[u8; 32]> {
        self.take(32)?.try_into().ok()
    }

    fn block8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    fn block16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// Iterates over the extensions, as far as they are complete.
    fn extensions(&mut self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut list = Cursor(self.block16().unwrap_or_default());
        std::iter::from_fn(move || list.u16().zip(list.block16()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client_hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
        body.extend([0, u8::try_from(extensions.len()).unwrap_or(0)]);
        body.extend(extensions);
        body
    }

    #[test]
    fn name_protocols_versions_and_shares_are_read() {
        let mut extensions = vec![0, 0, 0, 9, 0, 7, 0, 0, 4];
        extensions.extend(b"host");
        extensions.extend([0, 16, 0, 5, 0, 3, 2, b'h', b'2']);
        extensions.extend([0, 43, 0, 5, 4, 3, 4, 3, 3]);
        extensions.extend([0, 51, 0, 7, 0, 5, 0, 29, 0, 1, 9]);
        let hello = ClientHello::parse(&client_hello(&extensions));
        let expected = ClientHello {
            random: [7; 32],
            server_name: Some(b"host".to_vec()),
            alpn: vec![b"h2".to_vec()],
            versions: vec![0x0304, 0x0303],
            key_shares: vec![29],
        };
        assert_eq!(hello, Some(expected));
    }

    #[test]
    fn a_hello_without_extensions_offers_its_own_version() {
        let mut body = client_hello(&[]);
        body.truncate(body.len() - 2);
        assert_eq!(
            ClientHello::parse(&body).map(|hello| hello.versions),
            Some(vec![0x0303])
        );
    }

    #[test]
    fn a_retry_is_known_by_its_random() {
        let mut body = vec![3, 3];
        body.extend(RETRY);
        body.extend([
            0, 0x13, 0x02, 0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23,
        ]);
        let expected = ServerHello {
            random: RETRY,
            version: 0x0304,
            cipher_suite: 0x1302,
            group: Some(23),
            is_retry: true,
        };
        assert_eq!(ServerHello::parse(&body), Some(expected));
    }

    #[test]
    fn an_incomplete_hello_is_rejected() {
        assert_eq!(ClientHello::parse(&[]), None);
        assert_eq!(ServerHello::parse(&[3, 3, 0]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = (ClientHello::parse(&bytes), ServerHello::parse(&bytes));
        }
    }
}
