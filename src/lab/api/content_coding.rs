//! Content codings (RFC 9110 §8.4.1): the same text, compressed.

use std::io::{self, Write};

use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, HeaderValue};

use super::super::response::ServerResponse;

/// A few thousand bytes of JSON: well-known ports.
pub(super) const PORTS: &str = include_str!("../../../assets/lab/ports.json");

/// The same text in brotli (RFC 7932), compressed in advance: no library here can compress to it.
const PORTS_BROTLI: &[u8] = include_bytes!("../../../assets/lab/ports.json.br");

/// The text with a content coding: `gzip`, `br` or `zstd`.
pub(super) fn encoded_page(coding: &'static str) -> ServerResponse {
    match compress_ports(coding) {
        Ok(bytes) => ServerResponse::json(bytes)
            .with_header(CONTENT_ENCODING, HeaderValue::from_static(coding)),
        Err(error) => ServerResponse::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the text could not be compressed with {coding}: {error}"),
        ),
    }
}

fn compress_ports(coding: &str) -> io::Result<Vec<u8>> {
    match coding {
        "gzip" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(PORTS.as_bytes())?;
            encoder.finish()
        }
        "zstd" => zstd::encode_all(PORTS.as_bytes(), zstd::DEFAULT_COMPRESSION_LEVEL),
        _ => Ok(PORTS_BROTLI.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Read;

    use super::*;

    #[test]
    fn every_coding_holds_the_same_text() {
        let mut gzip = String::new();
        flate2::read::GzDecoder::new(compress_ports("gzip").unwrap().as_slice())
            .read_to_string(&mut gzip)
            .unwrap();
        let mut brotli = String::new();
        brotli_decompressor::Decompressor::new(compress_ports("br").unwrap().as_slice(), 4096)
            .read_to_string(&mut brotli)
            .unwrap();
        let zstd = zstd::decode_all(compress_ports("zstd").unwrap().as_slice()).unwrap();
        assert_eq!(gzip, PORTS);
        assert_eq!(brotli, PORTS);
        assert_eq!(zstd, PORTS.as_bytes());
    }
}
