//! `tapline doctor`: checks of this machine, with remedies.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use super::args::DoctorArgs;
use super::exit::Exit;

/// The result of a check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CheckState {
    /// Works.
    Good,
    /// Works with limitations.
    Limited,
    /// Does not work.
    Broken,
}

/// One check and its result.
struct Check {
    what: &'static str,
    state: CheckState,
    found: String,
    remedy: Option<String>,
}

/// Runs all checks and prints the results. Exits with 1 if something that every run needs is
/// broken.
pub(super) fn run(args: &DoctorArgs) -> Exit {
    let checks = [
        check_capture(),
        check_resolver(),
        check_ipv4(),
        check_ipv6(),
        check_trust_store(),
        check_terminal(),
        check_locale(),
        check_environment(),
    ];
    let written = super::output::print(render(&checks, args.ascii).as_bytes());
    if checks.iter().any(|check| check.state == CheckState::Broken) {
        Exit::Fault
    } else {
        written
    }
}

fn render(checks: &[Check], ascii: bool) -> String {
    let ascii = ascii || !super::supports_unicode();
    let mut out = format!(
        "tapline {} on {} {}\n\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    for check in checks {
        let sign = match (check.state, ascii) {
            (CheckState::Good, false) => "✓",
            (CheckState::Limited, false) => "•",
            (CheckState::Broken, false) => "✗",
            (CheckState::Good, true) => "ok",
            (CheckState::Limited, true) => "--",
            (CheckState::Broken, true) => "!!",
        };
        let _ = writeln!(out, " {sign:<2} {:<12} {}", check.what, check.found);
        if let Some(remedy) = &check.remedy {
            let _ = writeln!(
                out,
                "    {:<12} {} {remedy}",
                "",
                if ascii { "->" } else { "→" }
            );
        }
    }
    out
}

fn check_capture() -> Check {
    let diagnosis = crate::capture::diagnose_capture();
    let able: Vec<&str> = diagnosis.usable_interfaces().collect();
    match diagnosis.error() {
        Some(refusal) => Check {
            what: "capture",
            state: CheckState::Limited,
            found: format!(
                "packets cannot be captured: {}; everything else works",
                refusal.reason
            ),
            remedy: Some(refusal.remedy.clone()),
        },
        None => Check {
            what: "capture",
            state: CheckState::Good,
            found: format!("packets can be captured on {}", able.join(", ")),
            remedy: None,
        },
    }
}

fn check_resolver() -> Check {
    match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, _)) => {
            let servers: Vec<String> = config
                .name_servers()
                .iter()
                .map(|server| server.ip.to_string())
                .collect();
            Check {
                what: "resolver",
                state: CheckState::Good,
                found: format!("queries {}", servers.join(", ")),
                remedy: None,
            }
        }
        Err(error) => Check {
            what: "resolver",
            state: CheckState::Limited,
            found: format!("no name servers are configured ({error})"),
            remedy: Some(
                "the operating system's resolver is used instead, whose queries cannot be \
                 observed; set a server with --dns-servers ADDRESS"
                    .to_owned(),
            ),
        },
    }
}

fn check_ipv4() -> Check {
    check_route("IPv4", SocketAddr::from(([192, 0, 2, 1], 443)))
}

fn check_ipv6() -> Check {
    check_route(
        "IPv6",
        SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 443)),
    )
}

/// Checks for a route. Connecting a UDP socket makes the kernel look one up without sending
/// anything; the addresses are reserved for documentation.
fn check_route(what: &'static str, to: SocketAddr) -> Check {
    let any: SocketAddr = if to.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let local = UdpSocket::bind(any)
        .and_then(|socket| socket.connect(to).and_then(|()| socket.local_addr()));
    match local {
        Ok(local) => Check {
            what,
            state: CheckState::Good,
            found: format!("source address {}", local.ip()),
            remedy: None,
        },
        Err(error) => Check {
            what,
            state: CheckState::Limited,
            found: format!("no route ({error}); only this machine can be reached"),
            remedy: None,
        },
    }
}

fn check_trust_store() -> Check {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    match rustls_platform_verifier::Verifier::new(provider) {
        Ok(_) => Check {
            what: "trust store",
            state: CheckState::Good,
            found: "the system's certificates were found".to_owned(),
            remedy: None,
        },
        Err(error) => Check {
            what: "trust store",
            state: CheckState::Limited,
            found: format!("the system's certificates cannot be used: {error}"),
            remedy: Some(
                "install the package ca-certificates, or give a file with --cacert".to_owned(),
            ),
        },
    }
}

fn check_terminal() -> Check {
    if !std::io::stdout().is_terminal() {
        let found = "standard output is not a terminal; a report is printed instead of the screen"
            .to_owned();
        return Check {
            what: "terminal",
            state: CheckState::Limited,
            found,
            remedy: None,
        };
    }
    let kind = std::env::var("TERM").unwrap_or_else(|_| "unknown".to_owned());
    let kind = crate::units::Untrusted::new(kind).escaped().into_owned();
    match crossterm::terminal::size() {
        Ok((width, height)) if width < 80 || height < 24 => Check {
            what: "terminal",
            state: CheckState::Limited,
            found: format!("{kind}, {width}×{height}"),
            remedy: Some("80×24 or larger shows everything".to_owned()),
        },
        Ok((width, height)) => Check {
            what: "terminal",
            state: CheckState::Good,
            found: format!("{kind}, {width}×{height}"),
            remedy: None,
        },
        Err(error) => Check {
            what: "terminal",
            state: CheckState::Limited,
            found: format!("{kind}, size unknown ({error})"),
            remedy: None,
        },
    }
}

fn check_locale() -> Check {
    if super::supports_unicode() {
        Check {
            what: "locale",
            state: CheckState::Good,
            found: "supports Unicode".to_owned(),
            remedy: None,
        }
    } else {
        let remedy = Some("set LANG=C.UTF-8 for finer bars; until then ASCII is used".to_owned());
        Check {
            what: "locale",
            state: CheckState::Limited,
            found: "does not support Unicode".to_owned(),
            remedy,
        }
    }
}

/// Environment variables that affect runs. Only names are printed, since values may contain
/// credentials.
fn check_environment() -> Check {
    const NAMES: [&str; 10] = [
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSLKEYLOGFILE",
        "SSL_CERT_FILE",
        "NO_COLOR",
    ];
    let set: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        .collect();
    let found = if set.is_empty() {
        "no variables that affect runs are set".to_owned()
    } else {
        format!("set: {}", set.join(", "))
    };
    Check {
        what: "environment",
        state: CheckState::Good,
        found,
        remedy: None,
    }
}
