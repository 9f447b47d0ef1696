//! An HTTP server that holds its response back until the test lets it go.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

pub(crate) struct Server {
    pub(crate) url: String,
    go: SyncSender<()>,
    asked: Receiver<()>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/held", listener.local_addr().unwrap());
        let ((go, gone), (ask, asked)) = (sync_channel(16), sync_channel(16));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serve(&stream, &ask, &gone).is_none() {
                    return;
                }
            }
        });
        Self { url, go, asked }
    }

    /// Waits until a request is there in full.
    pub(crate) fn wait_for_request(&self) {
        self.asked.recv().unwrap();
    }

    /// Lets one response go.
    pub(crate) fn respond(&self) {
        self.go.send(()).unwrap();
    }
}

/// One request, held, one response; `None` once the test is over.
fn serve(stream: &TcpStream, ask: &SyncSender<()>, gone: &Receiver<()>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    ask.send(()).ok()?;
    gone.recv().ok()?;
    let _ = (&*stream).write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \
            13\r\nConnection: close\r\n\r\nheld no more\n",
    );
    Some(())
}
