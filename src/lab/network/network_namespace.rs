//! A network namespace.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::threads::run_on_new_thread;
use crate::sys::{Namespaces, unshare_namespaces};

/// A network namespace; it exists as long as this value or anything in it.
#[derive(Debug)]
pub(super) struct NetworkNamespace(File);

impl NetworkNamespace {
    /// Creates a namespace that contains only a loopback interface, which is down.
    pub(super) fn new() -> io::Result<Self> {
        let open = || {
            unshare_namespaces(Namespaces::Network)?;
            Ok(Self(File::open("/proc/thread-self/ns/net")?))
        };
        run_on_new_thread(open)
    }

    /// Moves the calling thread into the namespace.
    pub(super) fn enter(&self) -> io::Result<()> {
        Ok(move_into_link_name_space(
            self.0.as_fd(),
            Some(LinkNameSpaceType::Network),
        )?)
    }

    /// Runs a function in the namespace, on a temporary thread.
    pub(super) fn run_inside<T: Send>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let enter_and_run = || {
            self.enter()?;
            work()
        };
        run_on_new_thread(enter_and_run)
    }
}

impl AsFd for NetworkNamespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
