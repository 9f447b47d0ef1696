//! Names that say nothing, and so gather everything; and names that say two things.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::complaint::Complaint;
use super::source::Source;

const REFUSED: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// Why a module may not have this name, if it may not.
pub(super) fn refused(name: &str) -> Option<String> {
    REFUSED
        .contains(&name)
        .then(|| format!("a module is named for its one idea, and `{name}` is none"))
}

/// The wall against such names, for the folders and the file of a path.
pub(super) fn check_path(path: &str) -> Vec<Complaint> {
    let parts = path.trim_end_matches(".rs").split('/');
    let complaint = |wall| Complaint {
        file: path.to_owned(),
        line: 1,
        found: "a file of this name".to_owned(),
        wall,
    };
    parts.filter_map(refused).map(complaint).collect()
}

/// Type names that may be declared more than once, because the standard library and the crates it
/// works beside do so too: each module that can fail has its `Error`.
const SHARED_TYPE_NAMES: [&str; 1] = ["Error"];

/// The wall against free functions named `of`: at the call site `of(x)` says neither what is made
/// nor what is looked up. Methods may have the name, since their type stands before it.
pub(super) fn check_functions(source: &Source) -> Vec<Complaint> {
    let mut declared = Declarations::default();
    declared.visit_file(&source.syntax);
    let wall = "a free function's name says what it returns or does, and `of` says neither";
    let of = declared
        .functions
        .into_iter()
        .filter(|(name, _)| name == "of");
    of.map(|(_, line)| source.complaint(line, "`fn of`", wall))
        .collect()
}

/// The wall against two types of one name that other modules can see. A search for a type's name
/// finds one thing. Types within functions and within test modules are not looked at.
pub(super) fn check_types(sources: &[Source]) -> Vec<Complaint> {
    let mut places: BTreeMap<String, Vec<(&Source, usize)>> = BTreeMap::new();
    for source in sources {
        let mut declared = Declarations::default();
        declared.visit_file(&source.syntax);
        for (name, line) in declared.visible_types {
            places.entry(name).or_default().push((source, line));
        }
    }
    let shared = places
        .into_iter()
        .filter(|(name, places)| places.len() > 1 && !SHARED_TYPE_NAMES.contains(&name.as_str()));
    let complaints = shared.flat_map(|(name, places)| {
        let (first, first_line) = places[0];
        let wall = format!(
            "a type's name is declared once, and `{name}` is at {}:{first_line} already",
            first.path
        );
        let found = format!("a type named `{name}`");
        let others: Vec<Complaint> = places[1..]
            .iter()
            .map(|(source, line)| source.complaint(*line, &found, &wall))
            .collect();
        others
    });
    complaints.collect()
}

/// What a file declares outside its test modules.
#[derive(Default)]
struct Declarations {
    /// Free functions, those within functions too: name and line.
    functions: Vec<(String, usize)>,
    /// Structs, enums, unions, traits and aliases with any `pub`: name and line.
    visible_types: Vec<(String, usize)>,
}

impl Declarations {
    fn add_type(&mut self, visibility: &syn::Visibility, name: &syn::Ident) {
        if !matches!(visibility, syn::Visibility::Inherited) {
            let line = name.span().start().line;
            self.visible_types.push((name.to_string(), line));
        }
    }
}

impl<'ast> Visit<'ast> for Declarations {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|path| path.is_ident("test"))
        });
        if !is_test {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let name = &function.sig.ident;
        self.functions
            .push((name.to_string(), name.span().start().line));
        visit::visit_item_fn(self, function);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add_type(&item.vis, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add_type(&item.vis, &item.ident);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.add_type(&item.vis, &item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add_type(&item.vis, &item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add_type(&item.vis, &item.ident);
    }
}
