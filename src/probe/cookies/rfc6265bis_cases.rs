//! Table of cases: which cookies are stored and sent, by the sections of
//! draft-ietf-httpbis-rfc6265bis.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use url::Url;

use super::netscape::{CookieFileOptions, SkippedCookies};
use super::store::{CookieStore, MAX_COOKIES, MAX_COOKIES_PER_DOMAIN};

/// Time at which the cookies are received: 2026-11-30 00:00:00.
const NOW: i64 = 1_795_996_800;
const DAY: i64 = 86_400;
/// URL that cookies come from and requests go to, unless a case says otherwise.
const HERE: &str = "https://www.example.com/dir/page";

/// A case: the section, the fields received (with their URLs), the URL requested, the seconds in
/// between, and the `Cookie` field sent.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    i64,
    Option<&'static str>,
);

const fn expect_sent(
    section: &'static str,
    set: &'static [(&'static str, &'static str)],
    text: &'static str,
) -> Case {
    (section, set, HERE, 0, Some(text))
}

const fn expect_not_sent(
    section: &'static str,
    set: &'static [(&'static str, &'static str)],
) -> Case {
    (section, set, HERE, 0, None)
}

const fn with_url(url: &'static str, case: Case) -> Case {
    (case.0, case.1, url, case.3, case.4)
}

const fn with_delay(seconds: i64, case: Case) -> Case {
    (case.0, case.1, case.2, seconds, case.4)
}

const HTTP: &str = "http://www.example.com/dir/page";
const CO_UK: &str = "https://www.example.co.uk/";
const GITHUB: &str = "https://me.github.io/";
const ADDRESS: &str = "http://127.0.0.1/";
const IDN: &str = "https://www.b\u{fc}cher.example/";

const CASES: &[Case] = &[
    // §5.6: name and value.
    expect_sent("5.6", &[(HERE, "a=1")], "a=1"),
    expect_sent("5.6", &[(HERE, " \t a \t = \t 1 \t ; Path=/")], "a=1"),
    expect_sent("5.6", &[(HERE, "a=1=2==")], "a=1=2=="),
    expect_sent("5.6", &[(HERE, "a=\"1; 2\"")], "a=\"1"),
    expect_sent("5.6", &[(HERE, "a=\" 1 \"")], "a=\" 1 \""),
    expect_sent("5.6", &[(HERE, "a=1, b=2")], "a=1, b=2"),
    expect_sent("5.6", &[(HERE, "a b=1 2")], "a b=1 2"),
    expect_sent("5.6", &[(HERE, "a=1\t2")], "a=1\t2"),
    expect_sent("5.6", &[(HERE, "a=")], "a="),
    expect_sent("5.6", &[(HERE, "a=; Path=/")], "a="),
    expect_sent("5.6", &[(HERE, "bare")], "bare"),
    expect_sent("5.6", &[(HERE, "=bare")], "bare"),
    expect_sent("5.6", &[(HERE, "==bare")], "=bare"),
    expect_sent("5.6", &[(HERE, "a=caf\u{e9}%20+")], "a=caf\u{e9}%20+"),
    expect_sent("5.6", &[(HERE, "A=1"), (HERE, "a=2")], "A=1; a=2"),
    expect_sent("5.6", &[(HERE, "$Version=1")], "$Version=1"),
    expect_not_sent("5.6", &[(HERE, "")]),
    expect_not_sent("5.6", &[(HERE, "=")]),
    expect_not_sent("5.6", &[(HERE, " ; a=1")]),
    expect_not_sent("5.6", &[(HERE, ";")]),
    expect_not_sent("5.6", &[(HERE, "a=1\x00")]),
    expect_not_sent("5.6", &[(HERE, "a=1\r2")]),
    expect_not_sent("5.6", &[(HERE, "a\x1f=1")]),
    expect_not_sent("5.6", &[(HERE, "a=1\x7f")]),
    expect_not_sent("5.6", &[(HERE, "a=1; x=\x08")]),
    // Attributes: names in any case; unknown and empty ones are ignored.
    expect_sent(
        "5.6",
        &[(HERE, "a=1;;; PATH = /dir ;foo;bar=baz;=;")],
        "a=1",
    ),
    expect_sent("5.6", &[(HERE, "a=1; Secure=false; HttpOnly=0")], "a=1"),
    with_url(
        HTTP,
        expect_not_sent("5.6.5", &[(HERE, "a=1; Secure=false")]),
    ),
    // §5.6.1, §5.6.2: expiry.
    expect_sent(
        "5.6.1",
        &[(HERE, "a=1; Expires=Tue, 01 Dec 2026 00:00:00 GMT")],
        "a=1",
    ),
    with_delay(
        DAY,
        expect_not_sent(
            "5.6.1",
            &[(HERE, "a=1; Expires=Tue, 01 Dec 2026 00:00:00 GMT")],
        ),
    ),
    expect_sent("5.6.1", &[(HERE, "a=1; Expires=never")], "a=1"),
    expect_not_sent(
        "5.6.1",
        &[(HERE, "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT")],
    ),
    expect_not_sent(
        "5.6.1",
        &[(HERE, "a=1; Expires=Mon, 01 Jan 1601 00:00:00 GMT")],
    ),
    with_delay(
        399 * DAY,
        expect_sent(
            "5.5",
            &[(HERE, "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT")],
            "a=1",
        ),
    ),
    with_delay(
        400 * DAY,
        expect_not_sent(
            "5.5",
            &[(HERE, "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT")],
        ),
    ),
    with_delay(9, expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=10")], "a=1")),
    with_delay(10, expect_not_sent("5.6.2", &[(HERE, "a=1; Max-Age=10")])),
    expect_not_sent("5.6.2", &[(HERE, "a=1; Max-Age=0")]),
    expect_not_sent("5.6.2", &[(HERE, "a=1; Max-Age=-1")]),
    with_delay(
        500 * DAY,
        expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=")], "a=1"),
    ),
    with_delay(
        500 * DAY,
        expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=-")], "a=1"),
    ),
    with_delay(
        500 * DAY,
        expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=1x")], "a=1"),
    ),
    with_delay(
        500 * DAY,
        expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=+1")], "a=1"),
    ),
    with_delay(
        500 * DAY,
        expect_sent("5.6.2", &[(HERE, "a=1; Max-Age=1.5")], "a=1"),
    ),
    with_delay(
        399 * DAY,
        expect_sent(
            "5.5",
            &[(HERE, "a=1; Max-Age=99999999999999999999999")],
            "a=1",
        ),
    ),
    with_delay(
        400 * DAY,
        expect_not_sent("5.5", &[(HERE, "a=1; Max-Age=99999999999999999999999")]),
    ),
    expect_not_sent("5.6.2", &[(HERE, "a=1; Max-Age=-99999999999999999999999")]),
    expect_sent(
        "5.7 (6)",
        &[(
            HERE,
            "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        )],
        "a=1",
    ),
    expect_not_sent(
        "5.7 (6)",
        &[(
            HERE,
            "a=1; Expires=Tue, 01 Dec 2026 00:00:00 GMT; Max-Age=0",
        )],
    ),
    expect_sent("5.7 (6)", &[(HERE, "a=1; Max-Age=0; Max-Age=10")], "a=1"),
    expect_not_sent(
        "5.7 (6)",
        &[(HERE, "a=1; Max-Age=10; Max-Age=0; Max-Age=x")],
    ),
    expect_not_sent("5.7", &[(HERE, "a=1"), (HERE, "a=; Max-Age=0")]),
    // §5.6.3: domains.
    with_url(
        "https://example.com/dir/",
        expect_not_sent("5.6.3", &[(HERE, "a=1")]),
    ),
    with_url(
        "https://a.www.example.com/dir/",
        expect_not_sent("5.6.3", &[(HERE, "a=1")]),
    ),
    with_url(
        "https://a.www.example.com/dir/",
        expect_sent("5.6.3", &[(HERE, "a=1; Domain=www.example.com")], "a=1"),
    ),
    with_url(
        "https://other.example.com/dir/",
        expect_sent("5.6.3", &[(HERE, "a=1; Domain=example.com")], "a=1"),
    ),
    with_url(
        "https://example.com/dir/",
        expect_sent("5.6.3", &[(HERE, "a=1; Domain=.Example.COM")], "a=1"),
    ),
    with_url(
        "https://WWW.EXAMPLE.COM:8443/dir/",
        expect_sent("5.1.2", &[(HERE, "a=1")], "a=1"),
    ),
    with_url(
        "https://example.com/dir/",
        expect_not_sent("5.6.3", &[(HERE, "a=1; Domain=")]),
    ),
    expect_sent("5.6.3", &[(HERE, "a=1; Domain=")], "a=1"),
    expect_sent("5.6.3", &[(HERE, "a=1; Domain=.")], "a=1"),
    expect_sent(
        "5.7 (7)",
        &[(HERE, "a=1; Domain=example.org; Domain=example.com")],
        "a=1",
    ),
    expect_not_sent(
        "5.7 (7)",
        &[(HERE, "a=1; Domain=example.com; Domain=example.org")],
    ),
    with_url(
        "https://example.com/dir/",
        expect_not_sent("5.7 (7)", &[(HERE, "a=1; Domain=example.com; Domain=")]),
    ),
    expect_not_sent("5.7 (10)", &[(HERE, "a=1; Domain=example.org")]),
    expect_not_sent("5.7 (10)", &[(HERE, "a=1; Domain=a.www.example.com")]),
    expect_not_sent("5.7 (10)", &[(HERE, "a=1; Domain=ample.com")]),
    expect_not_sent("5.7 (10)", &[(HERE, "a=1; Domain=..example.com")]),
    expect_not_sent("5.7 (10)", &[(HERE, "a=1; Domain=example.com.")]),
    expect_not_sent("5.7 (8)", &[(IDN, "a=1; Domain=b\u{fc}cher.example")]),
    with_url(
        "https://xn--bcher-kva.example/",
        expect_sent(
            "5.7 (10)",
            &[(IDN, "a=1; Domain=XN--BCHER-KVA.example")],
            "a=1",
        ),
    ),
    expect_not_sent("5.7 (9)", &[(HERE, "a=1; Domain=com")]),
    with_url(
        CO_UK,
        expect_not_sent("5.7 (9)", &[(CO_UK, "a=1; Domain=co.uk")]),
    ),
    with_url(
        "https://other.co.uk./",
        expect_not_sent(
            "5.7 (9)",
            &[("https://www.example.co.uk./", "a=1; Domain=co.uk.")],
        ),
    ),
    with_url(
        "https://example.co.uk/",
        expect_sent("5.7 (9)", &[(CO_UK, "a=1; Domain=example.co.uk")], "a=1"),
    ),
    with_url(
        "https://you.github.io/",
        expect_not_sent("5.7 (9)", &[(GITHUB, "a=1; Domain=github.io")]),
    ),
    with_url(
        GITHUB,
        expect_sent("5.7 (9)", &[(GITHUB, "a=1; Domain=me.github.io")], "a=1"),
    ),
    with_url(
        "https://github.io/",
        expect_sent(
            "5.7 (9)",
            &[("https://github.io/", "a=1; Domain=github.io")],
            "a=1",
        ),
    ),
    with_url(
        GITHUB,
        expect_not_sent(
            "5.7 (9)",
            &[("https://github.io/", "a=1; Domain=github.io")],
        ),
    ),
    with_url(
        "http://nas.lan/",
        expect_not_sent("5.7 (9)", &[("http://nas.lan/", "a=1; Domain=lan")]),
    ),
    with_url(
        "http://nas/",
        expect_sent("5.7 (9)", &[("http://nas/", "a=1; Domain=nas")], "a=1"),
    ),
    with_url(
        ADDRESS,
        expect_sent("5.1.3", &[(ADDRESS, "a=1; Domain=127.0.0.1")], "a=1"),
    ),
    with_url(
        ADDRESS,
        expect_not_sent("5.1.3", &[(ADDRESS, "a=1; Domain=0.0.1")]),
    ),
    with_url(
        "http://[::1]/",
        expect_sent("5.1.3", &[("http://[::1]:81/", "a=1; Domain=[::1]")], "a=1"),
    ),
    with_url(
        "http://127.0.0.1:8080/",
        expect_sent("8.5", &[(ADDRESS, "a=1")], "a=1"),
    ),
    // §5.6.4: paths.
    with_url(
        "https://www.example.com/dir/other/",
        expect_sent("5.1.4", &[(HERE, "a=1")], "a=1"),
    ),
    with_url(
        "https://www.example.com/dir",
        expect_sent("5.1.4", &[(HERE, "a=1")], "a=1"),
    ),
    with_url(
        "https://www.example.com/directory",
        expect_not_sent("5.1.4", &[(HERE, "a=1")]),
    ),
    with_url(
        "https://www.example.com/",
        expect_not_sent("5.1.4", &[(HERE, "a=1")]),
    ),
    with_url(
        "https://www.example.com/",
        expect_sent("5.6.4", &[(HERE, "a=1; Path=/")], "a=1"),
    ),
    with_url(
        "https://www.example.com/dir",
        expect_not_sent("5.6.4", &[(HERE, "a=1; Path=/dir/")]),
    ),
    with_url(
        "https://www.example.com/dir/x?q=/y",
        expect_sent("5.6.4", &[(HERE, "a=1; Path=/dir/")], "a=1"),
    ),
    with_url(
        "https://www.example.com/qux",
        expect_sent("5.6.4", &[(HERE, "a=1; Path=/qux")], "a=1"),
    ),
    with_url(
        "https://www.example.com/other",
        expect_not_sent("5.6.4", &[(HERE, "a=1; Path=other")]),
    ),
    expect_sent("5.6.4", &[(HERE, "a=1; Path=other")], "a=1"),
    expect_sent("5.6.4", &[(HERE, "a=1; Path=")], "a=1"),
    expect_not_sent("5.6.4", &[(HERE, "a=1; Path=\"/\"; Path=/other")]),
    expect_sent("5.7 (11)", &[(HERE, "a=1; Path=/other; Path=/dir")], "a=1"),
    expect_sent("5.7 (11)", &[(HERE, "a=1; Path=/other; Path=x")], "a=1"),
    expect_not_sent("5.7 (11)", &[(HERE, "a=1; Path=/DIR")]),
    // §5.6.5: Secure, and the cookies it protects.
    with_url(HTTP, expect_not_sent("5.8.3", &[(HERE, "a=1; Secure")])),
    with_url(
        "http://localhost/",
        expect_sent("5.8.3", &[("http://localhost/", "a=1; Secure")], "a=1"),
    ),
    with_url(
        ADDRESS,
        expect_sent("5.8.3", &[(ADDRESS, "a=1; secure")], "a=1"),
    ),
    expect_not_sent("5.7 (13)", &[(HTTP, "a=1; Secure")]),
    expect_sent("5.7 (13)", &[(HTTP, "a=1")], "a=1"),
    expect_sent("5.7 (16)", &[(HERE, "a=1; Secure"), (HTTP, "a=2")], "a=1"),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure; Domain=example.com"), (HTTP, "a=2")],
        "a=1",
    ),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure"), (HTTP, "a=2; Domain=example.com")],
        "a=1",
    ),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure"), (HTTP, "a=2; Path=/dir/page")],
        "a=1",
    ),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure"), (HTTP, "a=; Max-Age=0")],
        "a=1",
    ),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure"), (HTTP, "a=2; Path=/")],
        "a=1; a=2",
    ),
    expect_sent(
        "5.7 (16)",
        &[(HERE, "a=1; Secure"), (HTTP, "b=2")],
        "a=1; b=2",
    ),
    expect_sent("5.7 (16)", &[(HERE, "a=1"), (HTTP, "a=2")], "a=2"),
    expect_sent("5.7 (16)", &[(HERE, "a=1; Secure"), (HERE, "a=2")], "a=2"),
    // §5.6.6, §5.6.7: no scripts run here, and every request is same-site.
    expect_sent("5.6.6", &[(HERE, "a=1; HttpOnly")], "a=1"),
    expect_sent(
        "5.6.7",
        &[
            (HERE, "a=1; SameSite=Strict"),
            (HERE, "b=1; samesite=lax"),
            (HERE, "c=1; SameSite=x"),
        ],
        "a=1; b=1; c=1",
    ),
    expect_sent("5.7 (19)", &[(HERE, "a=1; SameSite=None; Secure")], "a=1"),
    expect_not_sent("5.7 (19)", &[(HERE, "a=1; SameSite=none")]),
    expect_sent(
        "5.7 (17)",
        &[(HERE, "a=1; SameSite=None; SameSite=Lax")],
        "a=1",
    ),
    // §5.4: prefixes.
    expect_sent(
        "5.7 (20)",
        &[(HERE, "__Secure-a=1; Secure")],
        "__Secure-a=1",
    ),
    expect_not_sent("5.7 (20)", &[(HERE, "__Secure-a=1")]),
    expect_not_sent("5.7 (20)", &[(HERE, "__SECURE-a=1")]),
    expect_not_sent("5.7 (20)", &[(HTTP, "__Secure-a=1; Secure")]),
    expect_sent(
        "5.7 (21)",
        &[(HERE, "__Host-a=1; Secure; Path=/")],
        "__Host-a=1",
    ),
    expect_not_sent("5.7 (21)", &[(HERE, "__Host-a=1; Path=/")]),
    expect_not_sent("5.7 (21)", &[(HERE, "__Host-a=1; Secure")]),
    with_url(
        "https://h.example/",
        expect_not_sent("5.7 (21)", &[("https://h.example/", "__Host-a=1; Secure")]),
    ),
    expect_not_sent("5.7 (21)", &[(HERE, "__Host-a=1; Secure; Path=/dir")]),
    expect_not_sent(
        "5.7 (21)",
        &[(HERE, "__hOsT-a=1; Secure; Path=/; Domain=www.example.com")],
    ),
    expect_sent(
        "5.7 (21)",
        &[(HERE, "__Host-a=1; Secure; Path=/; Domain=")],
        "__Host-a=1",
    ),
    expect_not_sent("5.7 (22)", &[(HERE, "=__Host-a=1; Secure; Path=/")]),
    expect_not_sent("5.7 (22)", &[(HERE, "__secure-a; Secure")]),
    expect_sent("5.7 (22)", &[(HERE, "a=__Host-b")], "a=__Host-b"),
    // §5.7 (23), §5.8.3: replacement of equal cookies, and the order of sending.
    expect_sent(
        "5.7 (23)",
        &[(HERE, "a=1"), (HERE, "b=1"), (HERE, "a=2")],
        "a=2; b=1",
    ),
    expect_sent(
        "5.7 (23)",
        &[
            (HERE, "a=1"),
            (HERE, "b=1"),
            (HERE, "a=; Max-Age=0"),
            (HERE, "a=2"),
        ],
        "b=1; a=2",
    ),
    expect_sent(
        "5.7 (23)",
        &[(HERE, "a=1; Domain=www.example.com"), (HERE, "a=2")],
        "a=1; a=2",
    ),
    expect_sent("5.7 (23)", &[(HERE, "x"), (HERE, "y")], "y"),
    expect_sent(
        "5.8.3",
        &[
            (HERE, "a=1; Path=/"),
            (HERE, "b=1; Path=/dir/page"),
            (HERE, "c=1"),
        ],
        "b=1; c=1; a=1",
    ),
    expect_sent(
        "5.8.3",
        &[
            (HERE, "a=1; Domain=example.com"),
            (HERE, "b=1"),
            (HERE, "c=1; Domain=www.example.com"),
        ],
        "a=1; b=1; c=1",
    ),
];

fn parse_url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn utf8_text(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn cookies_are_kept_and_sent_as_rfc_6265bis_has_it() {
    let mut wrong = Vec::new();
    for (section, set, ask, later, wanted) in CASES {
        let mut store = CookieStore::default();
        for (from, value) in *set {
            let _ = store.set(value.as_bytes(), &parse_url(from), NOW);
        }
        let sent = utf8_text(store.cookie_string(&parse_url(ask), NOW + later));
        if sent.as_deref() != *wanted {
            wrong.push(format!(
                "§{section} {set:?} to {ask} after {later} s: {sent:?}, where {wanted:?} is wanted"
            ));
        }
    }
    assert!(
        CASES.len() >= 60 && wrong.is_empty(),
        "{}",
        wrong.join("\n")
    );
}

#[test]
fn bytes_are_sent_back_unchanged() {
    let mut store = CookieStore::default();
    store
        .set(b"n\xe9=\xff\xfe\"%; Path=/", &parse_url(HERE), NOW)
        .unwrap();
    assert_eq!(
        store.cookie_string(&parse_url(HERE), NOW).unwrap(),
        b"n\xe9=\xff\xfe\"%"
    );
}

#[test]
fn lengths_have_limits() {
    let kept = |text: &str, ask: &str| {
        let mut store = CookieStore::default();
        let _ = store.set(text.as_bytes(), &parse_url(HERE), NOW);
        store.cookie_string(&parse_url(ask), NOW).is_some()
    };
    let long = |count: usize| "x".repeat(count);
    assert!(kept(&format!("a={}", long(4095)), HERE));
    assert!(!kept(&format!("a={}", long(4096)), HERE));
    assert!(kept(&long(4096), HERE) && !kept(&long(4097), HERE));
    assert!(
        kept(&format!("a=1; x={}", long(10_000)), HERE),
        "what is unknown may be as long as it likes"
    );
    // An attribute that is too long is ignored.
    let path = |count: usize| format!("/{}", long(count - 1));
    assert!(kept(
        &format!("a=1; Path={}", path(1024)),
        &format!("https://www.example.com{}", path(1024))
    ));
    assert!(!kept(&format!("a=1; Path={}", path(1024)), HERE));
    assert!(kept(&format!("a=1; Path={}", path(1025)), HERE));
    assert!(
        kept(&format!("a=1; Domain={}", long(1025)), HERE)
            && !kept(&format!("a=1; Domain={}", long(1024)), HERE)
    );
}

#[test]
fn numbers_have_limits_and_the_unused_go_first() {
    let mut store = CookieStore::default();
    store
        .set(b"secure=1; Secure; Path=/", &parse_url(HERE), NOW)
        .unwrap();
    store
        .set(b"used=1; Path=/used", &parse_url(HERE), NOW)
        .unwrap();
    for number in 2..MAX_COOKIES_PER_DOMAIN {
        store
            .set(
                format!("c{number}=1; Path=/c").as_bytes(),
                &parse_url(HERE),
                NOW,
            )
            .unwrap();
    }
    assert_eq!(
        utf8_text(store.cookie_string(&parse_url("https://www.example.com/used"), NOW)).as_deref(),
        Some("used=1; secure=1")
    );
    store
        .set(b"last=1; Path=/c", &parse_url(HERE), NOW)
        .unwrap();
    assert_eq!(store.len(), MAX_COOKIES_PER_DOMAIN);
    let all = utf8_text(store.cookie_string(&parse_url("https://www.example.com/c"), NOW)).unwrap();
    assert!(
        all.starts_with("c3=1; c4=1; ") && all.ends_with("; last=1; secure=1"),
        "{all}"
    );
    assert_eq!(
        utf8_text(store.cookie_string(&parse_url("https://www.example.com/used"), NOW)).as_deref(),
        Some("used=1; secure=1")
    );
    for number in 0..MAX_COOKIES + 200 {
        store
            .set(
                b"a=1",
                &parse_url(&format!("https://h{number}.example.com/")),
                NOW,
            )
            .unwrap();
    }
    assert_eq!(store.len(), MAX_COOKIES);
    assert!(
        store
            .cookie_string(&parse_url("https://h0.example.com/"), NOW)
            .is_none()
    );
    assert!(
        store
            .cookie_string(
                &parse_url(&format!("https://h{}.example.com/", MAX_COOKIES + 199)),
                NOW
            )
            .is_some()
    );
}

const fn file_options(origin_url: &Url) -> CookieFileOptions<'_> {
    CookieFileOptions {
        origin_url,
        now: NOW,
        without_session_cookies: false,
    }
}

fn written_file(store: &CookieStore) -> String {
    let mut out = Vec::new();
    store.write(&mut out, NOW).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("# ") && *line != "\n")
        .collect();
    lines.concat()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn files_are_read_line_by_line() {
    let origin_url = parse_url("http://asked.test/");
    let fresh = "2000000000";
    // A line, the URL requested, and the cookie sent; `None` for a line that is skipped.
    let cases: [(String, &str, Option<&str>); 27] = [
        (
            format!("h.test\tFALSE\t/\tFALSE\t{fresh}\ta\t1"),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            format!("h.test\tFALSE\t/\tFALSE\t{fresh}\ta\t1\r"),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta".into(),
            "http://h.test/",
            Some("a="),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta\t".into(),
            "http://h.test/",
            Some("a="),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\t\tbare".into(),
            "http://h.test/",
            Some("bare"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta\t1\t2".into(),
            "http://h.test/",
            Some("a=1\t2"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta\t\"q\" r; s".into(),
            "http://h.test/",
            Some("a=\"q\" r; s"),
        ),
        (
            ".h.test\tTRUE\t/\tFALSE\t0\ta\t1".into(),
            "http://www.h.test/",
            Some("a=1"),
        ),
        (
            ".h.test\ttrue\t/\tfalse\t0\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "H.Test\tFALSE\t/\tFALSE\t0\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "::1\tFALSE\t/\tFALSE\t0\ta\t1".into(),
            "http://[::1]/",
            Some("a=1"),
        ),
        (
            "#HttpOnly_h.test\tFALSE\t/\tFALSE\t0\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "h.test\tFALSE\t/\tTRUE\t0\ta\t1".into(),
            "https://h.test/",
            Some("a=1"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t2000000000.25\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t99999999999999999999\ta\t1".into(),
            "http://h.test/",
            Some("a=1"),
        ),
        (
            "Set-Cookie: a=1; Path=/".into(),
            "http://asked.test/",
            Some("a=1"),
        ),
        (
            "set-cookie:a=1; Domain=h.asked.test".into(),
            "http://h.asked.test/",
            None,
        ),
        (
            "Set-Cookie: a=1; Secure; Path=/".into(),
            "https://asked.test/",
            Some("a=1"),
        ),
        ("h.test FALSE / FALSE 0 a 1".into(), "http://h.test/", None),
        ("h.test\tFALSE\t/\tFALSE\t0".into(), "http://h.test/", None),
        (
            "h.test\tFALSE\t/\tFALSE\tnever\ta\t1".into(),
            "http://h.test/",
            None,
        ),
        (
            "h.test\tmaybe\t/\tFALSE\t0\ta\t1".into(),
            "http://h.test/",
            None,
        ),
        (
            "h.test\tFALSE\tdir\tFALSE\t0\ta\t1".into(),
            "http://h.test/",
            None,
        ),
        ("\tFALSE\t/\tFALSE\t0\ta\t1".into(), "http://h.test/", None),
        (
            "h.test\tFALSE\t/\tFALSE\t0\ta\t1\x01".into(),
            "http://h.test/",
            None,
        ),
        (
            "h.test\tFALSE\t/\tFALSE\t0\t__Secure-a\t1".into(),
            "http://h.test/",
            None,
        ),
    ];
    for (line, ask, wanted) in &cases {
        let mut store = CookieStore::default();
        let skipped = store.read(
            format!("# Netscape\n\n{line}\n").as_bytes(),
            file_options(&origin_url),
        );
        assert_eq!(
            skipped,
            SkippedCookies {
                lines: wanted.is_none().into(),
                first: if wanted.is_none() { 3 } else { 0 },
                beyond_limit: 0
            },
            "{line}"
        );
        assert_eq!(
            utf8_text(store.cookie_string(&parse_url(ask), NOW)).as_deref(),
            *wanted,
            "{line}"
        );
    }
}

#[test]
fn a_bad_line_is_not_the_end_and_expired_cookies_are_gone() {
    let origin_url = parse_url("http://h.test/");
    let file = "nonsense\nh.test\tFALSE\t/\tFALSE\t0\ta\t1\n\u{1}\u{2}\n\
                h.test\tFALSE\t/\tFALSE\t1000\told\t1\nh.test\tFALSE\t/\tFALSE\t-1\told\t2\n\
                h.test\tFALSE\t/\tFALSE\t2000000000\tb\t2";
    let mut store = CookieStore::default();
    assert_eq!(
        store.read(file.as_bytes(), file_options(&origin_url)),
        SkippedCookies {
            lines: 2,
            first: 1,
            beyond_limit: 0
        }
    );
    assert_eq!(
        utf8_text(store.cookie_string(&origin_url, NOW)).as_deref(),
        Some("a=1; b=2")
    );
    let mut without = CookieStore::default();
    without.read(
        file.as_bytes(),
        CookieFileOptions {
            without_session_cookies: true,
            ..file_options(&origin_url)
        },
    );
    assert_eq!(
        utf8_text(without.cookie_string(&origin_url, NOW)).as_deref(),
        Some("b=2")
    );
}

#[test]
fn written_cookies_are_read_again() {
    let mut store = CookieStore::default();
    let origin_url = parse_url(HERE);
    for set in [
        "a=1; Path=/",
        "b=2; Domain=example.com; Secure; HttpOnly; Max-Age=10",
        "bare",
        "__Host-h=\"x\"; Secure; Path=/",
        "v=a\tb",
    ] {
        store.set(set.as_bytes(), &origin_url, NOW).unwrap();
    }
    store
        .set(b"six=6", &parse_url("http://[::1]/"), NOW)
        .unwrap();
    let file = written_file(&store);
    assert_eq!(
        file,
        "www.example.com\tFALSE\t/\tFALSE\t0\ta\t1\n\
         #HttpOnly_.example.com\tTRUE\t/dir\tTRUE\t1795996810\tb\t2\n\
         www.example.com\tFALSE\t/dir\tFALSE\t0\t\tbare\n\
         www.example.com\tFALSE\t/\tTRUE\t0\t__Host-h\t\"x\"\n\
         www.example.com\tFALSE\t/dir\tFALSE\t0\tv\ta\tb\n::1\tFALSE\t/\tFALSE\t0\tsix\t6\n"
    );
    let mut again = CookieStore::default();
    assert_eq!(
        again.read(file.as_bytes(), file_options(&origin_url)),
        SkippedCookies::default()
    );
    assert_eq!(written_file(&again), file);
    assert_eq!(
        again.cookie_string(&origin_url, NOW),
        store.cookie_string(&origin_url, NOW)
    );
    // A tab in a name would move the columns.
    store.set(b"x\ty=1", &origin_url, NOW).unwrap();
    let mut out = Vec::new();
    assert_eq!(store.write(&mut out, NOW).unwrap(), 1);
    assert_eq!(written_file(&store), file);
}

#[test]
fn more_than_there_is_room_for_is_counted() {
    let origin_url = parse_url("http://h.test/");
    let many: Vec<String> = (0..MAX_COOKIES + 5)
        .map(|number| format!("h{number}.test\tFALSE\t/\tFALSE\t0\ta\t1\n"))
        .collect();
    let mut store = CookieStore::default();
    assert_eq!(
        store
            .read(many.concat().as_bytes(), file_options(&origin_url))
            .beyond_limit,
        5
    );
    let of_one: Vec<String> = (0..MAX_COOKIES_PER_DOMAIN + 7)
        .map(|number| format!("h.test\tFALSE\t/\tFALSE\t0\ta{number}\t1\n"))
        .collect();
    assert_eq!(
        CookieStore::default()
            .read(of_one.concat().as_bytes(), file_options(&origin_url))
            .beyond_limit,
        7
    );
}

#[test]
fn a_refusal_names_the_cookie_and_never_its_value() {
    let mut store = CookieStore::default();
    let mut rejection = |set: &str| {
        store
            .set(set.as_bytes(), &parse_url(HTTP), NOW)
            .unwrap_err()
            .describe(set.as_bytes())
    };
    assert_eq!(
        rejection("id=s3cret; Secure"),
        "the cookie \"id\" was rejected: it is Secure but was received over plain HTTP"
    );
    assert_eq!(
        rejection("id=s3cret; Domain=com"),
        "the cookie \"id\" was rejected: its Domain \"com\" is a public suffix, under which \
            anyone can register a name"
    );
    assert_eq!(
        rejection("__Host-s3cret"),
        "a cookie without a name was rejected: it has no name, and its value imitates a name with \
            such a prefix"
    );
}
