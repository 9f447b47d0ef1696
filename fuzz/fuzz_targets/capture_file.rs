//! Arbitrary bytes as a capture file: read into events, folded, named, dissected and reported.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use tapline::archive::Archive;
use tapline::dissect::DissectedFlows;
use tapline::insight::ServerNames;
use tapline::report::{self, ReportOptions};
use tapline::trace::Trace;
use tapline::wire::tls::KeyLog;

fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::from_pipe(Cursor::new(bytes.to_vec())) else {
        return;
    };
    let (store, mut trace) = (archive.store(), Trace::default());
    let attachments = archive.read_events(|event| trace.apply(event));
    for extent in attachments.key_logs.iter().chain(&attachments.journal) {
        let read = store
            .read_extent(*extent, 1 << 20)
            .expect("an extent lies within the file");
        assert!(read.len() as u64 == extent.bytes.min(1 << 20));
    }
    // A packet takes up at least its header.
    assert!(trace.capture().packets <= bytes.len() as u64 / 16);
    let dissections = DissectedFlows::from_trace(&trace, &*store, &KeyLog::default());
    let options = ReportOptions {
        names: ServerNames::from_trace(&trace, &*store),
        dissections,
        ..ReportOptions::default()
    };
    for format in report::Format::ALL {
        let _ = report::write_report(&trace, format, &options);
    }
});
