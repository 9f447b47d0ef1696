//! `multipart/form-data` (RFC 7578) with curl's layout. Files are read as they are sent.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::body::BodySegment;
use crate::probe::spec::{Form, FormContent, FormPart};

const FORM_DATA: &str = "multipart/form-data";

/// Returns the segments of a form and its `Content-Type`. As with curl, the boundary is added to a
/// media type of the user's.
pub(super) fn encode_form(
    form: &Form,
    user_type: Option<&str>,
) -> io::Result<(VecDeque<BodySegment>, String)> {
    let kind = user_type.unwrap_or(FORM_DATA);
    let mut writer = FormWriter {
        segments: VecDeque::new(),
        text: String::new(),
        escapes_with_backslash: form.escapes_with_backslash,
    };
    let boundary = random_boundary();
    writer.push_multipart(&form.parts, kind, &boundary)?;
    writer.flush();
    Ok((writer.segments, format!("{kind}; boundary={boundary}")))
}

/// Returns a boundary of 24 dashes and 16 random digits, which is unlikely to occur in any content.
fn random_boundary() -> String {
    format!(
        "{:->24}{:016x}",
        "",
        RandomState::new().hash_one("boundary")
    )
}

/// Writes parts one after the other.
struct FormWriter {
    segments: VecDeque<BodySegment>,
    /// Text to be put before the next segment.
    text: String,
    escapes_with_backslash: bool,
}

impl FormWriter {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.segments
                .push_back(BodySegment::Bytes(Bytes::from(std::mem::take(
                    &mut self.text,
                ))));
        }
    }

    fn push_line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str("\r\n");
    }

    /// Writes all parts and the closing boundary (RFC 2046 §5.1.1), followed by a line break as in
    /// curl.
    fn push_multipart(&mut self, parts: &[FormPart], kind: &str, boundary: &str) -> io::Result<()> {
        for part in parts {
            self.push_line(&format!("--{boundary}"));
            self.push_part(part, is_form_data(kind))?;
            self.text.push_str("\r\n");
        }
        self.push_line(&format!("--{boundary}--"));
        Ok(())
    }

    fn push_part(&mut self, part: &FormPart, in_form_data: bool) -> io::Result<()> {
        let kind = content_type(part);
        let inner = matches!(part.content, FormContent::Parts(_)).then(random_boundary);
        self.push_part_head(part, in_form_data, kind.as_deref(), inner.as_deref());
        let content = match &part.content {
            FormContent::Parts(parts) => {
                return self.push_multipart(
                    parts,
                    kind.as_deref().unwrap_or_default(),
                    inner.as_deref().unwrap_or_default(),
                );
            }
            FormContent::Bytes { bytes, .. } => BodySegment::Bytes(bytes.clone()),
            FormContent::File(path) | FormContent::TextFile(path) => BodySegment::open(path)?,
        };
        self.flush();
        self.segments.push_back(match part.encoding {
            Some(encoding) => content.encoded_with(encoding),
            None => content,
        });
        Ok(())
    }

    /// Writes the fields of a part. The user's own come last and replace generated ones.
    fn push_part_head(
        &mut self,
        part: &FormPart,
        in_form_data: bool,
        kind: Option<&str>,
        inner: Option<&str>,
    ) {
        let name = part.name.as_deref();
        let file_name = file_name(part);
        if user_field(part, "Content-Disposition").is_none()
            && (in_form_data || name.is_some() || file_name.is_some())
        {
            let mut line = format!(
                "Content-Disposition: {}",
                if in_form_data {
                    "form-data"
                } else {
                    "attachment"
                }
            );
            for (key, value) in [("name", name), ("filename", file_name.as_deref())] {
                if let Some(value) = value {
                    let _ = write!(line, "; {key}=\"{}\"", self.quoted(value));
                }
            }
            self.push_line(&line);
        }
        if user_field(part, "Content-Type").is_none() {
            match (kind, inner) {
                (Some(kind), Some(inner)) => self.push_line(&format!(
                    "Content-Type: {}; boundary={inner}",
                    replace_line_breaks(kind)
                )),
                (Some(kind), None) => {
                    self.push_line(&format!("Content-Type: {}", replace_line_breaks(kind)));
                }
                (None, _) => {}
            }
        }
        if let Some(encoding) = part
            .encoding
            .filter(|_| user_field(part, "Content-Transfer-Encoding").is_none())
        {
            self.push_line(&format!("Content-Transfer-Encoding: {}", encoding.name()));
        }
        for header in &part.headers {
            self.push_line(&replace_line_breaks(header));
        }
        self.push_line("");
    }

    /// Escapes quotes and line breaks by percent-encoding, as browsers do (RFC 7578 §2), or quotes
    /// with a backslash, as older clients do.
    fn quoted(&self, text: &str) -> String {
        let text = if self.escapes_with_backslash {
            text.replace('\\', "\\\\").replace('"', "\\\"")
        } else {
            text.replace('"', "%22")
        };
        text.replace('\r', "%0D").replace('\n', "%0A")
    }
}

fn replace_line_breaks(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// Returns true if a media type is `multipart/form-data`, with or without parameters.
fn is_form_data(kind: &str) -> bool {
    let bare = kind.split([';', ' ', '\t']).next().unwrap_or_default();
    bare.eq_ignore_ascii_case(FORM_DATA)
}

/// Returns the value of a field that the user gave the part.
fn user_field<'a>(part: &'a FormPart, name: &str) -> Option<&'a str> {
    let fields = part.headers.iter().filter_map(|line| line.split_once(':'));
    fields
        .into_iter()
        .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn file_name(part: &FormPart) -> Option<String> {
    let of_path = || match &part.content {
        FormContent::File(path) => path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        _ => None,
    };
    part.file_name.clone().or_else(of_path)
}

/// Returns the media type: `;type=`, else by the file name or path. Text has none unless it is
/// given a file name.
fn content_type(part: &FormPart) -> Option<String> {
    if let Some(user_type) = part
        .content_type
        .as_deref()
        .or_else(|| user_field(part, "Content-Type"))
    {
        return Some(user_type.to_owned());
    }
    let file_name = file_name(part);
    let by_name = file_name.as_deref().and_then(type_by_name);
    let by_path = |path: &Path| {
        path.file_name()
            .and_then(|name| type_by_name(&name.to_string_lossy()))
    };
    match &part.content {
        FormContent::Parts(_) => Some("multipart/mixed"),
        FormContent::Bytes { is_file: false, .. } => by_name,
        FormContent::Bytes { is_file: true, .. } => by_name.or(Some("application/octet-stream")),
        FormContent::File(path) => by_name
            .or_else(|| by_path(path))
            .or(Some("application/octet-stream")),
        FormContent::TextFile(path) => by_path(path).filter(|kind| *kind != "text/plain"),
    }
    .map(str::to_owned)
}

/// Guesses a media type from a file name, with curl's list.
fn type_by_name(name: &str) -> Option<&'static str> {
    const TYPES: [(&str, &str); 10] = [
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let name = name.to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use std::io::Write as _;

    use crate::probe::request::BodySource;
    use crate::probe::spec::{Body, Form, FormContent, FormPart};

    fn part(name: &str, content: FormContent) -> FormPart {
        FormPart {
            name: Some(name.into()),
            ..FormPart::new(content)
        }
    }

    #[test]
    fn a_form_is_framed_by_its_boundary_and_its_length_is_known() {
        let mut file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
        file.write_all(b"content").unwrap();
        let parts = vec![
            part("text", FormContent::text("a&b")),
            part("quo\"te\r\n", FormContent::File(file.path().to_owned())),
        ];
        let mut source = BodySource::open(
            &Body::Form(Form {
                parts,
                escapes_with_backslash: false,
            }),
            None,
        )
        .unwrap();
        let boundary = source
            .content_type()
            .unwrap()
            .split_once("boundary=")
            .unwrap()
            .1
            .to_owned();
        let length = source.length().unwrap();
        let mut body = Vec::new();
        while let Some(piece) = source.next_chunk().unwrap() {
            body.extend(piece);
        }
        assert_eq!(body.len() as u64, length);
        let name = file
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; \
                name=\"text\"\r\n\r\na&b\r\n--{boundary}\r\nContent-Disposition: \
             form-data; name=\"quo%22te%0D%0A\"; filename=\"{name}\"\r\nContent-Type: \
            text/plain\r\n\r\ncontent\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
