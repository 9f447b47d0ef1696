//! Whether packets can be captured on this machine, and what to do where not.

use std::thread;

use super::device::{Depth, Device};
use super::{Interfaces, Refusal, privilege};

/// What was found out by trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The interfaces tried, or why none could be.
    pub interfaces: Result<Vec<Finding>, Refusal>,
}

/// One interface that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub interface: String,
    /// How its frames begin, as libpcap names it, or why it could not be opened.
    pub outcome: Result<String, Refusal>,
}

impl Diagnosis {
    /// At least one interface can be captured.
    pub fn is_able(&self) -> bool {
        self.interfaces
            .as_ref()
            .is_ok_and(|found| found.iter().any(|finding| finding.outcome.is_ok()))
    }

    /// The interfaces that can be captured.
    pub fn able(&self) -> impl Iterator<Item = &str> {
        let found = self.interfaces.as_deref().unwrap_or_default();
        found
            .iter()
            .filter(|finding| finding.outcome.is_ok())
            .map(|finding| finding.interface.as_str())
    }

    /// What stands in the way, if nothing can be captured.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.interfaces {
            Err(refusal) => Some(refusal),
            Ok(_) if self.is_able() => None,
            Ok(found) => found
                .iter()
                .find_map(|finding| finding.outcome.as_ref().err()),
        }
    }
}

/// Tries to open every interface that is up, then gives up the calling thread's right to capture.
/// No packet is read.
pub fn diagnose() -> Diagnosis {
    let interfaces = if privilege::is_held() == Some(false) {
        Err(Refusal::not_permitted())
    } else {
        tried()
    };
    match privilege::renounce() {
        Ok(()) => Diagnosis { interfaces },
        Err(reason) => Diagnosis {
            interfaces: Err(Refusal::new(reason, "run it as an ordinary user")),
        },
    }
}

fn tried() -> Result<Vec<Finding>, Refusal> {
    let names = Interfaces::All.names();
    if names.is_empty() {
        return Err(Refusal::new(
            "no network interface is up",
            "ip link shows the interfaces",
        ));
    }
    let outcomes: Vec<Result<String, Refusal>> = thread::scope(|scope| {
        let trials: Vec<_> = names
            .iter()
            .map(|name| {
                scope.spawn(|| Device::open(name, Depth::Headers).map(|device| device.link_name))
            })
            .collect();
        trials
            .into_iter()
            .map(|trial| {
                trial
                    .join()
                    .unwrap_or_else(|_| Err(Refusal::failed_within()))
            })
            .collect()
    });
    Ok(names
        .into_iter()
        .zip(outcomes)
        .map(|(interface, outcome)| Finding { interface, outcome })
        .collect())
}
