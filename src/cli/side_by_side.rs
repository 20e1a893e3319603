//! The same work on many things at once, a thread each up to a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// What `work` makes of each item, in the items' order; at most `at_once` of them are worked on at a time.
pub(super) fn each<T: Send, R: Send>(items: Vec<T>, at_once: usize, work: &(dyn Fn(T) -> R + Sync)) -> Vec<R> {
    let threads = at_once.clamp(1, items.len().max(1));
    let waiting: Mutex<VecDeque<(usize, T)>> = Mutex::new(items.into_iter().enumerate().collect());
    let done: Mutex<BTreeMap<usize, R>> = Mutex::new(BTreeMap::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let labour = || {
        while let Some((place, item)) = next() {
            let result = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(place, result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(labour);
        }
        labour();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_have_the_items_order_and_the_bound_holds() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |item: u64| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(20 - item));
            now.fetch_sub(1, Ordering::SeqCst);
            item * 2
        };
        assert_eq!(each((0..12).collect(), 3, &work), (0..12).map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert!(each(Vec::new(), 3, &work).is_empty());
    }
}
