//! Parsing of budgets.

use std::fmt;
use std::str::FromStr;

use super::{
    Budget, BudgetMetric, BudgetRule, BudgetStatistic, MetricKind, Operator, RuleTolerance,
};
use crate::units::{Fraction, closest_match, parse_scaled_decimal};

const TOO_LARGE: &str = "a smaller or less precise number";

/// Why a text is not a valid budget: the position, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetError {
    /// The position of the character, counted from 1.
    pub position: usize,
    /// The text found there; empty at the end.
    pub found: String,
    /// Expected text.
    pub expected: String,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position,
            found,
            expected,
        } = self;
        match found.as_str() {
            "" => write!(
                f,
                "expected {expected} at the end of the budget, character {position}"
            ),
            _ => write!(
                f,
                "expected {expected}, found {found:?} at character {position} of the budget"
            ),
        }
    }
}

impl std::error::Error for BudgetError {}

/// Parses rules separated by commas.
impl FromStr for Budget {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        let mut reader = BudgetParser { text, at: 0 };
        let mut rules = vec![reader.rule()?];
        while !reader.rest().is_empty() {
            reader.comma()?;
            rules.push(reader.rule()?);
        }
        Ok(Self::new(rules))
    }
}

/// Parses one rule: a metric or a statistic of one, a comparison, a number with a unit, and an
/// optional tolerance.
impl FromStr for BudgetRule {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        let mut reader = BudgetParser { text, at: 0 };
        let rule = reader.rule()?;
        if reader.rest().is_empty() {
            Ok(rule)
        } else {
            Err(reader.error(reader.at, "the end of the rule"))
        }
    }
}

struct BudgetParser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> BudgetParser<'a> {
    fn rule(&mut self) -> Result<BudgetRule, BudgetError> {
        let (statistic, metric) = self.subject()?;
        let operator = self.operator()?;
        let limit = self.quantity(metric.kind())?;
        let tolerance = self.tolerance(metric.kind(), operator)?;
        Ok(BudgetRule {
            statistic,
            metric,
            operator,
            limit,
            tolerance,
        })
    }

    /// Parses `total` or `p95(total)`.
    fn subject(&mut self) -> Result<(Option<BudgetStatistic>, BudgetMetric), BudgetError> {
        self.skip_spaces();
        let start = self.at;
        let name = self.name();
        self.skip_spaces();
        if !self.rest().starts_with('(') {
            let measure = BudgetMetric::from_name(name)
                .ok_or_else(|| self.error(start, &expected_metric(name)))?;
            return Ok((None, measure));
        }
        let statistic = BudgetStatistic::from_name(name)
            .ok_or_else(|| self.error(start, BudgetStatistic::EXPECTED))?;
        self.at += 1;
        self.skip_spaces();
        let start = self.at;
        let name = self.name();
        let measure = BudgetMetric::from_name(name)
            .ok_or_else(|| self.error(start, &expected_metric(name)))?;
        if measure == BudgetMetric::Failures || !measure.kind().is_quantity() {
            return Err(self.error(start, "a duration, a size or a count"));
        }
        self.skip_spaces();
        let start = self.at;
        if self.rest().starts_with(')') {
            self.at += 1;
            return Ok((Some(statistic), measure));
        }
        Err(self.error(start, ")"))
    }

    fn name(&mut self) -> &'a str {
        self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    }

    fn operator(&mut self) -> Result<Operator, BudgetError> {
        self.skip_spaces();
        let start = self.at;
        let sign = self.take_while(|c| "<>=!".contains(c));
        let known = Operator::SIGNS.iter().find(|(written, _)| *written == sign);
        known
            .map(|(_, operator)| *operator)
            .ok_or_else(|| self.error(start, "<=, <, >=, >, = or !="))
    }

    fn quantity(&mut self, kind: MetricKind) -> Result<u64, BudgetError> {
        let (start, number) = self.number()?;
        let unit_at = self.at;
        let unit = self.take_while(char::is_alphabetic);
        let scale = kind.units().iter().find(|(known, _)| *known == unit);
        let (_, scale) = scale.ok_or_else(|| self.error(unit_at, &expected_unit(kind)))?;
        self.skip_spaces();
        parse_scaled_decimal(number, *scale).ok_or_else(|| self.error(start, TOO_LARGE))
    }

    fn number(&mut self) -> Result<(usize, &'a str), BudgetError> {
        self.skip_spaces();
        let start = self.at;
        let number = self.take_while(|c| c.is_ascii_digit() || c == '.');
        if number.is_empty() {
            return Err(self.error(start, "a number"));
        }
        self.skip_spaces();
        Ok((start, number))
    }

    /// Parses `+-10%` or `+-50ms`, if present.
    fn tolerance(
        &mut self,
        kind: MetricKind,
        operator: Operator,
    ) -> Result<Option<RuleTolerance>, BudgetError> {
        let start = self.at;
        if !self.rest().starts_with(['+', '\u{b1}']) {
            return Ok(None);
        }
        if !self.rest().starts_with("+-") {
            return Err(self.error(start, "+- and a tolerance, such as +-10%"));
        }
        if operator == Operator::Unequal || !kind.is_quantity() {
            return Err(self.error(start, "no tolerance for such a limit"));
        }
        self.at += "+-".len();
        let before = self.at;
        let (start, number) = self.number()?;
        if !self.rest().starts_with('%') {
            self.at = before;
            return self.quantity(kind).map(RuleTolerance::Absolute).map(Some);
        }
        self.at += 1;
        self.skip_spaces();
        let share = format!("{number}%").parse::<Fraction>();
        share
            .map(|share| Some(RuleTolerance::Relative(share)))
            .map_err(|_| self.error(start, "a percentage from 0% to 100%"))
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

    /// Builds the error for a byte offset, which lies on a character boundary since something was
    /// read there.
    fn error(&self, start: usize, wanted: &str) -> BudgetError {
        let (before, from) = self.text.split_at_checked(start).unwrap_or((self.text, ""));
        let until = from
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == ',' || c.is_whitespace())
            .map_or(from.len(), |(at, _)| at);
        BudgetError {
            position: before.chars().count() + 1,
            found: from.get(..until).unwrap_or_default().to_owned(),
            expected: wanted.to_owned(),
        }
    }
}

/// The closest match, followed by all metrics.
fn expected_metric(written: &str) -> String {
    let names = || BudgetMetric::NAMES.iter().map(|(name, _)| *name);
    match closest_match(written, names()) {
        Some(meant) => format!("{meant} (or another of {})", join_words(names())),
        None => format!("one of {}", join_words(names())),
    }
}

fn expected_unit(kind: MetricKind) -> String {
    match kind.units() {
        [_] => "no unit".to_owned(),
        units => format!(
            "a unit ({})",
            join_words(
                units
                    .iter()
                    .map(|(unit, _)| *unit)
                    .filter(|unit| !unit.is_empty())
            )
        ),
    }
}

fn join_words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::trace::Phase;

    fn error(text: &str) -> String {
        text.parse::<Budget>()
            .expect_err("it is no budget")
            .to_string()
    }

    fn shown(text: &str) -> Vec<String> {
        text.parse::<Budget>()
            .expect("a budget")
            .rules()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn rules_are_read_with_their_units() {
        for (rule, read) in [
            ("total<=500ms", "total <= 500 ms"),
            (" dns < 1.5 ms ", "dns < 1.50 ms"),
            ("xfer<=2s", "receive <= 2.00 s"),
            ("ttfb<80us", "ttfb < 80.0 \u{b5}s"),
            ("tls<=9\u{3bc}s", "tls <= 9.00 \u{b5}s"),
            ("total<2min", "total < 2 min 00 s"),
            ("wire_wait<=80ms", "wire_wait <= 80.0 ms"),
            ("size<=1.5KB", "size <= 1,500 B"),
            (
                "response_header_bytes<=1KiB",
                "response_header_bytes <= 1,024 B",
            ),
            ("request_body_bytes>0", "request_body_bytes > 0 B"),
            ("status==200", "status = 200"),
            ("status!=503", "status != 503"),
            ("http=1.1", "http = 1.1"),
            ("http_version>=2", "http >= 2"),
            ("tls_version>=1.3", "tls_version >= 1.3"),
            ("cert_days>=14d", "cert_days >= 14 days"),
            ("round_trips<=3.5", "round_trips <= 3.5"),
            ("retransmits=0", "retransmits = 0"),
            ("failures<=1", "failures <= 1"),
            ("network.loss<=100ms", "network.loss <= 100 ms"),
            ("p90 ( server.think )<=1s", "p90(server.think) <= 1.00 s"),
            ("unknown<5ms+-20%", "unknown < 5.00 ms +- 20 %"),
            ("p95(total)<=300ms", "p95(total) <= 300 ms"),
            ("median ( wait ) <= 80ms", "median(wait) <= 80.0 ms"),
            ("total<=500ms+-10%", "total <= 500 ms +- 10 %"),
            ("total <= 500 ms +- 50 ms", "total <= 500 ms +- 50.0 ms"),
            ("cert_days>=14+-2", "cert_days >= 14 days +- 2 days"),
        ] {
            assert_eq!(shown(rule), [read]);
            assert_eq!(
                rule.parse::<BudgetRule>()
                    .map(|rule| rule.to_string())
                    .as_deref(),
                Ok(read)
            );
        }
        assert_eq!(
            shown("total<=500ms, dns < 1.5 ms"),
            ["total <= 500 ms", "dns < 1.50 ms"]
        );
        let dns = BudgetMetric::Phase(Phase::Dns);
        let rule = BudgetRule {
            statistic: None,
            metric: dns,
            operator: Operator::Below,
            limit: 1_500_000,
            tolerance: None,
        };
        assert_eq!("dns<1.5ms".parse(), Ok(rule));
    }

    #[test]
    fn an_error_has_the_position_the_text_found_and_the_expected_one() {
        for (text, sentence) in [
            (
                "total=>500ms",
                "expected <=, <, >=, >, = or !=, found \"=>500ms\" at character 6 of the budget",
            ),
            (
                "total<=fast",
                "expected a number, found \"fast\" at character 8 of the budget",
            ),
            (
                "total<=500",
                "expected a unit (ns us \u{b5}s \u{3bc}s ms s min) at the end of the budget, \
                 character 11",
            ),
            (
                "dns<=5m",
                "expected a unit (ns us \u{b5}s \u{3bc}s ms s min), found \"m\" at character 7 of \
                 the budget",
            ),
            (
                "status=200x",
                "expected no unit, found \"x\" at character 11 of the budget",
            ),
            (
                "dns<1ms tls<1ms",
                "expected a comma and the next rule, found \"tls<1ms\" at character 9 of the \
                 budget",
            ),
            (
                "dns<1.2.3ms",
                "expected a smaller or less precise number, found \"1.2.3ms\" at character 5 of \
                 the budget",
            ),
            (
                "dns<0.1ns",
                "expected a smaller or less precise number, found \"0.1ns\" at character 5 of the \
                 budget",
            ),
            (
                "p0(total)<1s",
                "expected min, median, mean, max, or p1 to p99, found \"p0(total)<1s\" at \
                 character 1 of the budget",
            ),
            (
                "p95(status)<1",
                "expected a duration, a size or a count, found \"status)<1\" at character 5 of \
                 the budget",
            ),
            (
                "p95(total<1s",
                "expected ), found \"<1s\" at character 10 of the budget",
            ),
            (
                "total<1s+10%",
                "expected +- and a tolerance, such as +-10%, found \"+10%\" at character 9 of \
                 the budget",
            ),
            (
                "total<1s\u{b1}10%",
                "expected +- and a tolerance, such as +-10%, found \"\u{b1}10%\" at character 9 \
                 of the budget",
            ),
            (
                "total<1s+-110%",
                "expected a percentage from 0% to 100%, found \"110%\" at character 11 of the \
                 budget",
            ),
            (
                "status=200+-10%",
                "expected no tolerance for such a limit, found \"+-10%\" at character 11 of the \
                 budget",
            ),
        ] {
            assert_eq!(error(text), sentence);
        }
        assert!(error("").starts_with("expected one of dns connect"));
        assert!(error("").ends_with(" at the end of the budget, character 1"));
        assert!(error("total<=500ms,").ends_with(" at the end of the budget, character 14"));
        assert!(
            error("totl<=1ms").starts_with("expected total (or another of dns connect")
                && error("totl<=1ms").ends_with("found \"totl<=1ms\" at character 1 of the budget")
        );
        assert!(
            error("server.thnk<=1ms")
                .starts_with("expected server.think (or another of dns connect")
                && error("server.lookup<=1ms")
                    .contains(" proxy.connect proxy.forward unknown.unexpl")
                && error("network.<=1ms").contains("found \"network.<=1ms\" at character 1")
        );
        assert!(error("\u{b5}\u{b5}<=1ms").contains("\"\u{b5}\u{b5}<=1ms\" at character 1"));
        assert!("dns<1ms,tls<1ms".parse::<BudgetRule>().is_err());
    }
}
