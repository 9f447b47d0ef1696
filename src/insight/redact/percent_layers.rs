//! A text and its percent-decoded layers: URLs are embedded in parameters of URLs, so secrets are
//! also searched in texts decoded up to three times.

use std::borrow::Cow;
use std::ops::Range;

/// A layer, with the position of each of its bytes in the original text.
pub(super) struct PercentLayer<'t> {
    pub(super) text: Cow<'t, str>,
    /// `None` for the original; otherwise one position per byte, and the end.
    places: Option<Vec<usize>>,
}

impl<'t> PercentLayer<'t> {
    const MAX_DEPTH: usize = 3;

    /// Calls `look` with each layer of a text.
    pub(super) fn for_each(text: &'t str, mut look: impl FnMut(&PercentLayer<'_>)) {
        let mut layer = PercentLayer {
            text: Cow::Borrowed(text),
            places: None,
        };
        look(&layer);
        for _ in 0..Self::MAX_DEPTH {
            let Some(next) = layer.decode_again() else {
                return;
            };
            layer = next;
            look(&layer);
        }
    }

    /// Returns false for the original text.
    pub(super) const fn is_decoded(&self) -> bool {
        self.places.is_some()
    }

    /// Maps a range of this layer to the original text.
    pub(super) fn original_range(&self, range: Range<usize>) -> Range<usize> {
        let Some(places) = &self.places else {
            return range;
        };
        let place = |at: usize| places.get(at).or(places.last()).copied().unwrap_or(0);
        place(range.start)..place(range.end)
    }

    /// The next layer; `None` if nothing is encoded. Bytes that are not UTF-8 become `?`, since no
    /// secret is recognized by them.
    fn decode_again(&self) -> Option<PercentLayer<'static>> {
        let bytes = self.text.as_bytes();
        let digits =
            |at: usize| Some(hex_digit(*bytes.get(at)?)? << 4 | hex_digit(*bytes.get(at + 1)?)?);
        if !bytes
            .iter()
            .enumerate()
            .any(|(at, byte)| *byte == b'%' && digits(at + 1).is_some())
        {
            return None;
        }
        let mut decoded = Vec::with_capacity(bytes.len());
        let mut places = Vec::with_capacity(bytes.len() + 1);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            places.push(self.original_range(at..at).start);
            let escaped = if *byte == b'%' { digits(at + 1) } else { None };
            decoded.push(escaped.unwrap_or(*byte));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        places.push(self.original_range(at..at).start);
        let text = String::from_utf8(decoded).unwrap_or_else(|error| {
            error
                .into_bytes()
                .into_iter()
                .map(|byte| {
                    if byte.is_ascii() {
                        char::from(byte)
                    } else {
                        '?'
                    }
                })
                .collect()
        });
        Some(PercentLayer {
            text: Cow::Owned(text),
            places: Some(places),
        })
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_maps_to_ranges_of_the_original() {
        let text = "é?u=%2568%C3%A9%3D%ff";
        let mut seen = Vec::new();
        PercentLayer::for_each(text, |layer| {
            let at = layer.text.find("u=").unwrap_or(0);
            seen.push((
                layer.text.to_string(),
                text.get(layer.original_range(at + 2..layer.text.len()))
                    .unwrap_or_default()
                    .to_owned(),
            ));
        });
        let rest = "%2568%C3%A9%3D%ff".to_owned();
        assert_eq!(
            seen,
            [
                (text.to_owned(), rest.clone()),
                ("???u=%68??=?".to_owned(), rest.clone()),
                ("???u=h??=?".to_owned(), rest)
            ]
        );
    }
}
