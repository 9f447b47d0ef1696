//! URLs whose path is a secret: webhooks, and links that are sent to one person, such as those that
//! reset a password.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::labelled_tokens::reads_as_words;
use super::names;

/// URLs of services, secret after this beginning: anyone who knows them can post or read there.
const SERVICES: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "hooks.slack-gov.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "outlook.office365.com/owa/calendar/",
    "calendar.google.com/calendar/ical/",
    "hooks.zapier.com/hooks/catch/",
    "hooks.zapier.com/hooks/standard/",
    "maker.ifttt.com/trigger/",
    "events.pagerduty.com/integration/",
    "alert.victorops.com/integrations/generic/",
    "api.telegram.org/bot",
    "api.telegram.org/file/bot",
    "open.feishu.cn/open-apis/bot/v2/hook/",
    "open.larksuite.com/open-apis/bot/v2/hook/",
    "hook.integromat.com/",
    "hc-ping.com/",
    "cronitor.link/p/",
    "nosnch.in/",
    "api.day.app/",
    "sctapi.ftqq.com/",
    "infura.io/v3/",
    "g.alchemy.com/v2/",
    "rpc.ankr.com/",
    "api.netlify.com/build_hooks/",
    "api.vercel.com/v1/integrations/deploy/",
    "api.cloudflare.com/client/v4/pages/webhooks/deploy_hooks/",
];

/// Each of them is under one of these domains.
const DOMAINS: &[&str] = &[
    ".com/", ".org/", ".io/", ".app/", ".cn/", ".in/", ".link/", ".net/", ".dev/",
];

/// Words of the path segment before a secret that was sent to one person.
const LINK_WORDS: &[&str] = &[
    "reset",
    "recover",
    "recovery",
    "forgot",
    "verify",
    "verification",
    "confirm",
    "confirmation",
    "activate",
    "activation",
    "invite",
    "invites",
    "invitation",
    "invitations",
    "magic",
    "magiclink",
    "unsubscribe",
    "unlock",
    "hook",
    "webhook",
];

/// Names of collections of webhooks, whose items may also be known by a harmless number or UUID.
const HOOKS: &[&str] = &["hooks", "webhooks"];

/// Adds the secrets in the paths of URLs.
pub(super) fn find_secret_paths(text: &str, found: &mut Vec<Range<usize>>) {
    find_service_paths(text, found);
    find_secret_segments(text, found);
}

fn find_service_paths(text: &str, found: &mut Vec<Range<usize>>) {
    static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let services: Vec<String> = SERVICES
            .iter()
            .map(|service| regex::escape(service))
            .collect();
        Regex::new(&format!(
            r"(?:{}|discord(?:app)?\.com/api/v[0-9]+/webhooks/|hook\.[a-z0-9]+\.make\.com/)",
            services.join("|")
        ))
        .ok()
    });
    // Compiling the expression takes longer than a short run's other masking.
    if !DOMAINS.iter().any(|domain| text.contains(domain)) {
        return;
    }
    for beginning in BEGINNINGS
        .iter()
        .flat_map(|services| services.find_iter(text))
    {
        let begin = beginning.end();
        let length = text.get(begin..).map_or(0, |rest| {
            rest.find(|c: char| c.is_whitespace() || "\"'<>".contains(c))
                .unwrap_or(rest.len())
        });
        found.push(begin..begin + length);
    }
}

/// Adds opaque path segments after a segment that names a secret: `/reset-password/4nB…`,
/// `/token/9f8…`.
fn find_secret_segments(text: &str, found: &mut Vec<Range<usize>>) {
    let mut previous = "";
    let mut begin = None;
    let ends = text
        .char_indices()
        .filter(|(_, c)| *c == '/' || ends_path(*c))
        .chain([(text.len(), ' ')]);
    for (at, c) in ends {
        if let Some(segment) = begin.and_then(|begin: usize| text.get(begin..at)) {
            // Names are judged last, since that costs most.
            if is_opaque(segment) && SegmentKind::of(previous).is_followed_by_secret(segment) {
                found.push(at - segment.len()..at);
            }
            // `/webhooks/123/4nB…`: the number is not secret, what follows is.
            let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
            if !(is_number && HOOKS.iter().any(|name| previous.eq_ignore_ascii_case(name))) {
                previous = segment;
            }
        }
        if c == '/' {
            begin = Some(at + 1);
        } else {
            (begin, previous) = (None, "");
        }
    }
}

fn ends_path(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'<>`?#&;,()|\\".contains(c)
}

/// A path segment, by what follows it.
#[derive(Clone, Copy)]
enum SegmentKind {
    Secret,
    Hooks,
    Other,
}

impl SegmentKind {
    fn of(segment: &str) -> Self {
        const LONGEST: usize = 40;
        if segment.is_empty() || segment.len() > LONGEST {
            return Self::Other;
        }
        let name = segment.to_ascii_lowercase();
        if HOOKS.contains(&name.as_str()) {
            Self::Hooks
        } else if name
            .split(['-', '_'])
            .any(|word| LINK_WORDS.contains(&word))
            || name != "code" && names::is_secret_name(&name)
        {
            Self::Secret
        } else {
            Self::Other
        }
    }

    /// Whether an opaque segment behind it is secret.
    fn is_followed_by_secret(self, segment: &str) -> bool {
        match self {
            Self::Secret => true,
            Self::Hooks => !is_uuid(segment) && !is_typed(segment),
            Self::Other => false,
        }
    }
}

/// Returns true for a segment of at least 16 letters, digits and signs of base64, of which several
/// are digits and several letters, that are not words or the name of a file.
fn is_opaque(segment: &str) -> bool {
    const SHORTEST: usize = 16;
    const SEVERAL: usize = 2;
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let letters = segment.bytes().filter(u8::is_ascii_alphabetic).count();
    segment.len() >= SHORTEST
        && digits >= SEVERAL
        && letters >= SEVERAL
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.=~+:".contains(&byte))
        && !reads_as_words(segment)
        && !has_extension(segment)
}

/// Returns true for the name of a file, `reset-4f8a….js`.
fn has_extension(segment: &str) -> bool {
    const LONGEST: usize = 5;
    segment.rsplit_once('.').is_some_and(|(_, extension)| {
        (1..=LONGEST).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_lowercase())
    })
}

/// Returns true for an identifier that begins with its type, `we_1Mr5…`.
fn is_typed(segment: &str) -> bool {
    const LONGEST: usize = 4;
    segment.split_once('_').is_some_and(|(kind, _)| {
        (1..=LONGEST).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_lowercase())
    })
}

/// Returns true for a UUID in its usual form (RFC 9562 §4).
fn is_uuid(segment: &str) -> bool {
    let lengths: Vec<usize> = segment.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && segment
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_service_is_under_one_of_the_domains() {
        for service in super::SERVICES {
            assert!(
                super::DOMAINS.iter().any(|domain| service.contains(domain)),
                "{service}"
            );
        }
    }

    use super::*;

    fn masked(text: &str) -> String {
        let mut found = Vec::new();
        find_secret_paths(text, &mut found);
        super::super::replace_with_mask(text, &super::super::merge_ranges(found)).into_owned()
    }

    #[test]
    fn urls_of_webhooks_are_secret_after_their_beginning() {
        for service in SERVICES {
            assert_eq!(
                masked(&format!("at https://{service}T0/B0/abc done")),
                format!("at https://{service}REDACTED done")
            );
        }
        for (url, wanted) in [
            (
                "https://discord.com/api/v10/webhooks/1/abc",
                "https://discord.com/api/v10/webhooks/REDACTED",
            ),
            (
                "https://hook.eu1.make.com/abc",
                "https://hook.eu1.make.com/REDACTED",
            ),
        ] {
            assert_eq!(masked(url), wanted);
        }
    }

    #[test]
    fn segments_after_the_name_of_a_secret_are_secret() {
        const OPAQUE: &str = "4nB7xQ2mK9pL5rT8wZ3c";
        const UUID: &str = "3f2b8c1e-9a47-4d0e-8b6f-51c7a2e9d034";
        for (before, segment) in [
            ("/reset-password/", OPAQUE),
            ("/reset-password/", UUID),
            ("/users/password_reset/", OPAQUE),
            ("/verify-email/", OPAQUE),
            ("/confirm/", OPAQUE),
            ("/activate/", OPAQUE),
            ("/invite/", OPAQUE),
            ("/magic-link/", OPAQUE),
            ("/unsubscribe/", OPAQUE),
            ("/token/", OPAQUE),
            ("/api_key/", OPAQUE),
            ("/secret/", OPAQUE),
            ("/webhook/", UUID),
            ("/hooks/", "8f4ow7ez9pnzbdn1ya4c5q3x6h"),
            ("/hooks/123/", OPAQUE),
            ("/api/v10/webhooks/123/", OPAQUE),
        ] {
            for (start, end) in [
                ("https://host", ""),
                ("", "/next"),
                ("GET ", "?page=1"),
                ("'", "' was refused"),
            ] {
                assert_eq!(
                    masked(&format!("{start}{before}{segment}{end}")),
                    format!("{start}{before}REDACTED{end}")
                );
            }
        }
        for harmless in [
            "/oauth/token/introspect",
            "/password/reset/confirmation-of-your-address",
            "/v1/secret/data/my-application-settings",
            "/v1/webhooks/3f2b8c1e-9a47-4d0e-8b6f-51c7a2e9d034",
            "/repos/o/r/hooks/1234567890123456",
            "/v1/webhooks/we_1Mr5jULkdIwHu7ix1ibLTM0x",
            "/chunks/auth/password/reset-4f8a9c2b1d3e5f60.js",
            "/commit/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "/code/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "/keys/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "/users/3f2b8c1e-9a47-4d0e-8b6f-51c7a2e9d034",
            "/orders/4nB7xQ2mK9pL5rT8wZ3c",
            "token / 4nB7xQ2mK9pL5rT8wZ3c",
        ] {
            assert_eq!(masked(harmless), harmless);
        }
    }
}
