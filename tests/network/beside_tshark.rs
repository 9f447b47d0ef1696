//! Retransmissions, counted here, by the kernel that sent them, and by tshark over the same packets.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::place::{TAPLINE, has, is_possible, path, within};

/// A large upload over a lossy link, captured by tcpdump beside.
const SCRIPT: &str = "tcpdump -i eth0 -U --immediate-mode -w run.pcap tcp port 80 2>log & while ! grep -q listening log; do kill -0 $! || exit; done; \
                      \"$0\" probe --format json -4 --data-binary @body http://api.lab.test/upload > run.json; \
                      kill -INT $!; wait $!; cat run.json";

#[test]
fn what_was_sent_again_is_what_tshark_finds() {
    if !is_possible("tshark") || !has("tshark") || !has("tcpdump") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::write(directory.path().join("body"), vec![b'x'; 500_000]).unwrap();
    // A capture may miss packets at its end; then the two did not see the same.
    let compared = (1..=10).find_map(|seed| {
        let document = upload(directory.path(), seed);
        let sent = &document["exchanges"][0]["segments"]["sent"];
        let again = sent["retransmitted"].as_u64().unwrap();
        let same = sent["packets"].as_u64() == Some(frames(directory.path(), "tcp.dstport == 80"));
        let kernel = document["exchanges"][0]["tcp"]["retransmits"].as_u64();
        (same && again > 0).then(|| (again, kernel, frames(directory.path(), AGAIN)))
    });
    let (ours, kernel, theirs) = compared.expect("a capture that missed nothing");
    assert_eq!(kernel, Some(ours));
    assert_eq!(theirs, ours);
}

/// What tshark takes for sent again; sooner than a round trip after the bytes behind it, tshark takes it for out of order, but here nothing
/// is reordered.
const AGAIN: &str = "(tcp.analysis.retransmission || tcp.analysis.out_of_order) && tcp.dstport == 80";

fn upload(directory: &Path, seed: u32) -> Value {
    let script = format!("cd {} || exit; {SCRIPT}", directory.display());
    let options = ["--rtt", "20ms", "--loss", "5%", "--seed", &seed.to_string()];
    let told = within(&options, &["sh", "-c", &script, TAPLINE.to_str().unwrap()]);
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
}

fn frames(directory: &Path, filter: &str) -> u64 {
    let file = directory.join("run.pcap");
    let output = Command::new("tshark").env("PATH", path()).arg("-r").arg(file).args(["-Y", filter]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().count() as u64
}
