//! Parser for the dates of `Expires` (cookie-date, RFC 6265bis §5.1.1).

use jiff::civil::Date;

/// Month names, by their first three letters.
const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The fields found so far. The first token that matches a field counts.
#[derive(Default)]
struct CookieDateFields {
    /// Hour, minute and second.
    time: Option<(i8, i8, i8)>,
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
}

/// Returns a cookie-date as seconds since 1970 (UTC); `None` if it is not a date.
pub(super) fn parse_cookie_date(text: &[u8]) -> Option<i64> {
    let mut found = CookieDateFields::default();
    for token in text
        .split(|byte| is_delimiter(*byte))
        .filter(|token| !token.is_empty())
    {
        found.take(token);
    }
    found.to_unix_seconds()
}

impl CookieDateFields {
    /// Steps 2.1 to 2.4: matches a token with time, day of month, month and year, in this order.
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none()
            && let Some(time) = parse_time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some((day, _)) = parse_digits(token, 1, 2)
        {
            self.day = i8::try_from(day).ok();
        } else if self.month.is_none()
            && let Some(month) = parse_month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some((year, _)) = parse_digits(token, 2, 4)
        {
            self.year = i16::try_from(year).ok();
        }
    }

    /// Steps 3 to 6: validates the fields. A day that its month does not have makes the date
    /// invalid.
    fn to_unix_seconds(&self) -> Option<i64> {
        let year = match self.year? {
            year @ 70..=99 => year + 1900,
            year @ 0..=69 => year + 2000,
            year => year,
        };
        if year < 1601 {
            return None;
        }
        let (hour, minute, second) = self.time?;
        let date = Date::new(year, self.month?, self.day?).ok()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let day = date.duration_since(Date::constant(1970, 1, 1)).as_secs();
        Some(day + 3600 * i64::from(hour) + 60 * i64::from(minute) + i64::from(second))
    }
}

/// Returns true for a `delimiter` of the grammar.
const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// Parses three fields of one or two digits separated by colons. Anything but a digit may follow.
fn parse_time(token: &[u8]) -> Option<(i8, i8, i8)> {
    let (hour, rest) = parse_digits(token, 1, 2)?;
    let (minute, rest) = parse_digits(rest.strip_prefix(b":")?, 1, 2)?;
    let (second, _) = parse_digits(rest.strip_prefix(b":")?, 1, 2)?;
    Some((
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
    ))
}

/// Returns the month whose name the token begins with, ignoring case.
fn parse_month(token: &[u8]) -> Option<i8> {
    let start = token.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| month.eq_ignore_ascii_case(start))?;
    i8::try_from(place + 1).ok()
}

/// Parses a number of `least` to `most` digits that is not followed by another digit, and returns
/// it with the rest of the token.
fn parse_digits(token: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let length = token
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (number, rest) = token
        .split_at_checked(length)
        .filter(|_| (least..=most).contains(&length))?;
    Some((
        number
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')),
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected time of most cases: 1994-11-06 08:49:37.
    const THEN: Option<i64> = Some(784_111_777);

    #[test]
    fn dates_are_read_as_the_algorithm_of_the_rfc_reads_them() {
        let cases: [(&str, Option<i64>); 36] = [
            // The formats that servers send.
            ("Sun, 06 Nov 1994 08:49:37 GMT", THEN),
            ("Sunday, 06-Nov-94 08:49:37 GMT", THEN),
            ("Sun Nov  6 08:49:37 1994", THEN),
            ("Sun, 06-Nov-1994 08:49:37 GMT", THEN),
            // The order of tokens, the day of the week and the zone mean nothing.
            ("1994 08:49:37 6 november", THEN),
            ("08:49:37 6 1994 november", THEN),
            ("Mon, 06 Nov 1994 08:49:37 GMT", THEN),
            ("06 Nov 1994 08:49:37 +0700", THEN),
            ("06 Nov 1994 08:49:37 PST", THEN),
            ("06nov Nov 1994 08:49:37", THEN),
            // The second number of two digits is a year.
            ("06nov 06 Nov 1994 08:49:37", Some(1_162_802_977)),
            ("6th novembre 1994th 8:49:37am", THEN),
            ("06/Nov/1994;08:49:37", THEN),
            ("\t06 Nov\t1994 08:49:37\t", THEN),
            // The first of two equal fields counts; further tokens are ignored.
            ("06 Nov 1994 08:49:37 07 Dec 1995 09:50:38", THEN),
            // Years of two, three and four digits.
            ("06 Nov 70 00:00:00", Some(26_697_600)),
            ("06 Nov 69 00:00:00", Some(3_150_921_600)),
            ("06 Nov 00 00:00:00", Some(973_468_800)),
            ("06 Nov 1601 00:00:00", Some(-11_617_776_000)),
            ("06 Nov 1600 00:00:00", None),
            ("06 Nov 100 00:00:00", None),
            ("06 Nov 9999 00:00:00", Some(253_397_462_400)),
            ("31 Dec 9999 23:59:59", Some(253_402_300_799)),
            ("06 Nov 19944 08:49:37", None),
            ("06 Nov 4 08:49:37", None),
            // Out of range, and days that a month does not have.
            ("31 Feb 2030 00:00:00", None),
            ("29 Feb 2028 00:00:00", Some(1_835_395_200)),
            ("29 Feb 2029 00:00:00", None),
            ("32 Jan 2030 00:00:00", None),
            ("0 Jan 2030 00:00:00", None),
            ("06 Nov 1994 24:00:00", None),
            ("06 Nov 1994 08:60:00", None),
            ("06 Nov 1994 08:49:60", None),
            // Missing fields are not guessed.
            ("06 Nov 1994", None),
            ("", None),
            ("tomorrow", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse_cookie_date(text.as_bytes()), wanted, "{text:?}");
        }
        assert_eq!(
            parse_cookie_date(b"06 Nov 1994 08:49:37 \xff"),
            THEN,
            "bytes that are no text are a token like others"
        );
        assert_eq!(
            parse_cookie_date(b"06 Nov 1994 08:49:371"),
            None,
            "three digits are no seconds"
        );
    }
}
