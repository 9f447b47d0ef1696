//! The same work on two servers.

use super::*;

#[test]
fn both_servers_do_the_work() {
    if !has("curl") {
        return;
    }
    let lab = Lab::start();
    let all = |beginning: &str| {
        let url = lab
            .entry_url(beginning)
            .replace("/work/200", "/work/20?[1-12]");
        lab.fetch(&["--parallel", "--parallel-immediate", "--http1.1", &url])
    };
    let by_threads = all("https://workers");
    let workers: Vec<&str> = by_threads
        .lines()
        .map(|line| {
            line.strip_prefix("{\"worker\":")
                .unwrap()
                .split(',')
                .next()
                .unwrap()
        })
        .collect();
    assert!(
        workers.len() == 12
            && workers
                .iter()
                .all(|worker| ["1", "2", "3", "4"].contains(worker)),
        "{by_threads}"
    );
    let by_waiting = all("https://async");
    assert!(
        by_waiting.lines().count() == 12
            && by_waiting
                .lines()
                .all(|line| line.starts_with("{\"work_ms\":")),
        "{by_waiting}"
    );

    let told = lab.fetch(&[
        "-D",
        "-",
        "-o",
        "/dev/null",
        &lab.entry_url("https://workers"),
    ]);
    assert!(
        told.contains("server-timing: queue;desc=\"waiting for a thread\";dur=")
            && told.contains(", work;dur="),
        "{told}"
    );
    for (path, status) in [("x", "400"), ("10001", "400"), ("", "400")] {
        let url = lab.entry_url("https://workers").replace("200", path);
        assert_eq!(
            lab.fetch(&["-o", "/dev/null", "-w", "%{http_code}", &url]),
            status,
            "{path}"
        );
    }
}
