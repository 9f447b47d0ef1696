//! Builders of capture files for tests, in either byte order.

use etherparse::PacketBuilder;

/// A builder of a capture file.
pub(super) struct CaptureBuilder {
    pub(super) bytes: Vec<u8>,
    big_endian: bool,
}

impl CaptureBuilder {
    pub(super) const fn new(big_endian: bool) -> Self {
        Self {
            bytes: Vec::new(),
            big_endian,
        }
    }

    /// A pcap file with this magic number, over Ethernet.
    pub(super) fn pcap(big_endian: bool, magic: u32) -> Self {
        let mut sample = Self::new(big_endian);
        sample
            .u32(magic)
            .u16(2)
            .u16(4)
            .u32(0)
            .u32(0)
            .u32(65_535)
            .u32(1);
        sample
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend(if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    /// Bytes padded to a multiple of four.
    pub(super) fn padded(&mut self, bytes: &[u8]) -> &mut Self {
        self.raw(bytes)
            .raw(&vec![0; bytes.len().next_multiple_of(4) - bytes.len()])
    }

    /// A packet of a pcap file; `between` are bytes between its header and the frame.
    pub(super) fn packet(
        &mut self,
        seconds: u32,
        fraction: u32,
        between: &[u8],
        frame: &[u8],
    ) -> &mut Self {
        let length = length_u32(frame);
        self.u32(seconds)
            .u32(fraction)
            .u32(length)
            .u32(length)
            .raw(between)
            .raw(frame)
    }

    /// A block of a pcapng file.
    pub(super) fn block(&mut self, kind: u32, body: impl Fn(&mut Self)) -> &mut Self {
        let mut inner = Self::new(self.big_endian);
        body(&mut inner);
        let total = length_u32(&inner.bytes) + 12;
        self.u32(kind).u32(total).raw(&inner.bytes).u32(total)
    }

    /// A section.
    pub(super) fn section(&mut self) -> &mut Self {
        self.block(0x0a0d_0d0a, |body| {
            _ = body
                .u32(0x1a2b_3c4d)
                .u16(1)
                .u16(0)
                .u32(u32::MAX)
                .u32(u32::MAX);
        })
    }

    /// An interface over Ethernet.
    pub(super) fn interface(&mut self, options: impl Fn(&mut Self)) -> &mut Self {
        self.block(1, |body| {
            body.u16(1).u16(0).u32(0);
            options(body);
        })
    }

    /// An option of a block.
    pub(super) fn option(&mut self, code: u16, value: &[u8]) -> &mut Self {
        let bytes = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.u16(code).u16(bytes).padded(value)
    }

    /// An enhanced packet block.
    pub(super) fn enhanced_packet(
        &mut self,
        interface: u32,
        ticks: u64,
        frame: &[u8],
        options: impl Fn(&mut Self),
    ) -> &mut Self {
        self.block(6, |body| {
            let upper = (ticks >> 32) & 0xffff_ffff;
            let lower = ticks & 0xffff_ffff;
            body.u32(interface)
                .u32(u32::try_from(upper).unwrap_or(0))
                .u32(u32::try_from(lower).unwrap_or(0));
            body.u32(length_u32(frame))
                .u32(length_u32(frame))
                .padded(frame);
            options(body);
        })
    }
}

fn length_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// A TCP segment of one connection over Ethernet, with a payload of the given size.
pub(super) fn tcp_frame(seq: u32, payload: usize) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
        .tcp(50_000, 443, seq, 500)
        .ack(1);
    let mut bytes = Vec::new();
    let _ = builder.write(&mut bytes, &vec![0x5a; payload]);
    bytes
}

/// A pcapng file with something of everything: two sections of different byte orders, three
/// interfaces, every kind of packet.
pub(super) fn file_with_everything() -> Vec<u8> {
    let mut first = CaptureBuilder::new(false);
    first
        .section()
        .interface(|options| {
            options
                .option(2, b"eth0")
                .option(1, b"a remark")
                .option(9, &[9])
                .option(0, &[]);
        })
        .block(10, |body| {
            _ = body.u32(0x544c_534b).u32(6).padded(b"secret");
        })
        .block(4, |body| {
            _ = body
                .u16(1)
                .u16(17)
                .padded(b"\xc0\0\x02\x09server.test\0")
                .u32(0);
        })
        .enhanced_packet(0, 1_700_000_000_000_000_000, &tcp_frame(1, 10), |options| {
            options.option(1, b"look here").option(0, &[]);
        })
        .block(0x0bad_0bad, |body| _ = body.raw(&[1; 40]))
        .block(9, |body| _ = body.padded(b"MESSAGE=hello\n"))
        .block(3, |body| {
            _ = body
                .u32(length_u32(&tcp_frame(11, 20)))
                .padded(&tcp_frame(11, 20));
        });
    let mut second = CaptureBuilder::new(true);
    second
        .section()
        .interface(|options| _ = options.option(9, &[0x8a]))
        .interface(|options| _ = options.option(14, &1_700_000_000_i64.to_be_bytes()))
        .block(2, |body| {
            let bytes = tcp_frame(31, 30);
            body.u16(1)
                .u16(0)
                .u32(0)
                .u32(2_000_000)
                .u32(length_u32(&bytes))
                .u32(length_u32(&bytes))
                .padded(&bytes);
        })
        .enhanced_packet(0, (1_700_000_003 << 10) | 512, &tcp_frame(61, 40), |_| {})
        .block(5, |body| {
            body.u32(0)
                .u32(0)
                .u32(0)
                .option(4, &50_u64.to_be_bytes())
                .option(5, &7_u64.to_be_bytes())
                .option(0, &[]);
        });
    [first.bytes, second.bytes].concat()
}
