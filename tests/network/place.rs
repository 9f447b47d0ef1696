//! The program under test, as an ordinary user runs it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use rustix::process::geteuid;
use serde_json::Value;

/// A user with no rights and no home.
const NOBODY: &str = "65534";

/// A copy where an ordinary user can run it. One run's takes the place of the last one's.
pub(crate) static TAPLINE: LazyLock<PathBuf> = LazyLock::new(|| {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let is_open = built.ancestors().all(|folder| {
        fs::metadata(folder).is_ok_and(|known| known.permissions().mode() & 0o001 != 0)
    });
    let path = if is_open { built } else { std::env::temp_dir() }.join("tapline-under-test");
    let part = path.with_extension(std::process::id().to_string());
    fs::copy(env!("CARGO_BIN_EXE_tapline"), &part).unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&part, &path).unwrap();
    path
});

/// `tapline lab` with arguments, as an ordinary user.
pub(crate) fn lab(arguments: &[&str]) -> Command {
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .arg(&*TAPLINE);
        command
    } else {
        Command::new(&*TAPLINE)
    };
    command
        .arg("lab")
        .args(arguments)
        .current_dir("/")
        .env_remove("TAPLINE_LAB")
        .stdin(Stdio::null());
    command
}

/// Whether an ordinary user may have networks of his own here; if not, says so.
pub(crate) fn is_possible(test: &str) -> bool {
    static POSSIBLE: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let output = lab(&["--rtt", "0ms", "--", "true"])
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    });
    if let Err(reason) = &*POSSIBLE {
        std::io::stderr()
            .write_all(format!("SKIPPED {test}: {reason}\n").as_bytes())
            .unwrap();
    }
    POSSIBLE.is_ok()
}

/// Whether a program is there; if not, says so.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .env("PATH", path())
        .stdout(Stdio::null())
        .status();
    let has = found.is_ok_and(|status| status.success());
    if !has {
        assert!(
            std::env::var_os("TAPLINE_REQUIRE_PEERS").is_none(),
            "{program} is not installed"
        );
        std::io::stderr()
            .write_all(format!("SKIPPED: {program} is not installed\n").as_bytes())
            .unwrap();
    }
    has
}

/// Network tools often lie where an ordinary user's `PATH` does not lead.
pub(crate) fn path() -> String {
    format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    )
}

/// What a program in the lab wrote; it has to succeed.
#[track_caller]
pub(crate) fn within(options: &[&str], program: &[&str]) -> String {
    let output = run(options, program);
    assert!(
        output.status.success(),
        "{program:?} ended with {}: {}",
        output.status,
        told(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// How a program in the lab ended.
pub(crate) fn run(options: &[&str], program: &[&str]) -> Output {
    lab(options)
        .arg("--")
        .args(program)
        .env("PATH", path())
        .output()
        .unwrap()
}

pub(crate) fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    )
}

/// What `tapline probe` measured in the lab; the first exchange.
#[track_caller]
pub(crate) fn probed(options: &[&str], arguments: &[&str]) -> Value {
    let tapline = TAPLINE.to_str().unwrap();
    let output = run(
        options,
        &[&[tapline, "probe", "--format", "json"], arguments].concat(),
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", told(&output)))
}

/// The duration of a phase on a clock, in milliseconds.
#[track_caller]
pub(crate) fn phase(document: &Value, name: &str, clock: &str) -> f64 {
    let phases = document["exchanges"][0]["phases"].as_array().unwrap();
    let found = phases
        .iter()
        .find(|phase| phase["name"] == name && phase["clock"] == clock);
    let duration = found.and_then(|phase| phase["duration_ns"].as_f64());
    duration.unwrap_or_else(|| panic!("there is no {name} on the {clock} clock: {document:#}"))
        / 1e6
}
