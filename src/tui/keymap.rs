//! The key bindings. This table is the only place that defines them: key handling, the key hints
//! and the help page all read it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::ScreenState;
use super::state::View;

/// Action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    RunAgain,
    Edit,
    Pause,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    NextPanel,
    PreviousPanel,
    Explain,
    Back,
    ZoomIn,
    ZoomOut,
    Left,
    Right,
    ZoomOff,
    Copy,
    Save,
    ShowTimeline,
    ShowLadder,
    ShowLayers,
    ShowSegments,
    NextOwner,
    PreviousOwner,
    Sort,
    Filter,
    NextTheme,
    Link,
    NextSuggestion,
    PreviousSuggestion,
    Help,
    Quit,
    Interrupt,
    Suspend,
    Redraw,
}

/// A key binding: keys, action, and how they are described.
pub(super) struct Binding {
    keys: &'static [(KeyCode, KeyModifiers)],
    pub(super) action: Action,
    /// Keys as the help page shows them.
    pub(super) label: &'static str,
    /// Description for the help page.
    pub(super) description: &'static str,
    /// Key and word for the line of key hints; empty for keys without a hint.
    pub(super) hint: (&'static str, &'static str),
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const NO_HINT: (&str, &str) = ("", "");

macro_rules! bind {
    ($action:ident, [$($key:expr),+], $label:literal, $description:literal, $hint:expr) => {
        Binding {
            keys: &[$($key),+],
            action: Action::$action,
            label: $label,
            description: $description,
            hint: $hint,
        }
    };
}

const fn plain_key(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), NONE)
}

const fn control_key(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), CONTROL)
}

/// All bindings, in the order of the help page.
pub(super) const BINDINGS: [Binding; 37] = [
    bind!(
        RunAgain,
        [plain_key('r')],
        "r",
        "run the request again",
        ("r", "run again")
    ),
    bind!(
        Edit,
        [plain_key('e')],
        "e",
        "edit the URL",
        ("e", "edit URL")
    ),
    bind!(
        NextSuggestion,
        [plain_key('n')],
        "n",
        "run the next suggested place",
        ("n", "next")
    ),
    bind!(
        PreviousSuggestion,
        [plain_key('p')],
        "p",
        "run the previous suggested place",
        NO_HINT
    ),
    bind!(
        Link,
        [plain_key('l'), (KeyCode::F(2), NONE)],
        "l F2",
        "configure the link: delay, loss, bandwidth \u{2026}",
        ("l", "link")
    ),
    bind!(
        Pause,
        [plain_key(' ')],
        "space",
        "pause or resume the display",
        ("space", "pause")
    ),
    bind!(
        ShowTimeline,
        [plain_key('1')],
        "1",
        "timeline, or conversations of a capture",
        ("1-4", "view")
    ),
    bind!(
        ShowLadder,
        [plain_key('2')],
        "2",
        "ladder: packets between client and server",
        NO_HINT
    ),
    bind!(
        ShowLayers,
        [plain_key('3')],
        "3",
        "layers: headers and bytes of a packet",
        NO_HINT
    ),
    bind!(
        ShowSegments,
        [plain_key('4')],
        "4",
        "segments: sizes and sequence numbers over time",
        NO_HINT
    ),
    bind!(
        NextOwner,
        [plain_key('o')],
        "o",
        "whose time: light up the next owner's",
        ("o", "whose time")
    ),
    bind!(
        PreviousOwner,
        [plain_key('O')],
        "O",
        "whose time: the previous owner's",
        NO_HINT
    ),
    bind!(
        Filter,
        [plain_key('/')],
        "/",
        "filter conversations by words",
        ("/", "filter")
    ),
    bind!(
        Sort,
        [plain_key('s')],
        "s",
        "sort by size, time, retransmissions or duration",
        ("s", "sort")
    ),
    bind!(
        Down,
        [(KeyCode::Down, NONE), plain_key('j')],
        "\u{2193} j",
        "next item: event, phase, packet or line",
        ("\u{2191}\u{2193}", "select")
    ),
    bind!(
        Up,
        [(KeyCode::Up, NONE), plain_key('k')],
        "\u{2191} k",
        "previous item",
        NO_HINT
    ),
    bind!(
        PageDown,
        [(KeyCode::PageDown, NONE), control_key('d')],
        "PgDn",
        "page down",
        NO_HINT
    ),
    bind!(
        PageUp,
        [(KeyCode::PageUp, NONE), control_key('u')],
        "PgUp",
        "page up",
        NO_HINT
    ),
    bind!(
        First,
        [(KeyCode::Home, NONE), plain_key('g')],
        "Home g",
        "first item",
        NO_HINT
    ),
    bind!(
        Last,
        [(KeyCode::End, NONE), plain_key('G')],
        "End G",
        "last item; the event list follows new events",
        NO_HINT
    ),
    bind!(
        NextPanel,
        [(KeyCode::Tab, NONE)],
        "Tab",
        "next panel",
        ("tab", "panel")
    ),
    bind!(
        PreviousPanel,
        [(KeyCode::BackTab, NONE)],
        "Shift-Tab",
        "previous panel",
        NO_HINT
    ),
    bind!(
        Explain,
        [(KeyCode::Enter, NONE)],
        "Enter",
        "explain the selection; open the ladder of a conversation",
        ("enter", "explain")
    ),
    bind!(
        Back,
        [(KeyCode::Esc, NONE)],
        "Esc",
        "back to all owners, the whole run, the start screen",
        ("esc", "back")
    ),
    bind!(
        ZoomIn,
        [plain_key('+'), plain_key('=')],
        "+",
        "zoom in on the selection",
        ("+-", "zoom")
    ),
    bind!(ZoomOut, [plain_key('-')], "-", "zoom out", NO_HINT),
    bind!(
        Left,
        [(KeyCode::Left, NONE)],
        "\u{2190}",
        "move to earlier times, when zoomed in",
        ("\u{2190}\u{2192}", "move")
    ),
    bind!(
        Right,
        [(KeyCode::Right, NONE)],
        "\u{2192}",
        "move to later times, when zoomed in",
        NO_HINT
    ),
    bind!(
        ZoomOff,
        [plain_key('0')],
        "0",
        "show the whole run",
        NO_HINT
    ),
    bind!(
        Copy,
        [plain_key('y')],
        "y",
        "copy the explanation to the clipboard",
        NO_HINT
    ),
    bind!(
        Save,
        [plain_key('S')],
        "S",
        "save the run with its packets to a file (pcapng)",
        NO_HINT
    ),
    bind!(
        NextTheme,
        [plain_key('t')],
        "t",
        "next theme: dark, light, colour-blind",
        NO_HINT
    ),
    bind!(
        Help,
        [plain_key('?'), (KeyCode::F(1), NONE)],
        "?",
        "this help",
        ("?", "help")
    ),
    bind!(Quit, [plain_key('q')], "q", "quit", ("q", "quit")),
    bind!(
        Interrupt,
        [control_key('c')],
        "Ctrl-C",
        "cancel the run; if none is in progress, quit",
        NO_HINT
    ),
    bind!(
        Suspend,
        [control_key('z')],
        "Ctrl-Z",
        "suspend to the shell (fg returns)",
        NO_HINT
    ),
    bind!(
        Redraw,
        [control_key('l')],
        "Ctrl-L",
        "redraw the screen",
        NO_HINT
    ),
];

impl Binding {
    /// Returns true if the action is available in this state: some exist in the lab only.
    pub(super) fn applies(&self, state: &ScreenState) -> bool {
        let of_others = state.capture_flows().is_some();
        match self.action {
            Action::Pause => {
                state.settings.opened.is_none() || state.run.under_way || state.paused.is_some()
            }
            Action::RunAgain | Action::Edit | Action::Save => state.settings.opened.is_none(),
            Action::NextOwner | Action::PreviousOwner => !of_others,
            Action::Sort | Action::Filter => of_others && state.view() == View::Conversations,
            Action::NextSuggestion | Action::PreviousSuggestion => state.has_catalogue(),
            Action::Link => state.link_state.is_some(),
            Action::Left | Action::Right => {
                !matches!(state.view(), View::Ladder | View::Conversations)
            }
            Action::ZoomIn | Action::ZoomOut | Action::ZoomOff => !matches!(
                state.view(),
                View::Ladder | View::Layers | View::Conversations
            ),
            _ => true,
        }
    }
}

/// Returns the action of a key, if any.
pub(super) fn action_for_key(pressed: KeyEvent) -> Option<Action> {
    let modifiers = pressed.modifiers - KeyModifiers::SHIFT;
    BINDINGS
        .iter()
        .find(|binding| binding.keys.contains(&(pressed.code, modifiers)))
        .map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_has_two_meanings_and_no_action_two_entries() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(
            BINDINGS
                .iter()
                .map(|binding| binding.action)
                .collect::<HashSet<_>>()
                .len(),
            BINDINGS.len()
        );
    }

    #[test]
    fn shift_does_not_hide_a_key() {
        assert_eq!(
            action_for_key(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)),
            Some(Action::Last)
        );
        assert_eq!(
            action_for_key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
            Some(Action::PreviousPanel)
        );
        assert_eq!(
            action_for_key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE)),
            None
        );
    }
}
