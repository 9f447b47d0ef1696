//! A parsed file, with the paths in it resolved.

use proc_macro2::TokenStream;

use super::complaint::Complaint;
use super::paths::{self, Used};

/// One Rust file.
pub(super) struct Source {
    /// Path relative to the package.
    pub(super) path: String,
    /// The text, for comments, which are no tokens.
    pub(super) text: String,
    /// The whole file as tokens.
    pub(super) tokens: TokenStream,
    /// The whole file as syntax.
    pub(super) syntax: syn::File,
    /// Every path of two segments or more, resolved.
    pub(super) used: Vec<Used>,
}

impl Source {
    /// Parses a file and resolves its paths. `dependencies` are the crates the package may name.
    pub(super) fn parse(
        path: &str,
        text: &str,
        dependencies: &[String],
    ) -> Result<Self, Complaint> {
        let parsed = text
            .parse::<TokenStream>()
            .map_err(syn::Error::from)
            .and_then(|tokens| Ok((tokens, syn::parse_file(text)?)));
        let (tokens, syntax) = parsed.map_err(|error| Complaint {
            file: path.to_owned(),
            line: error.span().start().line,
            found: format!("text that is not Rust ({error})"),
            wall: "what cannot be parsed cannot be checked".to_owned(),
        })?;
        let used = paths::used(&syntax, module_path(path), dependencies);
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            syntax,
            used,
        })
    }

    /// Whether it belongs to the library or the binary, not to its tests, examples or benches.
    pub(super) fn is_product(&self) -> bool {
        self.path.starts_with("src/")
    }

    /// The room it lies in: the first folder under `src/`, or the name of a file that lies there
    /// directly.
    pub(super) fn room(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inner
            .split_once('/')
            .map_or_else(|| inner.trim_end_matches(".rs"), |(room, _)| room)
    }

    /// A complaint about a place in it.
    pub(super) fn complaint(
        &self,
        line: usize,
        found: impl Into<String>,
        wall: impl Into<String>,
    ) -> Complaint {
        Complaint {
            file: self.path.clone(),
            line,
            found: found.into(),
            wall: wall.into(),
        }
    }
}

/// `src/probe/dns/cache.rs` is `probe::dns::cache`, `src/probe/mod.rs` is `probe`, `src/lib.rs` the
/// root.
fn module_path(path: &str) -> Vec<String> {
    let inner = path
        .strip_prefix("src/")
        .unwrap_or(path)
        .trim_end_matches(".rs");
    let mut segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if segments.last().is_some_and(|last| last == "mod") || matches!(inner, "lib" | "main") {
        segments.pop();
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_knows_its_module_and_its_room() {
        for (path, module, room) in [
            ("src/lib.rs", "", "lib"),
            ("src/main.rs", "", "main"),
            ("src/probe/mod.rs", "probe", "probe"),
            ("src/probe/dns/cache.rs", "probe::dns::cache", "probe"),
        ] {
            assert_eq!(module_path(path).join("::"), module);
            assert_eq!(
                Source::parse(path, "", &[]).map(|source| source.room().to_owned()),
                Ok(room.to_owned())
            );
        }
    }
}
