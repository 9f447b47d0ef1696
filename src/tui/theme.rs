//! Colours and their roles.
//!
//! The roles are those of browser developer tools: DNS teal, connect orange, TLS purple, send
//! grey-blue, wait green, receive blue. All colours are from the 256-colour palette, which every
//! current terminal has, and are drawn on the terminal's own background.

use ratatui::style::{Color, Modifier, Style};

use super::{Settings, Theme};
use crate::dissect::{PacketMark, PacketNote};
use crate::insight::ledger::Owner;
use crate::trace::Phase;

struct Palette {
    /// In the order of [`Phase::ALL`].
    phases: [u8; 7],
    machine: u8,
    failure: u8,
    success: u8,
    warning: u8,
    accent: u8,
    dim: u8,
    frame: u8,
    grid: u8,
    selected: u8,
    /// Text on a bar.
    ink: u8,
}

const DARK: Palette = Palette {
    phases: [37, 208, 175, 141, 110, 71, 69],
    machine: 244,
    failure: 203,
    success: 114,
    warning: 221,
    accent: 80,
    dim: 246,
    frame: 240,
    grid: 237,
    selected: 237,
    ink: 16,
};

const LIGHT: Palette = Palette {
    phases: [30, 166, 132, 97, 67, 28, 26],
    machine: 245,
    failure: 160,
    success: 28,
    warning: 130,
    accent: 25,
    dim: 242,
    frame: 248,
    grid: 253,
    selected: 254,
    ink: 231,
};

/// Okabe and Ito's set, as near as the palette has it; success and failure are blue and vermilion,
/// never green and red.
const COLOR_BLIND: Palette = Palette {
    phases: [36, 214, 250, 175, 74, 227, 32],
    machine: 244,
    failure: 202,
    success: 74,
    warning: 227,
    accent: 74,
    dim: 247,
    frame: 240,
    grid: 237,
    selected: 237,
    ink: 16,
};

/// Role of a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StyleRole {
    /// Ordinary text.
    Text,
    /// Emphasized text: names, figures.
    Strong,
    /// De-emphasized text.
    Dim,
    /// Borders.
    Frame,
    /// Border of the focused panel.
    FocusedFrame,
    /// Grid lines behind bars.
    Grid,
    /// Keys and selectable items.
    Accent,
    /// A phase.
    Phase(Phase),
    /// Text on a phase's colour.
    OnPhase(Phase),
    /// This program's own share of a phase.
    Machine,
    /// The share of an owner of time.
    Owner(Owner),
    /// Failures.
    Failure,
    /// Successes.
    Success,
    /// Warnings.
    Warning,
}

impl StyleRole {
    /// Returns the role of a packet's mark.
    pub(super) const fn for_mark(mark: PacketMark) -> Self {
        match mark {
            PacketMark::Retransmission | PacketMark::Reset => Self::Failure,
            PacketMark::OutOfOrder | PacketMark::DuplicateAck | PacketMark::ClosedWindow => {
                Self::Warning
            }
        }
    }

    /// Returns the role of a remark about a packet.
    pub(super) const fn for_aside(aside: PacketNote) -> Self {
        match aside {
            PacketNote::RoundTrip(_) => Self::Strong,
            PacketNote::Mark(mark) => Self::for_mark(mark),
            PacketNote::Again { .. } => Self::Warning,
        }
    }
}

/// Maps roles to styles.
#[derive(Clone, Copy)]
pub(super) struct Styles {
    palette: &'static Palette,
    color: bool,
}

impl Styles {
    pub(super) const fn new(settings: &Settings) -> Self {
        let palette = match settings.theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
            Theme::ColorBlind => &COLOR_BLIND,
        };
        Self {
            palette,
            color: settings.color,
        }
    }

    /// Returns true if colours are used; without them, patterns and letters are.
    pub(super) const fn has_color(self) -> bool {
        self.color
    }

    pub(super) fn style(self, role: StyleRole) -> Style {
        if self.color {
            self.colored(role)
        } else {
            monochrome_style(role)
        }
    }

    /// Returns the style of the selected row, brighter in the focused panel.
    pub(super) fn selected(self, focused: bool) -> Style {
        match (self.color, focused) {
            (true, true) => Style::new()
                .bg(Color::Indexed(self.palette.selected))
                .add_modifier(Modifier::BOLD),
            (true, false) => Style::new().bg(Color::Indexed(self.palette.selected)),
            (false, true) => Style::new().add_modifier(Modifier::REVERSED),
            (false, false) => Style::new().add_modifier(Modifier::BOLD),
        }
    }

    /// Returns what is patched into the style of what is not lit up, on a bar's colour or not.
    pub(super) const fn dimmed(self, is_on_bar: bool) -> Style {
        let faint = Style::new().remove_modifier(Modifier::BOLD);
        match (self.color, is_on_bar) {
            (true, false) => faint.fg(Color::Indexed(self.palette.frame)),
            (true, true) => faint
                .fg(Color::Indexed(self.palette.dim))
                .bg(Color::Indexed(self.palette.frame)),
            (false, _) => faint.add_modifier(Modifier::DIM),
        }
    }

    fn colored(self, role: StyleRole) -> Style {
        let palette = self.palette;
        let fg = |color| Style::new().fg(Color::Indexed(color));
        match role {
            StyleRole::Text => Style::new().fg(Color::Reset),
            StyleRole::Strong => Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD),
            StyleRole::Dim | StyleRole::Owner(Owner::None | Owner::Unknown) => fg(palette.dim),
            StyleRole::Frame => fg(palette.frame),
            StyleRole::FocusedFrame | StyleRole::Accent => fg(palette.accent),
            StyleRole::Grid => fg(palette.grid),
            StyleRole::Phase(phase) => fg(palette.phases[phase as usize]),
            StyleRole::OnPhase(phase) => {
                fg(palette.ink).bg(Color::Indexed(palette.phases[phase as usize]))
            }
            StyleRole::Machine | StyleRole::Owner(Owner::Client) => fg(palette.machine),
            StyleRole::Owner(Owner::Server) => fg(palette.phases[Phase::Wait as usize]),
            StyleRole::Owner(Owner::Network) => fg(palette.phases[Phase::Connect as usize]),
            StyleRole::Owner(Owner::Resolver) => fg(palette.phases[Phase::Dns as usize]),
            StyleRole::Owner(Owner::Proxy) => fg(palette.phases[Phase::Proxy as usize]),
            StyleRole::Failure => fg(palette.failure).add_modifier(Modifier::BOLD),
            StyleRole::Success => fg(palette.success),
            StyleRole::Warning => fg(palette.warning),
        }
    }
}

/// Returns the style of a role without colours. A bright role drawn over a dim one must reset it.
const fn monochrome_style(role: StyleRole) -> Style {
    let bright = Style::new().remove_modifier(Modifier::DIM);
    match role {
        StyleRole::Text
        | StyleRole::Phase(_)
        | StyleRole::Owner(Owner::Server | Owner::Network)
        | StyleRole::Success => bright,
        StyleRole::Strong | StyleRole::FocusedFrame | StyleRole::Accent | StyleRole::Warning => {
            bright.add_modifier(Modifier::BOLD)
        }
        StyleRole::Dim
        | StyleRole::Frame
        | StyleRole::Grid
        | StyleRole::Machine
        | StyleRole::Owner(_) => Style::new().add_modifier(Modifier::DIM),
        StyleRole::OnPhase(_) | StyleRole::Failure => bright.add_modifier(Modifier::REVERSED),
    }
}
