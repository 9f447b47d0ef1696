//! A dot plot in braille characters: each cell holds two by four dots, and each dot belongs to a
//! data series.

/// A canvas of braille cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BraillePlot {
    columns: u16,
    lines: u16,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// One bit per dot, numbered like Unicode's braille patterns.
    bits: u8,
    /// The highest series number among the dots of the cell.
    series: u8,
}

impl BraillePlot {
    /// Dots per cell, horizontally.
    pub const DOTS_ACROSS: u16 = 2;
    /// Dots per cell, vertically.
    pub const DOTS_DOWN: u16 = 4;

    /// An empty canvas of `columns` by `lines` cells.
    pub fn new(columns: u16, lines: u16) -> Self {
        Self {
            columns,
            lines,
            cells: vec![Cell::default(); usize::from(columns) * usize::from(lines)],
        }
    }

    /// Sets a dot: `x` counts dots from the left, `part` of `whole` is the height from the bottom,
    /// clamped to the top. A cell takes the highest series number of its dots.
    pub fn set(&mut self, x: u16, part: u64, whole: u64, series: u8) {
        self.set_vertical_line(x, (part, part), whole, series);
    }

    /// Sets a vertical line of dots from one value to another.
    pub fn set_vertical_line(&mut self, x: u16, (from, to): (u64, u64), whole: u64, series: u8) {
        for level in self.row_of_value(from, whole)..=self.row_of_value(to, whole) {
            self.set_row(x, level, series);
        }
    }

    /// The height in dots.
    pub fn height(&self) -> u64 {
        u64::from(self.lines) * u64::from(Self::DOTS_DOWN)
    }

    /// The row of dots, counted from the bottom, that a value falls into.
    fn row_of_value(&self, part: u64, whole: u64) -> u64 {
        let part = part.min(whole);
        let whole = whole.max(1);
        let most = self.height().saturating_sub(1);
        // 128-bit division is many times slower, and there may be a million values.
        match part.checked_mul(most) {
            Some(product) => product / whole,
            None => u64::try_from(u128::from(part) * u128::from(most) / u128::from(whole))
                .unwrap_or(most),
        }
    }

    fn set_row(&mut self, x: u16, level: u64, series: u8) {
        let Some(down) = self.height().checked_sub(level + 1) else {
            return;
        };
        let column = x / Self::DOTS_ACROSS;
        let line = u16::try_from(down / u64::from(Self::DOTS_DOWN)).unwrap_or(u16::MAX);
        let bit = braille_bit(x % Self::DOTS_ACROSS, down % u64::from(Self::DOTS_DOWN));
        if column < self.columns
            && let Some(cell) = self
                .cells
                .get_mut(usize::from(line) * usize::from(self.columns) + usize::from(column))
        {
            cell.bits |= bit;
            cell.series = cell.series.max(series);
        }
    }

    /// The non-empty cells: column, line, braille character, series.
    pub fn cells(&self) -> impl Iterator<Item = (u16, u16, char, u8)> {
        let columns = usize::from(self.columns.max(1));
        self.cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.bits != 0)
            .map(move |(index, cell)| {
                let line = index / columns;
                let column = index % columns;
                let pattern = char::from_u32(0x2800 + u32::from(cell.bits)).unwrap_or('.');
                (
                    u16::try_from(column).unwrap_or(u16::MAX),
                    u16::try_from(line).unwrap_or(u16::MAX),
                    pattern,
                    cell.series,
                )
            })
    }
}

/// The bit of a dot: braille dots are numbered down the left column, then the right; the bottom row
/// was added later.
const fn braille_bit(across: u16, down: u64) -> u8 {
    match (across, down) {
        (0, 3) => 0x40,
        (_, 3) => 0x80,
        (0, down) => 1 << down,
        (_, down) => 8 << down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_lie_where_they_are_set() {
        let mut dots = BraillePlot::new(2, 2);
        dots.set(0, 0, 100, 1);
        dots.set(3, 100, 100, 2);
        dots.set(3, 700, 100, 1);
        dots.set(9, 0, 100, 1);
        assert_eq!(
            dots.cells().collect::<Vec<_>>(),
            [(1, 0, '\u{2808}', 2), (0, 1, '\u{2840}', 1)]
        );
    }

    #[test]
    fn a_stem_has_all_dots_between_its_ends() {
        let mut dots = BraillePlot::new(1, 2);
        dots.set_vertical_line(0, (0, 100), 100, 0);
        assert_eq!(
            dots.cells().collect::<Vec<_>>(),
            [(0, 0, '\u{2847}', 0), (0, 1, '\u{2847}', 0)]
        );
    }

    #[test]
    fn a_plot_without_room_has_no_dots() {
        let mut dots = BraillePlot::new(0, 0);
        dots.set(0, 1, 0, 1);
        assert_eq!(dots.cells().count(), 0);
    }
}
