//! Conversion of a finished frame to ASCII, for terminals and fonts without other characters.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

/// Replaces every character beyond ASCII, by `?` if there is nothing similar.
pub(super) fn convert_to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let likeness = ascii_symbol(symbol, cell.modifier.contains(Modifier::REVERSED));
        if is_part_of_a_cell(symbol) {
            cell.modifier.remove(Modifier::REVERSED);
        }
        cell.set_symbol(likeness);
    }
}

/// `▏` to `▉`: drawn reversed they fill the right part of their cell.
fn is_part_of_a_cell(symbol: &str) -> bool {
    matches!(
        symbol,
        "\u{258f}" | "\u{258e}" | "\u{258d}" | "\u{258c}" | "\u{258b}" | "\u{258a}" | "\u{2589}"
    )
}

fn ascii_symbol(symbol: &str, reversed: bool) -> &'static str {
    match symbol {
        "\u{258f}" | "\u{258e}" | "\u{258d}" if reversed => "#",
        "\u{258c}" | "\u{258b}" | "\u{258a}" | "\u{2589}" if reversed => "|",
        "\u{2588}" | "\u{2587}" | "\u{258c}" | "\u{258b}" | "\u{258a}" | "\u{2589}" => "#",
        "\u{258f}" | "\u{258e}" | "\u{258d}" | "\u{2595}" | "\u{2590}" | "\u{2502}"
        | "\u{2503}" => "|",
        "\u{2593}" => "%",
        "\u{259a}" => "&",
        "\u{2591}" | "\u{22ee}" => ":",
        "\u{2501}" | "\u{2578}" | "\u{257a}" | "\u{2585}" | "\u{2586}" => "=",
        "\u{2500}" | "\u{2583}" | "\u{2584}" | "\u{2013}" | "\u{2014}" | "\u{254c}"
        | "\u{2212}" => "-",
        "\u{2581}" | "\u{2582}" => "_",
        "\u{250a}" | "\u{00b7}" => ".",
        "\u{256d}" | "\u{256e}" | "\u{2570}" | "\u{256f}" | "\u{250f}" | "\u{2513}"
        | "\u{2517}" | "\u{251b}" | "\u{2592}" | "\u{250c}" | "\u{2510}" | "\u{2514}"
        | "\u{2518}" | "\u{251c}" | "\u{2524}" => "+",
        "\u{2192}" | "\u{25b8}" | "\u{25b6}" => ">",
        "\u{2190}" | "\u{25c2}" | "\u{25c0}" => "<",
        "\u{2191}" | "\u{2580}" => "^",
        "\u{2193}" | "\u{25be}" => "v",
        "\u{2713}" | "\u{25cf}" => "*",
        "\u{2717}" | "\u{00d7}" => "x",
        "\u{25cb}" | "\u{2022}" => "o",
        "\u{2016}" | "\u{201c}" | "\u{201d}" => "\"",
        "\u{2026}" | "\u{00b1}" => "~",
        "\u{00b5}" => "u",
        "\u{00a7}" => "$",
        "\u{2019}" => "'",
        _ => ascii_for_braille(symbol).unwrap_or("?"),
    }
}

/// Chooses a symbol by the number of dots.
fn ascii_for_braille(symbol: &str) -> Option<&'static str> {
    let pattern = u32::from(symbol.chars().next()?)
        .checked_sub(0x2800)
        .filter(|pattern| *pattern < 256)?;
    Some(match pattern.count_ones() {
        0 => " ",
        1 | 2 => ".",
        3..=5 => ":",
        _ => "#",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        buf.set_string(0, 0, "█▌░━→µ東…é✗", Style::new());
        convert_to_ascii(&mut buf);
        let text: String = buf
            .content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert!(text.is_ascii());
        assert_eq!(text.trim_end(), "##:=>u? ~?x");
    }
}
