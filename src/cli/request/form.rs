//! Form options `-F` and `--form-string`, in curl's grammar. What curl skips with a warning is an
//! error here.

mod value_reader;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use clap::ArgMatches;

use self::value_reader::{TextAfterQuote, ValueReader};
use super::input::RequestInput;
use super::{masked_name, masked_text};
use crate::cli::args::RequestArgs;
use crate::cli::exit::UsageError;
use crate::probe::spec::{Form, FormContent, FormPart, TransferEncoding};

/// Maximum nesting of multiparts.
const MAX_DEPTH: usize = 16;
/// Maximum size of a file with header fields.
const MAX_HEADER_FILE_BYTES: usize = 1 << 20;

/// Parses all form options in the order given; `None` if there are none.
pub(super) fn collect(
    args: &RequestArgs,
    matches: &ArgMatches,
    input: &mut RequestInput,
) -> Result<Option<Form>, UsageError> {
    let fields = options_in_order(args, matches);
    if fields.is_empty() {
        return Ok(None);
    }
    let mut open = vec![FormPart::new(FormContent::Parts(Vec::new()))];
    for (option, field) in fields {
        let read = FormOption {
            option,
            text: field,
            input,
        };
        read.add_to(&mut open)?;
    }
    // As in curl, an unclosed multipart ends with the form.
    while open.len() > 1 {
        close_innermost(&mut open);
    }
    let parts = match open.pop().map(|whole| whole.content) {
        Some(FormContent::Parts(parts)) => parts,
        _ => Vec::new(),
    };
    Ok(Some(Form {
        parts,
        escapes_with_backslash: args.form_escape,
    }))
}

fn options_in_order<'a>(
    args: &'a RequestArgs,
    matches: &ArgMatches,
) -> Vec<(&'static str, &'a str)> {
    let mut fields: Vec<(usize, &'static str, &str)> = Vec::new();
    for (option, id, values) in [
        ("-F", "form", &args.form),
        ("--form-string", "form_string", &args.form_string),
    ] {
        let indices = matches.indices_of(id).into_iter().flatten();
        fields.extend(
            indices
                .zip(values)
                .map(|(index, value)| (index, option, value.as_str())),
        );
    }
    fields.sort_by_key(|(index, ..)| *index);
    fields
        .into_iter()
        .map(|(_, option, field)| (option, field))
        .collect()
}

/// Adds the innermost open multipart to the one around it.
fn close_innermost(open: &mut Vec<FormPart>) {
    if let Some(inner) = open.pop() {
        add_part(open, inner);
    }
}

fn add_part(open: &mut [FormPart], part: FormPart) {
    if let Some(FormPart {
        content: FormContent::Parts(parts),
        ..
    }) = open.last_mut()
    {
        parts.push(part);
    }
}

/// A form option that is being parsed.
struct FormOption<'a> {
    option: &'static str,
    text: &'a str,
    input: &'a mut RequestInput,
}

/// Which parameters may follow a value.
#[derive(Clone, Copy)]
struct AllowedParameters {
    file_name: bool,
    encoder: bool,
}

impl FormOption<'_> {
    fn error(&self, why: &str) -> UsageError {
        let name = self.text.split('=').next().unwrap_or_default();
        UsageError::new(format!("{} '{}=…': {why}", self.option, masked_text(name)))
    }

    fn add_to(mut self, open: &mut Vec<FormPart>) -> Result<(), UsageError> {
        let Some((name, value)) = self.text.split_once('=') else {
            return Err(UsageError::new(format!(
                "{}: a form field must contain =; expected name=value",
                self.option
            )));
        };
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        let part = match value.chars().next() {
            _ if self.option == "--form-string" => FormPart::new(FormContent::text(value)),
            Some('(') => {
                let (begin, mut part) = self
                    .value(
                        value,
                        None,
                        AllowedParameters {
                            file_name: false,
                            encoder: false,
                        },
                    )?
                    .0;
                if begin != "(" {
                    return Err(self.error(
                        "'=(' begins a multipart and can only be followed by parameters; quote a \
                         value that starts with (",
                    ));
                }
                if open.len() > MAX_DEPTH {
                    return Err(self.error(&format!(
                        "multiparts can be nested at most {MAX_DEPTH} deep"
                    )));
                }
                part.name = name;
                part.content = FormContent::Parts(Vec::new());
                open.push(part);
                return Ok(());
            }
            Some(')') if name.is_none() && value == ")" => {
                if open.len() < 2 {
                    return Err(self.error("there is no multipart to end: '=(' begins one"));
                }
                close_innermost(open);
                return Ok(());
            }
            Some('@') => self.files(&value[1..])?,
            Some('<') => {
                let ((file, mut part), _) = self.value(
                    &value[1..],
                    None,
                    AllowedParameters {
                        file_name: false,
                        encoder: true,
                    },
                )?;
                part.content = match self.input.read_unless_regular(&file)? {
                    Some(bytes) => FormContent::Bytes {
                        bytes,
                        is_file: false,
                    },
                    None => FormContent::TextFile(file.into()),
                };
                part
            }
            _ => {
                let ((text, mut part), _) = self.value(
                    value,
                    None,
                    AllowedParameters {
                        file_name: true,
                        encoder: true,
                    },
                )?;
                part.content = FormContent::text(text);
                part
            }
        };
        self.check_seven_bits(&part)?;
        add_part(open, FormPart { name, ..part });
        Ok(())
    }

    /// Parses `file`, or `file,file`, which becomes a nested multipart.
    fn files(&mut self, list: &str) -> Result<FormPart, UsageError> {
        let mut parts = Vec::new();
        let mut rest = Some(list);
        while let Some(text) = rest {
            let ((file, mut part), after) = self.value(
                text,
                Some(','),
                AllowedParameters {
                    file_name: true,
                    encoder: true,
                },
            )?;
            match self.input.read_unless_regular(&file)? {
                // A part from memory gets a file name too, as a file would.
                Some(bytes) => {
                    part.content = FormContent::Bytes {
                        bytes,
                        is_file: file != "-",
                    };
                    let own = || {
                        Path::new(&file).file_name().map_or_else(
                            || file.clone(),
                            |name| name.to_string_lossy().into_owned(),
                        )
                    };
                    part.file_name.get_or_insert_with(own);
                }
                None => part.content = FormContent::File(file.into()),
            }
            self.check_seven_bits(&part)?;
            parts.push(part);
            rest = after;
        }
        match parts.len() {
            1 => Ok(parts.remove(0)),
            _ => Ok(FormPart::new(FormContent::Parts(parts))),
        }
    }

    /// Parses a value up to `end`. Returns it with the part that its parameters describe, and the
    /// text after `end`.
    fn value<'t>(
        &mut self,
        text: &'t str,
        end: Option<char>,
        allowed: AllowedParameters,
    ) -> Result<((String, FormPart), Option<&'t str>), UsageError> {
        let mut part = FormPart::new(FormContent::Parts(Vec::new()));
        let mut words = ValueReader { text, end };
        let value = words
            .take_value()
            .map_err(|TextAfterQuote| self.text_after_quote())?;
        // The type includes its own parameters: text/plain;charset=utf-8.
        let mut kind: Option<String> = None;
        while words.next_parameter() {
            match (words.key(), &mut kind) {
                (Some("type"), None) => {
                    words.skip_key("type");
                    kind = Some(words.take_trimmed());
                }
                (Some(key), _) if key != "type" => {
                    words.skip_key(key);
                    part.content_type = kind.take().or(part.content_type);
                    self.parameter(key, &mut words, &mut part, allowed)?;
                }
                (_, Some(kind)) => {
                    kind.push(';');
                    kind.push_str(&words.take_until_end());
                }
                (_, None) => {
                    let unknown = words.take_trimmed();
                    return Err(self.unknown_parameter(&unknown));
                }
            }
        }
        part.content_type = kind.or(part.content_type);
        if let Some(kind) = &part.content_type {
            self.check_type(kind)?;
        }
        Ok(((value, part), words.rest()))
    }

    fn parameter(
        &mut self,
        key: &str,
        words: &mut ValueReader<'_>,
        part: &mut FormPart,
        allowed: AllowedParameters,
    ) -> Result<(), UsageError> {
        let from_file = key == "headers" && words.text.starts_with(['@', '<']);
        if from_file {
            words.skip(1);
        }
        let value = words
            .take_value()
            .map_err(|TextAfterQuote| self.text_after_quote())?;
        match key {
            "filename" if allowed.file_name => part.file_name = Some(value),
            "encoder" if allowed.encoder => {
                let encoder = TransferEncoding::from_name(&value);
                part.encoding = Some(encoder.ok_or_else(|| {
                    self.error(&format!(
                        "unknown encoder '{}'; expected base64, quoted-printable, 8bit, 7bit or \
                         binary",
                        masked_text(&value)
                    ))
                })?);
            }
            "headers" if from_file => {
                let bytes = self.input.read(&value)?;
                if bytes.len() > MAX_HEADER_FILE_BYTES {
                    return Err(self.error("a file of header fields can have at most 1 MiB"));
                }
                for line in header_lines(&String::from_utf8_lossy(&bytes)) {
                    part.headers.push(self.header(line)?);
                }
            }
            "headers" => {
                let line = self.header(value)?;
                part.headers.push(line);
            }
            other => return Err(self.error(&format!(";{other}= is not allowed here"))),
        }
        Ok(())
    }

    fn header(&self, line: String) -> Result<String, UsageError> {
        let is_field = line.split_once(':').is_some_and(|(name, value)| {
            http::HeaderName::from_bytes(name.trim_end().as_bytes()).is_ok()
                && !value.chars().any(char::is_control)
        });
        if is_field {
            Ok(line)
        } else {
            Err(self.error(";headers= must be a header field: expected 'Name: value'"))
        }
    }

    fn check_type(&self, kind: &str) -> Result<(), UsageError> {
        let (major, minor) = kind.split_once('/').unwrap_or((kind, ""));
        let is_type = !major.is_empty()
            && !major.contains(' ')
            && !minor.starts_with([';', ',', ' '])
            && !minor.is_empty();
        if is_type && !kind.chars().any(char::is_control) {
            return Ok(());
        }
        Err(self.error(&format!(
            "'{}' is not a media type such as text/plain",
            masked_text(kind)
        )))
    }

    /// With `encoder=7bit` only ASCII can be sent.
    fn check_seven_bits(&self, part: &FormPart) -> Result<(), UsageError> {
        if part.encoding != Some(TransferEncoding::SevenBit) {
            return Ok(());
        }
        let is_ascii = match &part.content {
            FormContent::Bytes { bytes, .. } => bytes.is_ascii(),
            FormContent::File(path) | FormContent::TextFile(path) => {
                is_ascii_file(path).map_err(|error| {
                    self.error(&format!(
                        "'{}' cannot be read: {error}",
                        masked_text(&path.to_string_lossy())
                    ))
                })?
            }
            FormContent::Parts(_) => true,
        };
        if is_ascii {
            Ok(())
        } else {
            Err(self.error(
                "encoder=7bit cannot carry bytes above 127; base64 and quoted-printable can",
            ))
        }
    }

    fn unknown_parameter(&self, parameter: &str) -> UsageError {
        let what = match masked_name(parameter, '=') {
            Some(name) => format!("unknown parameter '{name}'"),
            // It may be part of the value, so it is not repeated.
            None => "the text after ; is not a parameter".to_owned(),
        };
        self.error(&format!(
            "{what}; known are type=, filename=, encoder= and headers=; a value that contains ; \
             must be in double quotes or given with --form-string"
        ))
    }

    fn text_after_quote(&self) -> UsageError {
        self.error(
            "unexpected text after the closing quote; within quotes, write \\\" for a \
                    quote",
        )
    }
}

fn is_ascii_file(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(true),
            count if !piece.get(..count).unwrap_or_default().is_ascii() => return Ok(false),
            _ => {}
        }
    }
}

/// Splits a file of header fields into lines: `#` starts a comment, a leading space continues the
/// previous line.
fn header_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text
        .replace('\r', "")
        .split('\n')
        .filter(|line| !line.starts_with('#'))
    {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn parse_form(options: &[&str]) -> Result<Form, String> {
        let matches = RequestArgs::augment_args(Command::new("t").no_binary_name(true))
            .try_get_matches_from(options)
            .unwrap();
        let args = RequestArgs::from_arg_matches(&matches).unwrap();
        collect(&args, &matches, &mut RequestInput::default())
            .map(Option::unwrap_or_default)
            .map_err(|usage| usage.to_string())
    }

    fn parse_part(field: &str) -> FormPart {
        parse_form(&["-F", field]).unwrap().parts.remove(0)
    }

    #[test]
    fn parameters_are_separated_from_the_value() {
        let field = parse_part(
            "note=\"a;b\"; type=text/plain; charset=utf-8 \
                ;filename=\"x;\\\"y\\\\.png\";headers=X: y;encoder=base64",
        );
        assert_eq!(field.content, FormContent::text("a;b"));
        assert_eq!(
            field.content_type.as_deref(),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(field.file_name.as_deref(), Some("x;\"y\\.png"));
        assert_eq!(
            (field.headers, field.encoding),
            (vec!["X: y".to_owned()], Some(TransferEncoding::Base64))
        );
        assert_eq!(
            parse_part("a= spaced ").content,
            FormContent::text("spaced")
        );
        assert_eq!(
            parse_part("a=\" kept \"").content,
            FormContent::text(" kept ")
        );
        assert_eq!(parse_part("a=\"open").content, FormContent::text("\"open"));
        assert_eq!(
            parse_part("a=x;TYPE=a/b").content_type.as_deref(),
            Some("a/b")
        );
        assert_eq!(parse_part("=x").name, None);
    }

    #[test]
    fn a_literal_string_has_no_parameters() {
        let parts = parse_form(&[
            "--form-string",
            "a=@x;type=a/b",
            "-F",
            "b=1",
            "--form-string",
            "c=(=)",
        ])
        .unwrap()
        .parts;
        let contents: Vec<_> = parts.into_iter().map(|part| part.content).collect();
        assert_eq!(
            contents,
            [
                FormContent::text("@x;type=a/b"),
                FormContent::text("1"),
                FormContent::text("(=)")
            ]
        );
    }

    #[test]
    fn multiparts_nest() {
        let parts = parse_form(&[
            "-F",
            "o=(;type=multipart/alternative;headers=X: y",
            "-F",
            "=a",
            "-F",
            "=(",
            "-F",
            "=b",
            "-F",
            "=)",
            "-F",
            "=)",
            "-F",
            "z=)",
        ]);
        let parts = parts.unwrap().parts;
        assert_eq!(parts.len(), 2);
        let FormContent::Parts(inner) = &parts[0].content else {
            panic!("{parts:?}")
        };
        assert_eq!((inner.len(), parts[0].headers.len()), (2, 1));
        assert!(matches!(&inner[1].content, FormContent::Parts(deepest) if deepest.len() == 1));
        assert_eq!(parts[1].content, FormContent::text(")"));
    }

    #[test]
    fn options_that_curl_would_skip_are_errors() {
        for (field, says) in [
            ("nothing", "must contain ="),
            ("a=x;y", "is not a parameter"),
            ("a=x;foo=bar", "unknown parameter 'foo'"),
            ("a=x;charset=utf-8", "unknown parameter 'charset'"),
            ("a=\"x\" y", "text after the closing quote"),
            ("a=x;type=plain", "'plain' is not a media type"),
            ("a=x;type=", "not a media type"),
            ("a=x;encoder=rot13", "unknown encoder 'rot13'"),
            ("a=x;headers=nothing", "must be a header field"),
            ("a=x;headers=\"X: y\nZ: w\"", "must be a header field"),
            ("a=x;headers=@/nonexistent", "/nonexistent"),
            ("a=\u{e9};encoder=7bit", "above 127"),
            ("a=@/nonexistent", "/nonexistent"),
            ("a=@/tmp", "'/tmp' cannot be read"),
            ("a=</nonexistent", "/nonexistent"),
            ("a=@/etc/passwd,/nonexistent", "/nonexistent"),
            (
                "a=</etc/passwd;filename=x",
                ";filename= is not allowed here",
            ),
            ("a=(;encoder=base64", ";encoder= is not allowed here"),
            ("a=(b", "begins a multipart"),
            ("=)", "no multipart to end"),
        ] {
            let error = parse_form(&["-F", field]).unwrap_err();
            assert!(error.contains(says), "{field}: {error}");
        }
        let deep: Vec<&str> = ["-F", "=("].repeat(20);
        assert!(parse_form(&deep).unwrap_err().contains("16 deep"));
    }

    #[test]
    fn a_file_of_fields_has_comments_and_lines_that_go_on() {
        assert_eq!(
            header_lines("X-A: 1\r\n# no\nX-B: two\n  three \n\n"),
            ["X-A: 1", "X-B: two  three"]
        );
    }
}
