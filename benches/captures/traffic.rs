//! A capture file that is the same each time: downloads over many TCP connections at once, with a
//! few losses.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Payload of a data segment.
const PAYLOAD: usize = 1_448;
/// Connections that are open at a time.
const AT_ONCE: u32 = 50;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const FIN_ACK: u8 = 0x11;

/// How much of it there is.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    /// Connections, a multiple of those that are open at a time.
    pub(crate) connections: u32,
    /// Data segments of a connection, each of a full size; every second one is acknowledged.
    pub(crate) segments: u32,
    /// Bytes of a frame that are captured.
    pub(crate) captured: usize,
}

/// Writes the file and returns how many packets are in it.
pub(crate) fn write(path: &Path, traffic: Traffic) -> u32 {
    let out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut file = Pcap {
        out,
        packets: 0,
        micros: 0,
        traffic,
    };
    let header: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect();
    file.out.write_all(&header).unwrap();
    let at_once = AT_ONCE.min(traffic.connections);
    for group in 0..traffic.connections / at_once {
        let connections: Vec<u32> = (group * at_once..(group + 1) * at_once).collect();
        for step in 0..traffic.segments + 2 {
            for &connection in &connections {
                file.step(connection, step);
            }
        }
    }
    file.out.flush().unwrap();
    file.packets
}

struct Pcap {
    out: BufWriter<File>,
    packets: u32,
    micros: u64,
    traffic: Traffic,
}

impl Pcap {
    /// The handshake, then a segment, then the end. Of each hundred segments one is sent a second
    /// time.
    fn step(&mut self, connection: u32, step: u32) {
        const REQUEST: u32 = 200;
        match step {
            0 => {
                self.packet(connection, true, SYN, 0, 0, 0);
                self.packet(connection, false, SYN | ACK, 0, 1, 0);
                self.packet(connection, true, ACK, 1, 1, REQUEST as usize);
            }
            last if last > self.traffic.segments => {
                let end = 1 + self.traffic.segments * PAYLOAD as u32;
                self.packet(connection, false, FIN_ACK, end, 1 + REQUEST, 0);
                self.packet(connection, true, FIN_ACK, 1 + REQUEST, end + 1, 0);
            }
            segment => {
                let seq = 1 + (segment - 1) * PAYLOAD as u32;
                self.packet(connection, false, ACK, seq, 1 + REQUEST, PAYLOAD);
                if segment == 1 + connection % self.traffic.segments {
                    self.packet(connection, false, ACK, seq, 1 + REQUEST, PAYLOAD);
                }
                if segment % 2 == 0 {
                    self.packet(connection, true, ACK, 1 + REQUEST, seq + PAYLOAD as u32, 0);
                }
            }
        }
    }

    /// A packet over Ethernet and IPv4, with timestamps among TCP's options as is usual.
    fn packet(&mut self, connection: u32, up: bool, flags: u8, seq: u32, ack: u32, payload: usize) {
        const HEADERS: usize = 14 + 20 + 32;
        self.packets += 1;
        self.micros += 37;
        let client = (
            [10, 1, (connection >> 8) as u8, connection as u8],
            32_768 + (connection % 20_000) as u16,
        );
        let server = ([192, 0, 2, (connection % 20) as u8], 443_u16);
        let (source, destination) = if up {
            (client, server)
        } else {
            (server, client)
        };
        let length = (HEADERS + payload) as u32;
        let seconds = 1_795_176_000 + (self.micros / 1_000_000) as u32;
        let captured = (HEADERS + payload).min(self.traffic.captured);
        let mut bytes = Vec::with_capacity(16 + HEADERS + payload);
        for field in [
            seconds,
            (self.micros % 1_000_000) as u32,
            captured as u32,
            length,
        ] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
        bytes.extend([0x45, 0]);
        bytes.extend(((length - 14) as u16).to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend(source.0);
        bytes.extend(destination.0);
        bytes.extend(source.1.to_be_bytes());
        bytes.extend(destination.1.to_be_bytes());
        bytes.extend(seq.wrapping_add(connection * 7_919).to_be_bytes());
        bytes.extend(ack.wrapping_add(connection * 7_919).to_be_bytes());
        bytes.extend([0x80, flags, 0x01, 0xf5, 0, 0, 0, 0]);
        bytes.extend([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1]);
        bytes.resize(16 + captured, 0x5a);
        self.out.write_all(&bytes).unwrap();
    }
}
