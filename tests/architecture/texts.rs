//! Every text of an event has a class: whether masking leaves it or looks for secrets in it.
//!
//! The types of the events are followed from `What` down, and each field that is text is looked for
//! in `trace::TEXT_FIELDS`. That masking does what the class says is shown by planting secrets, in
//! `insight::redact`.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::complaint::Complaint;
use super::source::Source;

/// Types in which no text can be.
const WITHOUT_TEXT: [&str; 25] = [
    "bool",
    "u8",
    "u16",
    "u32",
    "u64",
    "i64",
    "usize",
    "NonZeroU16",
    "NonZeroU32",
    "IpAddr",
    "SocketAddr",
    "Moment",
    "Nanos",
    "WallTime",
    "BitRate",
    "Fraction",
    "ExchangeId",
    "ConnectionId",
    "AttemptId",
    "QueryId",
    "Range",
    "i32",
    "u128",
    "f64",
    "HttpVersion",
];
/// Types whose argument is what counts.
const AROUND: [&str; 4] = ["Vec", "Option", "Box", "Arc"];
/// Nothing in an event is nested deeper.
const DEEPEST: usize = 8;

/// The wall that every text of an event is in the table, and nothing else is.
pub(super) fn check(sources: &[Source], table: &[&str]) -> Vec<Complaint> {
    let types = Types::of(sources);
    let mut walk = Walk {
        types: &types,
        found: Vec::new(),
        unknown: Vec::new(),
    };
    walk.named("EventKind", "", Span::call_site(), "src/trace/event.rs", 0);
    let missing = walk
        .found
        .iter()
        .filter(|found| !table.contains(&found.path.as_str()))
        .map(|found| Complaint {
            file: found.file.clone(),
            line: found.line,
            found: format!("`{}`", found.path),
            wall: "every text of an event has a class in src/trace/text_fields.rs".to_owned(),
        });
    let gone = table
        .iter()
        .filter(|path| !walk.found.iter().any(|found| found.path == **path))
        .map(|path| Complaint {
            file: "src/trace/text_fields.rs".to_owned(),
            line: 0,
            found: format!("`{path}`"),
            wall: "each row of the table is a text of an event".to_owned(),
        });
    missing
        .chain(gone)
        .chain(walk.unknown.iter().map(Complaint::clone))
        .collect()
}

/// The structures and enumerations of the events, by their names, and the files they stand in. Of
/// `wire` those that are `pub`, since an event can have no other.
struct Types<'a>(HashMap<String, (&'a str, &'a syn::Item)>);

impl<'a> Types<'a> {
    fn of(sources: &'a [Source]) -> Self {
        let items = sources
            .iter()
            .flat_map(|source| source.syntax.items.iter().map(move |item| (source, item)));
        let mut types = HashMap::new();
        for (source, item) in items {
            let (name, visibility) = match item {
                syn::Item::Struct(item) => (&item.ident, &item.vis),
                syn::Item::Enum(item) => (&item.ident, &item.vis),
                _ => continue,
            };
            if source.room() == "trace" || matches!(visibility, syn::Visibility::Public(_)) {
                types
                    .entry(name.to_string())
                    .or_insert((source.path.as_str(), item));
            }
        }
        Self(types)
    }
}

struct Found {
    path: String,
    file: String,
    line: usize,
}

struct Walk<'a> {
    types: &'a Types<'a>,
    found: Vec<Found>,
    unknown: Vec<Complaint>,
}

impl Walk<'_> {
    /// A type that is used at a path.
    fn typed(&mut self, ty: &syn::Type, path: &str, file: &str, depth: usize) {
        let syn::Type::Path(syn::TypePath { path: named, .. }) = ty else {
            return self.complain(path, file, ty.span());
        };
        let Some(last) = named.segments.last() else {
            return;
        };
        let name = last.ident.to_string();
        if AROUND.contains(&name.as_str()) {
            let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return;
            };
            for argument in &arguments.args {
                if let syn::GenericArgument::Type(inner) = argument {
                    self.typed(inner, path, file, depth);
                }
            }
        } else if matches!(name.as_str(), "String" | "Untrusted") {
            self.found.push(Found {
                path: path.to_owned(),
                file: file.to_owned(),
                line: ty.span().start().line,
            });
        } else if !WITHOUT_TEXT.contains(&name.as_str()) {
            self.named(&name, path, ty.span(), file, depth + 1);
        }
    }

    /// A type of the events' own.
    fn named(&mut self, name: &str, path: &str, span: Span, file: &str, depth: usize) {
        let Some((own_file, item)) = self.types.0.get(name).copied().filter(|_| depth <= DEEPEST)
        else {
            return self.complain(path, file, span);
        };
        let attributes = match item {
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            _ => return,
        };
        if serde_value(attributes, "into").as_deref() == Some("String") {
            self.found.push(Found {
                path: path.to_owned(),
                file: file.to_owned(),
                line: span.start().line,
            });
            return;
        }
        match item {
            syn::Item::Struct(item) => self.fields(&item.fields, path, own_file, depth),
            syn::Item::Enum(item) => {
                for variant in &item.variants {
                    let said = serde_value(&variant.attrs, "rename")
                        .unwrap_or_else(|| snake_case(&variant.ident.to_string()));
                    let path = if path.is_empty() {
                        said
                    } else {
                        format!("{path}.{said}")
                    };
                    self.fields(&variant.fields, &path, own_file, depth);
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &syn::Fields, path: &str, file: &str, depth: usize) {
        for field in fields {
            let name = field.ident.as_ref().map(|ident| {
                serde_value(&field.attrs, "rename").unwrap_or_else(|| ident.to_string())
            });
            let path = name.map_or_else(|| path.to_owned(), |name| format!("{path}.{name}"));
            self.typed(&field.ty, &path, file, depth);
        }
    }

    fn complain(&mut self, path: &str, file: &str, span: Span) {
        self.unknown.push(Complaint {
            file: file.to_owned(),
            line: span.start().line,
            found: format!("a type at `{path}` that is not among the events' own"),
            wall: "what is not known may hold text; see tests/architecture/texts.rs".to_owned(),
        });
    }
}

/// `#[serde(key = "value")]`.
fn serde_value(attributes: &[syn::Attribute], key: &str) -> Option<String> {
    let mut value = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        let _ = attribute.parse_nested_meta(|meta| {
            let is_it = meta.path.is_ident(key);
            if let Ok(given) = meta.value() {
                let text: syn::LitStr = given.parse()?;
                value = is_it.then(|| text.value()).or_else(|| value.take());
            }
            Ok(())
        });
    }
    value
}

/// `RunStarted` → `run_started`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, c) in name.char_indices() {
        if c.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
