//! Programs that read reports.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed for the tests, or a visible skip.
fn installed(relative: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/peers")
        .join(relative);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("TAPLINE_REQUIRE_PEERS").is_none_or(|value| value != "1"),
        "{relative} is required; tools/report-peers installs it"
    );
    skipped(&format!(
        "{relative} is not installed, see tools/report-peers"
    ));
    None
}

/// Says that a test did not run and why.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED: {why} ({test})");
}

/// Node, for a program that uses one of npm's packages.
pub(crate) fn node(package: &str, program: &str) -> Option<Command> {
    let modules = installed("node/node_modules")?;
    installed(&format!("node/node_modules/{package}"))?;
    let mut command = Command::new("node");
    command
        .env("NODE_PATH", modules)
        .args(["-e", program, "--"]);
    Some(command)
}

/// A file of one of npm's packages.
pub(crate) fn resource(package: &str, path: &str) -> Option<PathBuf> {
    installed(&format!("node/node_modules/{package}/{path}"))
}

/// Python, for a program that uses `PyPI`'s packages.
pub(crate) fn python(program: &str) -> Option<Command> {
    let mut command = Command::new(installed("python/bin/python")?);
    command.args(["-c", program]);
    Some(command)
}

/// Runs it; what it says is the failure, if it ends badly.
pub(crate) fn satisfied(mut command: Command) -> String {
    let output = command.output().expect("the program runs");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout.into_owned()
}
