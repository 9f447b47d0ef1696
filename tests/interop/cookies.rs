//! Cookies: what a server sets and gets back, from us and from curl, and the files between them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::curl::curl;
use crate::fixture::message::response;
use crate::fixture::recorder::Recorder;
use crate::probe::{command, probe, run};

/// A server that sets cookies at `/dir/page` and leads on to `/dir/next`.
fn setting(cookies: &[&str]) -> Recorder {
    let fields: Vec<String> = cookies.iter().map(|cookie| (*cookie).to_owned()).collect();
    Recorder::answering(move |request| {
        let set: Vec<(&str, &str)> = fields
            .iter()
            .map(|value| ("Set-Cookie", value.as_str()))
            .collect();
        match request.target.as_str() {
            "/dir/page" => response(
                "302 Found",
                &[&[("Location", "/dir/next")], set.as_slice()].concat(),
                b"",
            ),
            _ => response("200 OK", &[], b"there"),
        }
    })
}

/// The `Cookie` field that came back after the redirect.
fn sent_back(server: &Recorder) -> Option<String> {
    let requests = server.take();
    assert_eq!(requests.len(), 2, "{requests:?}");
    requests[1].header("cookie").map(str::to_owned)
}

/// What is told of a run, as events.
fn notes_of(args: &[&str]) -> String {
    let mut command = command(&["probe", "--format", "events", "--capture", "off"]);
    command.args(args);
    let done = run(command);
    assert_eq!(done.status, Some(0), "{}", done.errors());
    done.text()
}

/// What a server sets, what goes back to it by RFC 6265bis, and whether curl does the same. Where
/// it does not, the reason stands beside it.
const BOTH: &[(&str, &[&str], Option<&str>, bool)] = &[
    ("www.example.com", &["a=1"], Some("a=1"), true),
    (
        "www.example.com",
        &["a=1; Path=/", "b=2; Path=/dir/next", "c=3; Path=/dir"],
        Some("b=2; c=3; a=1"),
        true,
    ),
    (
        "www.example.com",
        &["a=1; Path=/other", "b=2; Path=/di"],
        None,
        true,
    ),
    (
        "www.example.com",
        &["a=1; Path=relative"],
        Some("a=1"),
        true,
    ),
    (
        "www.example.com",
        &["a=1; Domain=example.com"],
        Some("a=1"),
        true,
    ),
    (
        "www.example.com",
        &["a=1; Domain=.EXAMPLE.com"],
        Some("a=1"),
        true,
    ),
    ("www.example.com", &["a=1; Domain="], Some("a=1"), true),
    ("www.example.com", &["a=1; Domain=example.org"], None, true),
    ("www.example.com", &["a=1; Domain=com"], None, true),
    ("www.example.co.uk", &["a=1; Domain=co.uk"], None, true),
    ("me.github.io", &["a=1; Domain=github.io"], None, true),
    (
        "me.github.io",
        &["a=1; Domain=me.github.io"],
        Some("a=1"),
        true,
    ),
    ("127.0.0.1", &["a=1; Domain=127.0.0.1"], Some("a=1"), true),
    ("127.0.0.1", &["a=1; Domain=0.0.1"], None, true),
    ("127.0.0.1", &["a=1; Secure"], Some("a=1"), true),
    ("localhost", &["a=1; Secure"], Some("a=1"), true),
    ("www.example.com", &["a=1; Secure"], None, true),
    (
        "www.example.com",
        &["a=1; HttpOnly; SameSite=Strict"],
        Some("a=1"),
        true,
    ),
    (
        "www.example.com",
        &["a=1; Max-Age=0", "b=2; Max-Age=-1"],
        None,
        true,
    ),
    (
        "www.example.com",
        &["a=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        Some("a=1"),
        true,
    ),
    (
        "www.example.com",
        &["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        None,
        true,
    ),
    (
        "www.example.com",
        &["a=1; Expires=nonsense"],
        Some("a=1"),
        true,
    ),
    ("www.example.com", &["a=1", "a=; Max-Age=0"], None, true),
    (
        "127.0.0.1",
        &["__Secure-a=1; Secure"],
        Some("__Secure-a=1"),
        true,
    ),
    (
        "127.0.0.1",
        &["__Secure-a=1", "__Host-b=2; Secure; Path=/dir"],
        None,
        true,
    ),
    (
        "127.0.0.1",
        &["__Host-a=1; Secure; Path=/"],
        Some("__Host-a=1"),
        true,
    ),
    ("www.example.com", &["a=\"q\""], Some("a=\"q\""), true),
    (
        "www.example.com",
        &["  a  =  1 2  ;Path=/"],
        Some("a=1 2"),
        true,
    ),
    ("www.example.com", &["a=1=2"], Some("a=1=2"), true),
    ("www.example.com", &["a="], Some("a="), true),
    ("www.example.com", &[""], None, true),
    (
        "www.example.com",
        &["a=caf\u{e9}"],
        Some("a=caf\u{e9}"),
        true,
    ),
    // curl keeps no cookie without a name.
    ("www.example.com", &["bare", "=value"], Some("value"), false),
    // curl knows no order of creation for paths of one length: it goes by the length of the name.
    (
        "www.example.com",
        &["a=1", "long=2"],
        Some("a=1; long=2"),
        false,
    ),
    // curl reads digits as far as they go; the RFC passes over what is no number.
    ("www.example.com", &["a=1; Max-Age=0x"], Some("a=1"), false),
    // curl forgets when a cookie was first set.
    (
        "www.example.com",
        &["a=1", "b=2", "a=3"],
        Some("a=3; b=2"),
        false,
    ),
    ("127.0.0.1", &["__SECURE-a=1"], None, true),
    // curl does not look at SameSite.
    ("www.example.com", &["a=1; SameSite=None"], None, false),
];

#[test]
fn a_server_gets_back_what_the_standard_says_from_us_and_from_curl() {
    let mut wrong = Vec::new();
    for (host, set, wanted, as_curl) in BOTH {
        let server = setting(set);
        let resolve = format!("{host}:{}:127.0.0.1", server.port());
        let url = format!("http://{host}:{}/dir/page", server.port());
        let options = ["-L", "-b", "", "--resolve", &resolve, &url];
        probe(&options).ok();
        let ours = sent_back(&server);
        if ours.as_deref() != *wanted {
            wrong.push(format!(
                "{host} {set:?}: {ours:?} came back, {wanted:?} is right"
            ));
        }
        let Some(done) = curl(&[&["-o", "/dev/null"], options.as_slice()].concat()) else {
            continue;
        };
        assert_eq!(done.status, Some(0), "{}", done.errors());
        let theirs = sent_back(&server);
        if (theirs == ours) != *as_curl {
            wrong.push(format!(
                "{host} {set:?}: {ours:?} came back from us, {theirs:?} from curl"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines of a cookie file, without remarks, in an order of their own.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a cookie file");
    let is_cookie = |line: &&str| !line.is_empty() && !line.starts_with("# ");
    let mut lines: Vec<String> = text.lines().filter(is_cookie).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

const SETS: [&str; 5] = [
    "session=1",
    "kept=2; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT",
    "wide=3; Domain=example.com; Path=/",
    "hidden=\"4\"; HttpOnly; Path=/dir",
    "gone=5; Max-Age=0",
];

/// The lines without what differs on purpose. A date in the year 2030 is beyond the 400 days that
/// RFC 6265bis allows, and curl keeps it; a default path has no slash at its end by RFC 6265bis,
/// and with curl it has.
fn comparable(lines: &[String]) -> Vec<Vec<&str>> {
    let mut cookies: Vec<Vec<&str>> = lines
        .iter()
        .map(|line| line.split('\t').collect())
        .collect();
    for columns in &mut cookies {
        columns[2] = if columns[2] == "/dir/" {
            "/dir"
        } else {
            columns[2]
        };
        columns.remove(4);
    }
    cookies
}

#[test]
fn a_jar_is_written_as_curl_writes_it_and_read_by_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = setting(&SETS);
    let resolve = format!("www.example.com:{}:127.0.0.1", server.port());
    let url = format!("http://www.example.com:{}/dir/page", server.port());
    let file = |name: &str| {
        folder
            .path()
            .join(name)
            .to_str()
            .expect("a path")
            .to_owned()
    };
    let (ours, theirs) = (file("ours"), file("theirs"));
    probe(&["-L", "-c", &ours, "--resolve", &resolve, &url]).ok();
    let sent = sent_back(&server);
    assert_eq!(
        sent.as_deref(),
        Some("session=1; hidden=\"4\"; kept=2; wide=3")
    );
    assert_eq!(mode(Path::new(&ours)), 0o600);
    let Some(done) = curl(&[
        "-o",
        "/dev/null",
        "-L",
        "-c",
        &theirs,
        "--resolve",
        &resolve,
        &url,
    ]) else {
        return;
    };
    assert_eq!(done.status, Some(0));
    server.take();
    let (written, by_curl) = (lines(Path::new(&ours)), lines(Path::new(&theirs)));
    assert_eq!(comparable(&written), comparable(&by_curl));
    // Each reads what the other wrote.
    probe(&["-b", &theirs, "--resolve", &resolve, &url]).ok();
    let mut pairs: Vec<String> = server
        .take_one()
        .header("cookie")
        .expect("cookies")
        .split("; ")
        .map(str::to_owned)
        .collect();
    pairs.sort();
    assert_eq!(pairs, ["hidden=\"4\"", "kept=2", "session=1", "wide=3"]);
    curl(&["-o", "/dev/null", "-b", &ours, "--resolve", &resolve, &url]);
    let mut pairs: Vec<String> = server
        .take_one()
        .header("cookie")
        .expect("cookies")
        .split("; ")
        .map(str::to_owned)
        .collect();
    pairs.sort();
    assert_eq!(pairs, ["hidden=\"4\"", "kept=2", "session=1", "wide=3"]);
}

#[test]
fn a_jar_goes_on_from_run_to_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let jar = folder.path().join("jar");
    let name = jar.to_str().expect("a path");
    let server = Recorder::answering(|request| {
        let seen = request
            .header("cookie")
            .map_or(0, |cookie| cookie.matches('=').count());
        response("200 OK", &[("Set-Cookie", &format!("n{seen}=1"))], b"")
    });
    for wanted in [None, Some("n0=1"), Some("n0=1; n1=1")] {
        let notes = notes_of(&["-b", name, "-c", name, &server.url("/")]);
        assert_eq!(server.take_one().header("cookie"), wanted);
        assert_eq!(
            notes.contains("there is no cookie file"),
            wanted.is_none(),
            "{notes}"
        );
    }
    // Permissions that somebody chose stay.
    fs::set_permissions(&jar, fs::Permissions::from_mode(0o640)).expect("permissions");
    probe(&["-b", name, "-c", name, &server.url("/")]).ok();
    assert_eq!(mode(&jar), 0o640);
    assert_eq!(lines(&jar).len(), 4);
    // Without those that last as long as a session nothing is left.
    server.take();
    probe(&["-j", "-b", name, &server.url("/")]).ok();
    assert_eq!(server.take_one().header("cookie"), None);
}

/// Every URL and every repeat begins anew; the file has what all of them were given, also of runs
/// that fail.
#[test]
fn a_jar_holds_what_all_transfers_were_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let jar = folder.path().join("jar");
    let name = jar.to_str().expect("a path");
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = Recorder::answering(move |request| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let set = format!("{}={number}", request.target.trim_start_matches('/'));
        response("404 Not Found", &[("Set-Cookie", &set)], b"")
    });
    let report = probe(&[
        "-f",
        "--repeat",
        "2",
        "-c",
        name,
        &server.url("/a"),
        &server.url("/b"),
    ]);
    assert_eq!(report.run.status, Some(3), "{report}");
    assert!(
        server
            .take()
            .iter()
            .all(|request| request.header("cookie").is_none())
    );
    let values: Vec<String> = lines(&jar)
        .iter()
        .map(|line| line.split('\t').skip(5).collect::<Vec<_>>().join("="))
        .collect();
    assert_eq!(values, ["a=1", "b=3"]);
}

#[test]
fn a_jar_on_standard_output_is_alone_there() {
    let server = setting(&["a=1"]);
    let mut alone = command(&["probe", "--capture", "off", "-c", "-"]);
    alone.arg(server.url("/dir/page"));
    let done = run(alone);
    assert_eq!(done.status, Some(0), "{}", done.errors());
    assert!(
        done.text().starts_with("# Netscape HTTP Cookie File\n"),
        "{}",
        done.text()
    );
    assert!(
        done.text()
            .ends_with("127.0.0.1\tFALSE\t/dir\tFALSE\t0\ta\t1\n"),
        "{}",
        done.text()
    );
    let mut both = command(&["probe", "--capture", "off", "--format", "json", "-c", "-"]);
    both.arg(server.url("/dir/page"));
    let done = run(both);
    assert_eq!(done.status, Some(2));
    assert!(
        done.errors()
            .contains("only one output can be written to standard output"),
        "{}",
        done.errors()
    );
}

#[test]
fn a_jar_that_cannot_be_written_is_said() {
    let server = setting(&["a=1"]);
    let mut command = command(&["probe", "--capture", "off", "-c", "/nonexistent/jar"]);
    command.arg(server.url("/dir/page"));
    let done = run(command);
    assert_eq!(done.status, Some(1));
    assert!(
        done.errors()
            .contains("the cookies cannot be written to /nonexistent/jar: "),
        "{}",
        done.errors()
    );
}

/// Strings are joined and files all read, in whatever order they are given; as curl does it, but
/// for curl's `;` without a space.
#[test]
fn cookies_are_given_as_text_and_in_files_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("writing");
        path.to_str().expect("a path").to_owned()
    };
    let first = file(
        "first",
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tone\t1\r\nthis is no \
            cookie\r\n127.0.0.1\tFALSE\t/\tFALSE\t9\told\t1\r\n",
    );
    let second = file(
        "second",
        "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\ttwo2\t2\nSet-Cookie: own=3; Domain=127.0.0.1\n",
    );
    let server = Recorder::ok();
    let url = server.url("/");
    let options = ["-b", "a=1", "-b", &first, "-b", "b=2", "-b", &second, &url];
    let notes = notes_of(&options);
    let ours = server.take_one();
    assert_eq!(
        ours.header("cookie"),
        Some("one=1; two2=2; own=3; a=1; b=2")
    );
    assert!(
        notes.contains("line 2 of the cookie file")
            && notes.contains("is not a cookie and was skipped"),
        "{notes}"
    );
    let Some(done) = curl(&[&["-o", "/dev/null"], options.as_slice()].concat()) else {
        return;
    };
    assert_eq!(done.status, Some(0));
    let sorted = |text: &str| {
        let mut pairs: Vec<String> = text.split(';').map(|pair| pair.trim().to_owned()).collect();
        pairs.sort();
        pairs
    };
    assert_eq!(
        sorted(ours.header("cookie").unwrap_or_default()),
        sorted(server.take_one().header("cookie").unwrap_or_default())
    );
}

#[test]
fn a_cookie_file_that_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Recorder::ok();
    let mut command = command(&["probe", "--capture", "off", "-b"]);
    command.arg(folder.path()).arg(server.url("/"));
    let done = run(command);
    assert_eq!(done.status, Some(2));
    assert!(
        done.errors().contains("cannot be read: Is a directory"),
        "{}",
        done.errors()
    );
    assert!(server.take().is_empty());
}

/// Cookies on answers that are not the last one, and on those that say nothing of the host: 103,
/// and a proxy's to CONNECT.
#[test]
fn only_final_answers_of_the_host_set_cookies() {
    for status in [
        "301 Moved Permanently",
        "404 Not Found",
        "500 Internal Server Error",
    ] {
        let server = Recorder::answering(move |request| match request.target.as_str() {
            "/" => response(status, &[("Set-Cookie", "a=1"), ("Location", "/next")], b""),
            _ => response("200 OK", &[], b""),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let jar = folder.path().join("jar");
        probe(&["-c", jar.to_str().expect("a path"), &server.url("/")]).ok();
        assert_eq!(lines(&jar).len(), 1, "{status}");
    }
    let early = Recorder::answering(|_| {
        let hints = b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\n".to_vec();
        [hints, response("200 OK", &[("Set-Cookie", "late=1")], b"")].concat()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let jar = folder.path().join("jar");
    probe(&["-c", jar.to_str().expect("a path"), &early.url("/")]).ok();
    let kept = lines(&jar);
    assert!(kept.len() == 1 && kept[0].ends_with("late\t1"), "{kept:?}");
}

#[test]
fn refusals_are_told_and_values_masked() {
    let server = setting(&["id=s3cret; Secure", "x=s3cret; Domain=com", "ok=s3cret"]);
    let resolve = format!("www.example.com:{}:127.0.0.1", server.port());
    let url = format!("http://www.example.com:{}/dir/page", server.port());
    let text = notes_of(&["-L", "-b", "", "--resolve", &resolve, &url]);
    assert!(
        text.contains(
            "the cookie \\\"id\\\" was rejected: it is Secure but was received over plain HTTP"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "the cookie \\\"x\\\" was rejected: its Domain \\\"com\\\" is a public suffix"
        ),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}
