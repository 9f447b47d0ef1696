//! `multipart/form-data` (RFC 7578), files read as they are sent.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::body::Segment;
use crate::probe::spec::{FormContent, FormPart};

/// The segments of a form, and its `Content-Type`.
pub(super) fn encode(parts: &[FormPart]) -> io::Result<(VecDeque<Segment>, String)> {
    let boundary = boundary();
    let mut segments = VecDeque::new();
    for part in parts {
        segments.push_back(Segment::Bytes(Bytes::from(part_head(part, &boundary))));
        segments.push_back(match &part.content {
            FormContent::Text(text) => Segment::Bytes(Bytes::from(text.clone())),
            FormContent::File(path) | FormContent::TextFile(path) => Segment::open(path)?,
        });
        segments.push_back(Segment::Bytes(Bytes::from_static(b"\r\n")));
    }
    segments.push_back(Segment::Bytes(Bytes::from(format!("--{boundary}--\r\n"))));
    Ok((segments, format!("multipart/form-data; boundary={boundary}")))
}

/// 24 dashes and 16 digits by chance: long enough to stand in no content.
fn boundary() -> String {
    format!("{:->24}{:016x}", "", RandomState::new().hash_one("boundary"))
}

fn part_head(part: &FormPart, boundary: &str) -> String {
    let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name));
    if let Some(name) = file_name(part) {
        let _ = write!(head, "; filename=\"{}\"", quoted(&name));
    }
    head.push_str("\r\n");
    if let Some(content_type) = content_type(part) {
        let _ = write!(head, "Content-Type: {}\r\n", content_type.replace(['\r', '\n'], " "));
    }
    head.push_str("\r\n");
    head
}

/// Quotes and line breaks are percent-encoded, as browsers do (RFC 7578 §2 leaves it to them).
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn file_name(part: &FormPart) -> Option<String> {
    let of_path = || match &part.content {
        FormContent::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
        FormContent::Text(_) | FormContent::TextFile(_) => None,
    };
    part.file_name.clone().or_else(of_path)
}

fn content_type(part: &FormPart) -> Option<String> {
    let of_path = || match &part.content {
        FormContent::File(path) => Some(type_by_name(path).to_owned()),
        FormContent::Text(_) | FormContent::TextFile(_) => None,
    };
    part.content_type.clone().or_else(of_path)
}

fn type_by_name(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("gif") => "image/gif",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain",
        Some("htm" | "html") => "text/html",
        Some("pdf") => "application/pdf",
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
    use std::io::Write as _;

    use crate::probe::request::Source;
    use crate::probe::spec::{Body, FormContent, FormPart};

    fn part(name: &str, content: FormContent) -> FormPart {
        FormPart { name: name.into(), content, content_type: None, file_name: None }
    }

    #[test]
    fn a_form_is_framed_by_its_boundary_and_its_length_is_known() {
        let mut file = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
        file.write_all(b"content").unwrap();
        let parts = vec![part("text", FormContent::Text("a&b".into())), part("quo\"te\r\n", FormContent::File(file.path().to_owned()))];
        let mut source = Source::open(&Body::Form(parts)).unwrap();
        let boundary = source.content_type().unwrap().split_once("boundary=").unwrap().1.to_owned();
        let length = source.length().unwrap();
        let mut body = Vec::new();
        while let Some(piece) = source.next().unwrap() {
            body.extend(piece);
        }
        assert_eq!(body.len() as u64, length);
        let name = file.path().file_name().unwrap().to_string_lossy().into_owned();
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\na&b\r\n--{boundary}\r\nContent-Disposition: \
             form-data; name=\"quo%22te%0D%0A\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
