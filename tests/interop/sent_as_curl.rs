//! Bodies of forms and of data, byte for byte what curl sends, but for the boundary's random part
//! and how the body's end is told.

use std::fs::{self, File};
use std::path::Path;

use crate::curl;
use crate::fixture::message::Received;
use crate::fixture::recorder::Recorder;
use crate::probe;

/// Options, `|` between the words; `{dir}` is a folder with the files of [`files`], and standard
/// input is `text.txt`.
const CASES: &[&str] = &[
    // Text and its parameters.
    "-F|a=b",
    "-F|a=b|-F|c=d=e",
    "-F|=nameless",
    "-F|a=",
    "-F|a= spaced ;type= text/plain ",
    "-F|a=\" quoted \"",
    "-F|a=\"x;y\";type=text/plain",
    "-F|a=\"q\\\"u\\\\o\\x\"",
    "-F|a=\"open",
    "-F|a=x;type=text/plain;charset=utf-8",
    "-F|a=x;type=text/plain; charset=utf-8 ;filename=q",
    "-F|a=x;TYPE=Text/Plain;Filename=q.GIF",
    "-F|a=x;filename=q.txt",
    "-F|a=x;filename=.txt",
    "-F|a=x;filename=\"q;\\\"u,o.png\"",
    "-F|a=x;headers=\"X: y\"",
    "-F|a=x;headers=X: y;headers=\"Z: \\\"w;\\\"\";type=text/plain;charset=utf-8",
    "-F|a=x;headers=@{dir}/headers.txt",
    "-F|a=x;headers=<{dir}/headers.txt",
    "-F|a=x;headers=\"Content-Type: text/z\"",
    "-F|a=x;headers=\"Content-Disposition: inline\"",
    "-F|a=x;encoder=base64;headers=\"Content-Transfer-Encoding: own\"",
    // Names and escapes.
    "-F|a\"b\\c\r\n=x;filename=\"q\\\"\\\\r\"",
    "--form-escape|-F|a\"b\\c=x;filename=\"q\\\"\\\\r\"",
    "-F|gr\u{f6}\u{df}e=\u{e9}",
    "--form-string|a=@x;type=text/plain",
    "--form-string|a=(|-F|b=c|--form-string|=<d",
    // Files.
    "-F|a=@{dir}/text.txt",
    "-F|a=@{dir}/data.json",
    "-F|a=@{dir}/PICTURE.GIF",
    "-F|a=@{dir}/data.bin",
    "-F|a=@\"{dir}/odd;na,me.xml\"",
    "-F|a=@{dir}/data.bin;type=text/x;filename=other.pdf",
    "-F|a=@{dir}/data.bin;filename=other.pdf",
    "-F|a=@{dir}/text.txt;filename=other.unknown",
    "-F|a=@{dir}/empty",
    "-F|a=@{dir}/text.txt,{dir}/PICTURE.GIF",
    "-F|a=@{dir}/text.txt;type=a/b;filename=\"x,y\",{dir}/data.bin;headers=X: \
        y,\"{dir}/odd;na,me.xml\"",
    "-F|a=<{dir}/text.txt",
    "-F|a=<{dir}/odd.html",
    "-F|a=<{dir}/data.bin;type=text/x",
    "-F|a=@-",
    "-F|a=@-;filename=x.txt",
    "-F|a=<-;type=text/x",
    // Encodings.
    "-F|a=x;encoder=8bit",
    "-F|a=x;encoder=7bit",
    "-F|a=x;encoder=binary",
    "-F|a=x;encoder=base64",
    "-F|a=@{dir}/data.bin;encoder=base64",
    "-F|a=@{dir}/long.txt;encoder=base64",
    "-F|a=@{dir}/data.bin;encoder=quoted-printable",
    "-F|a=@{dir}/long.txt;encoder=quoted-printable",
    "-F|a=<{dir}/text.txt;encoder=quoted-printable",
    "-F|a=x=y \u{e9};encoder=quoted-printable",
    // Multiparts within.
    "-F|=(;type=multipart/alternative|-F|=plain|-F|= \
        <b>x</b>;type=text/html|-F|=)|-F|f=@{dir}/text.txt",
    "-F|n=(;headers=X-S: 1|-F|q=1|-F|r=@{dir}/text.txt|-F|=)",
    "-F|n=(;type=multipart/form-data|-F|q=1|-F|=2|-F|=)",
    "-F|=(|-F|=(|-F|=deep|-F|=)",
    "-F|n=(|-F|=)",
    // A type of the user's own.
    "-F|a=b|-H|Content-Type: multipart/form-data; boundary=X",
    "-F|a=b|-F|=c|-H|Content-Type: multipart/related; boundary=X",
    "-F|a=b|-F|=c|-H|Content-Type: multipart/mixed",
    "-F|a=b|-H|Content-Type: text/plain",
    "-F|a=b|-X|PUT",
    "-G|-F|a=b",
    // Data.
    "-d|a=b",
    "-d|a=b|-d|c=d",
    "-d|",
    "-d||-d|",
    "-d|x|-d|",
    "-d|@{dir}/text.txt",
    "-d|@{dir}/data.bin|-d|x",
    "-d|@-|-d|@-",
    "--data-ascii|@{dir}/text.txt",
    "--data-raw|@{dir}/text.txt",
    "--data-binary|@{dir}/data.bin",
    "--data-binary|@{dir}/text.txt|--data-binary|x",
    "--data-binary|@-",
    "--data-binary|@{dir}/empty",
    "--data-urlencode|a b&c/d\u{e9}",
    "--data-urlencode|=a b=c",
    "--data-urlencode|n=a b@c",
    "--data-urlencode|@{dir}/data.bin",
    "--data-urlencode|n@{dir}/data.bin",
    "--data-urlencode|na me=v",
    "--data-urlencode||-d|",
    "--data-urlencode|~-._*'()!",
    "--json|{\"a\":|--json|1}",
    "--json|@-|--json|@{dir}/text.txt",
    "--json|",
    "-d|x|--json|y",
    "--json|y|-d|x",
    "-d|x|-H|Content-Type: text/z",
    "-d|x|-H|Content-Type:",
    "-d|x|-X|PATCH",
    // Data in the query.
    "-G|-d|b=2|--data-urlencode|c=d e|?a=1",
    "-G|-d|b=2|?",
    "-G|-d|b=2|#f",
    "-G|-d||?a#f",
    "-G|-d|b=2|?a=1&",
    "-G|-d|b=%20+|?a",
    "-I|-G|-d|x|?q",
];

/// Where curl does otherwise, and what is sent here: a body that would be cut short, or left out
/// without a word.
const REFUSED: &[(&str, &str)] = &[
    ("-F|a=x;y", "is not a parameter"),
    ("-F|a=x;foo=bar", "unknown parameter 'foo'"),
    ("-F|a=\"x\" y", "closing quote"),
    ("-F|a=x;headers=@{dir}/none", "none"),
    ("-F|a=@{dir}", "cannot be read"),
    ("-F|a=@{dir}/none", "none"),
    ("-F|a=b|-F|c=<{dir}/none", "none"),
    ("-F|a=@{dir}/text.txt;encoder=7bit", "7bit"),
    ("-F|a=x;encoder=nope", "unknown encoder 'nope'"),
    ("-F|a=x;type=bad", "not a media type"),
    ("-F|=)", "no multipart"),
    ("-F|a", "must contain ="),
    ("-d|@{dir}/none", "none"),
    ("-d|@{dir}", "cannot be read"),
    ("--data-urlencode|n@{dir}/none", "none"),
    ("-F|a=b|-d|x", "cannot be combined"),
    ("-I|-d|x", "cannot be combined"),
];

fn files(folder: &Path) {
    let odd = ["=", " ", "\u{e9}", "\r\n", "\t\r\n", "x", "yy", "\n"];
    let long = (0..400)
        .flat_map(|n| [n.to_string(), odd[n % odd.len()].repeat(n % 5)])
        .collect::<String>();
    for (name, bytes) in [
        ("text.txt", "hello w\u{f6}rld\nline=2 ".as_bytes()),
        ("data.json", b"{}"),
        ("PICTURE.GIF", b"GIF89a"),
        ("data.bin", b"b\0\r\n\xff\xfe \r\nin"),
        ("odd;na,me.xml", b"<a/>"),
        ("odd.html", b"<p>"),
        ("long.txt", long.as_bytes()),
        ("empty", b""),
        (
            "headers.txt",
            b"X-A: 1\n# comment\nX-B: two\n  folded\r\n\nX-C: 3",
        ),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// Each boundary by the order in which it comes.
fn with_numbered_boundaries(bytes: &[u8]) -> String {
    const LENGTH: usize = 40;
    let mut known: Vec<Vec<u8>> = Vec::new();
    let mut out = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let found = rest.get(..LENGTH).filter(|text| {
            text.starts_with(&[b'-'; 24]) && text[24..].iter().all(u8::is_ascii_alphanumeric)
        });
        let Some(boundary) = found else {
            out.push(*first);
            rest = after;
            continue;
        };
        let number = known
            .iter()
            .position(|other| other == boundary)
            .unwrap_or_else(|| {
                known.push(boundary.to_vec());
                known.len() - 1
            });
        out.extend(format!("<boundary {number}>").bytes());
        rest = &rest[LENGTH..];
    }
    out.escape_ascii().to_string()
}

/// What counts of a request.
fn told(request: &Received) -> String {
    let kind = request.header("content-type").map_or("none", |kind| kind);
    let whole = [
        format!(
            "{} {}\nContent-Type: {kind}\n",
            request.method, request.target
        )
        .as_bytes(),
        &request.body,
    ]
    .concat();
    with_numbered_boundaries(&whole).replace("\\n", "\n")
}

/// The words, the URL at the end.
fn words(case: &str, folder: &Path, server: &Recorder) -> Vec<String> {
    let mut words: Vec<String> = case
        .split('|')
        .map(|word| word.replace("{dir}", folder.to_str().unwrap()))
        .collect();
    let query = words
        .pop_if(|last| last.starts_with(['?', '#']))
        .unwrap_or_default();
    words.push(server.url(&format!("/{query}")));
    words
}

#[test]
fn bodies_are_what_curl_sends() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let server = Recorder::ok();
    let input = || File::open(folder.path().join("text.txt")).unwrap();
    let mut wrong = Vec::new();
    for case in CASES {
        let words = words(case, folder.path(), &server);
        let mut ours = probe::command(&["probe", "--format", "json", "--capture", "off"]);
        ours.args(&words).stdin(input());
        let run = probe::run(ours);
        assert_eq!(run.status, Some(0), "{case}: {}", run.errors());
        let ours = told(&server.take_one());
        // Without it a body of unknown length waits for an answer that does not come.
        let Some(mut theirs) = curl::command(&["-o", "/dev/null", "-H", "Expect:"]) else {
            return;
        };
        theirs.args(&words).stdin(input());
        let run = probe::run(theirs);
        assert_eq!(run.status, Some(0), "{case}: {}", run.errors());
        let theirs = told(&server.take_one());
        if ours != theirs {
            wrong.push(format!("{case}\n--- ours\n{ours}\n--- curl's\n{theirs}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn what_would_be_sent_otherwise_than_meant_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let server = Recorder::ok();
    for (case, says) in REFUSED {
        let mut command = probe::command(&["probe", "--capture", "off"]);
        command.args(words(case, folder.path(), &server));
        let run = probe::run(command);
        assert_eq!(run.status, Some(2), "{case}: {}", run.errors());
        assert!(run.errors().contains(says), "{case}: {}", run.errors());
        assert!(
            server.take().is_empty(),
            "{case}: nothing is sent, not even a part"
        );
    }
}

/// Standard input can be read once, and every URL of the command line gets it.
#[test]
fn several_urls_get_the_same_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let server = Recorder::ok();
    let mut command = probe::command(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "json=/dev/null",
        "--data-binary",
        "@-",
    ]);
    command
        .args([server.url("/1"), server.url("/2")])
        .stdin(File::open(folder.path().join("text.txt")).unwrap());
    let run = probe::run(command);
    assert_eq!(run.status, Some(0), "{}", run.errors());
    let bodies: Vec<Vec<u8>> = server
        .take()
        .into_iter()
        .map(|request| request.body)
        .collect();
    let text = fs::read(folder.path().join("text.txt")).unwrap();
    assert_eq!(bodies, [text.clone(), text]);
}

/// A pipe can be read once and does not tell its length; the body has one all the same, and a
/// repeat sends it again.
#[test]
fn a_named_pipe_is_sent_whole_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.txt");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    let server = Recorder::ok();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, b"through a pipe").unwrap()
    });
    probe::probe(&[
        "--repeat",
        "2",
        "-F",
        &format!("a=@{}", path.display()),
        &server.url("/"),
    ])
    .ok();
    writer.join().unwrap();
    let requests = server.take();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert!(
            body.contains(
                "filename=\"pipe.txt\"\r\nContent-Type: text/plain\r\n\r\nthrough a pipe\r\n"
            ),
            "{body}"
        );
        assert_eq!(
            request.header("content-length"),
            Some(body.len().to_string().as_str())
        );
    }
}
