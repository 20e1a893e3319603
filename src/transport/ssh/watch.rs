//! The last resort against a server that never lets the library return.
//!
//! libssh2 works through everything that the network holds before it says that it would have to wait. A server that
//! floods (text before its banner, packets that mean nothing, output beyond what was asked for) keeps it busy for good,
//! and no limit that is looked at between two calls is ever looked at. So a thread beside each connection cuts it once
//! a limit has passed and whoever kept it has not come back.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much later than the limit itself: who keeps it in the ordinary way comes first.
const GRACE: Duration = Duration::from_millis(300);

/// Cuts one connection when its time is up.
pub(super) struct Watch(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cut_at: Option<Instant>,
    /// When the thread looks again by itself; none if it waits to be woken.
    looks_at: Option<Instant>,
    has_cut: bool,
    over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, cut_at: Option<Instant>) -> Option<Instant> {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.cut_at, cut_at);
        // Waking the thread is spared where it will look in time: the steps of one login share their limit.
        if cut_at.is_some_and(|cut_at| state.looks_at.is_none_or(|looks_at| cut_at < looks_at)) {
            self.changed.notify_one();
        }
        before
    }
}

impl Watch {
    /// Starts to watch; `cut` ends the connection for good.
    pub(super) fn start(cut: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let watched = Arc::clone(&shared);
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || attend(&watched, &cut))?;
        Ok(Self(shared))
    }

    /// As long as what is returned lives, the connection is cut after `deadline`; none lets it take its time.
    pub(super) fn until(&self, deadline: Option<Instant>) -> Until {
        let before = self.0.set(deadline.map(|deadline| deadline + GRACE));
        Until { shared: Arc::clone(&self.0), before }
    }

    /// Whether it came to that.
    pub(super) fn has_cut(&self) -> bool {
        self.0.state().has_cut
    }

    /// For whoever waits for the connection's end without owning it.
    pub(super) fn share(&self) -> Leash {
        Leash(Arc::clone(&self.0))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_one();
    }
}

/// Lets go of a limit when it goes.
pub(super) struct Until {
    shared: Arc<Shared>,
    before: Option<Instant>,
}

impl Drop for Until {
    fn drop(&mut self) {
        self.shared.set(self.before);
    }
}

/// Ends a connection that somebody else owns.
pub(super) struct Leash(Arc<Shared>);

impl Leash {
    /// From now on it has only this long.
    pub(super) fn pull(&self, within: Duration) {
        self.0.set(Some(Instant::now() + within));
    }
}

fn attend(shared: &Shared, cut: &impl Fn()) {
    let mut state = shared.state();
    while !state.over {
        let now = Instant::now();
        state.looks_at = state.cut_at;
        state = match state.cut_at {
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(cut_at) if cut_at > now => {
                let waited = shared.changed.wait_timeout(state, cut_at - now);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            Some(_) => {
                state.has_cut = true;
                return cut();
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn only_a_limit_that_passes_cuts_and_an_inner_one_gives_way_to_the_outer() {
        let (sender, cuts) = mpsc::channel();
        let watch = Watch::start(move || sender.send(()).unwrap()).unwrap();
        let start = Instant::now();
        {
            let _outer = watch.until(Some(start + Duration::from_secs(60)));
            drop(watch.until(Some(start + Duration::from_millis(50))));
            let _paused = watch.until(None);
            assert!(cuts.recv_timeout(Duration::from_millis(600)).is_err(), "cut although the step was over");
            assert!(!watch.has_cut());
            let _inner = watch.until(Some(Instant::now() + Duration::from_millis(10)));
            cuts.recv_timeout(Duration::from_secs(5)).unwrap();
        }
        assert!(watch.has_cut());
    }
}
