//! Whom to believe about a machine: keys, signed attestations, and the gate's decision.
//!
//! Flow: a report's target part becomes a [`Statement`]; [`VerifierKey`] signs it into a DSSE envelope ([`dsse`]);
//! [`verify()`] reads an envelope back and gives every reason not to believe it; [`gate::decide`] turns the newest
//! envelope of a target into allow or deny. Pure but for `key`, which keeps the keys in files.
//!
//! Nothing that stands in an envelope is used before a signature over it has been checked with a key that the keys
//! folder holds. A key id is shown and looked up by, never believed.

mod decision;
pub mod dsse;
pub mod gate;
mod host_key;
mod identity;
mod key;
pub mod statement;
pub mod verify;

use std::path::PathBuf;

pub use decision::{Decision, DecisionView, Reason, ReasonView, Ruling, Severity, Summary};
pub use gate::{GateQuestion, Recorded, UnsettledRun};
pub use host_key::HostKey;
pub use identity::{KeyId, PublicKey, Roots, VerifierKey};
pub use statement::{Context, Counter, Statement};
pub use verify::{Counters, Expected, Invalid, KnownCounters, Verification, verify};

/// What can go wrong with keys. That an attestation is not valid is a result, not an error.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Others could read or replace what only its owner may.
    #[error(
        "{} is open to other users of this machine (mode {mode:04o}), so it proves nothing; close it with: chmod \
         {closed:o} {}",
        path.display(),
        path.display()
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        closed: u32,
    },
    /// A key file holds something else.
    #[error("{} does not hold an ed25519 key in PEM form: {message}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// The public key file is not that of the private key beside it.
    #[error(
        "{} is not the public half of verifier.pem beside it; if nobody else uses it, remove it and it is written anew",
        path.display()
    )]
    OtherPublicKey {
        /// The public key's file.
        path: PathBuf,
    },
    /// The system has no randomness to make a key from.
    #[error("cannot get random bytes from the system: {0}")]
    Randomness(getrandom::Error),
}
