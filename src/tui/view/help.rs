//! The help page: keys and symbols.

use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::canvas::{Canvas, draw_scrollbar};
use crate::trace::Phase;
use crate::tui::ScreenState;
use crate::tui::keymap::BINDINGS;
use crate::tui::state::View;
use crate::tui::text_layout::wrap;
use crate::tui::theme::StyleRole;

/// A line: texts with the column at which each begins.
type HelpLine = Vec<(u16, String, StyleRole)>;

/// Width of the page, if there is room for it.
const WIDTH: u16 = 76;

/// Symbols of the timeline.
const TIMELINE_SIGNS: [(&str, StyleRole, &str); 9] = [
    (
        "\u{2588}\u{2588}\u{258c}",
        StyleRole::Text,
        "as this program felt it (app clock)",
    ),
    (
        "\u{2501}\u{2501}\u{2578}",
        StyleRole::Text,
        "as the packets show it (wire clock), or a part of a phase",
    ),
    (
        "\u{2591}\u{2591}\u{2591}",
        StyleRole::Machine,
        "this machine: felt here, not seen on the wire",
    ),
    (
        "\u{2581}\u{2584}\u{2588}",
        StyleRole::Text,
        "payload of the packets in a column",
    ),
    (
        "  \u{00b7}",
        StyleRole::Text,
        "packets without payload (acknowledgments)",
    ),
    (
        "S F",
        StyleRole::Strong,
        "SYN opens a connection, FIN closes it",
    ),
    (
        "R \u{00d7}",
        StyleRole::Failure,
        "RST tears it down; bytes sent again",
    ),
    ("  \u{2717}", StyleRole::Failure, "it failed here"),
    ("\u{2192} \u{2190}", StyleRole::Text, "out, in"),
];

/// Symbols of the ladder.
const LADDER_SIGNS: [(&str, StyleRole, &str); 8] = [
    (
        "\u{2500}\u{2500}\u{25b6}",
        StyleRole::Text,
        "a packet to the server; \u{25c0}\u{2500}\u{2500} one from it",
    ),
    (
        "\u{250c}\u{2514}",
        StyleRole::Phase(Phase::Tls),
        "these packets carry one TLS record together",
    ),
    (
        "\u{2510}\u{2518}",
        StyleRole::Phase(Phase::Receive),
        "and these a head, body or frame of HTTP (the outer bracket)",
    ),
    (
        "\u{22ee}",
        StyleRole::Dim,
        "nothing passed for that long, and why",
    ),
    (
        "\u{00d7}",
        StyleRole::Failure,
        "sent again: it was lost, or seemed to be",
    ),
    (
        "~ d w",
        StyleRole::Warning,
        "out of order; duplicate ACK; window closed",
    ),
    ("\u{2717}", StyleRole::Failure, "a reset"),
    (
        "seq ack",
        StyleRole::Text,
        "counted from each side's SYN, which has 0",
    ),
];

/// Boxes of a packet's layers.
const LAYERS_SIGNS: [(&str, StyleRole, &str); 6] = [
    (
        "Link",
        StyleRole::Phase(Phase::Send),
        "from a machine to the next one",
    ),
    (
        "Internet",
        StyleRole::Phase(Phase::Dns),
        "from host to host",
    ),
    (
        "Transport",
        StyleRole::Phase(Phase::Connect),
        "from program to program",
    ),
    (
        "TLS",
        StyleRole::Phase(Phase::Tls),
        "a record, or what of it is in this packet",
    ),
    (
        "HTTP",
        StyleRole::Phase(Phase::Receive),
        "a head, body or frame; under TLS its bytes are within the record's",
    ),
    (
        "\u{2190} \u{2192}",
        StyleRole::Text,
        "other bytes of the packet",
    ),
];

/// Symbols in the list of conversations.
const CONVERSATIONS_SIGNS: [(&str, StyleRole, &str); 5] = [
    (
        "\u{25be}",
        StyleRole::Accent,
        "the list is in this column's order",
    ),
    (
        "\u{2581}\u{2584}\u{2588}",
        StyleRole::Text,
        "payload over the time of the capture, each row on its own scale",
    ),
    ("  \u{00b7}", StyleRole::Text, "packets without payload"),
    (
        "\u{2588}",
        StyleRole::Failure,
        "something was sent again then",
    ),
    (
        "\u{2717}",
        StyleRole::Failure,
        "reset, never answered, or reported as not delivered",
    ),
];

/// Symbols of the plots.
const SEGMENTS_SIGNS: [(&str, StyleRole, &str); 5] = [
    (
        "\u{2809}\u{2824}\u{28c0}",
        StyleRole::Text,
        "a dot is a segment: its payload, or how far the stream has come with it",
    ),
    (
        "\u{254c}\u{254c}\u{254c}",
        StyleRole::Warning,
        "MSS: the most that one segment may carry",
    ),
    (
        "\u{2022}",
        StyleRole::Success,
        "acknowledged: the other side has all up to there",
    ),
    (
        "\u{2022}",
        StyleRole::Dim,
        "window's edge: up to there it has room, where that is near",
    ),
    ("\u{2022}", StyleRole::Failure, "sent again"),
];

/// Draws the page over the panels; `scrolled` lines are above its top.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, scrolled: usize) {
    let lines = help_lines(state);
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(area.height);
    let width = WIDTH.min(area.width);
    let popup = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(popup, canvas.buf);
    let inner = canvas.draw_box(
        popup,
        &[(" Keys and signs ".to_owned(), StyleRole::Strong)],
        true,
    );
    let seen = usize::from(inner.height);
    let first = scrolled.min(lines.len().saturating_sub(seen));
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(first)) {
        for (column, text, role) in line {
            let x = inner.x + column;
            canvas.text((x, y), text, inner.right().saturating_sub(x), *role);
        }
    }
    draw_scrollbar(canvas, popup, first, seen, lines.len());
}

/// Returns the number of lines.
pub(in crate::tui) fn help_height(state: &ScreenState) -> usize {
    help_lines(state).len()
}

fn help_lines(state: &ScreenState) -> Vec<HelpLine> {
    let mut lines = notice_lines(state);
    lines.extend([phase_legend(), Vec::new()]);
    let signs: &[(&str, StyleRole, &str)] = match state.view() {
        View::Timeline => &TIMELINE_SIGNS,
        View::Conversations => &CONVERSATIONS_SIGNS,
        View::Ladder => &LADDER_SIGNS,
        View::Layers => &LAYERS_SIGNS,
        View::Segments => &SEGMENTS_SIGNS,
    };
    lines.extend(signs.iter().map(|(sign, role, means)| {
        vec![
            (2, (*sign).to_owned(), *role),
            (12, (*means).to_owned(), StyleRole::Text),
        ]
    }));
    lines.push(Vec::new());
    lines.extend(
        BINDINGS
            .iter()
            .filter(|binding| binding.applies(state))
            .map(|binding| {
                vec![
                    (2, binding.shown.to_owned(), StyleRole::Accent),
                    (12, binding.does.to_owned(), StyleRole::Text),
                ]
            }),
    );
    lines.push(vec![
        (2, "mouse".to_owned(), StyleRole::Accent),
        (
            12,
            "click selects; the wheel scrolls, over the timeline it zooms".to_owned(),
            StyleRole::Text,
        ),
    ]);
    lines.push(vec![(
        12,
        "with Shift held the terminal's own selection works".to_owned(),
        StyleRole::Dim,
    )]);
    if state.link_state.is_some() {
        lines.extend(link_help_lines());
    }
    lines
}

/// Returns what is not real in this environment.
fn notice_lines(state: &ScreenState) -> Vec<HelpLine> {
    let Some(notice) = &state.settings.notice else {
        return Vec::new();
    };
    let wrapped = wrap(notice, usize::from(WIDTH) - 4).into_iter();
    wrapped
        .map(|line| vec![(1, line, StyleRole::Warning)])
        .chain([Vec::new()])
        .collect()
}

/// Returns how to configure the link.
fn link_help_lines() -> Vec<HelpLine> {
    const LINES: [(&str, &str); 4] = [
        (
            "link",
            "what lies between client and servers here; l (F2 at the start) sets it",
        ),
        (
            "",
            "\u{2191}\u{2193} choose a setting, \u{2190}\u{2192} step through values, at once",
        ),
        (
            "",
            "or type a value: 80ms, 1%, 10mbit, and Enter; Esc closes",
        ),
        ("", "each change is an event of the run"),
    ];
    let line = |(name, says): (&str, &str)| {
        vec![
            (2, name.to_owned(), StyleRole::Accent),
            (12, says.to_owned(), StyleRole::Text),
        ]
    };
    std::iter::once(Vec::new()).chain(LINES.map(line)).collect()
}

/// Returns the phases in their colours.
fn phase_legend() -> HelpLine {
    let mut column = 2;
    Phase::ALL
        .into_iter()
        .map(|phase| {
            let text = format!(" {} ", phase.label());
            let here = column;
            column += u16::try_from(text.len() + 1).unwrap_or(0);
            (here, text, StyleRole::OnPhase(phase))
        })
        .collect()
}
