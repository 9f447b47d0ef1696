//! Content codings as a chain of writers (RFC 9110 §8.4.1, RFC 7932, RFC 8878). The coding applied
//! last is undone first.

use std::io::{self, Write};
use std::sync::Arc;

use brotli_decompressor::{BrotliDecoderParameter, DecompressorWriter};
use flate2::write::MultiGzDecoder;
use zstd::stream::{raw, write, zio};

use super::counters::BodyCounters;
use super::deflate::DeflateDecoder;
use super::sink::BodySink;

/// Maximum number of codings on one body, the same as curl's. No honest response has more.
const MAX_CODINGS: usize = 5;
/// Size of a decoder's output buffer in bytes.
const OUTPUT_BUFFER_BYTES: usize = 64 * 1024;
/// Largest window that a `zstd` content coding may ask for, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// A writer that accepts coded bytes and passes decoded ones to the next writer.
pub(super) trait BodyDecoder: Write {
    /// Ends the input and passes on what is left. Fails if the coded data are incomplete.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Returns what makes `codings` impossible to undo: the name of an unknown coding, or their number.
/// `None` if all can be undone.
pub(super) fn unsupported_coding(codings: &[String]) -> Option<String> {
    if codings.len() > MAX_CODINGS {
        return Some(format!(
            "{} codings on top of each other (the limit is {MAX_CODINGS})",
            codings.len()
        ));
    }
    let known = |name: &str| matches!(name, "gzip" | "x-gzip" | "deflate" | "br" | "zstd");
    codings
        .iter()
        .find(|name| !known(name))
        .map(|unknown| format!("\"{unknown}\""))
}

/// Builds the decoders for `codings`, listed in the order they were applied, in front of `sink`.
/// Fails with the name of an unknown coding.
pub(super) fn build_decoder_chain(
    codings: &[String],
    sink: BodySink,
    counters: &Arc<BodyCounters>,
) -> Result<Box<dyn BodyDecoder>, String> {
    let mut chain: Box<dyn BodyDecoder> = Box::new(sink);
    for (above, name) in codings.iter().enumerate() {
        // What passes between two decoders has to be counted too: an inner layer can expand without
        // limit while nothing of it ever reaches the output.
        let next: Box<dyn BodyDecoder> = if above == 0 {
            chain
        } else {
            Box::new(IntermediateCounter::new(chain, counters))
        };
        chain = new_decoder(name, next)?;
    }
    Ok(chain)
}

fn new_decoder(name: &str, inner: Box<dyn BodyDecoder>) -> Result<Box<dyn BodyDecoder>, String> {
    Ok(match name {
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(inner)),
        "deflate" => Box::new(DeflateDecoder::new(inner)),
        "br" => Box::new(brotli_decoder(inner)),
        "zstd" => Box::new(zstd_decoder(inner).map_err(|error| format!("zstd ({error})"))?),
        unknown => return Err(format!("\"{unknown}\"")),
    })
}

/// Creates a brotli decoder limited to the windows of RFC 7932 (up to 16 MiB). The library also
/// supports larger ones, up to 1 GiB, which are not part of the `br` coding.
fn brotli_decoder(inner: Box<dyn BodyDecoder>) -> DecompressorWriter<Box<dyn BodyDecoder>> {
    let mut decoder = DecompressorWriter::new(inner, OUTPUT_BUFFER_BYTES);
    decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    decoder
}

type ZstdDecoder = write::Decoder<'static, Box<dyn BodyDecoder>>;

fn zstd_decoder(inner: Box<dyn BodyDecoder>) -> io::Result<ZstdDecoder> {
    let mut decoder = raw::Decoder::new()?;
    decoder.set_parameter(raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
    Ok(write::Decoder::with_writer(zio::Writer::new_with_capacity(
        inner,
        decoder,
        OUTPUT_BUFFER_BYTES,
    )))
}

/// Counts the bytes that one decoder passes to the next.
struct IntermediateCounter {
    inner: Box<dyn BodyDecoder>,
    counters: Arc<BodyCounters>,
    total: u64,
}

impl IntermediateCounter {
    fn new(inner: Box<dyn BodyDecoder>, counters: &Arc<BodyCounters>) -> Self {
        Self {
            inner,
            counters: Arc::clone(counters),
            total: 0,
        }
    }
}

impl Write for IntermediateCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len() as u64;
        self.total += count;
        self.counters.count_intermediate(count, self.total)?;
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl BodyDecoder for IntermediateCounter {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.inner.finish()
    }
}

impl BodyDecoder for BodySink {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl BodyDecoder for MultiGzDecoder<Box<dyn BodyDecoder>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.finish()
    }
}

impl BodyDecoder for DecompressorWriter<Box<dyn BodyDecoder>> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.close()?;
        (*self).into_inner().unwrap_or_else(|inner| inner).finish()
    }
}

impl BodyDecoder for ZstdDecoder {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn sample_text() -> Vec<u8> {
        b"one response, several codings; ".repeat(9_000)
    }

    fn compress_gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encode_with(name: &str, bytes: &[u8]) -> Vec<u8> {
        match name {
            "gzip" => compress_gzip(bytes),
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "raw" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "zstd" => zstd::encode_all(bytes, 3).unwrap(),
            _ => unreachable!(),
        }
    }

    fn decode(
        codings: &[&str],
        input: &[u8],
        piece: usize,
        limit: Option<u64>,
    ) -> (io::Result<()>, Arc<BodyCounters>) {
        let counters = Arc::new(BodyCounters::new(
            None,
            Some(limit.unwrap_or(u64::MAX)),
            codings.len(),
        ));
        let names: Vec<String> = codings.iter().map(|name| (*name).to_owned()).collect();
        let mut chain =
            build_decoder_chain(&names, BodySink::new(Arc::clone(&counters)), &counters).unwrap();
        let result = input.chunks(piece).try_for_each(|piece| {
            counters.count_transferred(piece.len() as u64);
            chain.write_all(piece).and_then(|()| chain.flush())
        });
        (result.and_then(|()| chain.finish()), counters)
    }

    #[test]
    fn every_coding_is_decoded_from_any_pieces() {
        for (name, how) in [
            ("gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
            ("zstd", "zstd"),
        ] {
            let input = encode_with(how, &sample_text());
            for piece in [1, 7, 100_000] {
                let (result, sink) = decode(&[name], &input, piece, None);
                result.unwrap_or_else(|error| panic!("{how} in pieces of {piece}: {error}"));
                assert_eq!(sink.decoded(), sample_text().len() as u64, "{how}");
            }
        }
    }

    #[test]
    fn zeros_are_decoded_completely_from_any_pieces() {
        for how in ["gzip", "zlib", "raw", "zstd"] {
            let zeros = vec![0; 20 << 20];
            let input = encode_with(how, &zeros);
            let name = if matches!(how, "zlib" | "raw") {
                "deflate"
            } else {
                how
            };
            for piece in [1, 100, 5_000, 8_192, 16_384, 1 << 20] {
                let (result, counters) = decode(&[name], &input, piece, None);
                result.unwrap_or_else(|error| panic!("{how} in pieces of {piece}: {error}"));
                assert_eq!(counters.decoded(), zeros.len() as u64, "{how}, {piece}");
            }
        }
    }

    #[test]
    fn flush_emits_everything_that_can_be_decoded() {
        for (name, how) in [
            ("gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
            ("zstd", "zstd"),
        ] {
            let counters = Arc::new(BodyCounters::new(None, None, 1));
            let mut chain = build_decoder_chain(
                &["gzip".to_owned(), name.to_owned()],
                BodySink::new(Arc::clone(&counters)),
                &counters,
            )
            .unwrap();
            let input = encode_with(how, &compress_gzip(&sample_text()));
            chain
                .write_all(&input)
                .and_then(|()| chain.flush())
                .unwrap();
            assert_eq!(counters.decoded(), sample_text().len() as u64, "{how}");
        }
    }

    #[test]
    fn brotli_is_undone() {
        // `hello hello hello hello\n` by the reference encoder, quality 11.
        let input = [
            0x8b, 0x0b, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f,
            0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x03,
        ];
        let (result, sink) = decode(&["br"], &input, 3, None);
        result.unwrap();
        assert_eq!(sink.decoded(), 24);
        assert!(decode(&["br"], &input[..20], 3, None).0.is_err());
    }

    #[test]
    fn codings_are_undone_last_first() {
        let input = compress_gzip(&encode_with("zstd", &sample_text()));
        let (result, sink) = decode(&["zstd", "gzip"], &input, 4096, None);
        result.unwrap();
        assert_eq!(sink.decoded(), sample_text().len() as u64);
    }

    #[test]
    fn a_truncated_body_is_an_error() {
        for (name, how) in [
            ("gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "raw"),
            ("zstd", "zstd"),
        ] {
            let input = encode_with(how, &sample_text());
            let (result, _) = decode(&[name], &input[..input.len() - 5], 4096, None);
            assert!(result.is_err(), "{how}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        for (name, how) in [("gzip", "gzip"), ("deflate", "zlib"), ("zstd", "zstd")] {
            let input = encode_with(how, &vec![0; 32 << 20]);
            assert!(input.len() < 40_000);
            let (result, sink) = decode(&[name], &input, 4096, Some(1 << 20));
            assert!(result.is_err());
            assert!(
                sink.decoded() <= (1 << 20) + OUTPUT_BUFFER_BYTES as u64,
                "{how} let {} pass",
                sink.decoded()
            );
        }
    }

    #[test]
    fn unknown_codings_are_named() {
        let undecodable = |names: &[&str]| {
            super::unsupported_coding(
                &names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(undecodable(&["gzip", "lzw"]).as_deref(), Some("\"lzw\""));
        assert_eq!(
            undecodable(&["gzip", "x-gzip", "deflate", "br", "zstd"]),
            None
        );
        assert!(undecodable(&["gzip"; 6]).unwrap().starts_with("6 codings"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..500),
            which in 0usize..4,
        ) {
            let _ = decode(&[["gzip", "deflate", "br", "zstd"][which]], &bytes, 64, Some(1 << 20));
        }
    }
}
