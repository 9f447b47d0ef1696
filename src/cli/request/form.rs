//! `-F`.

use super::{shown, shown_name};
use crate::cli::usage::Usage;
use crate::probe::spec::{Body, FormContent, FormPart};

/// Reads all `-F` options.
pub(super) fn parse(fields: &[String]) -> Result<Body, Usage> {
    fields.iter().map(|field| part(field)).collect::<Result<Vec<_>, _>>().map(Body::Form)
}

/// `name=value`, `name=@file`, `name=<file`, each with `;type=…` and `;filename=…`.
fn part(field: &str) -> Result<FormPart, Usage> {
    let (name, value) =
        field.split_once('=').ok_or_else(|| Usage::new("-F: what has no = in it is no form field; name=value is wanted"))?;
    let (value, parameters) = split_parameters(value);
    let content = if let Some(file) = value.strip_prefix('@') {
        FormContent::File(unquoted(file).into())
    } else if let Some(file) = value.strip_prefix('<') {
        FormContent::TextFile(unquoted(file).into())
    } else {
        FormContent::Text(unquoted(value))
    };
    let mut part = FormPart { name: name.to_owned(), content, content_type: None, file_name: None };
    for parameter in parameters {
        match parameter.split_once('=') {
            Some(("type", value)) => part.content_type = Some(unquoted(value)),
            Some(("filename", value)) => part.file_name = Some(unquoted(value)),
            _ => {
                let parameter = shown_name(parameter, '=').unwrap_or_default();
                return Err(Usage::new(format!("-F '{}': '{parameter}' is not known; ;type= and ;filename= are", shown(name))));
            }
        }
    }
    Ok(part)
}

/// Cuts the known parameters off the end; a `;` before anything else belongs to the value, as does one within quotes.
fn split_parameters(value: &str) -> (&str, Vec<&str>) {
    let mut end = value.len();
    let mut parameters = Vec::new();
    for place in semicolons(value).into_iter().rev() {
        let parameter = value.get(place + 1..end).unwrap_or_default().trim();
        if !(parameter.starts_with("type=") || parameter.starts_with("filename=")) {
            break;
        }
        parameters.push(parameter);
        end = place;
    }
    (value.get(..end).unwrap_or(value), parameters)
}

/// Where a value has semicolons that are not within quotes.
fn semicolons(value: &str) -> Vec<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let mut places = Vec::new();
    for (place, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => places.push(place),
            _ => {}
        }
    }
    places
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_from_semicolons_in_the_value() {
        let field = part("note=a;b;type=text/plain").unwrap();
        assert_eq!(field.content, FormContent::Text("a;b".into()));
        assert_eq!(field.content_type.as_deref(), Some("text/plain"));
    }

    #[test]
    fn files_are_uploads_or_text() {
        let upload = part("pic=@\"a b.png\";filename=\"x;y.png\"").unwrap();
        assert_eq!(upload.content, FormContent::File("a b.png".into()));
        assert_eq!(part("text=<note.txt").unwrap().content, FormContent::TextFile("note.txt".into()));
        assert!(part("nothing").is_err());
    }
}
