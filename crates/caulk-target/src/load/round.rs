//! One round of load.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use caulk_system::{Limits, Stopped};

use super::client::Connections;
use super::spec::{LoadError, LoadSpec, Prepared, order, prepare};
use super::stats::{FailureKind, RoundStats};

/// The number that stands for `{n}` when requests are not varied.
const SAME_NUMBER: u64 = 0;

/// So many requests in a row without any answer end the round.
const FEWEST_TO_GIVE_UP: u64 = 20;

const POLL: Duration = Duration::from_millis(10);

/// The load, ready to be sent in rounds.
#[derive(Debug)]
pub struct Load {
    spec: LoadSpec,
    templates: Vec<Prepared>,
    order: Vec<usize>,
}

impl Load {
    /// Checks what is to be sent.
    pub fn new(spec: LoadSpec) -> Result<Self, LoadError> {
        let templates = prepare(&spec)?;
        let weights: Vec<u32> = spec
            .requests
            .iter()
            .map(|template| template.weight)
            .collect();
        Ok(Self {
            order: order(&weights),
            spec,
            templates,
        })
    }

    /// Whether a running number stands anywhere in it, so that varied requests differ from repeated ones.
    pub fn can_vary(&self) -> bool {
        let varied =
            |template: &Prepared| template.data.is_varied() || template.target.contains("{n}");
        self.templates.iter().any(varied)
    }

    /// The routes in the order of the spec, as `POST /v0/cron`.
    pub fn routes(&self) -> Vec<String> {
        self.templates
            .iter()
            .map(|template| template.route.clone())
            .collect()
    }

    /// Sends `count` requests, the first of them the `first`th of the run, and waits for their answers. Which
    /// template a request has depends on its place in the run alone. `{n}` is that place, counted from 1, when
    /// `vary` is set; else 0 in every request and every round.
    ///
    /// The round ends early when the limits say so, or when nothing answers any more. All connections are closed
    /// when it returns, so that idle ones in the program are not taken for growth.
    pub fn run_round(
        &self,
        count: u64,
        first: u64,
        vary: bool,
        limits: &Limits,
    ) -> io::Result<RoundStats> {
        // One thread suffices for tens of thousands of requests a second, and leaves the other cores to the program.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let round = Rc::new(Round {
            next: Cell::new(0),
            silent: Cell::new(0),
            ended: Cell::new(false),
            stats: RefCell::new(RoundStats::new(self.routes().into_iter())),
        });
        let start = Instant::now();
        let stopped = runtime.block_on(async {
            let workers = (0..self
                .spec
                .concurrency
                .min(usize::try_from(count).unwrap_or(usize::MAX)))
                .map(|_| self.work(&round, count, first, vary, start));
            tokio::select! {
                () = join(workers) => None,
                stopped = until_stopped(limits) => Some(stopped),
            }
        });
        let took = start.elapsed();
        drop(runtime);
        let mut stats = round.stats.take();
        stats.stopped = stopped;
        stats.gave_up = round.ended.get();
        stats.finish(took);
        Ok(stats)
    }

    /// Sends requests until none is left.
    async fn work(&self, round: &Round, count: u64, first: u64, vary: bool, start: Instant) {
        let mut connections = Connections::default();
        let give_up_after = FEWEST_TO_GIVE_UP.max(2 * self.spec.concurrency as u64);
        while !round.ended.get() && round.next.get() < count {
            let index = round.next.replace(round.next.get() + 1);
            if let Some(rps) = self.spec.rps {
                // A rate so low that the time is out of range means never; the limits end the wait.
                let due = Duration::try_from_secs_f64(index as f64 / rps)
                    .ok()
                    .and_then(|wait| start.checked_add(wait));
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            }
            let place = first.saturating_add(index);
            let turn = (place % self.order.len() as u64) as usize;
            let Some(&which) = self.order.get(turn) else {
                return;
            };
            let Some(template) = self.templates.get(which) else {
                return;
            };
            let number = if vary {
                place.saturating_add(1)
            } else {
                SAME_NUMBER
            };

            let sent = Instant::now();
            let answer = connections.send(template, number, self.spec.timeout).await;
            let mut stats = round.stats.borrow_mut();
            match answer {
                Ok(status) => {
                    round.silent.set(0);
                    stats.count_answer(which, status, sent.elapsed());
                }
                Err(failure) => {
                    // A server that closes or resets is alive; one that refuses or is silent may not be.
                    if matches!(failure.kind, FailureKind::Refused | FailureKind::Timeout) {
                        round.silent.set(round.silent.get() + 1);
                    }
                    stats.count_failure(which, failure.kind, failure.message);
                    round
                        .ended
                        .set(round.ended.get() || round.silent.get() >= give_up_after);
                }
            }
        }
    }
}

/// What the workers of a round share; they are all on one thread.
struct Round {
    next: Cell<u64>,
    /// Requests since the last answer.
    silent: Cell<u64>,
    ended: Cell<bool>,
    stats: RefCell<RoundStats>,
}

/// Runs the futures together to their end.
async fn join(futures: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        running.retain_mut(|future| future.as_mut().poll(context).is_pending());
        match running.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
}

async fn until_stopped(limits: &Limits) -> Stopped {
    loop {
        if let Err(stopped) = limits.check() {
            return stopped;
        }
        tokio::time::sleep(POLL).await;
    }
}
