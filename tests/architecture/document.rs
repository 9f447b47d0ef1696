//! `ARCHITECTURE.md` says what the checks check.

use super::rooms::ROOMS;

const DOCUMENT: &str = include_str!("../../ARCHITECTURE.md");

#[test]
fn the_table_of_rooms_is_the_one_that_is_enforced() {
    let rows = DOCUMENT.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells[..] {
            [room, _, may_use] => Some((room.strip_prefix('`')?.strip_suffix('`')?, may_use)),
            _ => None,
        }
    });
    let written: Vec<(&str, &str)> = rows.collect();
    let enforced: Vec<(&str, String)> = ROOMS.iter().map(|room| (room.name, room.uses())).collect();
    assert_eq!(
        written,
        enforced
            .iter()
            .map(|(name, uses)| (*name, uses.as_str()))
            .collect::<Vec<_>>()
    );
}
