//! One direction of SOCKS5 (RFC 1928) with user and password (RFC 1929).

use super::lane::{LaneContext, NextState};
use super::unit::UnitKind;

/// Where a direction is.
#[derive(Debug)]
pub(super) struct Socks5Lane {
    is_server: bool,
    step: Step,
    /// Bytes of the step that are left, and whether they are secret.
    left: usize,
    is_secret: bool,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The first of a message: the version.
    Version { greeted: bool },
    /// How many methods follow.
    Methods,
    /// The length of the user's name.
    User,
    /// The length of the password.
    Password,
    /// Of a request or its reply: how many bytes stand before the address' type.
    AddressType(u8),
    /// The length of a name.
    Name,
    /// Nothing follows.
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

    /// Takes at least one byte, unless what begins is no message of SOCKS5.
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
            cx.tell(kind, bytes.get(..taken).unwrap_or_default(), self.left == 0);
            return (taken, self.next_state());
        }
        if !self.read(*first) {
            return (0, NextState::Opaque);
        }
        let piece = bytes.get(..1).unwrap_or_default();
        cx.tell(UnitKind::Socks5Message, piece, self.is_between());
        (1, self.next_state())
    }

    /// Reads a byte that says what follows; whether it is one.
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
