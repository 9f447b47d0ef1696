//! The files to check and the crates the package depends on, as they are on disk.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file of the package that is checked, with its path relative to the package.
pub(super) fn rust_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "examples", "benches"] {
        gather(&root.join(folder), &mut files);
    }
    files.sort();
    files
        .into_iter()
        .map(|file| {
            (
                relative(root, &file),
                fs::read_to_string(&file).expect("a Rust file is UTF-8"),
            )
        })
        .collect()
}

/// The crates named in `Cargo.toml`, as they are written in a path (`hyper_util`).
pub(super) fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("Cargo.toml is there");
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml parses");
    let mut names = Vec::new();
    gather_dependencies(&manifest, &mut names);
    assert!(
        names.iter().any(|name| name == "tokio"),
        "no dependencies were found in Cargo.toml"
    );
    names
}

/// Dependency tables stand at the top, and again under `[target.'cfg(…)']`.
fn gather_dependencies(table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            names.extend(inner.keys().map(|name| name.replace('-', "_")));
        } else if key == "target" {
            inner
                .values()
                .filter_map(toml::Value::as_table)
                .for_each(|target| gather_dependencies(target, names));
        }
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root)
        .expect("a file lies within the package")
        .to_string_lossy()
        .replace('\\', "/")
}
