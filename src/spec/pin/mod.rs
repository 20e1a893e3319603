//! Project pins: the versions of tools that the files of a repository ask for.
//!
//! Each format is a file of its own and a line in [`FORMATS`]: from the bytes of a file to [`Pin`]s, pure. What cannot
//! be decided from the file alone (`lts/*`, `ref:`, a template) is a pin too, [`Wants::NotUnderstood`] with its reason,
//! so that no line is ever dropped in silence; a file that as a whole is not what its name says is an error.
//! [`hold`] says whether a version keeps a pin, and whether several pins can be kept at once.

mod asdf;
pub mod command;
mod fact;
mod go_mod;
mod hold;
mod json;
mod line;
mod mise;
mod mise_lock;
mod npm_range;
mod package_json;
mod pyproject;
mod rust_toolchain;
mod source;
mod toml;
mod version_file;
mod wants;

pub use fact::{Holds, PinFact, Pinned};
pub use hold::{Told, Verdict, hold};
pub(crate) use hold::{contradiction, maker};
pub use source::Source;
pub use wants::{Range, Wants};

/// What one line of a file asks of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The tool, by the name that most version managers have for it: `node`, never `nodejs`.
    pub tool: String,
    /// What is asked.
    pub wants: Wants,
    /// What is asked, as the file writes it.
    pub written: String,
    /// The file, relative to the repository.
    pub file: String,
    /// Its line, from 1 on; where in the file, never compared.
    pub line: usize,
}

/// A kind of file that pins tools.
#[derive(Debug)]
pub struct Format {
    /// Its names, relative to the repository.
    pub files: &'static [&'static str],
    /// Which tools it can be about.
    pub about: About,
    /// Its pins, in the order written; the error says why the file is not understood at all.
    pub parse: fn(&Source<'_>) -> Result<Vec<Pin>, String>,
}

/// Which tools a file can pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// This one, whatever is in the file.
    One(&'static str),
    /// Those that are named in the file.
    Named,
}

/// Every format, in the order in which reports name their pins.
pub const FORMATS: &[Format] = &[
    Format { files: &[".tool-versions"], about: About::Named, parse: asdf::parse },
    Format { files: mise::FILES, about: About::Named, parse: mise::parse },
    Format { files: &["mise.lock", "mise.local.lock"], about: About::Named, parse: mise_lock::parse },
    Format { files: &[".nvmrc", ".node-version"], about: About::One("node"), parse: version_file::node },
    Format { files: &[".python-version"], about: About::One("python"), parse: version_file::python },
    Format { files: &[".ruby-version"], about: About::One("ruby"), parse: version_file::ruby },
    Format { files: &[".java-version"], about: About::One("java"), parse: version_file::java },
    Format { files: &[".go-version"], about: About::One("go"), parse: version_file::go },
    Format {
        files: &["rust-toolchain", "rust-toolchain.toml"],
        about: About::One("rust"),
        parse: rust_toolchain::parse,
    },
    Format { files: &["package.json"], about: About::Named, parse: package_json::parse },
    Format { files: &["go.mod"], about: About::One("go"), parse: go_mod::parse },
    Format { files: &["pyproject.toml"], about: About::Named, parse: pyproject::parse },
];

/// The format of a file, by its name relative to the repository.
pub fn format_of(file: &str) -> Option<&'static Format> {
    let is_drop_in = || file.strip_prefix(mise::DROP_INS).is_some_and(|name| name.ends_with(".toml"));
    let name = if is_drop_in() { mise::FILES[0] } else { file };
    FORMATS.iter().find(|format| format.files.contains(&name))
}

/// The name that most version managers have for a tool.
pub fn canonical(tool: &str) -> String {
    let bare = tool.strip_prefix("core:").unwrap_or(tool);
    match bare {
        "nodejs" => "node",
        "golang" => "go",
        "rustc" => "rust",
        "python3" | "cpython" => "python",
        _ => bare,
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
