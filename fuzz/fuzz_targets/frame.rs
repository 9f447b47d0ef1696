//! Any bytes as frames of every link, with their fragments put together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tapline::wire::{Fragments, LinkType, ParsedFrame, parse_frame};

const LINKS: [LinkType; 5] = [
    LinkType::Ethernet,
    LinkType::LinuxCooked,
    LinkType::LinuxCooked2,
    LinkType::Raw,
    LinkType::Loopback,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&[link, length], rest)) = bytes.split_first_chunk() else { return };
    let link = LINKS[usize::from(link) % LINKS.len()];
    let mut fragments = Fragments::default();
    for frame in rest.chunks(usize::from(length).max(1)) {
        let frame_bytes = frame.len() as u32;
        match parse_frame(link, frame, frame_bytes) {
            ParsedFrame::Segment(segment) => assert!(segment.payload_bytes <= frame_bytes),
            ParsedFrame::Fragment(fragment) => {
                if let Some(whole) = fragments.take(&fragment) {
                    let segment = whole.segment;
                    assert!(segment.payload_bytes <= 65_535 && segment.payload_at.is_none());
                    assert!(whole.packet.is_none_or(|packet| packet.len() <= 65_575));
                }
            }
            _ => {}
        }
    }
});
