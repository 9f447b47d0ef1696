//! Text from the network never acts on the reader's terminal: no escape sequence, no control
//! character, no mark that reorders or hides, from whatever place of the protocols, in whatever
//! format, through a pipe or on a terminal.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZero;

use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::dns::{A, Answer, CNAME, Data, DnsServer, labels};
use crate::fixture::message::{chunked, read_request, response};
use crate::fixture::peer::{Peer, linger};
use crate::fixture::process::Process;
use crate::fixture::program::tapline;
use crate::fixture::recorder::Recorder;
use crate::fixture::terminal;
use crate::probe::{command, run};

/// A word that shows that hostile text got as far as the output.
const MARK: &str = "PWNED";

/// Sets the title, clears the screen, asks for the cursor's place, blinks, hides: with ESC.
const ESCAPES: &str =
    "\u{1b}]0;PWNED\u{7}\u{1b}[2J\u{1b}[6n\u{1b}[5;8mPWNED\u{8}\u{7f}\u{1b}P+q\u{1b}\\";

/// The same without any C0 character, so that parsers which refuse those let it through: C1
/// controls (CSI, OSC, ST) and marks that reorder (RLO, LRI, RLM), hide (ZWSP, BOM) or break a line
/// (LS, NEL).
const MARKS: &str =
    "\u{9b}2J\u{9d}0;PWNED\u{9c}\u{202e}DENWP\u{2066}\u{200f}\u{200b}\u{feff}\u{2028}\u{85}PWNED";

/// Every way of printing a run: name and arguments.
const FORMATS: [(&str, &[&str]); 4] = [
    ("text", &["--format", "text"]),
    ("json", &["--format", "json"]),
    ("events", &["--format", "events"]),
    (
        "write-out",
        &[
            "-w",
            "%{content_type} %{redirect_url} %{url_effective} %{errormsg} %header{x-evil} \
                %{header_json} %{json} %{certs}\\n",
        ],
    ),
];

/// Runs a probe in every format, through a pipe and on a terminal, and looks at every byte.
/// `reaches` tells whether the mark has to be seen in the machine formats, so that a test cannot
/// pass by the text never being there.
fn harmless(what: &str, args: &[&str], reaches: bool) {
    for (format, options) in FORMATS {
        let arguments = [
            &["probe", "--capture", "off", "--max-time", "10"],
            options,
            args,
        ]
        .concat();
        let run = run(command(&arguments));
        assert!(
            run.status == Some(0) || run.status == Some(3),
            "{what}, {format}: exit code {:?} {}",
            run.status,
            run.errors()
        );
        no_byte_acts(&run.stdout, &format!("{what}, {format}, stdout"));
        no_byte_acts(&run.stderr, &format!("{what}, {format}, stderr"));
        if reaches && (format == "json" || format == "events") {
            assert!(
                run.text().contains(MARK),
                "{what}: the hostile text is not in {format}, so nothing was tested\n{}",
                run.text()
            );
        }
        let (_, written) = terminal::run(tapline(), &arguments);
        let shown = String::from_utf8_lossy(&written);
        for sequence in [
            "\u{1b}]",
            "\u{1b}P",
            "\u{1b}[2J",
            "\u{1b}[6n",
            "\u{1b}[5;8m",
            "\u{7}",
            "\u{8}",
        ] {
            assert!(
                !shown.contains(sequence),
                "{what}, {format}, terminal: {sequence:?} in {shown:?}"
            );
        }
        no_byte_acts(
            &without_own_sequences(&written),
            &format!("{what}, {format}, terminal"),
        );
    }
}

/// Nothing but text and line ends. The bytes are UTF-8, so that no lone C1 byte is among them
/// either.
#[track_caller]
fn no_byte_acts(bytes: &[u8], what: &str) {
    let text = std::str::from_utf8(bytes)
        .unwrap_or_else(|error| panic!("{what}: not UTF-8: {error}\n{}", bytes.escape_ascii()));
    for line in text.split('\n') {
        let found = line.chars().find(|&c| acts(c));
        assert!(found.is_none(), "{what}: {found:?} in {line:?}");
    }
}

/// Control characters and the invisible format characters, written out here a second time on
/// purpose: the program's own list is what is being tested.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xad | 0x61c
                | 0x180e
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0xfeff
                | 0xfff9..=0xfffb
                | 0xe0000..=0xe007f
        )
}

/// Takes out the sequences that the program itself writes to a terminal: colours, erasing a line,
/// moving within it, hiding the cursor.
fn without_own_sequences(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        if first == b'\r' {
            rest = after;
        } else if let Some(sequence) = rest.strip_prefix(b"\x1b[") {
            let length = sequence
                .iter()
                .take_while(|&&c| c.is_ascii_digit() || c == b';' || c == b'?')
                .count();
            let (parameters, end) = sequence.split_at(length);
            let own = match end.first() {
                Some(b'm' | b'K' | b'G' | b'A' | b'B') => true,
                Some(b'h' | b'l') => parameters == b"?25",
                _ => false,
            };
            if own {
                rest = &end[1..];
            } else {
                out.push(first);
                rest = after;
            }
        } else {
            out.push(first);
            rest = after;
        }
    }
    out
}

/// A response whose fields, reason and body are hostile, framed well.
fn hostile_response(text: &str) -> Vec<u8> {
    let fields = [
        ("X-Evil", text),
        ("Content-Type", text),
        ("Server", text),
        ("Set-Cookie", text),
        ("Server-Timing", text),
        ("Via", text),
    ];
    response(&format!("200 {text}"), &fields, text.as_bytes())
}

#[test]
fn the_checker_finds_what_it_looks_for() {
    assert!(ESCAPES.chars().any(acts) && MARKS.chars().filter(|&c| acts(c)).count() > 8);
    assert_eq!(without_own_sequences(b"\x1b[1;31mred\x1b[0m\r\n"), b"red\n");
    assert_eq!(
        without_own_sequences(b"\x1b[2J\x1b]0;x\x07"),
        b"\x1b[2J\x1b]0;x\x07"
    );
    let caught =
        std::panic::catch_unwind(|| no_byte_acts("a\u{202e}b".as_bytes(), "a seeded mark"));
    assert!(caught.is_err());
}

#[test]
fn marks_in_a_response() {
    let peer = Peer::saying(hostile_response(MARKS));
    // One of the fields is a cookie's, whose value is masked wherever else it stands.
    harmless("marks, masked", &[&peer.url("/")], false);
    harmless("marks", &["--with-secrets", &peer.url("/")], true);
}

/// Some parsers refuse ESC in a field; whether this one does or not, it is not shown.
#[test]
fn escapes_in_a_response() {
    let peer = Peer::saying(hostile_response(ESCAPES));
    harmless("escapes in fields", &[&peer.url("/")], false);
    let peer = Peer::saying(response(
        "200 OK",
        &[("Content-Type", "text/plain")],
        ESCAPES.as_bytes(),
    ));
    harmless("escapes in a body", &[&peer.url("/")], false);
    let peer = Peer::saying(response(
        "200 OK",
        &[("Content-Type", "text/plain; charset=iso-8859-1")],
        b"\x9b2J\x9d0;PWNED\x9c",
    ));
    harmless("C1 bytes in a body", &[&peer.url("/")], false);
}

/// Bytes that are not UTF-8 in a field.
#[test]
fn c1_bytes_in_a_field() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nX-Evil: \x9b2J\x9d0;PWNED\x9c\xff\xfe\r\n".to_vec();
    bytes.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    let peer = Peer::saying(bytes);
    harmless("C1 bytes in a field", &[&peer.url("/")], true);
}

#[test]
fn a_status_line_that_is_none() {
    for text in [ESCAPES, MARKS] {
        let peer = Peer::saying(format!("{text}\r\n\r\n"));
        harmless("a status line", &[&peer.url("/")], false);
    }
}

#[test]
fn informational_responses_and_trailers() {
    let mut bytes = format!(
        "HTTP/1.1 103 Early\r\nLink: <{MARKS}>\r\n\r\nHTTP/1.1 200 \
            OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    let mut body = chunked(&[b"body"]);
    body.truncate(body.len() - 2);
    bytes.extend(body);
    bytes.extend(format!("X-Evil: {MARKS}\r\n\r\n").into_bytes());
    let peer = Peer::saying(bytes);
    harmless("103 and trailers", &[&peer.url("/")], true);
}

#[test]
fn places_to_go_to() {
    for text in [ESCAPES, MARKS] {
        let peer = Peer::saying(format!(
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/{text}\r\nContent-Length: 0\r\n\r\n"
        ));
        harmless("a location that is not followed", &[&peer.url("/")], false);
        harmless(
            "a location that is followed",
            &["-L", &peer.url("/")],
            false,
        );
        let peer = Peer::saying(format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{text}/\r\nContent-Length: 0\r\n\r\n"
        ));
        harmless("a location that is nowhere", &["-L", &peer.url("/")], false);
    }
}

#[test]
fn aliases() {
    let server = Recorder::ok();
    for text in [
        "\u{1b}]0;PWNED\u{7}\u{1b}[2J",
        "\u{9b}2J\u{202e}PWNED",
        "a.PWNED\\\"\n\r",
    ] {
        let dns = DnsServer::start(move |question| {
            let alias = vec![text.as_bytes().to_vec(), b"test".to_vec()];
            let mut answer = Answer::empty(0);
            answer.records.push((
                labels(&question.name),
                CNAME,
                60,
                Data::Alias(alias.clone()),
            ));
            if question.kind == A {
                answer
                    .records
                    .push((alias, A, 60, Data::Address(IpAddr::V4(Ipv4Addr::LOCALHOST))));
            }
            answer.reply(question)
        });
        let at = dns.address().to_string();
        harmless(
            "an alias",
            &[
                "--dns-servers",
                &at,
                &format!("http://www.test:{}/", server.port()),
            ],
            text.contains('\u{1b}'),
        );
    }
}

/// Bytes of other records, as if they were addresses.
#[test]
fn records_nobody_asked_for() {
    let server = Recorder::ok();
    let dns = DnsServer::start(|question| {
        let mut answer = Answer::addresses(question, &[IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        let mut text = vec![u8::try_from(ESCAPES.len()).expect("short")];
        text.extend_from_slice(ESCAPES.as_bytes());
        answer
            .records
            .push((labels(&question.name), 16, 60, Data::Raw(text)));
        answer.records.push((
            labels(&question.name),
            65_280,
            60,
            Data::Raw(MARKS.as_bytes().to_vec()),
        ));
        answer.reply(question)
    });
    let at = dns.address().to_string();
    harmless(
        "records",
        &[
            "--dns-servers",
            &at,
            &format!("http://www.test:{}/", server.port()),
        ],
        false,
    );
}

#[test]
fn names_in_certificates() {
    let authority = Authority::new();
    for text in [ESCAPES, MARKS] {
        let config = authority
            .identity_named(text)
            .server(rustls::ALL_VERSIONS, &[]);
        let peer = Peer::tls(config, |mut stream| {
            if read_request(&mut stream).is_some() {
                let _ = stream.write_all(&response("200 OK", &[], b"hello"));
            }
        });
        let url = format!("https://localhost:{}/", peer.port());
        harmless(
            "a trusted certificate",
            &["-4", "--cacert", &authority.root(), &url],
            true,
        );
        let other = Authority::new();
        harmless(
            "a certificate that is not trusted",
            &["-4", "--cacert", &other.root(), &url],
            true,
        );
        harmless(
            "an ignored certificate",
            &["-4", "-k", "--cacert", &other.root(), &url],
            true,
        );
    }
}

#[test]
fn what_a_proxy_says() {
    for text in [ESCAPES, MARKS] {
        let proxy = Peer::saying(format!(
            "HTTP/1.1 403 {text}\r\nX-Evil: {text}\r\nContent-Length: 0\r\n\r\n"
        ));
        harmless(
            "a proxy's refusal",
            &[
                "-x",
                &format!("http://{}", proxy.address()),
                "https://www.test/",
            ],
            false,
        );
        let proxy = Peer::saying(format!("{text}\r\n\r\n"));
        harmless(
            "a proxy that is none",
            &[
                "-x",
                &format!("http://{}", proxy.address()),
                "https://www.test/",
            ],
            false,
        );
    }
}

/// A server that speaks something else on a TLS port may say it in colours.
#[test]
fn what_is_not_tls() {
    let peer = Peer::tcp(|mut stream| {
        let _ = stream.write_all(ESCAPES.as_bytes());
        linger(&stream);
    });
    harmless("no TLS", &[&format!("https://{}/", peer.address())], false);
}

/// The same text in HTTP/2 fields, from a real server.
#[test]
fn marks_from_nginx_over_http_2() {
    use crate::fixture::process::speaks_http;
    let Some(program) = crate::fixture::program::installed("nginx") else {
        return;
    };
    let authority = Authority::new();
    let identity = authority.identity(Flaw::None);
    let (folder, port) = (
        tempfile::tempdir().expect("a folder"),
        crate::fixture::port::free(),
    );
    let at = folder.path().display();
    let config = format!(
        "daemon off; pid {at}/pid; events {{}}
http {{ access_log off; client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path \
        {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;
server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {}; ssl_certificate_key {};
location / {{ add_header X-Evil \"{MARKS}\"; return 200 \"{MARKS}\"; }}
}} }}",
        identity.chain_file.display(),
        identity.key_file.display()
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config).expect("writing nginx.conf");
    let mut server = std::process::Command::new(program);
    server
        .arg("-p")
        .arg(folder.path())
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(folder.path().join("log"));
    let address = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let _server = Process::serving(server, &[address], speaks_http).expect("nginx");
    harmless(
        "HTTP/2",
        &[
            "--http2",
            "--cacert",
            &authority.root(),
            &format!("https://127.0.0.1:{port}/"),
        ],
        true,
    );
}

/// What the user typed is not trusted either: a URL comes from anywhere.
#[test]
fn a_hostile_url() {
    let server = Recorder::ok();
    for text in [ESCAPES, MARKS] {
        let url = server.url(&format!("/{text}?{text}"));
        for (format, options) in FORMATS {
            let run = run(command(
                &[&["probe", "--capture", "off"], options, &[&url]].concat(),
            ));
            no_byte_acts(&run.stdout, &format!("a URL, {format}, stdout"));
            no_byte_acts(&run.stderr, &format!("a URL, {format}, stderr"));
        }
    }
}

/// A real server passes a hostile field on; the default format at a terminal shows it spelt out.
#[test]
fn a_terminal_shows_it_spelt_out() {
    let peer = Peer::saying(response(
        "200 OK",
        &[("Server", "a\u{202e}b\u{9b}c")],
        b"hello",
    ));
    let (status, written) =
        terminal::run(tapline(), &["probe", "--capture", "off", &peer.url("/")]);
    assert_eq!(status, 0);
    let mut screen = vt100::Parser::new(NonZero::new(200).unwrap(), NonZero::new(100).unwrap(), 0);
    screen.process(&written);
    let contents = screen.screen().contents();
    assert!(contents.contains("200"), "{contents}");
    assert!(
        !contents.chars().any(|c| c != '\n' && acts(c)),
        "{contents:?}"
    );
}
