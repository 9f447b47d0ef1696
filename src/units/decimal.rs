//! Exact parsing of decimal numbers with a unit.

/// Parses a decimal number and multiplies it by a scale: `parse_scaled_decimal("1.5", 1_000)` is
/// 1500. `None` if it is not a plain decimal number, if the product is not a whole number, or on
/// overflow.
pub fn parse_scaled_decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    // `parse` alone would accept a sign.
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let parsed: u128 = digits.parse().ok().filter(|_| plain)?;
    let divisor = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = parsed.checked_mul(u128::from(scale))?;
    product
        .is_multiple_of(divisor)
        .then(|| u64::try_from(product / divisor).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_none() {
        for (number, scale, made) in [
            ("1.5", 1_000, Some(1_500)),
            ("80", 1_000_000, Some(80_000_000)),
            (".25", 100, Some(25)),
            ("2.", 10, Some(20)),
            ("0.0001", 1_000, None),
            (".", 10, None),
            ("", 10, None),
            ("-1", 10, None),
            ("+1", 10, None),
            ("1.2.3", 10, None),
            ("18446744073709551616", 1, None),
            ("18446744073709551615", 2, None),
        ] {
            assert_eq!(
                parse_scaled_decimal(number, scale),
                made,
                "{number} of {scale}"
            );
        }
    }
}
