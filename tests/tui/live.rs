//! A request while it is under way, and what one can do meanwhile.

use crate::server::Server;
use crate::terminal::Terminal;

const SIZE: (u16, u16) = (120, 36);
const HELD: &str = "\u{25cf} Wait";

/// The line of the timeline that begins with a name.
fn row(screen: &vt100::Screen, name: &str) -> Option<String> {
    let start = format!("\u{2502} {name} ");
    screen
        .contents()
        .lines()
        .find(|line| line.starts_with(&start))
        .map(str::to_owned)
}

#[test]
fn phases_appear_and_grow_while_the_response_is_held_back() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[&server.url], SIZE);
    server.wait_for_request();
    terminal.wait_for_text(HELD);
    terminal.wait_for("the phases until then", |screen| {
        ["TCP", "Send", "Wait"].iter().all(|name| {
            row(screen, name)
                .is_some_and(|line| line.contains(['\u{2588}', '\u{258f}', '\u{2595}', '\u{258e}']))
        })
    });
    assert!(!terminal.text().contains("200 OK"));
    let then = row_now(&terminal, "Wait");
    terminal.wait_for("a longer wait", |screen| {
        row(screen, "Wait").is_some_and(|line| line != then)
    });
    server.respond();
    terminal.wait_for_text("200 OK");
    // The body is at the end of the page that explains.
    terminal.type_keys("\r\x1b[F");
    terminal.wait_for_text("held no more");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

fn row_now(terminal: &Terminal, name: &str) -> String {
    let text = terminal.text();
    let start = format!("\u{2502} {name} ");
    text.lines()
        .find(|line| line.starts_with(&start))
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn keys_work_while_a_request_is_under_way() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[&server.url], SIZE);
    terminal.wait_for_text(HELD);
    terminal.type_keys("?");
    terminal.wait_for_text("Keys and symbols");
    terminal.type_keys("\x1b");
    terminal.wait_for("the panels", |screen| {
        !screen.contents().contains("Keys and symbols")
    });
    terminal.type_keys("k");
    terminal.wait_for_text("\u{25b8}");
    terminal.type_keys(" ");
    terminal.wait_for_text("paused");
    server.respond();
    server.wait_for_request();
    assert!(!terminal.text().contains("200 OK"), "the picture is held");
    terminal.type_keys(" ");
    terminal.wait_for_text("200 OK");
    terminal.type_keys("r");
    server.wait_for_request();
    terminal.wait_for_text(HELD);
    server.respond();
    terminal.wait_for_text("200 OK");
}

#[test]
fn a_url_is_typed_on_the_start_screen_and_edited_later() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[], SIZE);
    terminal.wait_for_text("Where to?");
    terminal.type_keys("ftp://x\r");
    terminal.wait_for_text("ftp:// is not supported");
    terminal.type_keys("\x15");
    // A paste, as terminals wrap it.
    terminal.type_keys(&format!("\x1b[200~{}\x1b[201~", server.url));
    terminal.wait_for_text(&server.url);
    terminal.type_keys("\r");
    server.wait_for_request();
    server.respond();
    terminal.wait_for_text("200 OK");
    terminal.type_keys("e?again\r");
    server.wait_for_request();
    server.respond();
    terminal.wait_for_text("/held?again");
}

#[test]
fn a_click_selects() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[&server.url], SIZE);
    // The first row stays where it is; those below it make room for what the wire tells later.
    terminal.wait_for("the row of the connection", |screen| {
        row(screen, "TCP").is_some()
    });
    let text = terminal.text();
    let line = text
        .lines()
        .position(|line| line.starts_with("\u{2502} TCP "))
        .unwrap()
        + 1;
    terminal.type_keys(&format!("\x1b[<0;5;{line}M\x1b[<0;5;{line}m"));
    terminal.wait_for_text("\u{25b8}TCP");
}

#[test]
fn a_key_that_comes_with_a_new_size_is_not_lost() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[&server.url], SIZE);
    terminal.wait_for_text(HELD);
    for (n, size) in [(100, 30), (120, 36), (80, 24), (140, 40)]
        .into_iter()
        .enumerate()
    {
        terminal.resize(size);
        terminal.type_keys(" ");
        terminal.wait_for("the effect of the key", |screen| {
            screen.contents().contains("paused") == (n % 2 == 0)
        });
    }
}

#[test]
fn any_size_will_do() {
    let server = Server::start();
    let mut terminal = Terminal::tapline(&[&server.url], SIZE);
    terminal.wait_for_text(HELD);
    for size in [
        (80, 24),
        (60, 20),
        (40, 8),
        (19, 2),
        (1, 1),
        (3, 50),
        (200, 60),
    ] {
        terminal.resize(size);
        if size.0 >= 40 {
            let last = usize::from(size.1) - 1;
            let quit = |screen: &vt100::Screen| {
                screen
                    .rows(0, size.0)
                    .nth(last)
                    .is_some_and(|line| line.contains("quit"))
            };
            terminal.wait_for("the key line at the bottom", quit);
        }
    }
    terminal.resize((80, 24));
    server.respond();
    terminal.wait_for_text("200 OK");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}
