//! Redirects from public addresses to those that the public cannot reach, in a network in which
//! this machine has both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fixture::dns::{A, Answer, DnsServer, Reply};
use crate::fixture::message::response;
use crate::fixture::program::{installed, lonely_network};
use crate::fixture::recorder::Recorder;
use crate::probe::{command, probe, run};

/// Set within the network.
const INSIDE: &str = "TAPLINE_TEST_HAS_PUBLIC_ADDRESSES";
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
const OTHER_PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Runs the test again where this machine has addresses of every kind; only there it is `true`.
fn has_public_addresses(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let (Some(unshare), Some(_)) = (lonely_network(), installed("ip")) else {
        return false;
    };
    let setup = "ip link set lo up && for a in 203.0.113.1/32 203.0.113.2/32 169.254.169.254/32 \
        10.0.0.1/32 100.100.100.200/32 \
                 2001:db8::1/128 fd00:ec2::254/128; do ip address add $a dev lo || exit; done; \
    exec \"$@\"";
    let mut again = Command::new(unshare);
    again
        .args(["-rn", "sh", "-c", setup, "sh"])
        .arg(std::env::current_exe().unwrap());
    again
        .args([&format!("redirect_guard::{test}"), "--exact", "--nocapture"])
        .env(INSIDE, "1");
    let output = again.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
    false
}

/// A server at a public address that leads elsewhere.
fn leading_to(to: impl Fn() -> String + Send + Sync + 'static) -> Recorder {
    Recorder::answering_on(PUBLIC, move |_| {
        response(
            "302 Found",
            &[("Location", &to()), ("Connection", "close")],
            b"",
        )
    })
}

/// A server at every address of this machine.
fn everywhere() -> Recorder {
    Recorder::answering_on(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |_| {
        response("200 OK", &[], b"inside")
    })
}

#[test]
fn every_way_inside_is_refused_or_announced() {
    if !has_public_addresses("every_way_inside_is_refused_or_announced") {
        return;
    }
    let inside = everywhere();
    for (host, named) in [
        ("127.0.0.1", "loopback address 127.0.0.1"),
        ("127.9.9.9", "loopback address 127.9.9.9"),
        ("2130706433", "loopback address 127.0.0.1"),
        ("0x7f000001", "loopback address 127.0.0.1"),
        ("0x7f.1", "loopback address 127.0.0.1"),
        ("0177.0.0.1", "loopback address 127.0.0.1"),
        ("127.1", "loopback address 127.0.0.1"),
        ("127.0.0.1.", "loopback address 127.0.0.1"),
        ("127%2e0%2e0%2e1", "loopback address 127.0.0.1"),
        ("\u{ff11}27.0.0.1", "loopback address 127.0.0.1"),
        ("[::1]", "loopback address ::1"),
        ("[::ffff:127.0.0.1]", "loopback address ::ffff:127.0.0.1"),
        ("0.0.0.0", "unspecified address 0.0.0.0"),
        ("0", "unspecified address 0.0.0.0"),
        ("[::]", "unspecified address ::"),
        ("localhost", "loopback address"),
        ("inside.test", "loopback address 127.0.0.1"),
        ("10.0.0.1", "private address 10.0.0.1"),
        ("169.254.169.254", "metadata address 169.254.169.254"),
        ("100.100.100.200", "metadata address 100.100.100.200"),
        ("[fd00:ec2::254]", "metadata address fd00:ec2::254"),
    ] {
        let to = format!("http://{host}:{}/", inside.port());
        let start = leading_to(move || to.clone());
        let resolve = format!("inside.test:{}:127.0.0.1", inside.port());
        let options = ["-L", "--resolve", &resolve, &start.url("/")];
        let report = probe(&[&["--redirect-guard"], options.as_slice()].concat());
        let report = report.failed(&["connect"], &["redirect_refused"], &["203.0.113.1", named]);
        assert_eq!(report.exchanges().len(), 2, "{report}");
        assert!(
            report.exchange(1)["tcp"].is_null(),
            "{host}: nothing is tried"
        );
        assert!(inside.take().is_empty(), "{host}");

        let run = run(command(
            &[&["probe", "--capture", "off"], options.as_slice()].concat(),
        ));
        assert_eq!(run.status, Some(0), "{host}: {}", run.errors());
        let text = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
        let announced =
            format!("the redirect leads from the public address 203.0.113.1 to the {named}");
        assert!(text.contains(&announced), "{host}: {text}");
        assert_eq!(inside.take().len(), 1, "{host}");
    }
}

#[test]
fn what_leads_to_the_public_or_from_inside_is_followed() {
    if !has_public_addresses("what_leads_to_the_public_or_from_inside_is_followed") {
        return;
    }
    for (from, to) in [
        (PUBLIC, OTHER_PUBLIC),
        (PUBLIC, "2001:db8::1".parse().unwrap()),
        (LOOPBACK, LOOPBACK),
        (LOOPBACK, "10.0.0.1".parse().unwrap()),
        (LOOPBACK, PUBLIC),
    ] {
        let target = Recorder::answering_on(to, |_| response("200 OK", &[], b""));
        let url = target.url("/");
        let start = Recorder::answering_on(from, move |_| {
            response("302 Found", &[("Location", &url)], b"")
        });
        probe(&["-L", "--redirect-guard", &start.url("/")]).ok();
        assert_eq!(target.take().len(), 1, "{from} to {to}");
    }
    // What the user asked for himself is nobody's redirect.
    let inside = everywhere();
    probe(&[
        "-L",
        "--redirect-guard",
        &format!("http://127.0.0.1:{}/", inside.port()),
    ])
    .ok();
}

/// The name's address changes between the first request and the second: what is judged is the
/// address that would be connected to.
#[test]
fn a_name_that_is_bound_again_does_not_get_in() {
    if !has_public_addresses("a_name_that_is_bound_again_does_not_get_in") {
        return;
    }
    let asked = AtomicBool::new(false);
    let dns = DnsServer::start(move |question| {
        let addresses: &[IpAddr] = match question.kind {
            A if asked.swap(true, Ordering::SeqCst) => &[LOOPBACK],
            A => &[PUBLIC],
            _ => &[],
        };
        Reply::Message(Answer::addresses(question, addresses).bytes(question))
    });
    let start = leading_to(|| "/again".to_owned());
    let url = format!("http://rebound.test:{}/", start.port());
    let server = dns.address().to_string();
    let report = probe(&[
        "-4",
        "-L",
        "--redirect-guard",
        "--dns-servers",
        &server,
        &url,
    ]);
    report.failed(
        &["connect"],
        &["redirect_refused"],
        &["rebound.test", "203.0.113.1", "loopback address 127.0.0.1"],
    );
    assert_eq!(start.take().len(), 1);
}

/// Of several addresses only those that the public can reach are tried.
#[test]
fn of_a_mixed_answer_only_public_addresses_are_tried() {
    if !has_public_addresses("of_a_mixed_answer_only_public_addresses_are_tried") {
        return;
    }
    let inside = everywhere();
    let start = {
        let port = inside.port();
        leading_to(move || format!("http://mixed.test:{port}/"))
    };
    let resolve = format!("mixed.test:{}:127.0.0.1,203.0.113.2,::1", inside.port());
    let report = probe(&[
        "-L",
        "--redirect-guard",
        "--resolve",
        &resolve,
        &start.url("/"),
    ])
    .ok();
    let attempts = report.exchange(1)["tcp"]["attempts"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        attempts.iter().all(|attempt| attempt["address"]
            .as_str()
            .unwrap()
            .starts_with("203.0.113.2:")),
        "{attempts:?}"
    );
    assert_eq!(inside.take().len(), 1);
}

/// A proxy looks names up itself. What the URL says in so many words is judged all the same.
#[test]
fn behind_a_proxy_the_urls_address_is_judged() {
    if !has_public_addresses("behind_a_proxy_the_urls_address_is_judged") {
        return;
    }
    for (to, refused) in [
        ("http://169.254.169.254/", true),
        ("http://localhost/", true),
        ("https://[::1]/", true),
        ("http://inside.test/", false),
    ] {
        let proxy = Recorder::answering(move |request| match request.target.as_str() {
            "http://public.test/" => response("302 Found", &[("Location", to)], b""),
            _ => response("200 OK", &[], b"by proxy"),
        });
        let options = [
            "-L",
            "--redirect-guard",
            "-x",
            &proxy.url(""),
            "http://public.test/",
        ];
        let run = run(command(
            &[&["probe", "--capture", "off"], options.as_slice()].concat(),
        ));
        let text = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            run.status,
            Some(if refused { 3 } else { 0 }),
            "{to}: {text} {}",
            run.errors()
        );
        let says = if refused {
            "a host behind the proxy, whose address is not known here"
        } else {
            "only the proxy knows the address of inside.test"
        };
        assert!(text.contains(says), "{to}: {text}");
        assert_eq!(proxy.take().len(), if refused { 1 } else { 2 }, "{to}");
    }
}

#[test]
fn suites_are_guarded_unless_they_say_otherwise() {
    if !has_public_addresses("suites_are_guarded_unless_they_say_otherwise") {
        return;
    }
    let inside = everywhere();
    let port = inside.port();
    let start = leading_to(move || format!("http://127.0.0.1:{port}/"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.toml");
    for (defaults, own, options, passes) in [
        ("", "", [].as_slice(), false),
        ("redirect-guard = true", "", &[], false),
        ("redirect-guard = false", "", &[], true),
        ("no-redirect-guard = true", "", &[], true),
        (
            "redirect-guard = false",
            "redirect-guard = true",
            &[],
            false,
        ),
        (
            "redirect-guard = true",
            "no-redirect-guard = true",
            &[],
            true,
        ),
        ("", "", &["--no-redirect-guard"], true),
        ("redirect-guard = true", "", &["--no-redirect-guard"], true),
        ("redirect-guard = false", "", &["--redirect-guard"], false),
    ] {
        let text = format!(
            "[defaults]\nlocation = true\n{defaults}\n[[endpoint]]\nurl = \"{}\"\n{own}\n",
            start.url("/")
        );
        std::fs::write(&file, &text).unwrap();
        let run = run(command(
            &[&["probe", "--suite", file.to_str().unwrap()], options].concat(),
        ));
        assert_eq!(
            run.status,
            Some(if passes { 0 } else { 3 }),
            "{text} {options:?}: {}{}",
            run.text(),
            run.errors()
        );
        assert_eq!(inside.take().len(), usize::from(passes), "{text}");
    }
}
