//! Scripted name server on loopback.

use std::net::SocketAddr;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// Datagrams, or messages of a TCP stream, that answer a query. None at all is silence.
pub(super) type Answers = Vec<Vec<u8>>;

/// A query as a script sees it.
pub(super) struct Question {
    message: Message,
    pub(super) name: String,
    pub(super) kind: RecordType,
    pub(super) over_tcp: bool,
}

impl Question {
    /// Returns a response to it with this code and these records.
    pub(super) fn answer(&self, code: ResponseCode, records: Vec<Record>) -> Message {
        let mut answer = self.message.clone().into_response();
        answer.metadata.response_code = code;
        answer.answers = records;
        answer
    }

    /// Returns the response encoded, ready to be sent.
    pub(super) fn reply(&self, code: ResponseCode, records: Vec<Record>) -> Answers {
        vec![self.answer(code, records).to_vec().unwrap()]
    }
}

/// Returns a record of the queried type: an address that ends in `last`.
pub(super) fn address_record(owner: &str, kind: RecordType, last: u8) -> Record {
    let data = match kind {
        RecordType::A => RData::A(A([127, 0, 0, last].into())),
        _ => RData::AAAA(AAAA([0, 0, 0, 0, 0, 0, 0, u16::from(last)].into())),
    };
    Record::from_rdata(Name::from_ascii(owner).unwrap(), 300, data)
}

/// Returns a CNAME record.
pub(super) fn alias_record(owner: &str, target: &str) -> Record {
    Record::from_rdata(
        Name::from_ascii(owner).unwrap(),
        60,
        RData::CNAME(CNAME(Name::from_ascii(target).unwrap())),
    )
}

/// Starts a server with this script and returns its address.
pub(super) async fn start_server(
    script: impl Fn(&Question) -> Answers + Clone + Send + 'static,
) -> SocketAddr {
    let (udp, tcp) = bind_udp_and_tcp().await;
    let address = udp.local_addr().unwrap();
    tokio::spawn(over_udp(udp, script.clone()));
    tokio::spawn(over_tcp(tcp, script));
    address
}

/// Binds a UDP and a TCP socket to the same port.
async fn bind_udp_and_tcp() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

async fn over_udp(socket: UdpSocket, script: impl Fn(&Question) -> Answers) {
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        for answer in script(&parse_question(&buffer[..length], false)) {
            socket.send_to(&answer, from).await.unwrap();
        }
    }
}

async fn over_tcp(listener: TcpListener, script: impl Fn(&Question) -> Answers) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let length = stream.read_u16().await.unwrap();
        let mut message = vec![0; usize::from(length)];
        stream.read_exact(&mut message).await.unwrap();
        for answer in script(&parse_question(&message, true)) {
            stream
                .write_u16(u16::try_from(answer.len()).unwrap())
                .await
                .unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    }
}

fn parse_question(bytes: &[u8], over_tcp: bool) -> Question {
    let message = Message::from_vec(bytes).unwrap();
    let query = message.queries.first().unwrap();
    let name = query.name().to_string();
    let kind = query.query_type();
    Question {
        message,
        name,
        kind,
        over_tcp,
    }
}
