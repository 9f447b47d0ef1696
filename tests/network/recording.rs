//! What tcpdump captures beside commands in the lab, as tshark reads it.

use std::ffi::OsStr;
use std::fs;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tapline::trace::{Event, Trace};
use tempfile::TempDir;

use super::place::{TAPLINE, has, is_possible, path, within};

/// A folder with a capture in it, and with what the commands wrote.
pub(crate) struct Recording(TempDir);

impl Recording {
    /// Where one cannot be made, says so.
    pub(crate) fn is_possible(test: &str) -> bool {
        is_possible(test) && has("tshark") && has("tcpdump")
    }

    /// Runs commands of the shell's in a lab, in the recording's folder, while tcpdump captures.
    /// `$0` is the program under test. `given` are files that lie there.
    pub(crate) fn of(options: &[&str], commands: &str, given: &[(&str, &[u8])]) -> Self {
        let recording = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(recording.0.path(), fs::Permissions::from_mode(0o777)).unwrap();
        for (name, bytes) in given {
            fs::write(recording.file(name), bytes).unwrap();
        }
        let script = format!(
            "cd {} || exit; tcpdump -i eth0 -s 0 -U --immediate-mode --time-stamp-precision=nano \
                -w run.pcap tcp 2>log & \
             while ! grep -q listening log; do kill -0 $! || exit; done; {commands}; kill -INT \
            $!; wait $!",
            recording.0.path().display()
        );
        within(options, &["sh", "-c", &script, TAPLINE.to_str().unwrap()]);
        recording
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The trace of a run whose events are in a file.
    pub(crate) fn trace(&self, name: &str) -> Trace {
        let file = BufReader::new(fs::File::open(self.file(name)).unwrap());
        let mut trace = Trace::default();
        for event in serde_json::Deserializer::from_reader(file).into_iter::<Event>() {
            trace.apply(event.unwrap());
        }
        trace
    }

    /// Fields of the frames that a filter of Wireshark's lets through.
    pub(crate) fn frames(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        self.frames_with(&[] as &[&str], filter, fields)
    }

    /// The same, with preferences of Wireshark's.
    pub(crate) fn frames_with(
        &self,
        preferences: &[impl AsRef<OsStr>],
        filter: &str,
        fields: &[&str],
    ) -> Vec<Vec<String>> {
        let mut tshark = Command::new("tshark");
        tshark
            .env("PATH", path())
            .arg("-r")
            .arg(self.file("run.pcap"))
            .args(["-Y", filter, "-T", "fields"]);
        tshark.args(
            preferences
                .iter()
                .flat_map(|preference| [OsStr::new("-o"), preference.as_ref()]),
        );
        tshark.args(fields.iter().flat_map(|field| ["-e", field]));
        let output = tshark.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect()
    }
}

/// A moment as tshark writes it, `1795269499.123456789`, in nanoseconds.
#[track_caller]
pub(crate) fn nanos(epoch: &str) -> u64 {
    let (seconds, fraction) = epoch.split_once('.').unwrap();
    seconds.parse::<u64>().unwrap() * 1_000_000_000
        + format!("{fraction:0<9}").parse::<u64>().unwrap()
}
