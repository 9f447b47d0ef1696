//! A terminal with a program on it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// How long a condition is waited for. It is reached at once, or never.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    display: Arc<Display>,
    /// The line settings before the program came.
    before: Modes,
}

/// What the emulator shows, and word of its changes.
struct Display {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
}

/// What a program may have switched on and has to switch off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a terminal's modes are on or off"
)]
pub(crate) struct Modes {
    /// termios, as text: input, output, control and local flags.
    pub(crate) line: String,
    pub(crate) alternate_screen: bool,
    pub(crate) mouse: bool,
    pub(crate) bracketed_paste: bool,
    pub(crate) hidden_cursor: bool,
}

impl Terminal {
    /// Starts a program on a terminal of so many columns and rows.
    pub(crate) fn start(command: CommandBuilder, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let display = Arc::new(Display {
            parser: Mutex::new(vt100::Parser::new(some(rows), some(cols), 0)),
            changed: Condvar::new(),
        });
        let before = modes(pair.master.as_ref(), &display);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (mut output, keyboard) = (
            pair.master.try_clone_reader().unwrap(),
            pair.master.take_writer().unwrap(),
        );
        let shown = Arc::clone(&display);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                shown.parser.lock().unwrap().process(&bytes[..n]);
                shown.changed.notify_all();
            }
        });
        Self {
            master: pair.master,
            keyboard,
            child,
            display,
            before,
        }
    }

    /// tapline with a URL, in an environment of its own.
    pub(crate) fn tapline(arguments: &[&str], size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tapline"));
        command.args(arguments);
        environment(&mut command);
        Self::start(command, size)
    }

    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self
            .child
            .process_id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw)
            .unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The program's identifier, and those of all processes below it.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut found: Vec<u32> = self.child.process_id().into_iter().collect();
        let mut next = 0;
        while let Some(process) = found.get(next) {
            let tasks = std::fs::read_dir(format!("/proc/{process}/task"))
                .into_iter()
                .flatten()
                .flatten();
            let lists: Vec<String> = tasks
                .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
                .collect();
            found.extend(
                lists
                    .iter()
                    .flat_map(|list| list.split_whitespace())
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
            next += 1;
        }
        found
    }

    pub(crate) fn resize(&self, (cols, rows): (u16, u16)) {
        self.display
            .parser
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(some(rows), some(cols));
        self.master
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.display.parser.lock().unwrap().screen().contents()
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut parser = self.display.parser.lock().unwrap();
        while !wanted(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what} did not come; the screen shows\n{}",
                parser.screen().contents()
            );
            parser = self.display.changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the program is gone and all it wrote is shown; its exit code.
    pub(crate) fn wait_for_exit(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }

    /// Waits until the program is gone; the name of the signal that ended it, as the C library has
    /// it.
    pub(crate) fn wait_for_signal(&mut self) -> Option<String> {
        self.child.wait().unwrap().signal().map(str::to_owned)
    }

    /// Whether the program is still there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn modes(&self) -> Modes {
        modes(self.master.as_ref(), &self.display)
    }

    /// Waits until the terminal is as it was before the program came.
    #[track_caller]
    pub(crate) fn wait_until_restored(&self) {
        // The emulator may be a few bytes behind the program's end.
        self.wait_for("the restored screen", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        assert_eq!(self.modes(), self.before);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has at least one column and row")
}

/// A terminal that can colours, a locale that can all characters, nothing of the user's.
pub(crate) fn environment(command: &mut CommandBuilder) {
    for name in [
        "NO_COLOR",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
}

fn modes(master: &dyn MasterPty, display: &Display) -> Modes {
    let line = master.get_termios().map(|termios| {
        let flags = (
            termios.input_flags,
            termios.output_flags,
            termios.control_flags,
            termios.local_flags,
        );
        format!("{flags:?}")
    });
    let parser = display.parser.lock().unwrap();
    let screen = parser.screen();
    Modes {
        line: line.expect("a terminal has line settings"),
        alternate_screen: screen.alternate_screen(),
        mouse: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
        bracketed_paste: screen.bracketed_paste(),
        hidden_cursor: screen.hide_cursor(),
    }
}
