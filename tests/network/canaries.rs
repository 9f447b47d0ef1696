//! Secrets planted everywhere are in nothing that is exported: as they are, percent-encoded, in
//! base64.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::place::{TAPLINE, is_possible, within};

/// What is probed. Each secret has `Canary` in it, and where one is sent back, it comes in a body
/// or a field.
const PROBES: [&str; 11] = [
    "-u user:Canary-user -H 'X-Api-Key: Canary-key' -b sid=Canary-cookie \
        'http://api.lab.test/headers?token=Canary-query&page=1'",
    "http://user:Canary-userinfo@api.lab.test/headers",
    "-d 'password=Canary-form&x=1' http://api.lab.test/users",
    "--oauth2-bearer Canary-bearer -L \
        'http://api.lab.test/elsewhere?access_token=Canary-redirected'",
    "-x http://puser:Canary-proxy@proxy.lab.test:3128/ http://api.lab.test/headers",
    "-x http://puser:Canary-proxy@proxy.lab.test:3128/ https://api.lab.test/headers",
    "-x socks5h://puser:Canary-socks@proxy.lab.test:1080 http://api.lab.test/headers",
    "--http2-prior-knowledge -H 'Authorization: Bearer Canary-h2c' http://api.lab.test/headers",
    "-L 'http://api.lab.test/cookie?session=Canary-session' -H 'X-Secret-Thing: Canary-named'",
    "-H 'X-Auth-Key: Canary-auth-key' -H 'DPoP: Canary-dpop' -H 'X-Note: //a:Canary-slashes@h' \
     'http://api.lab.test/headers;token=Canary-matrix?next=http://x/?sid=Canary-nested\
     &SAMLResponse=Canary-saml'",
    "-u user:Canary-nowhere --json '{\"password\":\"Canary-json\"}' -e \
        'https://a:Canary-referer@x/?sig=Canary-sig' \
    'https://nowhere.lab.test/?api_key=Canary-last'",
];

const FORMATS: [&str; 10] = [
    "text",
    "json",
    "events",
    "har",
    "html",
    "svg",
    "markdown",
    "csv",
    "prometheus",
    "junit",
];

/// How a secret may look.
fn forms(secret: &str) -> Vec<String> {
    let base64 = |shift: usize| {
        let digits = STANDARD_NO_PAD.encode([&vec![0; shift], secret.as_bytes()].concat());
        digits[(shift * 8).div_ceil(6)..digits.len() - 2].to_owned()
    };
    let every_byte = secret
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect::<Vec<_>>()
        .concat();
    vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        every_byte,
        base64(0),
        base64(1),
        base64(2),
    ]
}

#[test]
fn are_in_no_export_and_no_process_list() {
    if !is_possible("canaries") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let probe = |(number, options): (usize, &&str)| {
        let formats = FORMATS
            .map(|format| format!("--format {format}={number}.{format}"))
            .join(" ");
        format!(
            "$0 probe {formats} --save {number}.pcapng {options} >{number}.out 2>{number}.err & \
             while kill -0 $! 2>/dev/null; do [ ! -s {number}.events ] || tr '\\0' ' ' \
            </proc/$!/cmdline >>{number}.list; done 2>/dev/null; "
        )
    };
    let script = format!(
        "cd {}; {} true",
        folder.path().display(),
        PROBES.iter().enumerate().map(probe).collect::<String>()
    );
    within(
        &["--rtt", "20ms"],
        &["sh", "-c", &script, TAPLINE.to_str().unwrap()],
    );

    let words = PROBES
        .iter()
        .flat_map(|probe| probe.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    let secrets: Vec<&str> = words.filter(|word| word.starts_with("Canary-")).collect();
    let mut files = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        files += usize::from(!bytes.is_empty());
        let text = String::from_utf8_lossy(&bytes);
        for line in text.lines() {
            for form in secrets.iter().flat_map(|secret| forms(secret)) {
                assert!(
                    !line.contains(&form),
                    "{form} is in {}: {line}",
                    path.display()
                );
            }
        }
    }
    assert!(
        files >= PROBES.len() * (FORMATS.len() + 1),
        "{files} files have something in them"
    );
}

#[test]
fn are_kept_for_who_asks_and_for_nobody_else() {
    if !is_possible("canaries") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let script = format!(
        "cd {} && umask 0 && $0 probe --with-secrets --format json=run.json --format \
            events=run.events --save run.pcapng \
         -b sid=Canary-cookie http://api.lab.test/headers 2>told",
        folder.path().display()
    );
    within(
        &["--rtt", "0ms"],
        &["sh", "-c", &script, TAPLINE.to_str().unwrap()],
    );
    for name in ["run.json", "run.events", "run.pcapng"] {
        let path = folder.path().join(name);
        assert!(
            String::from_utf8_lossy(&fs::read(&path).unwrap()).contains("Canary-cookie"),
            "{name}"
        );
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{name}"
        );
    }
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    assert!(
        told.contains("secrets are not masked") && told.contains("run.pcapng"),
        "{told}"
    );
}
