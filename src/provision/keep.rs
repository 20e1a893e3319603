//! Which contents of the reference `capture` keeps beside the lock: those that the spec asks for and that do not look
//! secret.

use std::collections::BTreeMap;

use super::contents::{LARGEST, read_files};
use crate::spec::secrets::{is_secret_path, of_file};
use crate::spec::{Category, Digest, Environment, Fact, FileFact, ItemId, Lock, Locked, Target, at_hand};
use crate::transport::{Connection, Surroundings, TransportError};

/// What is kept, and what is not.
#[derive(Debug, Default)]
pub struct Keeping {
    /// The contents.
    pub contents: BTreeMap<Digest, Vec<u8>>,
    /// By path, why its content is not among them.
    pub left_out: BTreeMap<String, String>,
}

/// How much the spec wants a file's content to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    No,
    Yes,
    /// Said of this very file, so it counts for a secret too.
    ByName,
}

/// Gathers what a lock's files hold that are to be kept, as far as it is not here already.
pub fn gather(
    lock: &Lock,
    environment: &Environment,
    reference: &Target,
    surroundings: &Surroundings,
) -> Result<Keeping, TransportError> {
    let mut keeping = Keeping::default();
    let mut missing: Vec<(&str, &Digest, Wish)> = Vec::new();
    for (id, locked) in &lock.items {
        let Locked::Present(Fact::File(FileFact::File { digest, .. })) = locked else { continue };
        match wish(environment, id) {
            Wish::No => {}
            Wish::Yes if is_secret_path(&id.name) => {
                keeping.left_out.insert(id.name.clone(), "its path is one where secrets are".to_owned());
            }
            wish => match at_hand(environment, &id.name, digest) {
                Some(bytes) => consider(&mut keeping, &id.name, digest, bytes, wish),
                None => missing.push((&id.name, digest, wish)),
            },
        }
    }
    if missing.is_empty() {
        return Ok(keeping);
    }
    let mut connection = Connection::open(reference, environment.shell, surroundings)?;
    let paths: Vec<&str> = missing.iter().map(|(path, ..)| *path).collect();
    let answers = read_files(&mut connection, &paths, LARGEST, environment)?;
    for ((path, digest, wish), answer) in missing.into_iter().zip(answers) {
        let why = match answer {
            Ok(Some(bytes)) if Digest::of(&bytes) == *digest => {
                consider(&mut keeping, path, digest, bytes, wish);
                continue;
            }
            Ok(_) => "it changed while it was captured; capture again".to_owned(),
            Err(why) => why,
        };
        keeping.left_out.insert(path.to_owned(), why);
    }
    Ok(keeping)
}

fn consider(keeping: &mut Keeping, path: &str, digest: &Digest, bytes: Vec<u8>, wish: Wish) {
    match of_file(path, &bytes).filter(|_| wish != Wish::ByName) {
        Some(why) => drop(keeping.left_out.insert(path.to_owned(), why)),
        None => drop(keeping.contents.insert(digest.clone(), bytes)),
    }
}

fn wish(environment: &Environment, id: &ItemId) -> Wish {
    if id.category != Category::Dotfile {
        return Wish::No;
    }
    let keep = environment.dotfiles.keep;
    let wanted = match environment.dotfile(id).map(|entry| entry.keep) {
        Some(Some(true)) => return Wish::ByName,
        Some(own) => own.unwrap_or(keep),
        None => {
            let entries = environment.dotfiles.entries.iter();
            let mut covering = entries.filter(|entry| entry.listing().is_some_and(|listing| listing.holds(id)));
            covering.any(|entry| entry.keep.unwrap_or(keep))
        }
    };
    if wanted { Wish::Yes } else { Wish::No }
}
