//! A request with thousands of redirects, most of them retired, compared with the same run kept
//! whole.

use super::*;
use crate::insight::budget::BudgetVerdict;
use crate::insight::exchange_count;

const HOPS: u32 = 5_000;

/// A request with a long chain of redirects; two in a hundred exchanges are retries.
fn chain() -> Vec<Event> {
    let mut events = long_run_events(HOPS);
    for event in &mut events {
        if let EventKind::ExchangeStarted {
            exchange, cause, ..
        } = &mut event.kind
        {
            *cause = match exchange.0 {
                0 => ExchangeCause::Asked,
                number if number % 50 == 1 => ExchangeCause::Retry,
                _ => ExchangeCause::Redirect,
            };
        }
    }
    events
}

fn held(events: impl IntoIterator<Item = Event>, budget: &mut Budget) -> LongRun {
    let mut run = LongRun::new(1, true);
    for event in events {
        run.apply(event, Some(&mut *budget));
        assert!(run.trace.exchanges().len() <= HopLimits::REPORTED.all + 1);
    }
    run
}

/// Rules that do not need to know every exchange.
fn budget() -> Budget {
    "total<=1ms,wait<=1us,connect<=1us,failures<=1"
        .parse()
        .unwrap()
}

#[test]
fn totals_of_very_many_redirects_are_those_of_all() {
    let whole = Trace::from_events(chain());
    let mut options = ReportOptions {
        budget: Some(budget()),
        ..ReportOptions::default()
    };
    let run = held(chain(), options.budget.as_mut().unwrap());
    let trace = &run.trace;
    assert!(run.spool.is_none() && trace.retired().cut_runs());
    assert!(trace.log().len() < 10_000 && trace.connections().len() <= HopLimits::REPORTED.all + 1);
    assert_eq!(exchange_count(trace), HOPS as usize);
    assert_eq!(
        (run_statistics(trace), trace.failure()),
        (run_statistics(&whole), whole.failure())
    );
    let transfer = |of: &Trace| {
        let [transfer] = group_into_transfers(of).collect::<Vec<_>>()[..] else {
            panic!("one transfer")
        };
        let times = Phase::ALL.map(|phase| transfer.phase(phase));
        (times, transfer.total(), transfer.hop_count())
    };
    assert_eq!(transfer(trace), transfer(&whole));
    let verdicts = |of: &Trace| {
        let verdicts = options.budget.as_ref().unwrap().verdicts(of);
        verdicts
            .iter()
            .map(BudgetVerdict::describe_outcome)
            .collect::<Vec<_>>()
    };
    assert_eq!(verdicts(trace), verdicts(&whole));
    let variables = |of: &Trace| report::write_out("%{json}", of, &options).stdout;
    assert_eq!(variables(trace), variables(&whole));
}

#[test]
fn reports_say_how_many_redirects_they_leave_out() {
    let run = held(chain(), &mut budget());
    let left_out = HOPS as usize - run.trace.exchanges().len();
    let written = |format| {
        let mut written = Vec::new();
        let options = ReportOptions::default();
        report::write_full_report_to(&run.trace, run.exchanges(), format, &options, &mut written)
            .unwrap();
        String::from_utf8(written).unwrap()
    };
    let grouped = crate::units::group_digits(left_out as u64);
    for (format, sentence) in [
        (
            Format::Text,
            format!("{grouped} more exchanges of this request"),
        ),
        (Format::Text, format!("over {HOPS} hops")),
        (Format::Text, format!("{HOPS}/{HOPS} GET")),
        (Format::Json, format!("\"exchanges_omitted\": {left_out}")),
        (
            Format::Har,
            format!("{left_out} exchanges of a long run are omitted"),
        ),
        (
            Format::Html,
            "more exchanges not shown in full; --format events".to_owned(),
        ),
        (Format::Markdown, "are not shown individually".to_owned()),
        (Format::Junit, "tapline.exchanges.beyond".to_owned()),
        (Format::Svg, "exchanges more are not drawn".to_owned()),
    ] {
        let written = written(format);
        let words = written.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&sentence), "{}: {sentence}", format.name());
    }
    assert!(written(Format::Csv).lines().count() <= HopLimits::REPORTED.all + 2);
}

/// Reports that list every request also leave out the middle of such chains.
#[test]
fn a_run_that_is_read_again_leaves_out_the_same_kind() {
    let spool = Spool::default();
    for event in chain() {
        spool.add(&event);
    }
    let mut passed_on = 0;
    let mut beyond = 0;
    spool
        .for_each_transfer(&mut |_, _, transfer| {
            passed_on += transfer.hops().len() as u64;
            beyond += transfer.retired_count();
            Ok(())
        })
        .unwrap();
    assert_eq!(passed_on + beyond, u64::from(HOPS));
    assert!(passed_on <= HopLimits::REPORTED.all as u64);
}
