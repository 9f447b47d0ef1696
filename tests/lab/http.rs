//! Hosts that speak one kind of HTTP, and those that are more than one page.

use super::*;

#[test]
fn each_host_speaks_the_http_it_says() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let version = |arguments: &[&str], beginning: &str| {
        let url = lab.entry_url(beginning);
        lab.fetch(
            &[
                &["-o", "/dev/null", "-w", "%{http_version} %{num_connects}\n"],
                arguments,
                &[&url, "-o", "/dev/null", &url],
            ]
            .concat(),
        )
    };
    assert_eq!(
        version(&[], "http://h10"),
        "1\n1\n1\n1\n".replace("1\n1\n", "1 1\n"),
        "each answer has a connection"
    );
    assert_eq!(version(&[], "http://close"), "1.1 1\n1.1 1\n");
    assert_eq!(version(&["--http2"], "https://h1."), "1.1 1\n1.1 0\n");
    assert_eq!(version(&["--http2"], "https://h2."), "2 1\n2 0\n");
    // Once only: there are curls that stumble when they keep such a connection.
    let h2c = lab.entry_url("http://h2c");
    assert_eq!(
        lab.fetch(&[
            "--http2-prior-knowledge",
            "-o",
            "/dev/null",
            "-w",
            "%{http_version}",
            &h2c
        ]),
        "2"
    );
    let code = lab.curl(&["--http1.1", &h2c]).status.code().unwrap();
    assert!(
        [52, 56].contains(&code),
        "an empty reply, or a reset: {code}"
    );
    let told = lab.fetch(&["-i", &lab.entry_url("http://close")]);
    assert!(told.contains("connection: close"), "{told}");
}

#[test]
fn http_1_0_has_no_chunks() {
    let lab = Lab::start();
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, port_of(&lab.entry_url("http://h10")))).unwrap();
    stream
        .write_all(b"GET /chunked HTTP/1.1\r\nHost: h10.lab.test\r\nConnection: keep-alive\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.0 200") && !head.contains("transfer-encoding"),
        "{head}"
    );
    assert!(body.starts_with('{') && body.ends_with("}\n"), "{body}");
}

#[test]
fn a_page_has_fifty_resources() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let url = lab.entry_url("https://page");
    let document = lab.fetch(&[&url]);
    let paths: Vec<&str> = document
        .split('"')
        .filter(|part| part.starts_with('/'))
        .collect();
    let all: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            [
                "-o".to_owned(),
                "/dev/null".to_owned(),
                url.trim_end_matches('/').to_owned() + path,
            ]
        })
        .collect();
    let mut arguments = vec!["-w", "%{http_code} %{size_download}\n"];
    arguments.extend(all.iter().map(String::as_str));
    let told = lab.fetch(&arguments);
    let sizes: Vec<u32> = told
        .lines()
        .map(|line| line.strip_prefix("200 ").unwrap().parse().unwrap())
        .collect();
    assert_eq!(
        (sizes.len(), sizes.iter().min(), sizes.iter().max()),
        (50, Some(&310), Some(&184_000))
    );
}

#[test]
fn a_balancer_gives_each_backend_its_turn() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let url = lab.entry_url("https://balanced");
    let ask = |arguments: &[&str], path: &str| {
        lab.fetch(&[arguments, &[&format!("{url}{path}")]].concat())
    };
    let served = |told: &str| told.split("backend").nth(2).unwrap()[..1].to_owned();
    let turns: Vec<String> = (0..4).map(|_| served(&ask(&[], ""))).collect();
    assert_eq!(turns, ["1", "2", "3", "1"]);
    let told = ask(
        &["-i", "-d", "a body", "-H", "X-Forwarded-For: 192.0.2.1"],
        "some/path?q=1",
    );
    for part in [
        "via: 1.1 balanced.lab.test",
        "\"via\": \"2 balanced.lab.test\"",
        "\"x-forwarded-proto\": \"https\"",
        ";proto=https",
        "for=127.0.0.1;host=",
        "\"target\": \"/some/path?q=1\"",
        "\"method\": \"POST\"",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let jar = NamedTempFile::new().unwrap();
    let jar = jar.path().to_str().unwrap();
    let sticky: HashSet<String> = (0..4)
        .map(|_| served(&ask(&["-b", jar, "-c", jar], "sticky")))
        .collect();
    assert_eq!(sticky.len(), 1);
}

#[test]
fn a_server_wants_to_know_its_client() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let url = lab.entry_url("https://client-cert");
    // TLS 1.2 refuses within the handshake; with TLS 1.3 the client learns of it when it goes on to
    // write or to read. Versions of curl differ in what they call it: 98 is a client
    // certificate that is missing.
    for newest in ["1.2", "1.3"] {
        let code = lab
            .curl(&["--tls-max", newest, &url])
            .status
            .code()
            .unwrap();
        assert!([35, 55, 56, 98].contains(&code), "TLS {newest}: {code}");
    }
    let mut pem = NamedTempFile::new().unwrap();
    pem.write_all(lab.fetch(&[&lab.page("/client.pem")]).as_bytes())
        .unwrap();
    assert!(
        lab.fetch(&["--cert", pem.path().to_str().unwrap(), &url])
            .starts_with("{\"users\":[")
    );
}
