//! Preview of a response body: its first bytes, if they are text.

use crate::units::Untrusted;

/// Number of bytes kept.
const MAX_PREVIEW_BYTES: usize = 4096;

/// Collects the beginning of a body.
#[derive(Debug)]
pub(super) struct Preview {
    bytes: Vec<u8>,
    /// Whether the content type denotes text; `None` if it says neither.
    is_text: Option<bool>,
}

impl Preview {
    /// Creates a preview for a body of this content type.
    pub(super) fn new(content_type: Option<&str>) -> Self {
        Self {
            bytes: Vec::new(),
            is_text: content_type.and_then(is_text),
        }
    }

    /// Adds bytes while there is room.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let room = MAX_PREVIEW_BYTES - self.bytes.len();
        if room > 0 && self.is_text != Some(false) {
            self.bytes
                .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    /// Returns the text, and whether the body, which is `length` bytes long, goes on after it.
    /// `None` if the body is empty or not text.
    pub(super) fn text(&self, length: u64) -> Option<(Untrusted, bool)> {
        let text = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.to_owned(),
            // The end of the preview may have cut a character in two.
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(self.bytes.get(..error.valid_up_to()).unwrap_or_default())
                    .into_owned()
            }
            Err(_) if self.is_text == Some(true) => {
                Untrusted::from_bytes(&self.bytes).raw().to_owned()
            }
            Err(_) => return None,
        };
        let shown = self.is_text == Some(true) || (self.is_text.is_none() && !text.contains('\0'));
        (shown && !text.is_empty()).then(|| (text.into(), length > self.bytes.len() as u64))
    }
}

/// Returns whether a content type denotes text; `None` if only the bytes can tell.
fn is_text(content_type: &str) -> Option<bool> {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let (main, sub) = essence.split_once('/')?;
    match main {
        "text" => Some(true),
        "audio" | "video" | "font" | "image" if !sub.ends_with("+xml") => Some(false),
        _ => [
            "json",
            "xml",
            "javascript",
            "yaml",
            "toml",
            "x-www-form-urlencoded",
            "graphql",
        ]
        .iter()
        .any(|name| sub.ends_with(name))
        .then_some(true),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use super::*;

    fn preview(content_type: Option<&str>, bytes: &[u8]) -> Option<(String, bool)> {
        let mut preview = Preview::new(content_type);
        preview.take(bytes);
        preview
            .text(bytes.len() as u64)
            .map(|(text, more)| (text.raw().to_owned(), more))
    }

    #[test]
    fn text_is_shown_and_pictures_are_not() {
        assert_eq!(
            preview(Some("application/problem+json; charset=utf-8"), b"{}"),
            Some(("{}".to_owned(), false))
        );
        assert_eq!(preview(Some("image/png"), b"PNG"), None);
        assert_eq!(
            preview(Some("image/svg+xml"), b"<svg/>"),
            Some(("<svg/>".to_owned(), false))
        );
        assert_eq!(
            preview(Some("text/plain; charset=latin1"), b"caf\xe9!"),
            Some(("café!".to_owned(), false))
        );
    }

    #[test]
    fn without_a_content_type_the_bytes_decide() {
        assert_eq!(preview(None, b"hello"), Some(("hello".to_owned(), false)));
        assert_eq!(preview(None, b"a\0b"), None);
        assert_eq!(
            preview(Some("application/octet-stream"), &[0xff, 0xfe, 0x00]),
            None
        );
        assert_eq!(preview(None, b""), None);
    }

    #[test]
    fn a_cut_through_a_character_leaves_it_out() {
        let text = format!("{}é and more", "a".repeat(MAX_PREVIEW_BYTES - 1));
        let (shown, more) = preview(None, text.as_bytes()).unwrap();
        assert_eq!((shown.len(), more), (MAX_PREVIEW_BYTES - 1, true));
    }
}
