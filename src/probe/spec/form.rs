//! Forms: the options `-F`, `--form-string` and `--form-escape`.

use std::path::PathBuf;

use bytes::Bytes;

/// A form: all `-F` and `--form-string` options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The parts, in order.
    pub parts: Vec<FormPart>,
    /// `--form-escape`: quotes in names are escaped with a backslash, not percent-encoded.
    pub escapes_with_backslash: bool,
}

/// Part of a form: one `-F` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    /// Field name; parts of a nested multipart often have none.
    pub name: Option<String>,
    /// The value.
    pub content: FormContent,
    /// `;type=`.
    pub content_type: Option<String>,
    /// `;filename=`.
    pub file_name: Option<String>,
    /// `;headers=`: lines `Name: value`.
    pub headers: Vec<String>,
    /// `;encoder=`.
    pub encoding: Option<TransferEncoding>,
}

impl FormPart {
    /// Creates a part that has only its content.
    pub const fn new(content: FormContent) -> Self {
        Self {
            name: None,
            content,
            content_type: None,
            file_name: None,
            headers: Vec::new(),
            encoding: None,
        }
    }
}

/// The value of a form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormContent {
    /// Bytes in memory.
    Bytes {
        /// The value.
        bytes: Bytes,
        /// Whether they were read from a file that can be read only once, and are sent as an
        /// upload.
        is_file: bool,
    },
    /// `@file`: a file, sent as an upload.
    File(PathBuf),
    /// `<file`: a file's content, sent as text.
    TextFile(PathBuf),
    /// `=(` to `=)`, or several files: a nested multipart.
    Parts(Vec<FormPart>),
}

impl FormContent {
    /// Creates a text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Bytes {
            bytes: Bytes::from(text.into()),
            is_file: false,
        }
    }
}

/// Encoding of a part (RFC 2045 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferEncoding {
    /// Base64, in lines.
    Base64,
    /// ASCII as is, other bytes as `=XX`.
    QuotedPrintable,
    /// Unchanged bytes; those of 128 and above are an error.
    SevenBit,
    /// Unchanged bytes.
    EightBit,
    /// Unchanged bytes.
    Binary,
}

impl TransferEncoding {
    /// Returns the encoding with this name in `Content-Transfer-Encoding`, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Base64,
            Self::QuotedPrintable,
            Self::SevenBit,
            Self::EightBit,
            Self::Binary,
        ];
        all.into_iter()
            .find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
        }
    }
}
