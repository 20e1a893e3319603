//! Patterns that are given as text, by the tables and by specs: each is compiled once in a process, however many machines
//! are asked. Compiling one takes longer than all that is done with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex_lite::Regex;

/// The compiled pattern; the error says what is wrong with the text, and is found anew each time.
pub(super) fn compiled(pattern: &str) -> Result<Arc<Regex>, regex_lite::Error> {
    // As many as the tables and the spec have.
    static COMPILED: Mutex<BTreeMap<String, Arc<Regex>>> = Mutex::new(BTreeMap::new());
    // A map that somebody panicked over lacks an entry at the most.
    let known = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known().get(pattern) {
        return Ok(Arc::clone(regex));
    }
    // Not under the lock: the others are not to wait.
    let regex = Arc::new(Regex::new(pattern)?);
    Ok(Arc::clone(known().entry(pattern.to_owned()).or_insert(regex)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_compiled_once_and_is_its_own() {
        let one = compiled("one ([0-9]+)").unwrap();
        let other = compiled("other ([0-9]+)").unwrap();
        assert!(Arc::ptr_eq(&one, &compiled("one ([0-9]+)").unwrap()), "compiled anew");
        assert_eq!(&one.captures("one 1, other 2").unwrap()[1], "1");
        assert_eq!(&other.captures("one 1, other 2").unwrap()[1], "2");
        assert!(compiled("(").is_err() && compiled("(").is_err());
        let many: Vec<Arc<Regex>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| compiled("at once").unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(many.iter().all(|regex| Arc::ptr_eq(regex, &many[0])));
    }
}
