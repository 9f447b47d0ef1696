//! Pictures and pages as the checker of the W3C's standards reads them, and a page as a browser
//! shows it.

use std::path::Path;
use std::process::{Command, Stdio};

use tapline::report::{self, Format, ReportOptions};

use crate::peer;
use crate::scenario::Scenario;

/// The Nu HTML Checker: <https://validator.github.io/validator/>.
#[test]
fn the_nu_checker_finds_no_error() {
    let Some(jar) = peer::resource("vnu-jar", "build/dist/vnu.jar") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (format, flag) in [(Format::Svg, "--svg"), (Format::Html, "--html")] {
        let mut command = Command::new("java");
        command.arg("-jar").arg(&jar).args(["--errors-only", flag]);
        for scenario in Scenario::all() {
            let file = folder
                .path()
                .join(format!("{}.{}", scenario.name, format.name()));
            std::fs::write(
                &file,
                report::write_report(&scenario.trace(), format, &ReportOptions::default()),
            )
            .unwrap();
            command.arg(file);
        }
        peer::satisfied(command);
    }
}

/// A browser is half a gigabyte, so `make test` does not install one; where there is one it is
/// asked, in a network without a way out.
#[test]
fn a_browser_runs_the_script_and_is_asked_for_nothing() {
    let Some(browser) = browser() else { return };
    let page = report::html_report(
        &Scenario::named("https_http2").trace(),
        &ReportOptions::default(),
    );
    let (shown, asked) = show(browser, &page);
    assert!(
        shown.contains(r#"class="tools""#),
        "the script did not run: {shown}"
    );
    assert_eq!(asked, 0, "the page asked for something");
    // The same way of counting, on a page that does ask.
    let asking = page.replace("img-src data:;", "img-src *;").replace(
        "</main>",
        r#"<img src="http://127.0.0.1:9/" alt=""></main>"#,
    );
    assert!(
        show(browser, &asking).1 > 0,
        "what is asked for is not seen"
    );
}

/// What a person would do, and what the page then is, in words: how many things are lit, what is
/// said of them, where the axis begins and ends, and which conversation comes first.
const ACTS: &str = r"
const on = (selector, event) => document.querySelector(selector).dispatchEvent(event);
const say = (...words) => {
  const p = document.createElement('p');
  p.textContent = 'SAID ' + words.join('|');
  document.body.append(p);
};
const axis = () => [...document.querySelectorAll('figure.timeline .axis text')];
const labels = () => axis().map((text) => text.textContent);
const lit = () => document.querySelectorAll('.lit').length;
say(labels()[0], labels().at(-1), lit());
on('[data-key=x0-tls]', new PointerEvent('pointerover', { bubbles: true }));
const facts = document.querySelector('.facts').textContent.split(':')[0];
say(lit() > 4, facts, document.querySelectorAll('.ladder .lit').length > 2);
document.querySelector('.tools button').click();
say(labels()[0], labels().at(-1));
on('figure.timeline .thing', new KeyboardEvent('keydown', { key: '0', bubbles: true }));
say(labels()[0], labels().at(-1));
document.querySelector('[data-key=x0-dns]').focus();
on('[data-key=x0-dns]', new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
say(document.activeElement.dataset.key);
";

#[test]
fn pointing_zooming_and_keys_are_answered() {
    let Some(browser) = browser() else { return };
    let page = report::html_report(
        &Scenario::named("https_http2").trace(),
        &ReportOptions::default(),
    );
    // The policy would forbid the acting script, as it shall.
    let free = page
        .lines()
        .filter(|line| !line.contains("Content-Security-Policy"))
        .collect::<Vec<_>>()
        .join("\n");
    let acted = free.replace("</body>", &format!("<script>{ACTS}</script></body>"));
    let shown = show(browser, &acted).0;
    let said: Vec<&str> = shown
        .split("<p>SAID ")
        .skip(1)
        .filter_map(|rest| rest.split("</p>").next())
        .collect();
    assert_eq!(
        said,
        [
            "0|180 ms|0",
            "true|TLS|true",
            "50|140 ms",
            "0|180 ms",
            "x0-dns-q0"
        ]
    );
}

/// A browser in a network without a way out, or a visible skip.
fn browser() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser"]
        .into_iter()
        .find(|name| runs("unshare", &["-rn", name, "--version"]));
    if found.is_none() {
        peer::skipped("no chromium in a network namespace; make pages installs it");
    }
    found
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What the document is after its script ran, and how many requests it caused. The browser's own
/// have no origin.
fn show(browser: &str, page: &str) -> (String, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (
        folder.path().join("page.html"),
        folder.path().join("log.json"),
    );
    std::fs::write(&file, page).unwrap();
    let option = |name: &str, path: &Path| format!("--{name}={}", path.display());
    let mut command = Command::new("unshare");
    command.args([
        "-rn",
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]);
    command.args([
        option("user-data-dir", &folder.path().join("profile")),
        option("log-net-log", &log),
    ]);
    command
        .args(["--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("file://{}", file.display()));
    let shown = peer::satisfied(command);
    let log = std::fs::read_to_string(log).unwrap();
    let asked = log.matches(r#""initiator":""#).count()
        - log.matches(r#""initiator":"not an origin""#).count();
    (shown, asked)
}
