//! A network namespace.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::threads::on_a_thread;
use crate::sys::{Namespaces, leave};

/// A network of its own; it lives as long as this, or anything within it.
#[derive(Debug)]
pub(super) struct Space(File);

impl Space {
    /// A network with nothing but a loopback interface that is down.
    pub(super) fn new() -> io::Result<Self> {
        let open = || {
            leave(Namespaces::Network)?;
            Ok(Self(File::open("/proc/thread-self/ns/net")?))
        };
        on_a_thread(open)
    }

    /// Moves the calling thread into it.
    pub(super) fn enter(&self) -> io::Result<()> {
        Ok(move_into_link_name_space(
            self.0.as_fd(),
            Some(LinkNameSpaceType::Network),
        )?)
    }

    /// Does something within it, on a thread that comes and goes.
    pub(super) fn within<T: Send>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let inside = || {
            self.enter()?;
            work()
        };
        on_a_thread(inside)
    }
}

impl AsFd for Space {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
