//! The screen over capture files, as `tapline open` has it, without a terminal.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tapline::archive::Archive;
use tapline::trace::{Event, EventKind};
use tapline::tui::{ScreenMessage, ScreenState, Settings, draw};
use tapline::units::Moment;

use crate::traffic::{self, Traffic};

/// What a picture may take where thirty are drawn in a second.
const FRAME: Duration = Duration::from_millis(33);
const SIZE: (u16, u16) = (200, 60);
/// Keys pressed, each with a picture.
const KEYS: usize = 1_000;

/// Files of different sizes, each looked at by a process of its own so that its memory is its own
/// too.
pub(crate) fn told(folder: &Path) {
    println!();
    for (connections, segments) in [(50, 1), (50, 100), (6_400, 100), (65_500, 8), (1, 250_000)] {
        let path = folder.join("look.pcap");
        let packets = traffic::write(
            &path,
            Traffic {
                connections,
                segments,
                captured: 96,
            },
        );
        println!("a file of {packets} packets in {connections} conversations");
        let status = Command::new(std::env::current_exe().unwrap())
            .arg("--look")
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
    }
    println!();
}

/// Opens a file, looks through its conversations and into the first, and says what it took.
pub(crate) fn look(file: &Path) {
    let before = kilobytes();
    let began = Instant::now();
    let mut desk = Desk::new();
    let inbox = read(file);
    let mut first = None;
    while !desk.ended() {
        desk.take_all(&inbox);
        desk.draw();
        first =
            first.or_else(|| (desk.state.trace().capture().packets > 0).then(|| began.elapsed()));
    }
    let all = began.elapsed();
    let packets = desk.state.trace().capture().packets;
    #[allow(clippy::cast_precision_loss, reason = "a few figures are shown")]
    let each = (kilobytes() - before) as f64 * 1_024.0 / packets.max(1) as f64;
    println!(
        "  first seen after {:.3} s, all after {:.3} s, {each:.0} bytes a packet",
        first.unwrap_or_default().as_secs_f64(),
        all.as_secs_f64()
    );
    desk.keys("the list, line by line", KeyCode::Down, KEYS);
    desk.keys("the list, page by page", KeyCode::PageDown, KEYS);
    desk.keys("another order", KeyCode::Char('s'), 8);
    desk.keys("to its end and back", KeyCode::End, 1);
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Char('2'));
    desk.keys("the ladder, packet by packet", KeyCode::Down, KEYS);
    desk.keys("the ladder, page by page", KeyCode::PageDown, KEYS);
    desk.press(KeyCode::Char('4'));
    desk.keys("the segments", KeyCode::Down, 100);
}

fn read(file: &Path) -> Receiver<Event> {
    let archive = Archive::open(file).unwrap();
    let (sender, inbox) = sync_channel(32);
    thread::spawn(move || archive.read_events(|event| _ = sender.send(event)));
    inbox
}

struct Desk {
    state: ScreenState,
    terminal: Terminal<TestBackend>,
    ended: bool,
}

impl Desk {
    fn new() -> Self {
        let settings = Settings {
            color: true,
            opened: Some("look.pcap".to_owned()),
            ..Settings::default()
        };
        let state = ScreenState::new(settings, Size::new(SIZE.0, SIZE.1));
        Self {
            state,
            terminal: Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap(),
            ended: false,
        }
    }

    const fn ended(&self) -> bool {
        self.ended
    }

    /// What comes until the next picture is due.
    fn take_all(&mut self, inbox: &Receiver<Event>) {
        let began = Instant::now();
        while began.elapsed() < FRAME
            && let Ok(event) = inbox.recv_timeout(FRAME)
        {
            self.ended = matches!(event.kind, EventKind::RunEnded);
            self.state
                .update(ScreenMessage::Trace(event), Moment::START);
            if self.ended {
                return;
            }
        }
    }

    fn draw(&mut self) {
        self.state.prepare_frame();
        let (state, now) = (&self.state, self.state.trace().latest());
        self.terminal.draw(|frame| draw(frame, state, now)).unwrap();
    }

    fn press(&mut self, code: KeyCode) {
        let now = self.state.trace().latest();
        self.state.update(
            ScreenMessage::Terminal(TerminalEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))),
            now,
        );
        self.draw();
    }

    /// Presses a key so often and says what a picture took, from the key on.
    fn keys(&mut self, what: &str, code: KeyCode, times: usize) {
        let mut took: Vec<Duration> = (0..times)
            .map(|_| {
                let began = Instant::now();
                self.press(code);
                began.elapsed()
            })
            .collect();
        took.sort_unstable();
        let millis = |place: usize| took[place.min(times - 1)].as_secs_f64() * 1e3;
        println!(
            "  {what:<30} half {:>7.3} ms, 99 % {:>7.3} ms, all {:>7.3} ms",
            millis(times / 2),
            millis(times * 99 / 100),
            millis(times - 1)
        );
    }
}

/// The most memory so far.
fn kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix(" kB")?
            .parse()
            .ok()
    });
    peak.unwrap_or(0)
}
