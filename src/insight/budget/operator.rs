//! Comparison operators of budget rules.

use std::cmp::Reverse;

/// Comparison of a value with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `=` or `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Operator {
    /// The signs of the operators.
    pub(super) const SIGNS: [(&'static str, Self); 7] = [
        ("<=", Self::AtMost),
        ("<", Self::Below),
        (">=", Self::AtLeast),
        (">", Self::Above),
        ("=", Self::Equal),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
    ];

    /// The operator's sign.
    pub fn sign(self) -> &'static str {
        Self::SIGNS
            .iter()
            .find(|(_, operator)| *operator == self)
            .map_or("", |(sign, _)| sign)
    }

    pub(super) const fn holds(self, figure: u64, limit: u64) -> bool {
        match self {
            Self::AtMost => figure <= limit,
            Self::Below => figure < limit,
            Self::AtLeast => figure >= limit,
            Self::Above => figure > limit,
            Self::Equal => figure == limit,
            Self::Unequal => figure != limit,
        }
    }

    /// Returns true if a value that misses its limit is within `tolerance` of it.
    pub(super) const fn holds_within(self, figure: u64, limit: u64, tolerance: u64) -> bool {
        tolerance > 0 && !matches!(self, Self::Unequal) && figure.abs_diff(limit) <= tolerance
    }

    /// By how much a value exceeds its limit; `None` for operators without a wrong side.
    pub(super) const fn excess(self, figure: u64, limit: u64) -> Option<u64> {
        match self {
            Self::AtMost | Self::Below => figure.checked_sub(limit),
            Self::AtLeast | Self::Above => limit.checked_sub(figure),
            Self::Equal | Self::Unequal => None,
        }
    }

    /// Returns the severity of a value; larger is worse.
    pub(super) const fn severity(self, figure: u64, limit: u64) -> (u64, Reverse<u64>) {
        match self {
            Self::AtMost | Self::Below => (figure, Reverse(0)),
            Self::AtLeast | Self::Above => (0, Reverse(figure)),
            Self::Equal | Self::Unequal => (figure.abs_diff(limit), Reverse(0)),
        }
    }
}
