//! Decoding of HTTP/2's compressed field sections (HPACK, RFC 7541).

use loona_hpack::Decoder;

use super::http1::{FieldLine, MAX_FIELD_LINES, MAX_HEAD_BYTES};

/// Reason why a field section cannot be decoded. Later ones in that direction cannot be decoded
/// either, since its changes to the dynamic table are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// It violates RFC 7541, or an earlier field section is missing.
    #[error("a field section does not follow RFC 7541, or one before it is missing")]
    Malformed,
    /// Decoded it exceeds [`MAX_HEAD_BYTES`] or [`MAX_FIELD_LINES`].
    #[error(
        "a field section is larger than {} KiB unpacked, or has more than {MAX_FIELD_LINES} lines",
        MAX_HEAD_BYTES / 1024
    )]
    TooLarge,
}

/// Decoder for the field sections of one direction, which must be decoded in order.
pub struct FieldDecoder(Decoder<'static>);

impl Default for FieldDecoder {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(Self::LARGEST_TABLE);
        Self(decoder)
    }
}

impl FieldDecoder {
    /// Largest dynamic table in bytes. A peer may announce one larger than the 4,096 bytes of RFC
    /// 7541 §6.3; beyond this limit it is not followed.
    const LARGEST_TABLE: usize = 1 << 20;

    /// Returns the field lines of a section in order.
    ///
    /// # Errors
    ///
    /// The section cannot be decoded.
    pub fn decode(&mut self, section: &[u8]) -> Result<Vec<FieldLine>, FieldFault> {
        let (mut fields, mut bytes) = (Vec::new(), 0);
        self.0
            .decode_with_cb(section, |name, value| {
                bytes += name.len() + value.len();
                if bytes <= MAX_HEAD_BYTES && fields.len() < MAX_FIELD_LINES {
                    fields.push(FieldLine {
                        name: name.into_owned(),
                        value: value.into_owned(),
                    });
                }
            })
            .map_err(|_| FieldFault::Malformed)?;
        if bytes > MAX_HEAD_BYTES || fields.len() == MAX_FIELD_LINES {
            Err(FieldFault::TooLarge)
        } else {
            Ok(fields)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn lines(fields: &[FieldLine]) -> Vec<String> {
        fields
            .iter()
            .map(|field| {
                format!(
                    "{}: {}",
                    String::from_utf8_lossy(&field.name),
                    String::from_utf8_lossy(&field.value)
                )
            })
            .collect()
    }

    /// RFC 7541 §C.4: requests with Huffman coding, the second of which refers to the first.
    #[test]
    fn the_examples_of_the_standard_are_read() {
        let mut decoder = FieldDecoder::default();
        let first = [
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
            0x90, 0xf4, 0xff,
        ];
        let expected = [
            ":method: GET",
            ":scheme: http",
            ":path: /",
            ":authority: www.example.com",
        ];
        assert_eq!(lines(&decoder.decode(&first).unwrap()), expected);
        let second = [
            0x82, 0x86, 0x84, 0xbe, 0x58, 0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf,
        ];
        assert_eq!(
            lines(&decoder.decode(&second).unwrap())[3..],
            [":authority: www.example.com", "cache-control: no-cache"]
        );
        assert_eq!(
            FieldDecoder::default().decode(&second),
            Err(FieldFault::Malformed)
        );
    }

    #[test]
    fn a_section_that_grows_without_end_is_refused() {
        let mut decoder = FieldDecoder::default();
        // A field of 4,000 bytes enters the table and is then referenced with one byte each.
        let mut section = vec![0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
        section.extend([b'y'; 4_000]);
        section.extend([0xbe; 1_000]);
        assert_eq!(decoder.decode(&section), Err(FieldFault::TooLarge));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            sections in vec(vec(any::<u8>(), 0..200), 1..4),
        ) {
            let mut decoder = FieldDecoder::default();
            for section in sections {
                let _ = decoder.decode(&section);
            }
        }
    }
}
