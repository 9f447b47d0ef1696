//! The paths a file uses, wherever they stand: imports, expressions, types, attributes, the inside
//! of macros.
//!
//! Names brought in by `use` are followed back to where they come from, so `use std::time as t;
//! t::Instant::now()` is seen for what it is.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path, resolved, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Used {
    /// Where it leads.
    pub(super) target: Target,
    /// Line, from 1.
    pub(super) line: usize,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Into this package: segments from the crate's root.
    Local(Vec<String>),
    /// Into another crate, whose name comes first.
    External(Vec<String>),
}

impl Target {
    /// As it would be written in full.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Local(segments) => std::iter::once("crate")
                .chain(segments.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join("::"),
            Self::External(segments) => segments.join("::"),
        }
    }
}

/// Every path of two segments or more in the file whose module is `module`.
pub(super) fn used(file: &syn::File, module: Vec<String>, dependencies: &[String]) -> Vec<Used> {
    let mut collector = Collector {
        module,
        found: Vec::new(),
        imports: HashMap::new(),
        modules: HashSet::new(),
    };
    collector.visit_file(file);
    let resolver = Resolver {
        imports: &collector.imports,
        modules: &collector.modules,
        dependencies,
    };
    let mut used = Vec::new();
    for path in &collector.found {
        let targets = resolver.targets(path, 0);
        used.extend(targets.into_iter().map(|target| Used {
            target,
            line: path.line,
        }));
    }
    used
}

/// A path as it is written.
#[derive(Clone, Debug)]
struct Written {
    /// The module it is written in.
    module: Vec<String>,
    /// It begins with `::`.
    absolute: bool,
    segments: Vec<String>,
    line: usize,
}

/// Goes through the syntax and notes every path, and what each `use` makes available under which
/// name.
struct Collector {
    module: Vec<String>,
    found: Vec<Written>,
    imports: HashMap<String, Vec<Written>>,
    modules: HashSet<Vec<String>>,
}

impl Collector {
    fn note(&mut self, absolute: bool, segments: Vec<String>, line: usize) -> Written {
        let written = Written {
            module: self.module.clone(),
            absolute,
            segments,
            line,
        };
        self.found.push(written.clone());
        written
    }

    fn import(&mut self, absolute: bool, prefix: &[String], tree: &syn::UseTree) {
        let with = |ident: &Ident| {
            prefix
                .iter()
                .cloned()
                .chain([plain(ident)])
                .collect::<Vec<_>>()
        };
        match tree {
            syn::UseTree::Path(path) => self.import(absolute, &with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.leaf(absolute, with(&name.ident), None, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(
                absolute,
                with(&rename.ident),
                Some(plain(&rename.rename)),
                &rename.ident,
            ),
            syn::UseTree::Glob(glob) => {
                let segments = prefix.iter().cloned().chain(["*".to_owned()]).collect();
                self.note(absolute, segments, glob.star_token.spans[0].start().line);
            }
            syn::UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|item| self.import(absolute, prefix, item)),
        }
    }

    fn leaf(
        &mut self,
        absolute: bool,
        mut segments: Vec<String>,
        rename: Option<String>,
        ident: &Ident,
    ) {
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let name = rename.or_else(|| segments.last().cloned());
        let written = self.note(absolute, segments, ident.span().start().line);
        if let Some(name) = name {
            self.imports.entry(name).or_default().push(written);
        }
    }

    /// Macros hold tokens, not syntax: paths are read from them by their look.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(first) => {
                    let (segments, next) = path_at(&tokens, at);
                    if segments.len() > 1 {
                        self.note(false, segments, first.span().start().line);
                    }
                    at = next;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The longest `a::b::c` that begins at `at`, and the index behind it. `a::{…}` and `a::*` count as
/// `a::*`.
fn path_at(tokens: &[TokenTree], at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    let mut at = at;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        segments.push(plain(ident));
        if !(is_colon(tokens.get(at + 1)) && is_colon(tokens.get(at + 2))) {
            return (segments, at + 1);
        }
        at += 3;
    }
    let is_group = matches!(tokens.get(at), Some(TokenTree::Group(_)));
    let is_star = matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == '*');
    if is_group || is_star {
        segments.push("*".to_owned());
    }
    (segments, at)
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// `r#type` is `type`.
fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(item.leading_colon.is_some(), &[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(plain(&item.ident));
        self.modules.insert(self.module.clone());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| plain(&segment.ident))
            .collect();
        if let (true, Some(first)) = (segments.len() > 1, path.segments.first()) {
            self.note(
                path.leading_colon.is_some(),
                segments,
                first.ident.span().start().line,
            );
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.scan(invocation.tokens.clone());
        visit::visit_macro(self, invocation);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let written = self.note(
            true,
            vec![plain(&item.ident)],
            item.ident.span().start().line,
        );
        if let Some((_, rename)) = &item.rename {
            self.imports.entry(plain(rename)).or_default().push(written);
        }
    }
}

/// Finds where written paths lead.
struct Resolver<'a> {
    imports: &'a HashMap<String, Vec<Written>>,
    modules: &'a HashSet<Vec<String>>,
    dependencies: &'a [String],
}

impl Resolver<'_> {
    /// A chain of imports longer than this does not occur; it stops circles.
    const DEEPEST: usize = 8;

    /// Where a path may lead: several places if a name is imported differently in different modules
    /// of the file, none if it begins with a name of the module's own.
    fn targets(&self, path: &Written, depth: usize) -> Vec<Target> {
        let Some((first, rest)) = path.segments.split_first() else {
            return Vec::new();
        };
        if path.absolute {
            return vec![Target::External(path.segments.clone())];
        }
        match first.as_str() {
            "crate" | "tapline" => vec![Target::Local(rest.to_vec())],
            "self" | "super" => vec![Target::Local(climb(&path.module, &path.segments))],
            _ if self
                .modules
                .contains(&joined(&path.module, std::slice::from_ref(first))) =>
            {
                vec![Target::Local(joined(&path.module, &path.segments))]
            }
            _ => self
                .imported(path, first, rest, depth)
                .unwrap_or_else(|| self.external(path, first)),
        }
    }

    fn imported(
        &self,
        path: &Written,
        first: &str,
        rest: &[String],
        depth: usize,
    ) -> Option<Vec<Target>> {
        let imports = self.imports.get(first).filter(|_| depth < Self::DEEPEST)?;
        let others = imports
            .iter()
            .filter(|import| import.segments.first().is_none_or(|own| own != first));
        let expanded = others.map(|import| Written {
            segments: joined(&import.segments, rest),
            line: path.line,
            ..import.clone()
        });
        let targets: Vec<Target> = expanded
            .flat_map(|written| self.targets(&written, depth + 1))
            .collect();
        (!targets.is_empty()).then_some(targets)
    }

    fn external(&self, path: &Written, first: &str) -> Vec<Target> {
        let known = matches!(first, "std" | "core" | "alloc")
            || self.dependencies.iter().any(|name| name == first);
        if known {
            vec![Target::External(path.segments.clone())]
        } else {
            Vec::new()
        }
    }
}

fn joined(left: &[String], right: &[String]) -> Vec<String> {
    left.iter().chain(right).cloned().collect()
}

/// Follows `self` and `super` from a module.
fn climb(module: &[String], segments: &[String]) -> Vec<String> {
    let mut place = module.to_vec();
    let mut rest = segments;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => {
                place.pop();
            }
            _ => break,
        }
        rest = after;
    }
    joined(&place, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let file = syn::parse_file(text).unwrap();
        let module = vec!["tui".to_owned(), "view".to_owned()];
        let dependencies = ["tokio".to_owned(), "http".to_owned()];
        used(&file, module, &dependencies)
            .iter()
            .map(|used| format!("{}:{}", used.line, used.target.written()))
            .collect()
    }

    #[test]
    fn imports_are_parsed() {
        assert_eq!(
            written(
                "use crate::{probe::{self, dns::Name as N}, trace::*};\npub use super::super::lab;"
            ),
            [
                "1:crate::probe",
                "1:crate::probe::dns::Name",
                "1:crate::trace::*",
                "2:crate::lab"
            ]
        );
    }

    #[test]
    fn names_are_followed_to_their_origin() {
        assert_eq!(
            written(
                "use std::time as t;\nfn f() { t::Instant::now(); }\nmod inner { use tokio::sync \
                    as s; type A = s::mpsc::Sender<u8>; }"
            ),
            [
                "1:std::time",
                "2:std::time::Instant::now",
                "3:tokio::sync",
                "3:tokio::sync::mpsc::Sender"
            ]
        );
    }

    #[test]
    fn macros_and_attributes_are_looked_into() {
        assert_eq!(
            written(
                "#[derive(tokio::X)] struct S;\nfn f() { println!(\"{}\", \
                    vec![crate::probe::run()]); }\nmacro_rules! m { () => { $crate::lab::{A, B} } \
                }"
            ),
            ["1:tokio::X", "2:crate::probe::run", "3:crate::lab::*"]
        );
    }

    #[test]
    fn a_module_of_ones_own_hides_a_crate_of_the_same_name() {
        assert_eq!(
            written("mod http; pub use http::Header;\nuse ::http::HeaderMap;"),
            ["1:crate::tui::view::http::Header", "2:http::HeaderMap"]
        );
    }
}
