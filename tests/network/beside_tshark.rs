//! Retransmissions, counted here, by the kernel that sent them, and by tshark over the same
//! packets.

use serde_json::Value;

use super::recording::Recording;

#[test]
fn what_was_sent_again_is_what_tshark_finds() {
    if !Recording::is_possible("tshark") {
        return;
    }
    // A capture may miss packets at its end; then the two did not see the same.
    let compared = (1..=10).find_map(|seed| {
        let recording = upload(seed);
        let document: Value =
            serde_json::from_slice(&std::fs::read(recording.file("run.json")).unwrap()).unwrap();
        let frames = |filter| recording.frames(filter, &["frame.number"]).len() as u64;
        let sent = &document["exchanges"][0]["segments"]["sent"];
        let again = sent["retransmitted"].as_u64().unwrap();
        let same = sent["packets"].as_u64() == Some(frames("tcp.dstport == 80"));
        let kernel = document["exchanges"][0]["tcp"]["retransmits"].as_u64();
        (same && again > 0).then(|| (again, kernel, frames(AGAIN)))
    });
    let (ours, kernel, theirs) = compared.expect("a capture that missed nothing");
    assert_eq!(kernel, Some(ours));
    assert_eq!(theirs, ours);
}

/// What tshark takes for sent again; sooner than a round trip after the bytes behind it, tshark
/// takes it for out of order, but here nothing is reordered.
const AGAIN: &str =
    "(tcp.analysis.retransmission || tcp.analysis.out_of_order) && tcp.dstport == 80";

/// A large upload over a lossy link.
fn upload(seed: u32) -> Recording {
    let commands =
        "\"$0\" probe --format json -4 --data-binary @body http://api.lab.test/upload > run.json";
    Recording::of(
        &["--rtt", "20ms", "--loss", "5%", "--seed", &seed.to_string()],
        commands,
        &[("body", &vec![b'x'; 500_000])],
    )
}
