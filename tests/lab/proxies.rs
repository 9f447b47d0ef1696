//! The proxies, and where they do not lead.

use super::*;

#[test]
fn proxies_lead_to_the_labs_hosts() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    // No --connect-to: the proxy finds the host.
    let ca = lab.ca.path().to_str().unwrap();
    let through = |proxy: &str, arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sS", "--max-time", "60", "--cacert", ca, "-x", proxy])
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
    };
    let port = |url: &str| port_of(&lab.entry_url(url));
    let (http, socks) = (
        format!("http://127.0.0.1:{}", port("http://proxy")),
        format!("127.0.0.1:{}", port("socks5://proxy")),
    );
    let (secure, plain) = (lab.servers.start_url(), lab.entry_url("http://api"));

    assert!(through(&http, &[&secure]).starts_with("{\"users\":["));
    let told = through(&http, &["-i", &plain.replace("/users", "/headers")]);
    assert!(
        told.contains("via: 1.1 proxy.lab.test")
            && told.contains("\"via\",\n")
            && !told.contains("proxy-connection"),
        "{told}"
    );
    for proxy in ["socks5h://", "socks5h://class:lab@", "socks5://class:lab@"] {
        let url = if proxy.starts_with("socks5:") {
            plain.replace("api.lab.test", "127.0.0.1")
        } else {
            secure.clone()
        };
        assert!(
            through(&format!("{proxy}{socks}"), &[&url]).starts_with("{\"users\":["),
            "{proxy}"
        );
    }
    assert!(through(&format!("socks5h://class:wrong@{socks}"), &[&secure]).contains("curl: (97)"));
    assert!(
        through(&format!("socks5h://{socks}"), &["http://example.com/"]).contains("curl: (97)")
    );
    assert!(
        lab.fetch(&[&lab.entry_url("http://proxy")])
            .contains("pass its URL to -x")
    );
}

#[test]
fn proxies_lead_nowhere_else() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let proxy = format!(
        "http://127.0.0.1:{}",
        port_of(&lab.entry_url("http://proxy"))
    );
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://127.0.0.1:{}/", own.local_addr().unwrap().port());
    for url in [&other, "http://example.com/", "http://nowhere.lab.test/"] {
        let told = Command::new("curl")
            .args([
                "-sS",
                "--noproxy",
                "",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "-x",
                &proxy,
                url,
            ])
            .output()
            .unwrap();
        assert_eq!(told.stdout, b"403", "{url}");
    }
    let refused = lab
        .entry_url("https://refused")
        .replace("https://", "http://");
    let told = Command::new("curl")
        .args([
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-x",
            &proxy,
            &refused,
        ])
        .output()
        .unwrap();
    assert_eq!(told.stdout, b"502");
}
