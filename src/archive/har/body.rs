//! Previews of HAR bodies.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::log::HarContent;
use crate::archive::document::lenient::LenientText;
use crate::units::Untrusted;

/// Bytes of a preview, as for bodies that tapline receives itself.
const MAX_BYTES: usize = 4096;
/// Base64 characters for as many bytes.
const MAX_BASE64: usize = MAX_BYTES.div_ceil(3) * 4;

/// The first part of a text, and whether more follows.
#[derive(Clone, Debug, Default)]
pub(super) struct TextPrefix<'a> {
    text: Option<Cow<'a, str>>,
    is_cut: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for TextPrefix<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = LenientText::deserialize(deserializer)?.0 else {
            return Ok(Self::default());
        };
        let is_cut = text.len() > MAX_BASE64;
        let end = text.floor_char_boundary_at(MAX_BASE64);
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
            Cow::Owned(mut text) => {
                text.truncate(end);
                text.shrink_to_fit();
                Cow::Owned(text)
            }
        };
        Ok(Self {
            text: Some(text),
            is_cut,
        })
    }
}

/// Truncation at character boundaries.
trait Boundary {
    fn floor_char_boundary_at(&self, most: usize) -> usize;
}

impl Boundary for str {
    fn floor_char_boundary_at(&self, most: usize) -> usize {
        (0..=most.min(self.len()))
            .rev()
            .find(|at| self.is_char_boundary(*at))
            .unwrap_or(0)
    }
}

/// The preview of a body, and whether more follows; `None` if there is no body, or it is not text.
pub(super) fn decode_preview(content: &HarContent<'_>) -> Option<(Untrusted, bool)> {
    let text = content
        .text
        .text
        .as_deref()
        .filter(|text| !text.is_empty())?;
    if content
        .encoding
        .non_empty()
        .is_some_and(|coding| coding.eq_ignore_ascii_case("base64"))
    {
        let whole = text.len() / 4 * 4;
        let bytes = STANDARD.decode(text.get(..whole)?).ok()?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            // The text may have been truncated within a character.
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        return (!text.contains('\0')).then(|| (text.into(), content.text.is_cut));
    }
    let end = text.floor_char_boundary_at(MAX_BYTES);
    Some((
        text.get(..end)?.into(),
        content.text.is_cut || end < text.len(),
    ))
}
