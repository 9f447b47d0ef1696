//! A capture file on a terminal: from the list to a ladder and back, through a pipe as it comes,
//! and what is no capture.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use etherparse::PacketBuilder;
use portable_pty::CommandBuilder;

use crate::terminal::{Terminal, environment};

const SIZE: (u16, u16) = (100, 30);

/// A pcap file's header, over raw IP.
fn header() -> Vec<u8> {
    [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect()
}

/// A request from a port at a second, as a packet of a pcap file.
fn request(port: u16, second: u32, host: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    let content = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 9], 64)
        .tcp(port, 80, 1, 500)
        .ack(1)
        .write(&mut frame, content.as_bytes())
        .unwrap();
    let length = u32::try_from(frame.len()).unwrap();
    [second, 0, length, length]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .chain(frame)
        .collect()
}

fn small(folder: &Path) -> String {
    let file = folder.join("small.pcap");
    let bytes = [
        header(),
        request(50_001, 1, "one.test"),
        request(50_002, 2, "second.test"),
        request(50_002, 3, "second.test"),
    ]
    .concat();
    fs::write(&file, bytes).unwrap();
    file.to_str().unwrap().to_owned()
}

fn shell(script: &str) -> Terminal {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script]);
    environment(&mut command);
    Terminal::start(command, SIZE)
}

#[test]
fn a_conversation_is_chosen_looked_at_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::tapline(&["open", &small(folder.path())], SIZE);
    terminal.wait_for_text("3 packets \u{00b7} 2 conversations");
    terminal.wait_for_text("one.test:80");
    terminal.type_keys("/one\r");
    terminal.wait_for("one conversation", |screen| {
        screen.contents().contains("1 of 2") && !screen.contents().contains("50002")
    });
    terminal.type_keys("j\r");
    terminal.wait_for_text("client 192.0.2.1:50001");
    terminal.type_keys("3");
    terminal.wait_for_text("source port 50001");
    terminal.type_keys("\x1b");
    terminal.wait_for_text("one.test:80");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

#[test]
fn what_comes_through_a_pipe_is_shown_as_it_comes_and_keys_come_from_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let program = env!("CARGO_BIN_EXE_tapline");
    let mut terminal = shell(&format!(
        "'{program}' open - < '{}'; echo left with $?",
        pipe.display()
    ));
    let mut writer = File::options().write(true).open(&pipe).unwrap();
    terminal.wait_for_text("No TCP or UDP packets so far");
    writer
        .write_all(&[header(), request(50_001, 1, "one.test")].concat())
        .unwrap();
    terminal.wait_for_text("one.test:80");
    let next = request(50_002, 2, "second.test");
    let (head, tail) = next.split_at(30);
    writer
        .write_all(&[&request(50_003, 2, "third.test"), head].concat())
        .unwrap();
    terminal.wait_for_text("2 packets \u{00b7} 2 conversations");
    writer.write_all(tail).unwrap();
    terminal.wait_for_text("second.test:80");
    terminal.type_keys("q");
    terminal.wait_for_text("left with 0");
    terminal.wait_until_restored();
}

#[test]
fn what_is_no_capture_is_refused_before_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<!doctype html>").unwrap();
    let program = env!("CARGO_BIN_EXE_tapline");
    let mut terminal = shell(&format!(
        "'{program}' open '{}'; echo left with $?",
        file.display()
    ));
    terminal.wait_for_text("left with 2");
    assert!(
        terminal.text().contains("not a capture file"),
        "{}",
        terminal.text()
    );
    assert_eq!(terminal.wait_for_exit(), 0);

    let mut terminal = shell(&format!("'{program}' open -; echo left with $?"));
    terminal.wait_for_text("left with 2");
    assert!(
        terminal.text().contains("standard input is a terminal"),
        "{}",
        terminal.text()
    );
    assert_eq!(terminal.wait_for_exit(), 0);

    let mut terminal = shell(&format!(
        "echo no capture | '{program}' open -; echo left with $?"
    ));
    terminal.wait_for_text("not a capture file");
    terminal.type_keys("q");
    terminal.wait_for_text("left with 0");
}

#[test]
fn a_file_that_breaks_off_is_shown_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let file = small(folder.path());
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    let mut terminal = Terminal::tapline(&["open", &file], SIZE);
    terminal.wait_for_text("2 packets \u{00b7} 2 conversations");
    terminal.wait_for_text("the file was not read to its end");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}
