//! SOCKS5 (RFC 1928) with user and password (RFC 1929). Each message is expected whole in one
//! packet.

use std::ops::Range;

/// One side of the talk with a proxy.
pub(super) struct Socks {
    of_server: bool,
    greeted: bool,
}

impl Socks {
    pub(super) const fn of_client() -> Self {
        Self {
            of_server: false,
            greeted: false,
        }
    }

    pub(super) const fn of_server() -> Self {
        Self {
            of_server: true,
            greeted: false,
        }
    }

    /// Takes a message: how many bytes it is, and whether something else follows. `None` where it
    /// is none.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        found: &mut Vec<Range<usize>>,
    ) -> Option<(usize, bool)> {
        const SOCKS5: u8 = 5;
        const LOGIN: u8 = 1;
        let (length, is_over) = match bytes {
            [SOCKS5, _, ..] if !self.greeted && self.of_server => (2, false),
            [SOCKS5, methods, ..] if !self.greeted => (2 + usize::from(*methods), false),
            [SOCKS5, _, _, kind, rest @ ..] => (4 + address_bytes(*kind, rest)? + 2, true),
            [LOGIN, _, ..] if self.of_server => (2, false),
            [LOGIN, user, rest @ ..] => {
                let user = usize::from(*user);
                let password = usize::from(*rest.get(user)?);
                found.push(2..2 + user);
                found.push(3 + user..3 + user + password);
                (3 + user + password, false)
            }
            _ => return None,
        };
        self.greeted = true;
        (length <= bytes.len()).then_some((length, is_over))
    }
}

fn address_bytes(kind: u8, rest: &[u8]) -> Option<usize> {
    match kind {
        1 => Some(4),
        3 => Some(1 + usize::from(*rest.first()?)),
        4 => Some(16),
        _ => None,
    }
}
