//! An HTTP/2 server whose window for uploads is as small as is wanted.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;

use super::lab::{Lab, Side};
use super::server::{Listening, Server, bound};

/// Listens without TLS; each window is of so many bytes.
pub(crate) fn listen(lab: &Lab, port: u16, window: u32) -> Server {
    let server = bound(lab, Side::Servers, port, &Listening::default());
    let accepting = Arc::clone(&server.0);
    thread::spawn(move || {
        while let Ok((connection, _)) = accepting.accept() {
            let _ = connection.set_tcp_nodelay(true);
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let _ = runtime.block_on(serve(connection.into(), window));
            });
        }
    });
    server
}

async fn serve(
    connection: std::net::TcpStream,
    window: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    connection.set_nonblocking(true)?;
    let connection = tokio::net::TcpStream::from_std(connection)?;
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(window)
        .initial_connection_window_size(window);
    let mut connection = builder.handshake::<_, Bytes>(connection).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, mut respond) = accepted?;
        tokio::task::spawn(async move {
            let mut body = request.into_body();
            while let Some(Ok(data)) = body.data().await {
                let _ = body.flow_control().release_capacity(data.len());
            }
            let answer = http::Response::new(());
            if let Ok(mut stream) = respond.send_response(answer, false) {
                let _ = stream.send_data(Bytes::from_static(b"received\n"), true);
            }
        });
    }
    Ok(())
}
