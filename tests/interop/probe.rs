//! Runs the binary under test and reads what it says.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use jsonschema::Validator;
use serde_json::Value;

use crate::fixture::program::tapline;

/// After this a run is ended and the test fails: nothing here takes this long.
const STUCK: Duration = Duration::from_secs(60);

/// What a finished program left behind.
pub(crate) struct Run {
    /// Exit code; `None` where a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Run {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// `tapline` with these arguments and nothing of the surroundings that could change what it does.
pub(crate) fn command<S: AsRef<OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(tapline());
    command.args(args);
    neutral(&mut command);
    command
}

/// Takes proxies, resolvers and colours out of a program's surroundings.
pub(crate) fn neutral(command: &mut Command) {
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command) -> Run {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    finish(child)
}

/// Waits for a program whose output is piped.
pub(crate) fn finish(mut child: Child) -> Run {
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let deadline = Instant::now() + STUCK;
    let status = loop {
        match child.try_wait().expect("a status") {
            Some(status) => break Some(status),
            None if Instant::now() > deadline => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => sleep(Duration::from_millis(1)),
        }
    };
    let collected = |reader: Option<JoinHandle<Vec<u8>>>| {
        reader
            .map(|reader| reader.join().expect("reading"))
            .unwrap_or_default()
    };
    let (stdout, stderr) = (collected(stdout), collected(stderr));
    let Some(status) = status else {
        panic!(
            "still running after {STUCK:?}\n{}\n{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
    };
    Run {
        status: status.code(),
        stdout,
        stderr,
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

/// A run's JSON document.
pub(crate) struct Report {
    pub(crate) run: Run,
    pub(crate) json: Value,
}

/// `tapline probe --format json --capture off` with these arguments.
pub(crate) fn probe<S: AsRef<OsStr>>(args: &[S]) -> Report {
    let mut command = command(&["probe", "--format", "json", "--capture", "off"]);
    command.args(args);
    report(command)
}

/// The same with a limit of time, and more of it where it did not get as far as one of `phases`: on
/// a busy machine it takes longer.
pub(crate) fn probe_within<S: AsRef<OsStr>>(phases: &[&str], args: &[S]) -> Report {
    let within = |limit: &str| {
        let mut command = command(&[
            "probe",
            "--format",
            "json",
            "--capture",
            "off",
            "--max-time",
            limit,
        ]);
        command.args(args);
        report(command)
    };
    let got_there = |report: &Report| {
        report.json["outcome"]["failed_phase"]
            .as_str()
            .is_some_and(|phase| phases.contains(&phase))
    };
    ["0.5", "5"]
        .into_iter()
        .map(within)
        .find(got_there)
        .unwrap_or_else(|| within("25"))
}

/// Runs a command that prints the JSON document.
pub(crate) fn report(command: Command) -> Report {
    let shown = format!("{command:?}");
    Report::from(run(command), &shown)
}

impl Report {
    pub(crate) fn from(run: Run, shown: &str) -> Self {
        let json = serde_json::from_slice(&run.stdout).unwrap_or_else(|error| {
            panic!(
                "{shown}\ngives no JSON: {error}\nexit code {:?}\n{}\n{}",
                run.status,
                run.text(),
                run.errors()
            )
        });
        if let Err(error) = schema().validate(&json) {
            panic!(
                "{shown}\nbreaks its schema at {}: {error}\n{json:#}",
                error.instance_path()
            );
        }
        Self { run, json }
    }

    /// The run went well: exit code 0 and the outcome says so.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(
            self.run.status,
            Some(0),
            "exit code; {}\n{self}",
            self.run.errors()
        );
        assert_eq!(self.json["outcome"]["status"], "ok", "{self}");
        assert_eq!(self.json["outcome"]["error"], Value::Null, "{self}");
        assert_eq!(self.json["outcome"]["failed_phase"], Value::Null, "{self}");
        self
    }

    /// The run failed in one of these phases with one of these codes, says why in a sentence that
    /// names all of `names`, and what to try.
    #[track_caller]
    pub(crate) fn failed(self, phases: &[&str], codes: &[&str], names: &[&str]) -> Self {
        assert_eq!(
            self.run.status,
            Some(3),
            "exit code; {}\n{self}",
            self.run.errors()
        );
        let outcome = &self.json["outcome"];
        assert_eq!(outcome["status"], "failed", "{self}");
        let phase = outcome["failed_phase"].as_str().unwrap_or_default();
        assert!(
            phases.contains(&phase),
            "failed in {phase}, not in {phases:?}\n{self}"
        );
        let error = &outcome["error"];
        let code = error["code"].as_str().unwrap_or_default();
        assert!(codes.contains(&code), "code {code}, not {codes:?}\n{self}");
        let message = error["message"].as_str().unwrap_or_default();
        for name in names {
            assert!(
                message.contains(name),
                "the message does not name {name}: {message}"
            );
        }
        assert!(
            message.contains(' ') && !message.contains('\n'),
            "no sentence: {message:?}"
        );
        assert!(
            error["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains(' ')),
            "no hint\n{self}"
        );
        self
    }

    pub(crate) fn exchanges(&self) -> &[Value] {
        self.json["exchanges"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// One exchange.
    #[track_caller]
    pub(crate) fn exchange(&self, number: usize) -> &Value {
        self.exchanges()
            .get(number)
            .unwrap_or_else(|| panic!("no exchange {number}\n{self}"))
    }

    /// The only exchange.
    #[track_caller]
    pub(crate) fn only(&self) -> &Value {
        assert_eq!(self.exchanges().len(), 1, "exchanges\n{self}");
        self.exchange(0)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.json)
    }
}

/// The published schema; every document that any test sees has to fit it.
fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/assets/schema/summary-1.schema.json"
        );
        let text = std::fs::read_to_string(file).expect("the schema");
        jsonschema::draft202012::new(&serde_json::from_str(&text).expect("JSON")).expect("a schema")
    })
}

/// Nanoseconds of a phase on the app clock; `None` where the phase did not happen.
pub(crate) fn phase(exchange: &Value, name: &str) -> Option<f64> {
    let phases = exchange["phases"].as_array()?;
    let found = phases
        .iter()
        .find(|phase| phase["name"] == name && phase["clock"] == "app")?;
    found["duration_ns"].as_f64()
}

/// Names of the phases on the app clock, in order.
pub(crate) fn phase_names(exchange: &Value) -> Vec<&str> {
    let phases = exchange["phases"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    phases
        .iter()
        .filter(|phase| phase["clock"] == "app")
        .filter_map(|phase| phase["name"].as_str())
        .collect()
}

/// The first value of a field in `request` or `response`.
pub(crate) fn header<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    let headers = message["headers"].as_array()?;
    let found = headers.iter().find(|pair| {
        pair[0]
            .as_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    })?;
    found[1].as_str()
}
