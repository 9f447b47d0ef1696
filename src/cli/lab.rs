//! `tapline lab`.

use clap::ArgMatches;

use super::args::{LabArgs, ProbeArgs};
use super::capturing::Pending;
use super::exit::Exit;
use super::target::Targets;
use super::usage::Usage;
use super::{live, output, probe};
use crate::capture::Interfaces;
use crate::lab::Embedded;

/// Opens the embedded endpoint on the screen, or as a report where there is no terminal.
pub(super) fn run(args: LabArgs, matches: &ArgMatches) -> Result<Exit, Usage> {
    // The lab is on loopback, and its thread shall not inherit the right to capture.
    let pending = Pending::begin(&args.request, || Interfaces::Towards { addresses: vec![([127, 0, 0, 1], 0).into()], names: false });
    let lab = match Embedded::start() {
        Ok(lab) => lab,
        Err(error) => {
            eprintln!("tapline: the lab cannot start: {error}");
            return Ok(Exit::Fault);
        }
    };
    if args.list {
        return Ok(output::print(list(&lab).as_bytes()));
    }
    let url = match &args.place {
        None => lab.url(),
        Some(place) => place_in(&lab, place)?,
    };
    let targets = Targets::new(args.request, matches.clone()).with_lab(lab);
    if live::possible() {
        return live::run(Some(url), targets, &args.look, pending);
    }
    eprintln!("tapline: there is no terminal to draw on, so here is the report (as 'tapline probe' prints it)");
    probe::run(&ProbeArgs::of(vec![url], targets.request().clone(), args.look.ascii), &targets, Some(pending))
}

/// The places without their ports, which are others at each start.
fn list(lab: &Embedded) -> String {
    let places: Vec<(String, &str)> = lab.catalogue().into_iter().map(|exhibit| (without_port(&exhibit.url), exhibit.shows)).collect();
    let width = places.iter().map(|(place, _)| place.len()).max().unwrap_or(0);
    places.iter().fold(String::new(), |list, (place, shows)| list + &format!("{place:width$}  {shows}\n"))
}

/// The URL of a place as `--list` shows it, or shorter: its path, its host, or the first word of its host.
fn place_in(lab: &Embedded, place: &str) -> Result<String, Usage> {
    let exhibits = lab.catalogue();
    let fits = |url: &str| {
        let bare = without_port(url);
        let (_, rest) = bare.split_once("://").unwrap_or(("", &bare));
        let host = rest.split('/').next().unwrap_or_default();
        bare == place
            || host == place
            || host.split('.').next() == Some(place)
            || (place.starts_with('/') && rest == format!("{}{place}", "api.lab.test"))
    };
    if let Some(exhibit) = exhibits.iter().find(|exhibit| fits(&exhibit.url)) {
        return Ok(exhibit.url.clone());
    }
    if place.starts_with('/') {
        // Any path of the first host may be asked for: /bytes/5, /status/418.
        return Ok(lab.url().replace("/users", place));
    }
    Err(Usage::new(format!("the lab has no place '{}'; 'tapline lab --list' shows them", place.escape_debug())))
}

fn without_port(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return url.to_owned() };
    let _ = parsed.set_port(None);
    parsed.to_string()
}
