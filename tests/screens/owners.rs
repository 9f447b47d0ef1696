//! `o` lights up the time of each owner, in all views.

use crossterm::event::KeyCode;
use ratatui::style::{Color, Modifier};
use tapline::tui::Settings;
use tapline::units::Moment;

use crate::desk::Desk;
use crate::scenario::Scenario;

const WIDE: (u16, u16) = (140, 46);
const SMALL: (u16, u16) = (80, 24);
/// What is not lit up, in the dark theme.
const DIMMED: Color = Color::Indexed(240);

fn press(desk: &mut Desk, key: char) {
    desk.press(KeyCode::Char(key));
}

/// The name between brackets under the bar of owners.
fn selected(desk: &Desk) -> Option<String> {
    let lines = desk.lines();
    let (_, names) = lines
        .iter()
        .zip(lines.iter().skip(1))
        .find(|(bar, _)| bar.contains("whose time "))?;
    let (_, rest) = names.split_once('[')?;
    let (name, _) = rest.split_once(']')?;
    Some(name.to_owned())
}

/// The bars and packets whose colour is that of what is not lit up.
fn dimmed_blocks(desk: &Desk) -> usize {
    let buffer = desk.buffer();
    let cells = buffer.content().iter();
    cells
        .filter(|cell| cell.symbol() == "█" && cell.fg == DIMMED)
        .count()
}

#[test]
fn each_owner_in_turn_the_largest_first() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let before = desk.text();
    assert_eq!(selected(&desk), None);
    assert_eq!(dimmed_blocks(&desk), 0);
    let mut seen = Vec::new();
    for _ in 0..8 {
        press(&mut desk, 'o');
        seen.push(selected(&desk).unwrap_or_else(|| panic!("{}", desk.text())));
        assert!(dimmed_blocks(&desk) > 0, "{}", desk.text());
    }
    let parts = 1 + seen
        .iter()
        .skip(1)
        .position(|name| *name == seen[0])
        .unwrap();
    assert!(parts >= 3, "{seen:?}");
    for (n, name) in seen.iter().enumerate() {
        assert_eq!(name, &seen[n % parts], "after the last comes the first");
    }
    press(&mut desk, 'O');
    assert_eq!(selected(&desk).as_ref(), Some(&seen[6 % parts]));
    desk.press(KeyCode::Esc);
    assert_eq!(desk.text(), before, "out with Esc");
    press(&mut desk, 'O');
    assert_eq!(
        selected(&desk).as_ref(),
        Some(&seen[parts - 1]),
        "backwards, the smallest is the first"
    );
}

#[test]
fn the_explanation_tells_causes_rules_and_evidence() {
    for size in [SMALL, WIDE] {
        let mut desk = Desk::scenario("https_http2", size);
        press(&mut desk, 'o');
        for told in ["╭ Network: ", "rule ", "packets 1 to "] {
            assert!(desk.shows(told), "{told}\n{}", desk.text());
        }
        // What is selected next is explained instead; the time stays lit up.
        desk.press(KeyCode::Home);
        assert!(!desk.shows("╭ Network: "), "{}", desk.text());
        assert!(selected(&desk).is_some());
        press(&mut desk, 'o');
        assert!(desk.shows("rule "), "{}", desk.text());
    }
}

#[test]
fn the_ladder_lights_up_the_packets_of_an_owner() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    press(&mut desk, '2');
    let brackets = |desk: &Desk| {
        let lines = desk.lines().into_iter();
        lines.filter(|line| line.contains('┃')).count()
    };
    assert_eq!(brackets(&desk), 0);
    press(&mut desk, 'o');
    let network = brackets(&desk);
    let lines = desk.lines();
    let packets = lines.iter().filter(|line| line.contains("──")).count();
    assert!(network > 0 && network < packets, "{}", desk.text());
    let syn = desk.find("SYN seq 0");
    assert!(
        lines[usize::from(syn.1)].contains('┃'),
        "SYN to SYN-ACK is a round trip"
    );
    desk.press(KeyCode::Esc);
    assert_eq!(brackets(&desk), 0);
}

#[test]
fn the_segments_light_up_the_columns_of_an_owner() {
    let mut desk = Desk::scenario("body_short", WIDE);
    press(&mut desk, '4');
    let dimmed = |desk: &Desk| {
        let buffer = desk.buffer();
        let is_dot = |symbol: &str| {
            symbol
                .chars()
                .any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
        };
        let cells = buffer.content().iter();
        cells
            .filter(|cell| is_dot(cell.symbol()) && cell.fg == DIMMED)
            .count()
    };
    assert_eq!(dimmed(&desk), 0);
    // This machine's time, which is hardly any: the network had the rest.
    press(&mut desk, 'O');
    assert!(dimmed(&desk) > 0, "{}", desk.text());
    desk.press(KeyCode::Esc);
    assert_eq!(dimmed(&desk), 0);
}

#[test]
fn the_selection_is_visible_without_colours() {
    let settings = Settings {
        color: false,
        url: Some("https://a.test/".to_owned()),
        ..Settings::default()
    };
    let mut desk = Desk::with(SMALL, settings);
    desk.tell(Scenario::named("https_http2").events);
    press(&mut desk, 'o');
    assert!(selected(&desk).unwrap().contains("network"));
    let buffer = desk.buffer();
    let cells = buffer.content();
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let is_dim = |modifier: Modifier| modifier.contains(Modifier::DIM);
    let bars = || cells.iter().filter(|cell| cell.symbol() == "█");
    assert!(bars().any(|cell| is_dim(cell.modifier)));
    assert!(bars().any(|cell| !is_dim(cell.modifier)));
    insta::assert_snapshot!("owner_without_colours_80x24", desk.text());
}

#[test]
fn an_owner_is_lit_up_while_the_run_goes_on() {
    let (before, after): (Vec<_>, Vec<_>) = Scenario::named("https_http2")
        .events
        .into_iter()
        .partition(|event| event.at < Moment(150_000_000));
    let mut desk = Desk::new(WIDE);
    desk.tell(before);
    assert!(desk.state.is_animating());
    // Packets have not come yet, so most of it is unknown; the second part is the name servers'.
    press(&mut desk, 'o');
    press(&mut desk, 'o');
    let is_lit = |desk: &Desk| {
        let resolver = selected(desk).is_some_and(|name| name.contains("resolver"));
        resolver && desk.shows("╭ Resolver: ")
    };
    assert!(is_lit(&desk), "{}", desk.text());
    desk.tell(after);
    assert!(is_lit(&desk), "{}", desk.text());
    // Another run begins with nothing lit up.
    desk.tell(Scenario::named("nxdomain").events);
    assert_eq!(selected(&desk), None);
}

#[test]
fn before_any_time_has_passed_nothing_is_selected() {
    let mut desk = Desk::new(WIDE);
    press(&mut desk, 'o');
    assert_eq!(selected(&desk), None);
    assert!(desk.shows("No time has passed yet"));
}

#[test]
fn of_several_exchanges_it_is_the_unfolded_one() {
    let mut desk = Desk::scenario("redirects", WIDE);
    press(&mut desk, 'o');
    let of_last = selected(&desk).unwrap();
    let at = desk.find("#0");
    desk.click(at);
    press(&mut desk, 'o');
    let of_first = selected(&desk).unwrap();
    assert_ne!(of_first, of_last, "{}", desk.text());
    let row = desk.find("#1").1;
    let buffer = desk.buffer();
    let mut blocks = (0..WIDE.0)
        .map(|x| &buffer[(x, row)])
        .filter(|cell| cell.symbol() == "█");
    assert!(
        blocks.all(|cell| cell.fg == DIMMED),
        "the others are dimmed"
    );
}

#[test]
fn pictures_of_selected_owners() {
    for size in [SMALL, (120, 36), (200, 60)] {
        let name = |name: &str| format!("owner_{name}_{}x{}", size.0, size.1);
        let mut desk = Desk::scenario("https_http2", size);
        press(&mut desk, 'o');
        insta::assert_snapshot!(name("network"), desk.text());
        press(&mut desk, 'o');
        insta::assert_snapshot!(name("second"), desk.text());
        press(&mut desk, '2');
        insta::assert_snapshot!(name("ladder"), desk.text());
        press(&mut desk, '4');
        insta::assert_snapshot!(name("segments"), desk.text());
    }
}
