//! Layout of columns whose widths are proportional to durations, but never too narrow for their
//! content.

/// The requirements of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnNeeds {
    /// Minimum width in terminal columns, including the gap after it.
    pub(super) minimum: usize,
    /// Length of its bar, in any unit.
    pub(super) weight: u64,
}

/// The computed layout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FittedColumns {
    /// Width of each column.
    pub(super) widths: Vec<usize>,
    /// Eighths of a terminal column per unit of weight; the same for all bars, so that they are
    /// comparable.
    eighths_per_unit: f64,
}

impl FittedColumns {
    /// The length of a bar in eighths: at least one, unless the weight is zero.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it fits a terminal's width"
    )]
    pub(super) fn bar(&self, weight: u64) -> usize {
        ((weight as f64 * self.eighths_per_unit).round() as usize).max(usize::from(weight > 0))
    }
}

/// Space after a bar: the rest of its last column, and one more.
const GAP: usize = 2;

/// Distributes a width among columns; `None` if the minimum widths do not fit.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it fits a terminal's width"
)]
pub(super) fn fit_columns(columns: &[ColumnNeeds], width: usize) -> Option<FittedColumns> {
    let needed: usize = columns.iter().map(|column| column.minimum).sum();
    if needed > width {
        return None;
    }
    let mut stretched: Vec<bool> = columns.iter().map(|column| column.weight > 0).collect();
    let scale = loop {
        let scale = columns_per_unit(columns, &stretched, width);
        let too_narrow =
            |column: &ColumnNeeds| (column.weight as f64 * scale) as usize + GAP < column.minimum;
        let mut settled = true;
        for (column, stretched) in columns.iter().zip(&mut stretched) {
            if *stretched && too_narrow(column) {
                *stretched = false;
                settled = false;
            }
        }
        if settled {
            break scale;
        }
    };
    let widths = columns
        .iter()
        .zip(&stretched)
        .map(|(column, stretched)| match stretched {
            true => ((column.weight as f64 * scale) as usize + GAP).max(column.minimum),
            false => column.minimum,
        });
    Some(FittedColumns {
        widths: widths.collect(),
        eighths_per_unit: scale * 8.0,
    })
}

/// Terminal columns per unit of weight, if the stretched columns share what the others leave.
#[expect(clippy::cast_precision_loss, reason = "a share of a terminal's width")]
fn columns_per_unit(columns: &[ColumnNeeds], stretched: &[bool], width: usize) -> f64 {
    let mut left = width;
    let mut weight = 0.0;
    for (column, stretched) in columns.iter().zip(stretched) {
        left = left.saturating_sub(if *stretched { GAP } else { column.minimum });
        weight += if *stretched {
            column.weight as f64
        } else {
            0.0
        };
    }
    if weight > 0.0 {
        left as f64 / weight
    } else {
        unstretched_scale(columns)
    }
}

/// The scale at which the longest bar still fits, if no column is stretched.
#[expect(clippy::cast_precision_loss, reason = "a share of a terminal's width")]
fn unstretched_scale(columns: &[ColumnNeeds]) -> f64 {
    let fitting = columns.iter().filter(|column| column.weight > 0);
    fitting
        .map(|column| column.minimum.saturating_sub(GAP) as f64 / column.weight as f64)
        .min_by(f64::total_cmp)
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(minimum: usize, weight: u64) -> ColumnNeeds {
        ColumnNeeds { minimum, weight }
    }

    #[test]
    fn remaining_width_is_shared_by_weight() {
        let fitted = fit_columns(&[column(5, 300), column(5, 100), column(5, 1)], 51);
        let fitted = fitted.as_ref().map(|fitted| {
            (
                fitted.widths.clone(),
                fitted.bar(300),
                fitted.bar(100),
                fitted.bar(1),
                fitted.bar(0),
            )
        });
        assert_eq!(fitted, Some((vec![33, 12, 5], 252, 84, 1, 0)));
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        assert_eq!(fit_columns(&[column(5, 1), column(6, 1)], 10), None);
    }

    #[test]
    fn bars_stay_within_their_columns() {
        for weights in [
            [0, 0, 0],
            [1, 1, 1],
            [u64::MAX, 1, 0],
            [5, 900_000, 5],
            [u64::MAX, u64::MAX, u64::MAX],
        ] {
            for width in 24..200 {
                let columns = weights.map(|weight| column(8, weight));
                let fitted = fit_columns(&columns, width);
                let fits = fitted.as_ref().is_some_and(|fitted| {
                    let total: usize = fitted.widths.iter().sum();
                    let bars = weights
                        .iter()
                        .zip(&fitted.widths)
                        .all(|(weight, width)| fitted.bar(*weight).div_ceil(8) <= *width);
                    total <= width && bars
                });
                assert!(fits, "{weights:?} in {width}: {fitted:?}");
            }
        }
    }
}
