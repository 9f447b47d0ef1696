//! Packet sockets that receive and send whole frames of an interface, in batches.

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::packet_socket::{FilterInstruction, attach_filter, ignore_outgoing, set_option};

/// Frames received per system call.
const BATCH: usize = 64;

/// A packet socket (packet(7)) that receives every frame arriving at one interface, and sends
/// frames out of it.
#[derive(Debug)]
pub struct FrameSocket(OwnedFd);

impl FrameSocket {
    /// Opens a socket on an interface of the caller's network namespace. `buffer` is the size of
    /// its receive buffer in bytes, if the system allows it.
    ///
    /// # Errors
    /// The system calls'; `EPERM` without `CAP_NET_RAW`.
    pub fn open(interface: u32, buffer: u32) -> io::Result<Self> {
        let socket = Self::unbound()?;
        ignore_outgoing(socket.as_fd())?;
        socket.bind(interface, buffer)
    }

    /// Opens a socket that also receives outgoing frames, each preceded by a ten-byte header with
    /// offload metadata (`struct virtio_net_hdr`, `linux/virtio_net.h`). It receives nothing until
    /// it is given a filter that accepts something.
    ///
    /// # Errors
    /// As for [`FrameSocket::open`].
    pub fn open_with_vnet_header(interface: u32, buffer: u32) -> io::Result<Self> {
        /// From `linux/if_packet.h`.
        const PACKET_VNET_HDR: libc::c_int = 15;
        let socket = Self::unbound()?;
        attach_filter(
            socket.as_fd(),
            &[FilterInstruction {
                code: 0x06,
                jt: 0,
                jf: 0,
                k: 0,
            }],
        )?;
        set_option(
            socket.as_fd(),
            libc::SOL_PACKET,
            PACKET_VNET_HDR,
            &libc::c_int::from(true),
        )?;
        socket.bind(interface, buffer)
    }

    /// A socket that receives nothing yet.
    fn unbound() -> io::Result<Self> {
        // SAFETY: it takes no pointer; what it returns is checked.
        #[expect(unsafe_code, reason = "no library in use opens such sockets")]
        let raw = unsafe {
            libc::socket(
                libc::AF_PACKET,
                libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK,
                0,
            )
        };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was opened right above and belongs to nobody else.
        #[expect(unsafe_code, reason = "as above")]
        Ok(Self(unsafe { OwnedFd::from_raw_fd(raw) }))
    }

    fn bind(self, interface: u32, buffer: u32) -> io::Result<Self> {
        let all = u16::try_from(libc::ETH_P_ALL).unwrap_or_default().to_be();
        let size = libc::c_int::try_from(buffer).unwrap_or(libc::c_int::MAX);
        // `SO_RCVBUF` is limited by the system; `SO_RCVBUFFORCE` is not, but needs more privilege.
        let _ = set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, &size);
        let _ = set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &size);
        let index = libc::c_int::try_from(interface)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: all bytes zero are a valid address of this kind.
        #[expect(unsafe_code, reason = "as above")]
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
        address.sll_protocol = all;
        address.sll_ifindex = index;
        // SAFETY: the kernel reads exactly the address, which outlives the call.
        #[expect(unsafe_code, reason = "as above")]
        let bound = unsafe {
            libc::bind(
                self.0.as_raw_fd(),
                (&raw const address).cast(),
                socket_length(&address),
            )
        };
        if bound == 0 {
            Ok(self)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Receives the waiting frames, a batch at most, and passes each to `taken`. Returns their
    /// number; 0 if none are waiting.
    ///
    /// # Errors
    /// The system call's.
    pub fn receive(
        &self,
        frames: &mut FrameBuffers,
        mut taken: impl FnMut(&[u8]),
    ) -> io::Result<usize> {
        let mut parts = frames.io_vectors();
        // SAFETY: all bytes zero are a valid header: no name, no control data.
        #[expect(
            unsafe_code,
            reason = "no library in use takes several frames at a time"
        )]
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        for (header, part) in headers.iter_mut().zip(&mut parts) {
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: each header names one part, each part a slice of the buffer of its own with its
        // length; all outlive the call.
        #[expect(unsafe_code, reason = "as above")]
        let count = unsafe {
            libc::recvmmsg(
                self.0.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH_U32,
                libc::MSG_DONTWAIT | libc::MSG_TRUNC,
                std::ptr::null_mut(),
            )
        };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => 0,
                // The interface was down for a moment, for instance while its MTU changed.
                error if error.raw_os_error() == Some(libc::ENETDOWN) => 0,
                // A frame that the kernel cannot describe in a virtio header; it is skipped.
                error if error.raw_os_error() == Some(libc::EINVAL) => 0,
                error => return Err(error),
            },
        };
        for (header, frame) in headers.iter().zip(frames.each()).take(count) {
            let length = usize::try_from(header.msg_len).unwrap_or(usize::MAX);
            // A longer frame was truncated: it exceeds the MTU of this link.
            if let Some(frame) = frame.get(..length) {
                taken(frame);
            }
        }
        Ok(count)
    }

    /// Sends a frame; returns whether the interface accepted it. A rejected frame is lost, as on
    /// any link.
    pub fn send(&self, frame: &[u8]) -> bool {
        // SAFETY: the kernel reads the frame, which outlives the call.
        #[expect(unsafe_code, reason = "as above")]
        let sent = unsafe {
            libc::send(
                self.0.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            )
        };
        sent >= 0
    }

    /// Frames dropped since the last call because the buffer was full.
    ///
    /// # Errors
    /// The system call's.
    pub fn dropped_frames(&self) -> io::Result<u32> {
        let mut counts = MaybeUninit::<libc::tpacket_stats>::zeroed();
        let mut length =
            libc::socklen_t::try_from(size_of::<libc::tpacket_stats>()).unwrap_or_default();
        // SAFETY: the kernel writes no more than the length it is given, which is the buffer's.
        #[expect(unsafe_code, reason = "as above")]
        let status = unsafe {
            libc::getsockopt(
                self.0.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                counts.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if status != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all bytes zero are valid counts, and the kernel writes only counts.
        #[expect(unsafe_code, reason = "as above")]
        let counts = unsafe { counts.assume_init() };
        Ok(counts.tp_drops)
    }
}

impl AsFd for FrameSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const BATCH_U32: u32 = 64;

fn socket_length<T>(_: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}

/// Buffers for a batch of frames.
#[derive(Debug)]
pub struct FrameBuffers {
    bytes: Vec<u8>,
    largest: usize,
}

impl FrameBuffers {
    /// For frames of at most this many bytes.
    pub fn new(largest: usize) -> Self {
        Self {
            bytes: vec![0; largest * BATCH],
            largest,
        }
    }

    fn each(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.largest)
    }

    fn io_vectors(&mut self) -> Vec<libc::iovec> {
        let parts = self.bytes.chunks_exact_mut(self.largest);
        parts
            .map(|part| libc::iovec {
                iov_base: part.as_mut_ptr().cast(),
                iov_len: part.len(),
            })
            .collect()
    }
}
