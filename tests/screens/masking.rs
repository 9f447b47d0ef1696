//! Secrets are on no part of the screen, unless they are asked for.

use crossterm::event::{Event as TerminalEvent, KeyCode};
use etherparse::PacketBuilder;
use tapline::archive::Archive;
use tapline::insight::redact::RedactionPolicy;
use tapline::trace::{Event, EventKind};
use tapline::tui::{ScreenEffect, ScreenMessage, Settings};

use crate::desk::Desk;
use crate::planted::Planted;

const URL: &str = "https://ada:Canary-pw@h.test/a;sid=Canary-path\
    ?token=Canary-query&next=%2F%3Fapi_key%3DCanary-nested&page=2";

fn settings(masking: RedactionPolicy) -> Settings {
    Settings {
        color: true,
        url: Some(URL.to_owned()),
        masking,
        ..Settings::default()
    }
}

/// What a file of others tells.
fn told() -> Vec<Event> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("others.har");
    std::fs::write(&file, Planted::new().har()).unwrap();
    let mut events = Vec::new();
    let _ = Archive::open(&file)
        .unwrap()
        .read_events(|event| events.push(event));
    events
}

#[track_caller]
fn shows_none(desk: &Desk) {
    let text = desk.text();
    assert!(!text.contains("Canary"), "{text}");
}

#[test]
fn the_address_is_masked_before_anything_happens_and_while_it_is_edited() {
    let mut desk = Desk::with((200, 50), settings(RedactionPolicy::default()));
    shows_none(&desk);
    assert!(
        desk.shows("h.test/a;sid=REDACTED?token=REDACTED"),
        "{}",
        desk.text()
    );
    desk.press(KeyCode::Char('e'));
    shows_none(&desk);
    assert!(desk.shows("token=************"), "{}", desk.text());
    desk.press(KeyCode::Home);
    shows_none(&desk);
    desk.press(KeyCode::End);
    desk.type_text("&password=Canary");
    shows_none(&desk);
    // What is masked is on the screen alone.
    let effects = desk.press(KeyCode::Enter);
    assert!(
        effects.contains(&ScreenEffect::Run {
            url: format!("{URL}&password=Canary")
        }),
        "{effects:?}"
    );
    let mut shown = Desk::with((200, 50), settings(RedactionPolicy::ShowSecrets));
    assert!(shown.shows("token=Canary-query"), "{}", shown.text());
    shown.press(KeyCode::Char('e'));
    shown.press(KeyCode::Home);
    assert!(shown.shows("ada:Canary-pw@"), "{}", shown.text());
    let mut start = Desk::start((120, 40));
    start.send(ScreenMessage::Terminal(TerminalEvent::Paste(
        URL.to_owned(),
    )));
    shows_none(&start);
}

#[test]
fn an_address_with_a_space_is_not_repeated() {
    let mut desk = Desk::start((120, 40));
    desk.type_text("http://ada:Canary x@h/");
    shows_none(&desk);
    assert!(
        desk.shows("write %20 instead of character 18"),
        "{}",
        desk.text()
    );
}

#[test]
fn no_view_shows_a_secret() {
    let mut desk = Desk::with((200, 60), settings(RedactionPolicy::default()));
    desk.tell(told());
    for view in ['1', '2', '3', '4'] {
        desk.press(KeyCode::Char(view));
        desk.press(KeyCode::Home);
        for _ in 0..400 {
            shows_none(&desk);
            desk.press(KeyCode::Char('j'));
        }
    }
    desk.press(KeyCode::Char('1'));
    let copied = desk.press(KeyCode::Char('y'));
    assert!(
        copied
            .iter()
            .any(|effect| matches!(effect, ScreenEffect::Copy(text) if !text.contains("Canary"))),
        "{copied:?}"
    );
}

#[test]
fn asked_for_secrets_are_shown() {
    let mut desk = Desk::with((200, 60), settings(RedactionPolicy::ShowSecrets));
    desk.tell(told());
    let shown = (0..60).any(|_| {
        desk.press(KeyCode::Char('j'));
        desk.text().contains("Canary")
    });
    assert!(shown, "{}", desk.text());
}

#[test]
fn clear_text_in_packets_is_masked() {
    const HEAD: &[u8] = b"GET /?token=Canary-query&page=2 HTTP/1.1\r\nHost: h.test\r\nX-Auth-Key: \
        Canary-key\r\nCookie: a=Canary-a\r\n\r\n{\"password\":\"Canary-json\"}";
    for (masking, masked) in [
        (RedactionPolicy::default(), true),
        (RedactionPolicy::ShowSecrets, false),
    ] {
        let mut desk = Desk::with((200, 60), settings(masking));
        desk.tell(crate::layers::kept("https_http2"));
        let effects = desk.press(KeyCode::Char('3'));
        let stored = effects.iter().find_map(|effect| {
            if let ScreenEffect::ReadPacket(stored) = effect {
                Some(*stored)
            } else {
                None
            }
        });
        let mut frame = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp(40_000, 80, 1, 1_000);
        builder.write(&mut frame, HEAD).unwrap();
        desk.send(ScreenMessage::PacketRead {
            stored: stored.unwrap(),
            read: Ok((1, frame)),
        });
        let mut text = String::new();
        for _ in 0..20 {
            text += &desk.text();
            desk.press(KeyCode::Right);
        }
        // The dump has sixteen letters in a line.
        for part in ["Canary", "nary-", "anary", "ary-k"] {
            assert!(!masked || !text.contains(part), "{text}");
        }
        assert!(text.contains("age=2 HTTP"), "{text}");
        assert_eq!(text.contains("****"), masked, "{text}");
    }
}

#[test]
fn bodies_are_shown_without_what_is_secret_in_them() {
    let mut desk = Desk::scenario("https_http2", (200, 60));
    let at = desk.now;
    let body = "{\"name\":\"ada\",\"access_token\":\"Canary\"}".into();
    let exchange = desk.state.trace().exchanges()[0].id;
    desk.tell([Event {
        at,
        kind: EventKind::BodyPreview {
            exchange,
            text: body,
            truncated: false,
        },
    }]);
    for _ in 0..80 {
        shows_none(&desk);
        desk.press(KeyCode::Char('j'));
    }
}
