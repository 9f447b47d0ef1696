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
    Read,
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
    Sort,
    Filter,
    NextTheme,
    Link,
    NextOffer,
    PreviousOffer,
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
    pub(super) shown: &'static str,
    /// Description for the help page.
    pub(super) does: &'static str,
    /// Key and word for the line of key hints; empty for keys without a hint.
    pub(super) hint: (&'static str, &'static str),
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const NO_HINT: (&str, &str) = ("", "");

macro_rules! bind {
    ($action:ident, [$($key:expr),+], $shown:literal, $does:literal, $hint:expr) => {
        Binding { keys: &[$($key),+], action: Action::$action, shown: $shown, does: $does, hint: $hint }
    };
}

const fn key(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), NONE)
}

const fn control(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), CONTROL)
}

/// All bindings, in the order of the help page.
pub(super) const BINDINGS: [Binding; 35] = [
    bind!(
        RunAgain,
        [key('r')],
        "r",
        "run the request again",
        ("r", "run again")
    ),
    bind!(Edit, [key('e')], "e", "edit the URL", ("e", "edit URL")),
    bind!(
        NextOffer,
        [key('n')],
        "n",
        "run the next exhibit of the catalogue",
        ("n", "next")
    ),
    bind!(
        PreviousOffer,
        [key('p')],
        "p",
        "run the one before",
        NO_HINT
    ),
    bind!(
        Link,
        [key('l'), (KeyCode::F(2), NONE)],
        "l F2",
        "set the link: delay, loss, bandwidth \u{2026}",
        ("l", "link")
    ),
    bind!(
        Pause,
        [key(' ')],
        "space",
        "hold the picture, and let it go on",
        ("space", "pause")
    ),
    bind!(
        ShowTimeline,
        [key('1')],
        "1",
        "the timeline, or the conversations of a capture",
        ("1-4", "view")
    ),
    bind!(
        ShowLadder,
        [key('2')],
        "2",
        "the ladder: what was said, packet by packet",
        NO_HINT
    ),
    bind!(
        ShowLayers,
        [key('3')],
        "3",
        "the layers: what a packet is made of, byte by byte",
        NO_HINT
    ),
    bind!(
        ShowSegments,
        [key('4')],
        "4",
        "segments: their sizes, and how far the stream has come",
        NO_HINT
    ),
    bind!(
        Filter,
        [key('/')],
        "/",
        "show only conversations with these words in them",
        ("/", "filter")
    ),
    bind!(
        Sort,
        [key('s')],
        "s",
        "order by size, by time, by what was sent again, by duration",
        ("s", "sort")
    ),
    bind!(
        Down,
        [(KeyCode::Down, NONE), key('j')],
        "\u{2193} j",
        "the next event, phase, packet or line",
        ("\u{2191}\u{2193}", "select")
    ),
    bind!(
        Up,
        [(KeyCode::Up, NONE), key('k')],
        "\u{2191} k",
        "the one before",
        NO_HINT
    ),
    bind!(
        PageDown,
        [(KeyCode::PageDown, NONE), control('d')],
        "PgDn",
        "a page on",
        NO_HINT
    ),
    bind!(
        PageUp,
        [(KeyCode::PageUp, NONE), control('u')],
        "PgUp",
        "a page back",
        NO_HINT
    ),
    bind!(
        First,
        [(KeyCode::Home, NONE), key('g')],
        "Home g",
        "the first",
        NO_HINT
    ),
    bind!(
        Last,
        [(KeyCode::End, NONE), key('G')],
        "End G",
        "the last; the list follows what comes",
        NO_HINT
    ),
    bind!(
        NextPanel,
        [(KeyCode::Tab, NONE)],
        "Tab",
        "the next panel",
        ("tab", "panel")
    ),
    bind!(
        PreviousPanel,
        [(KeyCode::BackTab, NONE)],
        "Shift-Tab",
        "the panel before",
        NO_HINT
    ),
    bind!(
        Read,
        [(KeyCode::Enter, NONE)],
        "Enter",
        "read about what is selected; the ladder of a conversation",
        ("enter", "explain")
    ),
    bind!(
        Back,
        [(KeyCode::Esc, NONE)],
        "Esc",
        "back: to the whole run, the conversations, the lab's catalogue",
        ("esc", "catalogue")
    ),
    bind!(
        ZoomIn,
        [key('+'), key('=')],
        "+",
        "zoom in on what is selected",
        ("+-", "zoom")
    ),
    bind!(ZoomOut, [key('-')], "-", "zoom out", NO_HINT),
    bind!(
        Left,
        [(KeyCode::Left, NONE)],
        "\u{2190}",
        "earlier, when zoomed in",
        ("\u{2190}\u{2192}", "move")
    ),
    bind!(
        Right,
        [(KeyCode::Right, NONE)],
        "\u{2192}",
        "later, when zoomed in",
        NO_HINT
    ),
    bind!(ZoomOff, [key('0')], "0", "the whole run", NO_HINT),
    bind!(
        Copy,
        [key('y')],
        "y",
        "copy what is explained to the clipboard",
        NO_HINT
    ),
    bind!(
        Save,
        [key('S')],
        "S",
        "save the run to a file, packets and all (pcapng)",
        NO_HINT
    ),
    bind!(
        NextTheme,
        [key('t')],
        "t",
        "the next theme: dark, light, colour-blind",
        NO_HINT
    ),
    bind!(
        Help,
        [key('?'), (KeyCode::F(1), NONE)],
        "?",
        "this page",
        ("?", "help")
    ),
    bind!(Quit, [key('q')], "q", "quit", ("q", "quit")),
    bind!(
        Interrupt,
        [control('c')],
        "Ctrl-C",
        "cancel the run; when none is under way, quit",
        NO_HINT
    ),
    bind!(
        Suspend,
        [control('z')],
        "Ctrl-Z",
        "back to the shell for a while (fg returns)",
        NO_HINT
    ),
    bind!(
        Redraw,
        [control('l')],
        "Ctrl-L",
        "draw everything anew",
        NO_HINT
    ),
];

impl Binding {
    /// Whether the action is available in this state: some exist in the lab only.
    pub(super) fn applies(&self, state: &ScreenState) -> bool {
        let of_others = state.capture_flows().is_some();
        match self.action {
            Action::Pause => {
                state.settings.opened.is_none() || state.run.under_way || state.paused.is_some()
            }
            Action::RunAgain | Action::Edit | Action::Save => state.settings.opened.is_none(),
            Action::Sort | Action::Filter => of_others && state.view() == View::Conversations,
            Action::NextOffer | Action::PreviousOffer => state.has_catalogue(),
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
