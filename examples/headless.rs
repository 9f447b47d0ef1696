//! Probes a URL without the screen and prints its phases: the whole of what a program needs to use
//! the engine.
//!
//! ```console
//! $ cargo run --example headless -- https://example.com/
//! ```

use std::error::Error;
use std::sync::{Arc, mpsc};

use tapline::probe::{self, NoRemoteObserver, Recorder, Spec};
use tapline::trace::{EventKind, Trace};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("a URL is wanted")?;
    let trace = probe(Spec::get(url.parse()?))?;

    for exchange in trace.exchanges() {
        println!("{} {}", exchange.method, exchange.url.escaped());
        for (phase, span) in exchange.phases.iter() {
            let took = span
                .duration()
                .map_or_else(|| "—".to_owned(), |duration| duration.to_string());
            println!("  {:<8} {took:>9}", phase.label());
        }
        if let Some((phase, failure)) = &exchange.failure {
            println!(
                "  failed in {phase}: {}\n  {}",
                failure.message.escaped(),
                failure.hint
            );
        }
    }
    Ok(())
}

/// Runs the engine on a thread of its own and folds the events it emits, as they come, into a
/// trace.
fn probe(spec: Spec) -> Result<Trace, Box<dyn Error>> {
    let (sender, events) = mpsc::sync_channel(1024);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let engine = std::thread::spawn(move || {
        let recorder = Recorder::start(Arc::new(move |event| {
            let _ = sender.send(event);
        }));
        runtime.block_on(probe::run(
            spec,
            recorder.clone(),
            Arc::new(NoRemoteObserver),
        ));
        recorder.emit(EventKind::RunEnded);
    });
    let trace = Trace::from_events(events);
    engine.join().map_err(|_| "the engine panicked")?;
    Ok(trace)
}
