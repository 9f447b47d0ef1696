//! Parser for one direction of SOCKS5 (RFC 1928) with username/password authentication (RFC 1929).

use super::lane::{LaneContext, NextState};
use super::unit::UnitKind;

/// State of a direction.
#[derive(Debug)]
pub(super) struct Socks5Lane {
    is_server: bool,
    step: Step,
    /// Number of bytes left in the current field, and whether it is secret.
    left: usize,
    is_secret: bool,
}

/// Meaning of the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Version, the first byte of a message.
    Version { greeted: bool },
    /// Number of methods.
    Methods,
    /// Length of the user name.
    User,
    /// Length of the password.
    Password,
    /// In a request or reply: the number of bytes before the address type.
    AddressType(u8),
    /// Length of a host name.
    Name,
    /// The negotiation is complete.
    Over,
}

const SOCKS5: u8 = 5;
const LOGIN: u8 = 1;

impl Socks5Lane {
    pub(super) const fn new(is_server: bool) -> Self {
        Self {
            is_server,
            step: Step::Version { greeted: false },
            left: 0,
            is_secret: false,
        }
    }

    /// Consumes at least one byte, unless the message is not SOCKS5.
    pub(super) fn take(&mut self, bytes: &[u8], cx: &mut LaneContext<'_>) -> (usize, NextState) {
        let Some(first) = bytes.first() else {
            return (0, NextState::Stay);
        };
        if self.left > 0 {
            let taken = bytes.len().min(self.left);
            self.left -= taken;
            let kind = if self.is_secret {
                UnitKind::Socks5Credential
            } else {
                UnitKind::Socks5Message
            };
            cx.emit(kind, bytes.get(..taken).unwrap_or_default(), self.left == 0);
            return (taken, self.next_state());
        }
        if !self.read(*first) {
            return (0, NextState::Opaque);
        }
        let piece = bytes.get(..1).unwrap_or_default();
        cx.emit(UnitKind::Socks5Message, piece, self.is_between());
        (1, self.next_state())
    }

    /// Reads a byte that determines what follows; returns false if it is invalid.
    const fn read(&mut self, byte: u8) -> bool {
        let (step, left, is_secret) = match (self.step, byte) {
            (Step::Version { greeted: false }, SOCKS5)
            | (Step::Version { greeted: true }, LOGIN)
                if self.is_server =>
            {
                (Step::Version { greeted: true }, 1, false)
            }
            (Step::Version { greeted: false }, SOCKS5) => (Step::Methods, 0, false),
            (Step::Version { greeted: true }, SOCKS5) => (Step::AddressType(2), 0, false),
            (Step::Version { greeted: true }, LOGIN) => (Step::User, 0, false),
            (Step::Methods, count) => (Step::Version { greeted: true }, count as usize, false),
            (Step::User, length) => (Step::Password, length as usize, true),
            (Step::Password, length) => (Step::Version { greeted: true }, length as usize, true),
            (Step::AddressType(0), 1) => (Step::Over, 4 + 2, false),
            (Step::AddressType(0), 3) => (Step::Name, 0, false),
            (Step::AddressType(0), 4) => (Step::Over, 16 + 2, false),
            (Step::AddressType(before), _) if before > 0 => {
                (Step::AddressType(before - 1), 0, false)
            }
            (Step::Name, length) => (Step::Over, length as usize + 2, false),
            _ => return false,
        };
        (self.step, self.left, self.is_secret) = (step, left, is_secret);
        true
    }

    const fn is_between(&self) -> bool {
        self.left == 0 && matches!(self.step, Step::Version { .. } | Step::Over)
    }

    fn next_state(&self) -> NextState {
        if self.left == 0 && self.step == Step::Over {
            NextState::Detect(None)
        } else {
            NextState::Stay
        }
    }
}
