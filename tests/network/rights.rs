//! What programs in the lab may do, as an ordinary user's and as root's, and that what they are for
//! works with it.

use std::process::{Command, Output, Stdio};

use rustix::process::geteuid;

use super::place::{TAPLINE, has, is_possible, lab, path, told};

/// Capabilities by their numbers (capability.h).
const KILL: u64 = 1 << 5;
const SETGID: u64 = 1 << 6;
const SETUID: u64 = 1 << 7;
const NET_BIND_SERVICE: u64 = 1 << 10;
const NET_RAW: u64 = 1 << 13;

const ANYBODYS: u64 = NET_RAW | NET_BIND_SERVICE;
const ROOTS: u64 = ANYBODYS | KILL | SETGID | SETUID;

/// `tapline lab` as root, if this is root.
fn roots_lab() -> Option<Command> {
    geteuid().is_root().then(|| {
        let mut command = Command::new(&*TAPLINE);
        command
            .arg("lab")
            .current_dir("/")
            .env_remove("TAPLINE_LAB")
            .stdin(Stdio::null());
        command
    })
}

/// A shell's script on the client, as an ordinary user and as root where this is root.
fn as_everybody(script: &str) -> Vec<(&'static str, Output)> {
    let labs = [("an ordinary user", Some(lab(&[]))), ("root", roots_lab())];
    let ran = |(who, lab): (&'static str, Option<Command>)| {
        let output = lab?
            .args(["--rtt", "0ms", "--", "sh", "-c", script])
            .env("PATH", path())
            .env("TAPLINE", &*TAPLINE)
            .output();
        Some((who, output.unwrap()))
    };
    labs.into_iter().filter_map(ran).collect()
}

/// What `/proc/PID/status` says in a line, as a number in hexadecimal.
fn number(status: &str, name: &str) -> u64 {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    u64::from_str_radix(
        line.unwrap_or_else(|| panic!("{name} is missing: {status}"))
            .trim(),
        16,
    )
    .unwrap()
}

#[test]
fn a_program_has_no_right_that_it_does_not_need() {
    if !is_possible("rights") {
        return;
    }
    for (who, output) in as_everybody("cat /proc/self/status") {
        let status = told(&output);
        let (kept, handed_on) = if who == "root" {
            (ROOTS, 0)
        } else {
            (ANYBODYS, ANYBODYS)
        };
        for (set, expected) in [
            ("CapPrm", kept),
            ("CapEff", kept),
            ("CapBnd", kept),
            ("CapInh", handed_on),
            ("CapAmb", handed_on),
        ] {
            assert_eq!(number(&status, set), expected, "{set} of {who}: {status}");
        }
        assert_eq!(number(&status, "NoNewPrivs"), 1, "{who}");
    }
}

/// The lab's first process stays mighty; a program may not reach into it.
#[test]
fn what_takes_other_rights_is_refused() {
    if !is_possible("refusals") || !has("ip") {
        return;
    }
    let refused = [
        "ip link set lo down",
        "ip addr add 10.77.0.99/32 dev eth0",
        "ip link add x type dummy",
        "mount -t tmpfs none /mnt",
        "umount /etc/resolv.conf",
        "nsenter -t 1 -n true",
        "nsenter -t 1 -m true",
        "cat /proc/1/environ",
        "chroot / true",
    ];
    for script in refused {
        for (who, output) in as_everybody(script) {
            assert!(
                !output.status.success(),
                "{script:?} of {who} is not refused: {}",
                told(&output)
            );
        }
    }
}

#[test]
fn what_a_lab_is_for_works() {
    if !is_possible("programs")
        || !["curl", "dig", "ping", "tcpdump", "nc"]
            .into_iter()
            .all(has)
    {
        return;
    }
    // Each says something that only success does. What waits for a listener looks for it in the
    // kernel's table of sockets (0051 is port 81).
    let works = [
        (
            "curl",
            "curl -sS -o /dev/null -w '%{http_code}' https://api.lab.test/users",
            "200",
        ),
        ("dig", "dig +short ns.lab.test", "10.77.0.53"),
        ("ping", "ping -c 1 api.lab.test", "1 received"),
        (
            "tcpdump",
            "log=$(mktemp); out=$(mktemp); tcpdump -i eth0 -n -c 3 -l tcp port 80 >$out 2>$log & \
             while ! grep -q listening $log; do kill -0 $! || { cat $log; exit 1; }; done; \
             curl -sS -o /dev/null http://api.lab.test/users; wait; cat $out; rm $log $out",
            "Flags [S.]",
        ),
        (
            "tcpdump is ended",
            "log=$(mktemp); tcpdump -i eth0 -n 2>$log & \
             while ! grep -q listening $log; do kill -0 $! || { cat $log; exit 1; }; done; kill \
            $! && wait; cat $log; rm $log",
            "packets captured",
        ),
        (
            "nc on a low port",
            "nc -l 81 </dev/null & while ! grep -q ':0051 .* 0A ' /proc/net/tcp; do kill -0 $! || \
                exit 1; done; \
             printf 'over a low port' | nc -N 127.0.0.1 81; wait",
            "over a low port",
        ),
        (
            "tapline",
            "$TAPLINE probe --capture on https://api.lab.test/users",
            "200",
        ),
        ("the link", "$TAPLINE lab set --rtt 3ms", "RTT 3.00 ms"),
        ("tapline lab", "$TAPLINE lab -- echo within", "within"),
        (
            "a shell's jobs",
            "sleep 1000 & kill -TERM $! && wait $!; echo \"ended by $?\"",
            "ended by 143",
        ),
    ];
    for (what, script, said) in works {
        for (who, output) in as_everybody(script) {
            assert!(
                told(&output).contains(said),
                "{what}, as {who}: {}",
                told(&output)
            );
        }
    }
}
