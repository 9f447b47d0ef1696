//! Which room may use which.

use super::complaint::Complaint;
use super::paths::Target;
use super::source::Source;

/// A room, and the rooms it may use beside itself.
pub(super) struct Room {
    pub(super) name: &'static str,
    may_use: &'static [&'static str],
}

impl Room {
    /// The rooms it may use, as people read them.
    pub(super) fn uses(&self) -> String {
        if self.may_use.is_empty() {
            "no other room".to_owned()
        } else {
            self.may_use.join(", ")
        }
    }
}

/// The rooms, from left to right: `units ← wire ← trace ← {timeline, insight} ← dissect ← {report,
/// archive, tui, probe, capture, lab} ← cli ← main`. Right may use left; rooms in braces do not see
/// each other; `sys` serves those that talk to the kernel.
pub(super) const ROOMS: [Room; 14] = [
    Room {
        name: "units",
        may_use: &[],
    },
    Room {
        name: "sys",
        may_use: &["units"],
    },
    Room {
        name: "wire",
        may_use: &["units"],
    },
    Room {
        name: "trace",
        may_use: &["units", "wire"],
    },
    Room {
        name: "timeline",
        may_use: &["units", "wire", "trace"],
    },
    Room {
        name: "insight",
        may_use: &["units", "wire", "trace"],
    },
    Room {
        name: "dissect",
        may_use: &["units", "wire", "trace", "insight"],
    },
    Room {
        name: "report",
        may_use: &["units", "wire", "trace", "timeline", "insight", "dissect"],
    },
    Room {
        name: "archive",
        may_use: &["units", "wire", "trace", "timeline", "insight"],
    },
    Room {
        name: "tui",
        may_use: &["units", "wire", "trace", "timeline", "insight", "dissect"],
    },
    Room {
        name: "probe",
        may_use: &["units", "wire", "trace", "timeline", "insight", "sys"],
    },
    Room {
        name: "capture",
        may_use: &["units", "wire", "trace", "timeline", "insight", "sys"],
    },
    Room {
        name: "lab",
        may_use: &["units", "wire", "trace", "timeline", "insight", "sys"],
    },
    Room {
        name: "cli",
        may_use: &[
            "units", "wire", "trace", "timeline", "insight", "dissect", "report", "archive", "tui",
            "probe", "capture", "lab", "sys",
        ],
    },
];

/// The binary chooses a command and returns its exit code; it sees the one room that has commands.
const MAIN: Room = Room {
    name: "main",
    may_use: &["cli"],
};

/// The wall that every file has to lie in a listed room, and that rooms use only the rooms to their
/// left.
pub(super) fn check(source: &Source) -> Vec<Complaint> {
    if source.path == "src/lib.rs" {
        return check_root(source);
    }
    let Some(room) = room_of(source) else {
        let wall = format!(
            "only {} and the folders of listed rooms stand in `src/`; list a new room in \
                tests/architecture/rooms.rs",
            "`lib.rs`, `main.rs`"
        );
        return vec![source.complaint(
            1,
            format!("a file in the unlisted room `{}`", source.room()),
            wall,
        )];
    };
    source
        .used
        .iter()
        .filter_map(|used| {
            Some(source.complaint(
                used.line,
                format!("`{}`", used.target.written()),
                breach(room, &used.target)?,
            ))
        })
        .collect()
}

fn room_of(source: &Source) -> Option<&'static Room> {
    if source.path == "src/main.rs" {
        return Some(&MAIN);
    }
    let is_folder = source.path.matches('/').count() > 1;
    ROOMS
        .iter()
        .find(|room| is_folder && room.name == source.room())
}

/// Why a room may not use something, if it may not.
fn breach(room: &Room, target: &Target) -> Option<String> {
    let Target::Local(segments) = target else {
        return None;
    };
    let other = segments.first().map_or("", String::as_str);
    if other == room.name || room.may_use.contains(&other) {
        return None;
    }
    if ROOMS.iter().any(|known| known.name == other) {
        return Some(format!(
            "`{}` may not use `{other}`; it may use {}",
            room.name,
            room.uses()
        ));
    }
    Some(format!(
        "rooms are used by their names, and `crate::{other}` is none"
    ))
}

/// `lib.rs` is the list of rooms and nothing else: what it re-exported would be a way around the
/// walls.
fn check_root(source: &Source) -> Vec<Complaint> {
    let strangers = source.syntax.items.iter().filter_map(|item| {
        let (line, found) = match item {
            syn::Item::Mod(room)
                if room.content.is_none() && ROOMS.iter().any(|known| room.ident == known.name) =>
            {
                return None;
            }
            syn::Item::Mod(room) => (
                room.ident.span().start().line,
                format!("the module `{}`", room.ident),
            ),
            other => (
                syn::spanned::Spanned::span(other).start().line,
                "an item that is not a room".to_owned(),
            ),
        };
        Some(source.complaint(
            line,
            found,
            "`lib.rs` declares the listed rooms and nothing else",
        ))
    });
    strangers.collect()
}
