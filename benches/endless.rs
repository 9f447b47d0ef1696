//! Writes a capture without an end to standard output, for measuring what a pipe takes:
//! `cargo bench --bench endless -- one-flow 50000000 | tapline open -`. The kinds are `one-flow`,
//! `new-flows`, `many-flows` and `http`.

#[path = "../tests/endless/mod.rs"]
mod endless;

use std::io;
use std::process::ExitCode;

use endless::{Kind, write};

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let (Some(kind), Some(packets)) = (arguments.next(), arguments.next()) else {
        eprintln!(
            "endless: say what to write and how many packets: endless \
                one-flow|new-flows|many-flows|http PACKETS"
        );
        return ExitCode::SUCCESS;
    };
    let kind = match kind.as_str() {
        "one-flow" => Kind::OneFlow,
        "new-flows" => Kind::NewFlows,
        "many-flows" => Kind::ManyFlows,
        "http" => Kind::Http,
        _ => {
            eprintln!("endless: {kind} is none of one-flow, new-flows, many-flows, http");
            return ExitCode::FAILURE;
        }
    };
    let Ok(packets) = packets.parse() else {
        eprintln!("endless: {packets} is not a number of packets");
        return ExitCode::FAILURE;
    };
    match write(kind, packets, io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("endless: {error}");
            ExitCode::FAILURE
        }
    }
}
