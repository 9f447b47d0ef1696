//! Any bytes as a capture file: told, folded, named and reported.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use tapline::archive::Archive;
use tapline::dissect::TakenApart;
use tapline::insight::ServerNames;
use tapline::report::{self, Options};
use tapline::trace::Trace;
use tapline::wire::tls::KeyLog;

fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::piped(Cursor::new(bytes.to_vec())) else { return };
    let (store, mut trace) = (archive.store(), Trace::default());
    let kept = archive.tell(|event| trace.apply(event));
    for extent in kept.key_logs.iter().chain(&kept.journal) {
        let read = store.extent(*extent, 1 << 20).expect("what was told lies in the file");
        assert!(read.len() as u64 == extent.bytes.min(1 << 20));
    }
    // A packet takes no less than its header.
    assert!(trace.capture().packets <= bytes.len() as u64 / 16);
    let taken_apart = TakenApart::of(&trace, &*store, &KeyLog::default());
    let options = Options { names: ServerNames::of(&trace, &*store), taken_apart, ..Options::default() };
    for format in report::Format::ALL {
        let _ = report::write(&trace, format, &options);
    }
});
