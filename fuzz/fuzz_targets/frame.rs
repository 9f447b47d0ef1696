//! Any bytes as frames of every link, with their fragments put together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tapline::wire::{Fragments, Frame, Link, frame_of};

const LINKS: [Link; 5] = [Link::Ethernet, Link::LinuxCooked, Link::LinuxCooked2, Link::Raw, Link::Loopback];

fuzz_target!(|bytes: &[u8]| {
    let Some((&[link, length], rest)) = bytes.split_first_chunk() else { return };
    let link = LINKS[usize::from(link) % LINKS.len()];
    let mut fragments = Fragments::default();
    for frame in rest.chunks(usize::from(length).max(1)) {
        let frame_bytes = frame.len() as u32;
        match frame_of(link, frame, frame_bytes) {
            Frame::Segment(segment) => assert!(segment.payload_bytes <= frame_bytes),
            Frame::Fragment(fragment) => {
                if let Some(whole) = fragments.take(&fragment) {
                    assert!(whole.payload_bytes <= 65_535 && whole.payload_at.is_none());
                }
            }
            _ => {}
        }
    }
});
