//! A compact set of payload sizes.

/// A set of sizes, each to within a 128th of the largest, in 40 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeSet {
    /// One bit for each multiple of `1 << granularity_bits`, 256 of them.
    bits: [u64; 4],
    granularity_bits: u8,
}

impl SizeSet {
    const BITS: u32 = 256;

    pub(super) fn add(&mut self, size: u32) {
        while size >> self.granularity_bits >= Self::BITS {
            self.double_granularity();
        }
        self.set(size >> self.granularity_bits);
    }

    fn set(&mut self, index: u32) {
        if let Some(bits) = self.bits.get_mut(index as usize / 64) {
            *bits |= 1 << (index % 64);
        }
    }

    fn double_granularity(&mut self) {
        let fine = *self;
        *self = Self {
            bits: [0; 4],
            granularity_bits: fine.granularity_bits + 1,
        };
        fine.set_bits().for_each(|index| self.set(index / 2));
    }

    fn set_bits(&self) -> impl Iterator<Item = u32> {
        let bits = self.bits;
        (0..Self::BITS).filter(move |index| {
            bits.get(*index as usize / 64)
                .is_some_and(|bits| bits >> (index % 64) & 1 == 1)
        })
    }

    /// Returns the sizes in ascending order, rounded down.
    pub fn sizes(&self) -> impl Iterator<Item = u32> {
        let coarse = self.granularity_bits;
        self.set_bits().map(move |index| index << coarse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_kept_to_within_a_128th_of_the_largest() {
        for sizes in [
            &[1, 7, 255][..],
            &[1_448],
            &[3, 1_448, 40, 65_483],
            &[1, u32::MAX],
        ] {
            let mut set = SizeSet::default();
            for size in sizes {
                set.add(*size);
            }
            let step = sizes.iter().max().copied().unwrap_or(0) / 128;
            let kept: Vec<u32> = set.sizes().collect();
            let is_near = |one: u32, other: u32| one <= other && other - one <= step;
            assert!(
                sizes
                    .iter()
                    .all(|size| kept.iter().any(|near| is_near(*near, *size))),
                "{sizes:?} {kept:?}"
            );
            assert!(
                kept.iter()
                    .all(|near| sizes.iter().any(|size| is_near(*near, *size))),
                "{sizes:?} {kept:?}"
            );
        }
    }
}
