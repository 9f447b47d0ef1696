//! Captures without an end, as a pipe brings them: one conversation, ever new ones, requests on one
//! connection.

use std::io::{self, BufWriter, Write};

/// What a capture is full of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// One connection over which a server sends.
    OneFlow,
    /// A connection for each request, closed at once.
    NewFlows,
    /// Some thousand connections that all go on.
    ManyFlows,
    /// HTTP requests and their responses on one connection.
    Http,
}

/// Writes a capture of so many packets. Ends early where nobody reads.
pub(crate) fn write(kind: Kind, packets: u64, to: impl Write) -> io::Result<()> {
    let mut capture = Capture {
        to: BufWriter::with_capacity(1 << 16, to),
        written: 0,
        most: packets,
    };
    // pcap, little-endian, microseconds, raw IP.
    capture
        .to
        .write_all(b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0")?;
    match kind {
        Kind::OneFlow => capture.one_flow(),
        Kind::NewFlows => capture.new_flows(),
        Kind::ManyFlows => capture.many_flows(),
        Kind::Http => capture.http(),
    }?;
    capture.to.flush()
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 1], 80);

/// A connection: its client, and what both sides have sent.
struct Connection {
    client: ([u8; 4], u16),
    sent: u32,
    received: u32,
}

struct Capture<W: Write> {
    to: BufWriter<W>,
    written: u64,
    most: u64,
}

impl<W: Write> Capture<W> {
    const fn has_room(&self) -> bool {
        self.written < self.most
    }

    fn one_flow(&mut self) -> io::Result<()> {
        let mut connection = self.open(0)?;
        while self.has_room() {
            self.segment(&mut connection, false, ACK, &[b'x'; 100])?;
            self.segment(&mut connection, true, ACK, b"")?;
        }
        Ok(())
    }

    fn new_flows(&mut self) -> io::Result<()> {
        for number in 0_u32.. {
            if !self.has_room() {
                break;
            }
            let mut connection = self.open(number)?;
            let request = format!("GET / HTTP/1.1\r\nHost: h{number}.test\r\n\r\n");
            self.segment(&mut connection, true, ACK, request.as_bytes())?;
            self.segment(
                &mut connection,
                false,
                ACK | FIN,
                b"HTTP/1.1 204 No Content\r\n\r\n",
            )?;
            self.segment(&mut connection, true, ACK | FIN, b"")?;
        }
        Ok(())
    }

    fn many_flows(&mut self) -> io::Result<()> {
        let mut connections = (0..5_000)
            .map(|number| self.open(number))
            .collect::<io::Result<Vec<_>>>()?;
        while self.has_room() {
            for connection in &mut connections {
                self.segment(connection, false, ACK, &[b'x'; 100])?;
            }
        }
        Ok(())
    }

    fn http(&mut self) -> io::Result<()> {
        let mut connection = self.open(0)?;
        for number in 0_u64.. {
            if !self.has_room() {
                break;
            }
            let request = format!("GET /{number} HTTP/1.1\r\nHost: h.test\r\n\r\n");
            self.segment(&mut connection, true, ACK, request.as_bytes())?;
            self.segment(
                &mut connection,
                false,
                ACK,
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            )?;
        }
        Ok(())
    }

    /// A client of its own for each number.
    fn open(&mut self, number: u32) -> io::Result<Connection> {
        let [a, b, c] = [number >> 22, number >> 14 & 0xff, number >> 6 & 0xff]
            .map(|byte| u8::try_from(byte & 0xff).unwrap_or(0));
        let port = 40_000 + u16::try_from(number & 0x3f).unwrap_or(0);
        let mut connection = Connection {
            client: ([10 + (a & 0x3f), b, c, 1], port),
            sent: 1_000,
            received: 5_000,
        };
        self.segment(&mut connection, true, SYN, b"")?;
        self.segment(&mut connection, false, SYN | ACK, b"")?;
        Ok(connection)
    }

    fn segment(
        &mut self,
        connection: &mut Connection,
        by_client: bool,
        flags: u8,
        payload: &[u8],
    ) -> io::Result<()> {
        if !self.has_room() {
            return Ok(());
        }
        let (source, destination, seq, ack) = if by_client {
            (
                connection.client,
                SERVER,
                connection.sent,
                connection.received,
            )
        } else {
            (
                SERVER,
                connection.client,
                connection.received,
                connection.sent,
            )
        };
        let length = 40 + u16::try_from(payload.len()).unwrap_or(0);
        let mut packet = Vec::with_capacity(16 + usize::from(length));
        let seconds = u32::try_from(1_700_000_000 + self.written / 10_000).unwrap_or(u32::MAX);
        let micros = u32::try_from(self.written % 10_000 * 100).unwrap_or(0);
        for word in [seconds, micros, length.into(), length.into()] {
            packet.extend(word.to_le_bytes());
        }
        packet.extend([0x45, 0]);
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend(source.0);
        packet.extend(destination.0);
        packet.extend(source.1.to_be_bytes());
        packet.extend(destination.1.to_be_bytes());
        packet.extend(seq.to_be_bytes());
        packet.extend(if flags & ACK == 0 { 0 } else { ack }.to_be_bytes());
        packet.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        packet.extend(payload);
        self.to.write_all(&packet)?;
        self.written += 1;
        let went = if by_client {
            &mut connection.sent
        } else {
            &mut connection.received
        };
        let numbers =
            u32::try_from(payload.len()).unwrap_or(0) + u32::from(flags & (SYN | FIN) != 0);
        *went = went.wrapping_add(numbers);
        Ok(())
    }
}
