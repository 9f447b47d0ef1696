//! Names that say nothing, and so gather everything.

use super::complaint::Complaint;

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
