//! The same options given to tapline and to curl make the same request, but for the User-Agent.

use crate::curl::curl;
use crate::fixture::message::Received;
use crate::fixture::recorder::Recorder;
use crate::probe::probe;

/// Runs both with the same options and gives back what the server received: ours, curl's.
fn both(options: &[&str], path: &str) -> Option<(Received, Received)> {
    let server = Recorder::ok();
    let url = server.url(path);
    probe(&[options, &[&url]].concat()).ok();
    let ours = server.take_one();
    let run = curl(&[&["-o", "/dev/null"], options, &[&url]].concat())?;
    assert_eq!(run.status, Some(0), "curl {options:?}: {}", run.errors());
    Some((ours, server.take_one()))
}

/// A request without what may differ: the multipart boundary, the order of fields, the User-Agent
/// where it is the tool's own.
fn comparable(mut request: Received) -> Received {
    if let Some(boundary) = request
        .header("content-type")
        .and_then(|kind| kind.split_once("boundary="))
        .map(|(_, boundary)| boundary.to_owned())
    {
        let text = String::from_utf8_lossy(&request.body).replace(&boundary, "BOUNDARY");
        request.body = text.into_bytes();
        for (name, value) in &mut request.headers {
            *value = value.replace(&boundary, "BOUNDARY");
            // It counts the boundary, whose length is each tool's own.
            if name.eq_ignore_ascii_case("content-length") {
                value.clear();
            }
        }
    }
    for (name, value) in &mut request.headers {
        name.make_ascii_lowercase();
        if name == "cookie" {
            // curl puts no space where it joins several.
            *value = value.replace("; ", ";");
        }
        if name == "accept-encoding" {
            let mut codings: Vec<&str> = value.split(',').map(str::trim).collect();
            codings.sort_unstable();
            *value = codings.join(", ");
        }
    }
    request.headers.retain(|(name, value)| {
        name != "user-agent" || !(value.starts_with("curl/") || value.starts_with("tapline/"))
    });
    // A remnant of HTTP/1.0 that no RFC knows.
    request
        .headers
        .retain(|(name, _)| name != "proxy-connection");
    request.headers.sort();
    request
}

fn same(options: &[&str], path: &str) {
    if let Some((ours, theirs)) = both(options, path) {
        assert_eq!(
            comparable(ours),
            comparable(theirs),
            "ours on the left, curl's on the right: {options:?}"
        );
    }
}

#[test]
fn methods_and_fields() {
    same(&[], "/");
    same(&[], "/path?q=1&r=%20x#fragment");
    same(&["-X", "DELETE"], "/thing");
    same(
        &[
            "-X",
            "PATCH",
            "-H",
            "X-One: 1",
            "-H",
            "X-Two: two words",
            "-H",
            "Accept: application/json",
        ],
        "/",
    );
    same(&["-I"], "/");
    same(&["-H", "Host: other.test"], "/");
}

/// curl's own meanings of `-H`: a name without a value takes a field out, a name with a semicolon
/// sends it empty.
#[test]
fn fields_taken_out_and_sent_empty() {
    same(&["-H", "Accept:"], "/");
    same(&["-H", "X-Empty;"], "/");
    same(&["-H", "User-Agent:"], "/");
}

#[test]
fn fields_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fields");
    std::fs::write(&file, "X-One: 1\nX-Two: 2\n").expect("writing");
    same(&["-H", &format!("@{}", file.display())], "/");
}

#[test]
fn data() {
    same(&["-d", "a=1"], "/");
    same(&["-d", "a=1", "-d", "b=2"], "/");
    same(&["-d", ""], "/");
    same(&["-X", "PUT", "-d", "x"], "/");
    same(&["-d", "{}", "-H", "Content-Type: application/json"], "/");
    same(&["--data-binary", "line\nline\n"], "/");
    same(&["--data-raw", "@not a file"], "/");
    same(
        &[
            "--data-urlencode",
            "name=with spaces & more",
            "--data-urlencode",
            "=a=b",
            "--data-urlencode",
            "plain text",
        ],
        "/",
    );
    same(
        &[
            "-d",
            "a=1",
            "--data-urlencode",
            "b=ö",
            "--data-binary",
            "c\n",
        ],
        "/",
    );
    same(&["-G", "-d", "a=1", "-d", "b=2"], "/search?first=0");
    same(&["-G", "-d", "a=1", "-I"], "/search");
}

#[test]
fn data_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data");
    // `-d` leaves out line ends, `--data-binary` sends every byte.
    std::fs::write(&file, b"one\r\ntwo\nthree\xff").expect("writing");
    let from = format!("@{}", file.display());
    same(&["-d", &from], "/");
    same(&["--data-binary", &from], "/");
    same(
        &[
            "--data-binary",
            &from,
            "-H",
            "Content-Type: application/octet-stream",
        ],
        "/",
    );
}

#[test]
fn json() {
    same(&["--json", r#"{"a": [1, 2]}"#], "/");
    same(&["--json", "{", "--json", "}"], "/");
    same(&["--json", "{}", "-H", "Accept: text/plain"], "/");
}

#[test]
fn forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "the notes\n").expect("writing");
    same(&["-F", "name=value", "-F", "other=with spaces"], "/");
    same(&["-F", &format!("file=@{}", file.display())], "/");
    same(
        &["-F", &format!("file=@{};type=text/csv", file.display())],
        "/",
    );
    same(
        &["-F", &format!("file=@{};filename=else.csv", file.display())],
        "/",
    );
    same(&["-F", &format!("text=<{}", file.display())], "/");
    same(&["-F", "na\"me=value"], "/");
}

#[test]
fn credentials() {
    same(&["-u", "alice:wonder:land"], "/");
    same(&["-u", "älice:pässword"], "/");
    same(&["--oauth2-bearer", "t0ken"], "/");
    let server = Recorder::ok();
    let url = format!("http://alice:won%20der@127.0.0.1:{}/", server.port());
    probe(&[&url]).ok();
    let ours = server.take_one();
    let Some(_) = curl(&[&url]) else { return };
    assert_eq!(comparable(ours), comparable(server.take_one()));
}

#[test]
fn user_agent_and_referrer() {
    same(&["-A", "agent/1 (of mine)"], "/");
    same(&["-A", ""], "/");
    same(&["-e", "http://referrer.test/page"], "/");
    // The last one counts.
    same(
        &[
            "-A",
            "one",
            "-A",
            "two",
            "-e",
            "http://one.test/",
            "-e",
            "http://two.test/",
            "-X",
            "PUT",
            "-X",
            "POST",
        ],
        "/",
    );
    same(&["--http1.0"], "/");
}

#[test]
fn cookies() {
    same(&["-b", "a=1; b=2"], "/");
    same(&["-b", "a=1", "-b", "b=2"], "/");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cookies");
    std::fs::write(
        &file,
        "# Netscape HTTP Cookie File\n\
            127.0.0.1\tFALSE\t/\tFALSE\t0\tkept\tyes\n\
            other.test\tFALSE\t/\tFALSE\t0\tforeign\tno\n",
    )
    .expect("writing");
    same(&["-b", file.to_str().expect("a path")], "/");
}

/// curl offers what it was built with; ours is compared as a set with what Debian's curl offers.
#[test]
fn compressed() {
    same(&["--compressed"], "/");
}

/// Requests to a proxy in plain HTTP carry the absolute form (RFC 9112 §3.2.2).
#[test]
fn to_a_plain_proxy() {
    let proxy = Recorder::ok();
    let at = proxy.url("");
    let options = ["-x", &at, "-H", "X-One: 1", "http://origin.test:81/path?q"];
    probe(&options).ok();
    let ours = proxy.take_one();
    let Some(_) = curl(&options) else { return };
    let theirs = proxy.take_one();
    assert_eq!(ours.target, "http://origin.test:81/path?q");
    assert_eq!(comparable(ours), comparable(theirs));
}

#[test]
fn places_to_connect_to() {
    let server = Recorder::ok();
    let port = server.port();
    probe(&[
        "--resolve",
        &format!("www.test:{port}:127.0.0.1"),
        &format!("http://www.test:{port}/"),
    ])
    .ok();
    assert_eq!(
        server.take_one().header("host"),
        Some(format!("www.test:{port}").as_str())
    );
    let report = probe(&[
        "--connect-to",
        &format!("www.test:80:127.0.0.1:{port}"),
        "http://www.test/",
    ])
    .ok();
    assert_eq!(server.take_one().header("host"), Some("www.test"));
    assert_eq!(report.only()["remote"], format!("127.0.0.1:{port}"));
}

#[test]
fn a_socket_file() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let request = crate::fixture::message::read_request(&mut stream).expect("a request");
        stream
            .write_all(&crate::fixture::message::response("200 OK", &[], b"hello"))
            .expect("answering");
        request
    });
    let report = probe(&[
        "--unix-socket",
        path.to_str().expect("a path"),
        "http://app.test/status",
    ])
    .ok();
    let request = server.join().expect("the server");
    assert_eq!(
        (request.target.as_str(), request.header("host")),
        ("/status", Some("app.test"))
    );
    assert_eq!(report.only()["status"], 200);
}

/// What a user types in a request must not become another request (RFC 9110 §5.5).
#[test]
fn line_ends_do_not_split_a_request() {
    let server = Recorder::ok();
    let mut command =
        crate::probe::command(&["probe", "--capture", "off", "-H", "X-One: 1\r\nX-Two: 2"]);
    command.arg(server.url("/"));
    let run = crate::probe::run(command);
    let requests = server.take();
    assert!(
        requests
            .iter()
            .all(|request| request.header("x-two").is_none()),
        "{requests:?}"
    );
    assert!(
        run.status == Some(2) || run.status == Some(0),
        "{:?} {}",
        run.status,
        run.errors()
    );
}
