//! Reading a budget.

use std::fmt;
use std::str::FromStr;

use super::measure::Kind;
use super::{Budget, Measure, Operator, Rule};
use crate::units::scaled;

/// Why a text is no budget: where, what stands there, what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetError {
    /// Which character of the text, counted from 1.
    pub position: usize,
    /// What stands there; empty at the end of the text.
    pub found: String,
    /// What would be right.
    pub wanted: String,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, found, wanted } = self;
        match found.as_str() {
            "" => write!(f, "the budget ends at character {position}, where {wanted} should follow"),
            _ => write!(f, "the budget has {found:?} at character {position}, where {wanted} should stand"),
        }
    }
}

impl std::error::Error for BudgetError {}

/// Rules separated by commas: a name, `<=`, `<` or `=`, a number with a unit.
impl FromStr for Budget {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        let mut reader = Reader { text, at: 0 };
        let mut rules = vec![reader.rule()?];
        while !reader.rest().is_empty() {
            reader.comma()?;
            rules.push(reader.rule()?);
        }
        Ok(Self { rules })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rule(&mut self) -> Result<Rule, BudgetError> {
        let measure = self.measure()?;
        let operator = self.operator()?;
        let limit = self.limit(measure.kind())?;
        self.skip_spaces();
        Ok(Rule { measure, operator, limit })
    }

    fn measure(&mut self) -> Result<Measure, BudgetError> {
        self.skip_spaces();
        let start = self.at;
        let name = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let known = Measure::NAMES.iter().find(|(known, _)| *known == name);
        known
            .map(|(_, measure)| *measure)
            .ok_or_else(|| self.error(start, &format!("one of {}", list(Measure::NAMES.iter().map(|(name, _)| *name)))))
    }

    fn operator(&mut self) -> Result<Operator, BudgetError> {
        self.skip_spaces();
        let start = self.at;
        match self.take_while(|c| "<>=!".contains(c)) {
            "<=" => Ok(Operator::AtMost),
            "<" => Ok(Operator::Below),
            "=" | "==" => Ok(Operator::Equal),
            _ => Err(self.error(start, "<=, < or =")),
        }
    }

    fn limit(&mut self, kind: Kind) -> Result<u64, BudgetError> {
        self.skip_spaces();
        let start = self.at;
        let number = self.take_while(|c| c.is_ascii_digit() || c == '.');
        if number.is_empty() {
            return Err(self.error(start, "a number"));
        }
        self.skip_spaces();
        let unit_at = self.at;
        let unit = self.take_while(char::is_alphabetic);
        let scale = kind.units().iter().find(|(known, _)| *known == unit);
        let (_, scale) = scale.ok_or_else(|| self.error(unit_at, &wanted_unit(kind)))?;
        scaled(number, *scale).ok_or_else(|| self.error(start, "a number that is not too large or too fine"))
    }

    fn comma(&mut self) -> Result<(), BudgetError> {
        let start = self.at;
        match self.take_while(|c| c == ',') {
            "," => Ok(()),
            _ => Err(self.error(start, "a comma and the next rule")),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// `start` is a byte offset at which something was read, so it lies between characters.
    fn error(&self, start: usize, wanted: &str) -> BudgetError {
        let (before, from) = self.text.split_at_checked(start).unwrap_or((self.text, ""));
        let until = from.char_indices().skip(1).find(|(_, c)| *c == ',' || c.is_whitespace()).map_or(from.len(), |(at, _)| at);
        BudgetError {
            position: before.chars().count() + 1,
            found: from.get(..until).unwrap_or_default().to_owned(),
            wanted: wanted.to_owned(),
        }
    }
}

fn wanted_unit(kind: Kind) -> String {
    match kind {
        Kind::Time | Kind::Size => format!("a unit, one of {},", list(kind.units().iter().map(|(unit, _)| *unit))),
        Kind::Status | Kind::Version => "nothing more".to_owned(),
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::trace::Phase;

    fn error(text: &str) -> String {
        text.parse::<Budget>().expect_err("it is no budget").to_string()
    }

    #[test]
    fn rules_are_read_with_their_units() {
        let budget: Budget =
            "total<=500ms, dns < 1.5 ms,xfer<=2s,ttfb<80us,tls<=9µs,size<=1.5kB,status=200,http=1.1,http<3".parse().expect("a budget");
        let read: Vec<String> = budget.rules().iter().map(ToString::to_string).collect();
        assert_eq!(
            read,
            [
                "total <= 500 ms",
                "dns < 1.50 ms",
                "receive <= 2.00 s",
                "ttfb < 80.0 µs",
                "tls <= 9.00 µs",
                "size <= 1,500 B",
                "status = 200",
                "http = 1.1",
                "http < 3"
            ]
        );
        assert_eq!(budget.rules()[1], Rule { measure: Measure::Phase(Phase::Dns), operator: Operator::Below, limit: 1_500_000 });
    }

    #[test]
    fn an_error_names_the_place_what_is_there_and_what_would_be_right() {
        for (text, sentence) in [
            (
                "",
                "the budget ends at character 1, where one of dns connect proxy tls send wait receive xfer ttfb total size status http should follow",
            ),
            (
                "total<=500ms,",
                "the budget ends at character 14, where one of dns connect proxy tls send wait receive xfer ttfb total size status http should follow",
            ),
            ("total>=500ms", "the budget has \">=500ms\" at character 6, where <=, < or = should stand"),
            ("total<=fast", "the budget has \"fast\" at character 8, where a number should stand"),
            ("total<=500", "the budget ends at character 11, where a unit, one of ns us µs ms s, should follow"),
            ("dns<=5m", "the budget has \"m\" at character 7, where a unit, one of ns us µs ms s, should stand"),
            ("status=200x", "the budget has \"x\" at character 11, where nothing more should stand"),
            ("dns<1ms tls<1ms", "the budget has \"tls<1ms\" at character 9, where a comma and the next rule should stand"),
            ("dns<1.2.3ms", "the budget has \"1.2.3ms\" at character 5, where a number that is not too large or too fine should stand"),
            ("dns<0.1ns", "the budget has \"0.1ns\" at character 5, where a number that is not too large or too fine should stand"),
            (
                "dns<99999999999999999999s",
                "the budget has \"99999999999999999999s\" at character 5, where a number that is not too large or too fine should stand",
            ),
        ] {
            assert_eq!(error(text), sentence);
        }
        assert!(error("µµ<=1ms").contains("\"µµ<=1ms\" at character 1"));
    }
}
