//! The first host's pages that remember something: users, copies, uploads, events, credentials.

use super::*;

/// The status and the fields of an answer, in lower case, and its body.
fn ask(lab: &Lab, arguments: &[&str], path: &str) -> (u16, String, String) {
    let told = lab.fetch(&[&["-i"], arguments, &[&lab.page(path)]].concat());
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn users_are_created_read_updated_and_deleted() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let json = ["-H", "Content-Type: application/json"];
    let send = |method: &str, body: &str, path: &str| {
        ask(
            &lab,
            &[&json[..], &["-X", method, "-d", body]].concat(),
            path,
        )
    };

    let (status, head, body) = send(
        "POST",
        "{\"name\":\"Jon\",\"email\":\"jon@lab.test\"}",
        "/users",
    );
    assert!(
        status == 201 && head.contains("\r\nlocation: /users/14"),
        "{head}"
    );
    assert_eq!(
        body,
        "{\"id\":14,\"name\":\"Jon\",\"email\":\"jon@lab.test\",\"field\":\"\"}\n"
    );
    assert_eq!(send("PATCH", "{\"field\":\"ports\"}", "/users/14").0, 200);
    assert_eq!(
        ask(&lab, &[], "/users/14").2,
        "{\"id\":14,\"name\":\"Jon\",\"email\":\"jon@lab.test\",\"field\":\"ports\"}\n"
    );
    assert!(
        send(
            "PUT",
            "{\"name\":\"J. <P>\",\"email\":\"j@lab.test\"}",
            "/users/14"
        )
        .2
        .contains("\"field\":\"\"")
    );
    let (_, head, body) = ask(&lab, &["-H", "Accept: application/xml"], "/users/14");
    assert!(
        head.contains("content-type: application/xml")
            && body.contains("<name>J. &lt;P&gt;</name>"),
        "{body}"
    );
    assert!(ask(&lab, &[], "/users").2.contains("J. <P>"));
    assert!(
        ask(&lab, &["-H", "Accept: text/xml"], "/users")
            .2
            .contains("<users><user id=\"1\">")
    );
    assert_eq!(ask(&lab, &["-X", "DELETE"], "/users/14").0, 204);
    assert_eq!(
        (
            ask(&lab, &[], "/users/14").0,
            ask(&lab, &["-X", "DELETE"], "/users/14").0
        ),
        (404, 404)
    );
}

#[test]
fn a_request_that_makes_no_user_is_told_why() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let json = "Content-Type: application/json";
    for body in [
        "",
        "{",
        "[]",
        "{\"name\":1}",
        "{\"name\":\"a\",\"email\":\"b\",\"more\":1}",
    ] {
        assert_eq!(
            ask(&lab, &["-H", json, "-d", body], "/users").0,
            400,
            "{body}"
        );
    }
    let long = format!("{{\"name\":\"{}\",\"email\":\"a\"}}", "x".repeat(201));
    assert_eq!(ask(&lab, &["-H", json, "-d", &long], "/users").0, 400);
    assert_eq!(
        ask(&lab, &["-H", json, "-d", &"x".repeat(20_000)], "/users").0,
        413
    );
    let (status, head, _) = ask(&lab, &["-d", "name=a"], "/users");
    assert!(
        status == 415 && head.contains("accept: application/json"),
        "{head}"
    );
    let (status, head, _) = ask(&lab, &["-X", "DELETE"], "/users");
    assert!(
        status == 405 && head.contains("allow: get, head, post"),
        "{head}"
    );
    assert_eq!(
        (
            ask(&lab, &[], "/users/x").0,
            ask(&lab, &["-X", "PURGE"], "/users/1").0
        ),
        (400, 405)
    );
}

#[test]
fn what_is_known_is_not_sent_again() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let field = |head: &str, name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim()
            .to_owned()
    };
    let original = lab.fetch(&["-i", &lab.page("/etag")]);
    let tag = original
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .starts_with("etag:")
                .then(|| line[5..].trim().to_owned())
        })
        .unwrap();
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let (status, _, body) = ask(&lab, &["-H", &format!("If-None-Match: {known}")], "/etag");
        assert_eq!((status, body.as_str()), (304, ""), "{known}");
    }
    assert_eq!(
        ask(&lab, &["-H", "If-None-Match: \"other\""], "/etag").0,
        200
    );

    let (_, head, _) = ask(&lab, &[], "/cache");
    assert!(
        head.contains("cache-control: public, max-age=60")
            && field(&head, "age:").parse::<u64>().unwrap() < 60,
        "{head}"
    );
    let told = lab.fetch(&[
        "-o",
        "/dev/null",
        "-w",
        "%header{last-modified}",
        &lab.page("/cache"),
    ]);
    assert!(told.ends_with(" GMT"), "{told}");
    let since = |date: &str| {
        ask(
            &lab,
            &["-H", &format!("If-Modified-Since: {date}")],
            "/cache",
        )
        .0
    };
    assert_eq!(
        (
            since("Fri, 01 Jan 2100 00:00:00 GMT"),
            since("Thu, 01 Jan 1970 00:00:00 GMT"),
            since("nonsense")
        ),
        (304, 200, 200)
    );
}

#[test]
fn an_upload_goes_on_where_it_broke_off() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let (status, head, _) = ask(
        &lab,
        &["-H", "Upload-Complete: ?0", "-d", "one "],
        "/upload",
    );
    assert!(
        status == 201 && head.contains("location: /upload/1") && head.contains("upload-offset: 4"),
        "{head}"
    );
    let (status, head, _) = ask(
        &lab,
        &["-X", "PATCH", "-H", "Upload-Offset: 3", "-d", "two "],
        "/upload/1",
    );
    assert!(status == 409 && head.contains("upload-offset: 4"), "{head}");
    assert_eq!(
        ask(
            &lab,
            &[
                "-X",
                "PATCH",
                "-H",
                "Upload-Offset: 4",
                "-H",
                "Upload-Complete: ?0",
                "-d",
                "two "
            ],
            "/upload/1"
        )
        .0,
        200
    );
    let (_, head, _) = ask(&lab, &["-I"], "/upload/1");
    assert!(
        head.contains("upload-offset: 8") && head.contains("upload-complete: ?0"),
        "{head}"
    );
    let (_, head, body) = ask(
        &lab,
        &[
            "-X",
            "PUT",
            "-H",
            "Content-Range: bytes 8-12/13",
            "-d",
            "three",
        ],
        "/upload/1",
    );
    assert!(head.contains("upload-complete: ?1"), "{head}");
    // The digest of "one two three".
    let expected = "\"received\":13,\"complete\":true,\
        \"sha-256\":\"aJnuQEaDoU6MKgMUmGDfJdZ9NNnNTa5zUMvpHks5dr4=\"";
    assert!(body.contains(expected), "{body}");
    assert_eq!(
        ask(
            &lab,
            &["-X", "PATCH", "-H", "Upload-Offset: 13", "-d", "x"],
            "/upload/1"
        )
        .0,
        409
    );
    assert_eq!(ask(&lab, &["-X", "PATCH", "-d", "x"], "/upload/1").0, 400);
    assert_eq!(
        (
            ask(&lab, &["-X", "DELETE"], "/upload/1").0,
            ask(&lab, &[], "/upload/1").0
        ),
        (204, 404)
    );
    let chunked = ask(
        &lab,
        &[
            "--http1.1",
            "-H",
            "Transfer-Encoding: chunked",
            "-d",
            "some bytes",
        ],
        "/upload",
    );
    assert_eq!(chunked.2, "{\"received\":10}\n");
}

#[test]
fn what_broke_off_is_kept() {
    let lab = Lab::start();
    let port = port_of(&lab.entry_url("http://api"));
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .write_all(
            b"POST /upload HTTP/1.1\r\nHost: api.lab.test\r\nUpload-Complete: \
            ?1\r\nContent-Length: 100\r\n\r\nten bytes.",
        )
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream
        .write_all(b"HEAD /upload/1 HTTP/1.1\r\nHost: api.lab.test\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(
        head.contains("upload-offset: 10\r\nupload-complete: ?0"),
        "{head}"
    );
}

#[test]
fn too_many_requests_are_told_to_wait() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let page = lab.page("/rate-limited");
    assert_eq!(ask(&lab, &[], "/rate-limited").0, 200);
    // All on one connection: far more than the bucket regains meanwhile.
    let many = lab.fetch(&[
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} %header{retry-after}\n",
        "--parallel",
        "--parallel-max",
        "1",
        &format!("{page}?[1-200]"),
    ]);
    assert!(many.lines().any(|line| line == "429 1"), "{many}");
}

#[test]
fn pages_want_to_know_who_asks() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    for (kind, challenge, arguments) in [
        ("basic", "basic realm=\"lab\"", ["-u", "class:lab"]),
        (
            "bearer",
            "bearer realm=\"lab\"",
            ["-H", "Authorization: bearer lab-token"],
        ),
        (
            "cookie",
            "cookie realm=\"lab\"",
            ["-b", "other=1; session=2f8d6c"],
        ),
        (
            "apikey",
            "apikey realm=\"lab\"",
            ["-H", "X-API-Key: lab-key"],
        ),
    ] {
        let path = format!("/auth/{kind}");
        let (status, head, body) = ask(&lab, &[], &path);
        assert!(
            status == 401 && head.contains(&format!("www-authenticate: {challenge}")),
            "{head}"
        );
        assert!(body.contains("authentication; use -"), "{body}");
        assert_eq!(ask(&lab, &arguments, &path).0, 200, "{kind}");
    }
    assert_eq!(
        (
            ask(&lab, &["-u", "class:wrong"], "/auth/basic").0,
            ask(&lab, &[], "/auth/other").0
        ),
        (401, 404)
    );
}

#[test]
fn an_event_ends_a_long_poll() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    assert_eq!(
        ask(&lab, &[], "/poll/short").2,
        "{\"events\":[],\"last\":0}\n"
    );
    assert_eq!(ask(&lab, &[], "/poll/long?wait=50").0, 204);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&lab, &[], "/poll/long?after=0"));
        assert_eq!(ask(&lab, &["-d", "it rains"], "/poll").0, 204);
        assert_eq!(
            waiting.join().unwrap().2,
            "{\"events\":[{\"number\":1,\"what\":\"it rains\"}],\"last\":1}\n"
        );
    });
    assert_eq!(ask(&lab, &["-X", "DELETE"], "/users/3").0, 204);
    assert!(
        ask(&lab, &[], "/poll/short?after=1")
            .2
            .contains("user 3 was deleted")
    );
}
