//! A capture file of ports that are used again and again, in every way that tshark tells apart.

use std::path::{Path, PathBuf};

use etherparse::PacketBuilder;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const SYN_ACK: u8 = SYN | ACK;
const FIN: u8 = 0x01;
const RST: u8 = 0x04;
const FIN_ACK: u8 = FIN | ACK;
const RST_ACK: u8 = RST | ACK;

/// By the client or not, flags, sequence number, payload.
type Step = (bool, u8, u32, usize);

/// Writes the file into a folder. Each way has a client port of its own.
pub(crate) fn reused(folder: &Path) -> PathBuf {
    let opened = |client, server| {
        vec![
            (true, SYN, client, 0),
            (false, SYN_ACK, server, 0),
            (true, ACK, client + 1, 0),
        ]
    };
    let whole = |client, server| {
        [
            opened(client, server),
            vec![
                (true, FIN_ACK, client + 1, 0),
                (false, FIN_ACK, server + 1, 0),
            ],
        ]
        .concat()
    };
    let refused = |client| vec![(true, SYN, client, 0), (false, RST_ACK, 0, 0)];
    let ways: [Vec<Step>; 7] = [
        [
            whole(100, 900),
            vec![(true, ACK, 102, 0)],
            whole(5_000, 7_000),
            opened(9_000, 100),
        ]
        .concat(),
        [
            opened(100, 900),
            vec![
                (true, ACK, 101, 10),
                (true, SYN, 99_999, 0),
                (false, ACK, 901, 0),
            ],
        ]
        .concat(),
        [refused(100), refused(100), refused(200)].concat(),
        [whole(100, 900), vec![(true, SYN, 100, 0)]].concat(),
        [
            vec![(true, ACK, 500, 10), (false, ACK, 600, 0)],
            opened(8_000, 9_000),
        ]
        .concat(),
        [
            whole(100, 900),
            vec![
                (false, SYN, 70_000, 0),
                (true, SYN_ACK, 80_000, 0),
                (false, ACK, 70_001, 5),
            ],
        ]
        .concat(),
        vec![
            (false, SYN_ACK, 900, 0),
            (true, SYN, 100, 0),
            (true, SYN, 300, 0),
            (false, SYN_ACK, 2_900, 0),
        ],
    ];
    let mut bytes: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect();
    let steps = (5_000_u16..)
        .zip(ways)
        .flat_map(|(port, steps)| steps.into_iter().map(move |step| (port, step)));
    for (seconds, (port, step)) in (0_u32..).zip(steps) {
        let packet = packet(port, step);
        let length = u32::try_from(packet.len()).unwrap();
        bytes.extend(
            [seconds, 0, length, length]
                .iter()
                .flat_map(|field| field.to_le_bytes()),
        );
        bytes.extend(packet);
    }
    let file = folder.join("reused.pcap");
    std::fs::write(&file, bytes).unwrap();
    file
}

fn packet(port: u16, (by_client, flags, seq, payload): Step) -> Vec<u8> {
    const SERVER: u16 = 80;
    let (source, destination, ports) = if by_client {
        ([10, 0, 0, 1], [10, 0, 0, 2], (port, SERVER))
    } else {
        ([10, 0, 0, 2], [10, 0, 0, 1], (SERVER, port))
    };
    let builder = PacketBuilder::ipv4(source, destination, 64).tcp(ports.0, ports.1, seq, 500);
    let builder = if flags & SYN != 0 {
        builder.syn()
    } else {
        builder
    };
    let builder = if flags & ACK != 0 {
        builder.ack(1)
    } else {
        builder
    };
    let builder = if flags & FIN != 0 {
        builder.fin()
    } else {
        builder
    };
    let builder = if flags & RST != 0 {
        builder.rst()
    } else {
        builder
    };
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &vec![b'x'; payload]).unwrap();
    bytes
}
