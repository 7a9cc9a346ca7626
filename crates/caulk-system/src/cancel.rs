//! How long a wait may last: until a deadline, or until the user (Ctrl-C) or the caller cancels it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How often a wait looks whether it has been cancelled.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// A flag that ends every wait that was given a clone of it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A token that nothing has cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The token of this process that Ctrl-C (`SIGINT`), `SIGTERM` and, on Unix, `SIGHUP` cancel. The first call
    /// installs the handlers; from then on those signals no longer end the process by themselves.
    pub fn on_interrupt() -> Self {
        static INTERRUPTED: OnceLock<Cancel> = OnceLock::new();
        INTERRUPTED
            .get_or_init(|| {
                let token = Cancel::new();
                let signals: &[i32] = &[
                    signal_hook::consts::SIGINT,
                    signal_hook::consts::SIGTERM,
                    #[cfg(unix)]
                    signal_hook::consts::SIGHUP,
                ];
                for &signal in signals {
                    // Where a handler cannot be installed the signal keeps its default action, which is to end us.
                    let _ = signal_hook::flag::register(signal, Arc::clone(&token.0));
                }
                token
            })
            .clone()
    }

    /// Ends every wait on this token.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it has been cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why a wait ended before what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The token was cancelled.
    #[error("interrupted")]
    Cancelled,
    /// The deadline has passed.
    #[error("timed out")]
    TimedOut,
}

/// The limits of one operation: its cancellation token and, where there is one, its deadline.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Ends the operation early.
    pub cancel: Cancel,
    /// When the operation is given up; `None` is never.
    pub deadline: Option<Instant>,
}

impl Limits {
    /// No deadline, only the token.
    pub fn new(cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            deadline: None,
        }
    }

    /// The same token, and a deadline `timeout` from now unless an earlier one is already set.
    pub fn within(&self, timeout: Duration) -> Self {
        let until = Instant::now().checked_add(timeout);
        let deadline = match (self.deadline, until) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        Self {
            cancel: self.cancel.clone(),
            deadline,
        }
    }

    /// Whether the operation may go on.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.cancel.is_cancelled() {
            Err(Stopped::Cancelled)
        } else if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            Err(Stopped::TimedOut)
        } else {
            Ok(())
        }
    }

    /// Sleeps for `time`, or until the limits end it.
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        let until = Instant::now().checked_add(time);
        loop {
            self.check()?;
            let left = match until {
                Some(until) => until.saturating_duration_since(Instant::now()),
                None => POLL,
            };
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(POLL));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_cancelled_sleep_ends_at_once() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        let helper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            other.cancel();
        });
        let start = Instant::now();
        let stopped = Limits::new(&cancel).sleep(Duration::from_secs(60));
        assert_eq!(stopped, Err(Stopped::Cancelled));
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(helper.join().is_ok());
    }

    #[test]
    fn the_earlier_deadline_wins() {
        let limits = Limits::default()
            .within(Duration::ZERO)
            .within(Duration::from_secs(60));
        assert_eq!(limits.check(), Err(Stopped::TimedOut));
    }
}
