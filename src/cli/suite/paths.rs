//! Relative paths in a suite's file: they are relative to the file, not to the working directory.

use std::path::Path;

use clap::ValueHint;

use super::setting::{SuiteError, SuiteSetting};

/// Resolves the file names in a setting. `hint` describes the option's value.
pub(super) fn resolve_paths(
    setting: SuiteSetting,
    folder: &Path,
    hint: ValueHint,
) -> Result<SuiteSetting, SuiteError> {
    let is_path = hint == ValueHint::AnyPath;
    let key = setting.key.clone();
    setting.map(&mut |text| {
        Ok(match key.as_str() {
            _ if is_path => join_folder(folder, text),
            "header" | "data" | "data-ascii" | "data-binary" | "json" => {
                resolve_after_sign(folder, text, "@")
            }
            "data-urlencode" => resolve_in_pair(folder, text),
            "form" => resolve_in_form_field(folder, text),
            "cookie" if !text.contains('=') && !text.is_empty() => join_folder(folder, text),
            _ => text.to_owned(),
        })
    })
}

fn join_folder(folder: &Path, file: &str) -> String {
    if file == "-" {
        file.to_owned()
    } else {
        folder.join(file).to_string_lossy().into_owned()
    }
}

/// `@file`.
fn resolve_after_sign(folder: &Path, text: &str, sign: &str) -> String {
    text.strip_prefix(sign).map_or_else(
        || text.to_owned(),
        |file| format!("{sign}{}", join_folder(folder, file)),
    )
}

/// `@file` or `name@file`; after an `=`, an `@` has no special meaning.
fn resolve_in_pair(folder: &Path, text: &str) -> String {
    match text.split_once('@') {
        Some((name, file)) if !name.contains('=') => {
            format!("{name}@{}", join_folder(folder, file))
        }
        _ => text.to_owned(),
    }
}

/// `name=@file` or `name=<file`; the file name may be quoted.
fn resolve_in_form_field(folder: &Path, text: &str) -> String {
    let Some((name, value)) = text.split_once('=') else {
        return text.to_owned();
    };
    let Some(sign) = value
        .chars()
        .next()
        .filter(|sign| matches!(sign, '@' | '<'))
    else {
        return text.to_owned();
    };
    let file = value.get(1..).unwrap_or_default();
    match file.strip_prefix('"') {
        Some(quoted) => format!("{name}={sign}\"{}", join_folder(folder, quoted)),
        None => format!("{name}={sign}{}", join_folder(folder, file)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::setting::SettingValue;
    use super::*;

    #[test]
    fn files_are_looked_for_beside_the_suite() {
        for (key, hint, text, found) in [
            ("cacert", ValueHint::AnyPath, "ca.pem", "/s/ca.pem"),
            ("cacert", ValueHint::AnyPath, "/etc/ca.pem", "/etc/ca.pem"),
            ("data", ValueHint::Unknown, "@body", "@/s/body"),
            ("data", ValueHint::Unknown, "@-", "@-"),
            ("data-raw", ValueHint::Unknown, "@body", "@body"),
            ("data-urlencode", ValueHint::Unknown, "q@body", "q@/s/body"),
            ("data-urlencode", ValueHint::Unknown, "q=a@b", "q=a@b"),
            (
                "form",
                ValueHint::Unknown,
                "f=@a.png;type=image/png",
                "f=@/s/a.png;type=image/png",
            ),
            ("form", ValueHint::Unknown, "f=<\"a b\"", "f=<\"/s/a b\""),
            ("form", ValueHint::Unknown, "f=text", "f=text"),
            ("cookie", ValueHint::Unknown, "a=b", "a=b"),
            ("cookie", ValueHint::Unknown, "jar", "/s/jar"),
            ("url", ValueHint::Unknown, "h/@x", "h/@x"),
        ] {
            let setting = SuiteSetting {
                key: key.into(),
                value: SettingValue::Text(text.into()),
                line: 1,
            };
            assert_eq!(
                resolve_paths(setting, Path::new("/s"), hint)
                    .unwrap()
                    .text()
                    .unwrap(),
                found
            );
        }
    }
}
