//! One exchange: from its name to the last byte of its answer.

use tokio::time::Instant;
use url::Url;

use super::Failed;
use super::answer::{Answer, Piece};
use super::body::Receiver;
use super::cookies::{Jar, seconds_since_1970};
use super::limit::{Turn, within};
use super::link::{Line, Link};
use super::redirect::{Redirect, Sender};
use super::request::{Hop, Request};
use super::step::Step;
use super::trust_loader::TrustLoader;
use crate::trace::{Code, Phase, What};
use crate::units::{Bytes, Nanos, Untrusted};

/// A connection and what is known of it. The line outlives a link that could not be opened.
#[derive(Default)]
pub(super) struct Carrier {
    pub(super) line: Option<Line>,
    pub(super) link: Option<Link>,
    pub(super) reused: bool,
}

/// How an exchange came out.
pub(super) enum Outcome {
    /// It is complete.
    Complete,
    /// It is complete and leads elsewhere.
    Leads(Box<Redirect>),
    /// The kept connection was found closed before anything came back.
    Stale,
}

/// What a transfer, one request with all its redirects, keeps from exchange to exchange.
pub(super) struct Transfer {
    pub(super) hop: Hop,
    pub(super) followed: u32,
    pub(super) cookies: Option<Jar>,
    pub(super) carrier: Carrier,
    pub(super) done_by: Option<Instant>,
    /// Who led to the present hop, where a redirect did.
    pub(super) redirected_by: Option<Sender>,
}

/// Performs a transfer's present hop.
pub(super) async fn perform(
    step: &Step<'_>,
    request: Request,
    transfer: &mut Transfer,
    trust: &mut TrustLoader,
) -> Result<Outcome, Failed> {
    let Transfer {
        hop,
        followed,
        cookies,
        carrier,
        ..
    } = transfer;
    carrier.provide(step, hop, trust).await?;
    let Carrier {
        line: Some(wire),
        link: Some(link),
        reused,
    } = carrier
    else {
        return Err(no_link());
    };
    let may_repeat = *reused && request.method.is_idempotent() && request.body.is_none();
    let answer = match within(step.done_by, link.send(step, wire, request)).await {
        None => return Err(no_answer_in_time(step, link)),
        Some(Err(failed))
            if may_repeat && link.is_untouched() && is_closed(failed.failure.code) =>
        {
            link.finish();
            return Ok(Outcome::Stale);
        }
        Some(answer) => answer?,
    };
    keep_cookies(step, cookies, &answer, &hop.url);
    let redirect = Redirect::of(step.spec, hop, &answer, *followed);
    receive(step, link, &answer, matches!(redirect, Ok(None))).await?;
    let redirect = redirect?;
    match redirect {
        Some(redirect) => Ok(Outcome::Leads(Box::new(redirect))),
        None => verdict_on_status(step, &answer).map(|()| Outcome::Complete),
    }
}

impl Carrier {
    /// A link for the hop: the one that is there if it fits, else a new one.
    async fn provide(
        &mut self,
        step: &Step<'_>,
        hop: &Hop,
        trust: &mut TrustLoader,
    ) -> Result<(), Failed> {
        if let (Some(wire), Some(link)) = (&self.line, &self.link)
            && link.fits(hop)
        {
            self.reused = true;
            let (exchange, connection) = (step.exchange, wire.connection);
            let (local, remote) = (wire.local.clone(), wire.remote.clone());
            step.recorder.emit(What::Connected {
                exchange,
                connection,
                local,
                remote,
                reused: true,
            });
            return Ok(());
        }
        self.reused = false;
        self.link = Some(Link::open(step, hop, trust, &mut self.line).await?);
        Ok(())
    }
}

const fn is_closed(code: Code) -> bool {
    matches!(code, Code::SendClosed | Code::WaitClosed)
}

/// Keeps what an answer sets, whatever its status (RFC 6265bis §5.3), and says what is refused, and
/// why.
fn keep_cookies(step: &Step<'_>, cookies: &mut Option<Jar>, answer: &Answer, url: &Url) {
    const MOST_TOLD: usize = 5;
    let Some(jar) = cookies else { return };
    let now = seconds_since_1970();
    let mut refused = 0;
    for text in &answer.set_cookies {
        if let Some(kept) = &step.spec.cookies.kept {
            kept.set(text, url, now);
        }
        if let Err(refusal) = jar.set(text, url, now) {
            refused += 1;
            if refused <= MOST_TOLD {
                step.recorder.note(step.exchange, refusal.sentence(text));
            }
        }
    }
    if refused > MOST_TOLD {
        step.recorder.note(
            step.exchange,
            format!("and {} further cookies were not kept", refused - MOST_TOLD),
        );
    }
}

/// Reads the body to its end. The user's output gets it if it is the answer the user asked for.
async fn receive(
    step: &Step<'_>,
    link: &mut Link,
    answer: &Answer,
    is_final: bool,
) -> Result<(), Failed> {
    let refused = step.spec.fail_on_status && answer.status >= 400;
    let output = step.spec.output.as_ref().filter(|_| is_final && !refused);
    let mut receiver = Receiver::new(step, answer, output)?;
    let read = within(step.done_by, read_to_end(step, link, &mut receiver)).await;
    let result = read.unwrap_or_else(|| Err(no_end_in_time(step, &receiver)));
    if result.is_ok() {
        link.finish();
    }
    receiver.report();
    result
}

async fn read_to_end(
    step: &Step<'_>,
    link: &mut Link,
    receiver: &mut Receiver<'_>,
) -> Result<(), Failed> {
    let mut turn = Turn::begin();
    loop {
        let piece = tokio::select! {
            biased;
            piece = link.piece() => piece?,
            // What has come is broken, and nothing else may ever come.
            failed = receiver.fails() => return Err(failed),
        };
        match piece {
            Some(Piece::Data(data)) => receiver.take(&data).await?,
            Some(Piece::Trailers(headers)) => step.recorder.emit(What::Trailers {
                exchange: step.exchange,
                headers,
            }),
            None => break,
        }
        turn.pause_when_over().await;
    }
    receiver.finish().await
}

fn verdict_on_status(step: &Step<'_>, answer: &Answer) -> Result<(), Failed> {
    if !step.spec.fail_on_status || answer.status < 400 {
        return Ok(());
    }
    let whose = if answer.status < 500 {
        "the request"
    } else {
        "the server"
    };
    let message = format!(
        "the server answered with status {}, and --fail was given",
        answer.status
    );
    Err(Failed::new(
        Phase::Receive,
        Code::HttpStatus,
        message,
        format!("a status of this class says that the fault is with {whose}"),
    ))
}

fn limit(step: &Step<'_>) -> String {
    step.spec.max_time.map_or_else(String::new, |limit| {
        format!("; the limit was --max-time ({})", Nanos::from(limit))
    })
}

fn no_answer_in_time(step: &Step<'_>, link: &Link) -> Failed {
    let (written, partial) = link.progress();
    if link.phase() == Phase::Send {
        let message = format!(
            "the request could not be sent in time: {} of it were written{}",
            Bytes(written),
            limit(step)
        );
        return Failed::new(
            Phase::Send,
            Code::SendTimeout,
            message,
            "the server, or the way to it, takes bytes too slowly; allow more time with -m",
        );
    }
    let so_far = if partial.is_empty() {
        "nothing of it had come".to_owned()
    } else {
        let begin: Vec<u8> = partial.iter().copied().take(120).collect();
        format!(
            "{} of its head had come: \"{}\"",
            Bytes(partial.len() as u64),
            Untrusted::from_bytes(&begin).raw()
        )
    };
    let message = format!("the response did not come in time: {so_far}{}", limit(step));
    Failed::new(
        link.phase(),
        Code::WaitTimeout,
        message,
        "the request arrived, so look at what the server does with it, or allow more time with -m",
    )
}

fn no_end_in_time(step: &Step<'_>, receiver: &Receiver<'_>) -> Failed {
    let message = format!(
        "the body did not end in time: {} had come{}",
        receiver.progress(),
        limit(step)
    );
    Failed::new(
        Phase::Receive,
        Code::BodyTimeout,
        message,
        "an endless stream ends like this; else the way is slow: allow more time with -m",
    )
}

fn no_link() -> Failed {
    Failed::new(
        Phase::Send,
        Code::Internal,
        "there is no connection for the request",
        "report this as a fault",
    )
}
