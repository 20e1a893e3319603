//! Files from which machines are made: a devcontainer's configuration and image, and a VM's user-data.
//!
//! What goes into an image is what an apply would do in a bare one, so that there is one truth about what brings what
//! ([`bare`]). Pure: the same spec and lock give the same bytes, and nobody is asked. Each template in `templates/` decides
//! the layout; values arrive quoted for the language that they land in.

pub mod bare;
pub mod cloud_init;
pub mod devcontainer;

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its place, relative to the folder that the files are for.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Why nothing can be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// There is nothing to render of.
    #[error("there is no lock yet, so nobody has looked what the reference has; run: trueup capture")]
    NoLock,
    /// Nobody could log in.
    #[error("no key is at hand with which to log in to {0}; name one: identity = \"~/.ssh/id_ed25519\"")]
    NoKeys(String),
    /// The target is not what it is rendered for.
    #[error("{target} is a {kind}, and this is for a target of kind \"{wanted}\"")]
    OtherKind {
        /// The target.
        target: String,
        /// What it is.
        kind: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A line break ends a line of these languages, whatever the quotes.
    #[error("`{0}` holds a line break or another control character, which cannot stand in a rendered file")]
    Control(String),
    /// The configuration that is there cannot be changed by trueup.
    #[error("{file}: {why}")]
    Unmended {
        /// The file.
        file: String,
        /// What is in the way.
        why: String,
    },
}
