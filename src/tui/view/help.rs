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
        "time measured in this program (app clock)",
    ),
    (
        "\u{2501}\u{2501}\u{2578}",
        StyleRole::Text,
        "time measured on the packets (wire clock), or part of a phase",
    ),
    (
        "\u{2591}\u{2591}\u{2591}",
        StyleRole::Machine,
        "time on this machine: measured here, not seen on the wire",
    ),
    (
        "\u{2581}\u{2584}\u{2588}",
        StyleRole::Text,
        "payload of the packets in this column",
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
        "RST aborts it; retransmitted bytes",
    ),
    ("  \u{2717}", StyleRole::Failure, "failed here"),
    ("\u{2192} \u{2190}", StyleRole::Text, "sent, received"),
];

/// Symbols of the ladder.
const LADDER_SIGNS: [(&str, StyleRole, &str); 9] = [
    (
        "\u{2500}\u{2500}\u{25b6}",
        StyleRole::Text,
        "a packet to the server; \u{25c0}\u{2500}\u{2500} from the server",
    ),
    (
        "\u{250c}\u{2514}",
        StyleRole::Phase(Phase::Tls),
        "these packets together carry one TLS record",
    ),
    (
        "\u{2510}\u{2518}",
        StyleRole::Phase(Phase::Receive),
        "and these an HTTP head, body or frame (outer bracket)",
    ),
    ("\u{22ee}", StyleRole::Dim, "idle time, and its cause"),
    (
        "\u{2503}",
        StyleRole::Accent,
        "in the time of the owner selected with o",
    ),
    (
        "\u{00d7}",
        StyleRole::Failure,
        "retransmission: the original was lost, or seemed to be",
    ),
    (
        "~ d w",
        StyleRole::Warning,
        "out of order; duplicate ACK; zero window",
    ),
    ("\u{2717}", StyleRole::Failure, "connection reset"),
    (
        "seq ack",
        StyleRole::Text,
        "relative numbers: the SYN of each side is 0",
    ),
];

/// Boxes of a packet's layers.
const LAYERS_SIGNS: [(&str, StyleRole, &str); 6] = [
    (
        "Link",
        StyleRole::Phase(Phase::Send),
        "from one machine to the next",
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
        "a record, or the part of it in this packet",
    ),
    (
        "HTTP",
        StyleRole::Phase(Phase::Receive),
        "a head, body or frame; under TLS it is inside a record",
    ),
    (
        "\u{2190} \u{2192}",
        StyleRole::Text,
        "scroll the bytes of the packet",
    ),
];

/// Symbols in the list of conversations.
const CONVERSATIONS_SIGNS: [(&str, StyleRole, &str); 5] = [
    (
        "\u{25be}",
        StyleRole::Accent,
        "the list is sorted by this column",
    ),
    (
        "\u{2581}\u{2584}\u{2588}",
        StyleRole::Text,
        "payload over time, each row on its own scale",
    ),
    ("  \u{00b7}", StyleRole::Text, "packets without payload"),
    (
        "\u{2588}",
        StyleRole::Failure,
        "something was retransmitted then",
    ),
    (
        "\u{2717}",
        StyleRole::Failure,
        "reset, unanswered, or reported as undeliverable",
    ),
];

/// Symbols of the plots.
const SEGMENTS_SIGNS: [(&str, StyleRole, &str); 5] = [
    (
        "\u{2809}\u{2824}\u{28c0}",
        StyleRole::Text,
        "a segment: its payload, or its sequence number",
    ),
    (
        "\u{254c}\u{254c}\u{254c}",
        StyleRole::Warning,
        "MSS: the largest payload of a segment",
    ),
    (
        "\u{2022}",
        StyleRole::Success,
        "acknowledged: everything up to here was received",
    ),
    (
        "\u{2022}",
        StyleRole::Dim,
        "window edge: the receiver has room up to here, if near",
    ),
    ("\u{2022}", StyleRole::Failure, "retransmitted"),
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
        &[(" Keys and symbols ".to_owned(), StyleRole::Strong)],
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
                    (2, binding.label.to_owned(), StyleRole::Accent),
                    (12, binding.description.to_owned(), StyleRole::Text),
                ]
            }),
    );
    lines.push(vec![
        (2, "mouse".to_owned(), StyleRole::Accent),
        (
            12,
            "click selects; the wheel scrolls, and zooms the timeline".to_owned(),
            StyleRole::Text,
        ),
    ]);
    lines.push(vec![(
        12,
        "hold Shift for the terminal's own selection".to_owned(),
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
            "the emulated link to the servers; l (F2 at the start) opens it",
        ),
        (
            "",
            "\u{2191}\u{2193} select a setting, \u{2190}\u{2192} change its value at once",
        ),
        (
            "",
            "or type a value (80ms, 1%, 10mbit) and Enter; Esc closes",
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
