//! What never belongs in finished code: stubs, channels without a bound, ways around the module
//! tree.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::complaint::Complaint;
use super::names;
use super::paths::Target;
use super::source::Source;

const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];
const UNBOUNDED: [&str; 5] = [
    "unbounded_channel",
    "UnboundedSender",
    "UnboundedReceiver",
    "unbounded",
    "unbounded_send",
];

/// The walls that hold everywhere in the package.
pub(super) fn check(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, line) in macros_in(source) {
        if UNFINISHED.contains(&name.as_str()) {
            complaints.push(source.complaint(
                line,
                format!("`{name}!`"),
                "nothing unfinished is landed",
            ));
        }
        if source.is_product() && name == "include" {
            complaints.push(source.complaint(
                line,
                "`include!`",
                "code that is included is code that these checks do not see",
            ));
        }
    }
    if source.is_product() {
        complaints.extend(unbounded_channels(source));
    }
    complaints.extend(modules(source));
    complaints
}

/// Every macro that is invoked, by its last name, with its line; those inside other macros too.
pub(super) fn macros_in(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    gather_macros(source.tokens.clone(), &mut found);
    found
}

fn gather_macros(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => gather_macros(group.stream(), found),
            TokenTree::Ident(ident) if is_invoked(&tokens, i) => {
                found.push((ident.to_string(), ident.span().start().line));
            }
            _ => {}
        }
    }
}

/// `name!(…)`: a bang, then a group; `a != b` has no group behind the bang.
fn is_invoked(tokens: &[TokenTree], at: usize) -> bool {
    matches!(tokens.get(at + 1), Some(TokenTree::Punct(bang)) if bang.as_char() == '!')
        && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)))
}

fn unbounded_channels(source: &Source) -> Vec<Complaint> {
    let wall = "channels are bounded, and what overflows is itself an event";
    let mut found = Vec::new();
    gather_idents(source.tokens.clone(), &mut found);
    let named = found
        .into_iter()
        .filter(|(name, _)| UNBOUNDED.contains(&name.as_str()));
    let standard = source.used.iter().filter_map(|used| match &used.target {
        Target::External(segments) if *segments == ["std", "sync", "mpsc", "channel"] => {
            Some((used.target.written(), used.line))
        }
        _ => None,
    });
    named
        .chain(standard)
        .map(|(name, line)| source.complaint(line, format!("`{name}`"), wall))
        .collect()
}

fn gather_idents(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => gather_idents(group.stream(), found),
            TokenTree::Ident(ident) => found.push((ident.to_string(), ident.span().start().line)),
            _ => {}
        }
    }
}

/// Names that say nothing; and, in the product, ways to bring in code from elsewhere than the
/// module tree.
fn modules(source: &Source) -> Vec<Complaint> {
    let mut modules = Modules {
        source,
        complaints: Vec::new(),
    };
    modules.visit_file(&source.syntax);
    modules.complaints
}

struct Modules<'a> {
    source: &'a Source,
    complaints: Vec<Complaint>,
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let line = item.ident.span().start().line;
        if let Some(wall) = names::refused(&item.ident.to_string()) {
            self.complaints.push(self.source.complaint(
                line,
                format!("the module `{}`", item.ident),
                wall,
            ));
        }
        if self.source.is_product()
            && item
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("path"))
        {
            self.complaints.push(self.source.complaint(
                line,
                "`#[path]`",
                "a module lies where its name says",
            ));
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        if self.source.is_product() {
            let line = item.ident.span().start().line;
            self.complaints.push(self.source.complaint(
                line,
                "`extern crate`",
                "crates are named by `use`, not by `extern crate`",
            ));
        }
    }
}
