//! The passphrases of encrypted key files: asked for once a key, kept for as long as the process lives, and shared by
//! all targets that use the key. Who is asked is the CLI's to say; without anybody to ask there is no passphrase.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Asks a person; none if the person gives none.
pub type Asker = Box<dyn Fn(&str) -> std::io::Result<String> + Send + Sync>;

/// How often a wrong one may be given.
const TRIES: u32 = 3;

/// What has been asked for so far.
#[derive(Default)]
pub struct Passphrases {
    asker: Option<Asker>,
    known: Mutex<BTreeMap<PathBuf, Known>>,
}

impl std::fmt::Debug for Passphrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.asker.is_some() { "Passphrases of a person" } else { "Passphrases of nobody" })
    }
}

#[derive(Clone)]
enum Known {
    Opens(String),
    /// The person was asked, and gave none that opens the key.
    Refused(String),
}

impl Passphrases {
    /// From a person, through `asker`, which is called for one key at a time.
    pub fn from(asker: Asker) -> Self {
        Self { asker: Some(asker), known: Mutex::default() }
    }

    /// Whether there is somebody to ask.
    pub(super) fn can_ask(&self) -> bool {
        self.asker.is_some()
    }

    /// The passphrase of a key, asked for unless it is known. `opens` says whether it is the right one. While a person
    /// is asked, others that need one wait: two questions on one terminal cannot be told apart.
    pub(super) fn of(&self, key: &Path, shown: &str, opens: impl Fn(&str) -> bool) -> Result<String, String> {
        let Some(asker) = &self.asker else {
            return Err("there is no terminal to ask for its passphrase on".to_owned());
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(key) {
            Some(Known::Opens(passphrase)) => return Ok(passphrase.clone()),
            Some(Known::Refused(why)) => return Err(why.clone()),
            None => {}
        }
        let answer = ask(asker, shown, opens);
        let kept = match &answer {
            Ok(passphrase) => Known::Opens(passphrase.clone()),
            Err(why) => Known::Refused(why.clone()),
        };
        known.insert(key.to_owned(), kept);
        answer
    }
}

fn ask(asker: &Asker, shown: &str, opens: impl Fn(&str) -> bool) -> Result<String, String> {
    for _ in 0..TRIES {
        let passphrase = asker(&format!("Passphrase of {shown}: "))
            .map_err(|error| format!("its passphrase could not be asked for: {error}"))?;
        if passphrase.is_empty() {
            return Err("no passphrase was given".to_owned());
        }
        if opens(&passphrase) {
            return Ok(passphrase);
        }
    }
    Err(format!("{TRIES} wrong passphrases were given"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_person_is_asked_once_a_key_whatever_the_answer() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let answers = ["wrong", "right", "", "bad", "bad", "bad"];
        let passphrases =
            Passphrases::from(Box::new(move |_| Ok(answers[ASKED.fetch_add(1, Ordering::Relaxed)].to_owned())));
        let of = |key: &str| passphrases.of(Path::new(key), key, |given| given == "right");
        for _ in 0..2 {
            assert_eq!(of("a"), Ok("right".to_owned()));
            assert_eq!(of("b"), Err("no passphrase was given".to_owned()));
            assert_eq!(of("c"), Err("3 wrong passphrases were given".to_owned()));
        }
        assert_eq!(ASKED.load(Ordering::Relaxed), answers.len());
        assert_eq!(format!("{passphrases:?}"), "Passphrases of a person");
        Passphrases::default().of(Path::new("a"), "a", |_| true).unwrap_err();
    }
}
