//! A screen on the desk: a state, its clock, and hands to press keys.

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use tapline::trace::{Event, LinkConfig, LinkCounts};
use tapline::tui::{ScreenEffect, ScreenMessage, ScreenState, Settings, Suggestion, draw};
use tapline::units::{Moment, Nanos};

use crate::scenario::Scenario;

pub(crate) struct Desk {
    pub(crate) state: ScreenState,
    pub(crate) now: Moment,
    size: (u16, u16),
}

impl Desk {
    /// A screen that was told a URL.
    pub(crate) fn new(size: (u16, u16)) -> Self {
        Self::with(
            size,
            Settings {
                color: true,
                url: Some("https://api.lab.test/users".to_owned()),
                ..Settings::default()
            },
        )
    }

    /// The start screen, with two suggestions.
    pub(crate) fn start(size: (u16, u16)) -> Self {
        let suggestion = |url: &str, shows: &str| Suggestion {
            url: url.to_owned(),
            description: shows.to_owned(),
            group: String::new(),
        };
        let suggestions = vec![
            suggestion(
                "https://tapline.test:8443/",
                "a page over HTTP/2 and TLS 1.3",
            ),
            suggestion(
                "https://expired.tapline.test:8443/",
                "a certificate past its end",
            ),
        ];
        Self::with(
            size,
            Settings {
                color: true,
                suggestions,
                ..Settings::default()
            },
        )
    }

    /// In a lab with a private network: a catalogue under headings, and a link.
    pub(crate) fn lab(size: (u16, u16)) -> Self {
        let mut desk = Self::with(
            size,
            Settings {
                color: true,
                suggestions: exhibits(),
                ..Settings::default()
            },
        );
        desk.link(link(), LinkCounts::default());
        desk
    }

    /// Tells of the link.
    pub(crate) fn link(&mut self, link: LinkConfig, counts: LinkCounts) {
        self.send(ScreenMessage::Link { link, counts });
    }

    pub(crate) fn with(size: (u16, u16), settings: Settings) -> Self {
        Self {
            state: ScreenState::new(settings, Size::new(size.0, size.1)),
            now: Moment::START,
            size,
        }
    }

    /// All that a scenario tells.
    pub(crate) fn scenario(name: &str, size: (u16, u16)) -> Self {
        let mut desk = Self::new(size);
        desk.tell(Scenario::named(name).events);
        desk
    }

    /// What a scenario tells up to an instant, at which the picture is then drawn.
    pub(crate) fn scenario_until(name: &str, until: Moment, size: (u16, u16)) -> Self {
        let mut desk = Self::new(size);
        desk.tell(
            Scenario::named(name)
                .events
                .into_iter()
                .filter(|event| event.at <= until),
        );
        desk.now = until;
        desk
    }

    pub(crate) fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.now = self.now.max(event.at);
            self.send(ScreenMessage::Trace(event));
        }
    }

    pub(crate) fn send(&mut self, message: ScreenMessage) -> Vec<ScreenEffect> {
        let mut effects = self.state.update(message, self.now);
        effects.extend(self.state.prepare_frame());
        effects
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> Vec<ScreenEffect> {
        self.press_with(code, KeyModifiers::NONE)
    }

    pub(crate) fn press_with(
        &mut self,
        code: KeyCode,
        modifiers: KeyModifiers,
    ) -> Vec<ScreenEffect> {
        self.send(ScreenMessage::Terminal(TerminalEvent::Key(KeyEvent::new(
            code, modifiers,
        ))))
    }

    pub(crate) fn ctrl(&mut self, c: char) -> Vec<ScreenEffect> {
        self.press_with(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    /// One key after another.
    pub(crate) fn type_text(&mut self, text: &str) -> Vec<ScreenEffect> {
        text.chars()
            .flat_map(|c| self.press(KeyCode::Char(c)))
            .collect()
    }

    pub(crate) fn mouse(
        &mut self,
        kind: MouseEventKind,
        (column, row): (u16, u16),
    ) -> Vec<ScreenEffect> {
        self.send(ScreenMessage::Terminal(TerminalEvent::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })))
    }

    pub(crate) fn click(&mut self, at: (u16, u16)) -> Vec<ScreenEffect> {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at)
    }

    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.send(ScreenMessage::Terminal(TerminalEvent::Resize(
            size.0, size.1,
        )));
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal
            .draw(|frame| draw(frame, &self.state, self.now))
            .unwrap();
        terminal.backend().buffer().clone()
    }

    /// The picture as lines of text.
    pub(crate) fn lines(&self) -> Vec<String> {
        let buffer = self.buffer();
        let area = buffer.area;
        let line = |y| {
            (area.left()..area.right())
                .map(|x| buffer[(x, y)].symbol())
                .collect::<String>()
        };
        (area.top()..area.bottom())
            .map(|y| line(y).trim_end().to_owned())
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }

    /// The line and column of a text on the screen.
    pub(crate) fn find(&self, text: &str) -> (u16, u16) {
        let lines = self.lines();
        let (y, line) = lines
            .iter()
            .enumerate()
            .find(|(_, line)| line.contains(text))
            .unwrap_or_else(|| panic!("{text:?} is not on\n{}", self.text()));
        let x = line.split(text).next().unwrap().chars().count();
        (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
    }

    /// The lines that carry the cursor's mark.
    pub(crate) fn marked(&self) -> Vec<String> {
        self.lines()
            .into_iter()
            .flat_map(|line| {
                line.split('│')
                    .filter(|part| part.starts_with('▸'))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}

/// A link that only delays.
pub(crate) fn link() -> LinkConfig {
    LinkConfig::delay_only(Nanos::from_millis(20), 1)
}

/// Some seventy exhibits in six groups.
pub(crate) fn exhibits() -> Vec<Suggestion> {
    let exhibit = |group: &str, url: String, shows: &str| Suggestion {
        url,
        description: shows.to_owned(),
        group: group.to_owned(),
    };
    let mut all: Vec<Suggestion> = [
        (
            "Pages",
            "https://api.lab.test/users",
            "a page of JSON, about 1 kB",
        ),
        (
            "Pages",
            "http://api.lab.test/users",
            "the same page over HTTP: no TLS phase",
        ),
        (
            "Pages",
            "https://api.lab.test/gzip",
            "compressed with gzip; /br and /zstd use brotli and Zstandard",
        ),
        (
            "Pages",
            "https://api.lab.test/trailers",
            "trailer fields after the body",
        ),
        (
            "Time",
            "https://api.lab.test/delay/500",
            "the server takes half a second to respond: a long wait",
        ),
        (
            "Time",
            "https://api.lab.test/drip",
            "eight chunks, 100 ms apart: a long receive",
        ),
        (
            "Time",
            "https://api.lab.test/early-hints",
            "103 first, the response 50 ms later",
        ),
        (
            "Certificates",
            "https://expired.lab.test/",
            "a certificate that expired 12 days ago",
        ),
        (
            "Certificates",
            "https://wrong-host.lab.test/",
            "a certificate for another name",
        ),
        (
            "Certificates",
            "https://incomplete-chain.lab.test/",
            "a server that does not send the intermediate certificate",
        ),
        (
            "DNS",
            "https://alias.lab.test/users",
            "an alias of an alias: two CNAME records",
        ),
        (
            "DNS",
            "https://slow-dns.lab.test/",
            "a DNS server that takes 700 ms for its answer",
        ),
        (
            "Firewalls",
            "https://dropped.lab.test/",
            "a firewall that drops everything: connecting waits, and is told nothing",
        ),
    ]
    .into_iter()
    .map(|(group, url, shows)| exhibit(group, url.to_owned(), shows))
    .collect();
    all.extend((400..457).map(|status| {
        exhibit(
            "Statuses",
            format!("https://api.lab.test/status/{status}"),
            "that status, and a word on it",
        )
    }));
    all
}
