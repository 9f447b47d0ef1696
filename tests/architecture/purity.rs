//! Pure rooms: no input or output, no clock, no environment; and a trace that no HTTP library has
//! shaped.

use super::complaint::Complaint;
use super::marks;
use super::paths::Target;
use super::source::Source;

/// The rooms that are functions of what they are given.
const PURE: [&str; 7] = [
    "units", "wire", "trace", "timeline", "insight", "dissect", "report",
];

/// The crates that pure rooms may name: they compute. A new dependency is refused here until it is
/// listed.
const PURE_CRATES: [&str; 26] = [
    "std",
    "core",
    "alloc",
    "serde",
    "serde_json",
    "thiserror",
    "jiff",
    "url",
    "percent_encoding",
    "base64",
    "bytes",
    "regex",
    "unicode_width",
    "unicode_segmentation",
    "foldhash",
    "rangemap",
    "httparse",
    "loona_hpack",
    "x509_parser",
    // Ciphers and hashes; that it could give random bytes too is not used.
    "aws_lc_rs",
    // For their tests.
    "etherparse",
    "proptest",
    "insta",
    "jsonschema",
    "predicates",
    "toml",
];

/// Crates that one pure room may name beside these, and why.
///
/// `report` takes the registered reason phrases from `http`, which holds types and does nothing
/// with them.
const EXCEPTIONS: [(&str, &str); 1] = [("report", "http")];

/// Parts of the standard library that reach the outside world.
const WORLDLY: [&[&str]; 11] = [
    &["std", "fs"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "os"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["std", "time", "UNIX_EPOCH"],
];

/// What `std::net` has besides sockets.
const ADDRESSES: [&str; 9] = [
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "AddrParseError",
    "Ipv6MulticastScope",
    "self",
];

/// Modules that hold worldly things beside others, so a glob over them hides what is taken.
const MIXED: [&[&str]; 3] = [&["std", "io", "*"], &["std", "time", "*"], &["std", "*"]];

const WORLDLY_MACROS: [&str; 4] = ["print", "println", "eprint", "eprintln"];

const HTTP_LIBRARIES: [&str; 8] = [
    "http",
    "http_body",
    "http_body_util",
    "httparse",
    "hyper",
    "hyper_util",
    "h2",
    "reqwest",
];

/// The walls around pure rooms.
pub(super) fn check(source: &Source) -> Vec<Complaint> {
    let room = source.room();
    if !PURE.contains(&room) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for used in &source.used {
        if let Target::External(segments) = &used.target
            && let Some(wall) = breach(room, segments)
        {
            complaints.push(source.complaint(
                used.line,
                format!("`{}`", used.target.written()),
                wall,
            ));
        }
    }
    for (name, line) in marks::macros_in(source)
        .into_iter()
        .filter(|(name, _)| WORLDLY_MACROS.contains(&name.as_str()))
    {
        complaints.push(source.complaint(
            line,
            format!("`{name}!`"),
            format!("`{room}` is pure: the caller writes"),
        ));
    }
    complaints
}

fn breach(room: &str, segments: &[String]) -> Option<String> {
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let first = *names.first()?;
    if room == "trace" && HTTP_LIBRARIES.contains(&first) {
        return Some(
            "no HTTP library's types enter `trace`: it says what happened in its own words"
                .to_owned(),
        );
    }
    if !PURE_CRATES.contains(&first) && !EXCEPTIONS.contains(&(room, first)) {
        return Some(format!(
            "`{room}` is pure and may not use the crate `{first}`; if it only computes, list it \
                in tests/architecture/purity.rs"
        ));
    }
    let worldly = WORLDLY.iter().any(|part| names.starts_with(part))
        || MIXED.contains(&names.as_slice())
        || is_socket(&names);
    worldly.then(|| {
        format!("`{room}` is pure: no files, sockets, clocks, threads, processes or environment")
    })
}

fn is_socket(names: &[&str]) -> bool {
    matches!(names, ["std" | "core", "net", item, ..] if !ADDRESSES.contains(item))
}
