//! Facts: typed answers about a machine, few shapes for many categories.
//!
//! A probe's parser produces them, the lock keeps the reference's, and `parity` holds one against the other. A fact
//! carries what is compared and the evidence that goes with it; [`Fact::shown`] is the text that reports print as
//! `want` and `got`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::gate_fact::GateFact;
use super::item::{Category, ItemId};
use super::pin::{Pin, PinFact};
use super::service::ServiceFact;

/// What is known about one item on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// It is there.
    Present(Fact),
    /// It was looked for and is not there. Absence is a fact.
    Absent,
    /// It could not be found out. Never a match.
    Unknown(Why),
}

impl Observed {
    /// The fact, where there is one.
    pub fn present(&self) -> Option<&Fact> {
        match self {
            Self::Present(fact) => Some(fact),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// Why something is unknown. The variants are what can happen between a question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The machine could not be reached; the transport's own words.
    #[error("{0}")]
    Unreachable(String),
    /// The probe did not end within its time limit.
    #[error("did not answer within {}", seconds(*.0))]
    TimedOut(Duration),
    /// The probe printed more than is read.
    #[error("printed more than {0} bytes")]
    TooMuch(usize),
    /// No answer came back for the question although the program ended or was cut off.
    #[error("no answer came back")]
    NoAnswer,
    /// No probe of this version asks about it.
    #[error("this version of trueup does not observe it")]
    NotAsked,
    /// One of the things that a probe does took longer than it is waited for.
    #[error("{what} took longer than {}", seconds(*.limit))]
    TookLonger {
        /// What was done, as a clause.
        what: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// An answer came back that its parser does not understand.
    #[error("answer not understood: {0}")]
    NotUnderstood(String),
    /// The command that would have told failed.
    #[error("{command} failed with exit code {code}: {message}")]
    Failed {
        /// What was run.
        command: String,
        /// Its exit code.
        code: i32,
        /// The first line that it printed about it.
        message: String,
    },
    /// A canary could not be tried, or a check could not be run.
    #[error("it could not be tried: {0}")]
    NotTried(String),
    /// A stand-in that would open a dialog or ask instead of answering, so it was not started.
    #[error("{0}")]
    Stub(String),
}

/// A duration as a person writes it: `10 s`, `0.5 s`.
fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

/// One typed answer. Untagged in the lock: each shape has required keys that no other shape has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// A version of a tool or package.
    Version(VersionFact),
    /// A file, folder or link.
    File(FileFact),
    /// Where a repository's remotes point.
    Repo(RepoFact),
    /// A hook, a tool's effective configuration, or what became of a canary.
    Gate(GateFact),
    /// What a repository's files ask of a tool, and whether the machine keeps it.
    Pin(PinFact),
    /// A single value: a setting.
    Text(TextFact),
    /// A service, as a machine tells of it: the spec alone says what it should be, so no lock has one.
    #[serde(skip)]
    Service(ServiceFact),
}

/// A version as the tool itself tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionFact {
    /// The product's version token, without decoration.
    pub version: String,
    /// The product, where another one answers under this name (`podman` as `docker`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Where the name really resolves to on that machine; evidence, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What a path holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum FileFact {
    /// A regular file.
    File {
        /// Permission bits.
        mode: Mode,
        /// Of the whole content.
        digest: Digest,
    },
    /// A symbolic link.
    Link {
        /// Where it points, as written in the link.
        to: String,
        /// What is found there, links followed to their end. None in a lock of before this was observed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leads_to: Option<LeadsTo>,
        /// Permission bits of the file or folder that is found there. None in a lock of before this was observed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Mode>,
    },
    /// A folder that the spec names.
    Folder {
        /// Permission bits.
        mode: Mode,
    },
    /// A settings file of which only certain keys count.
    Keys {
        /// The keys that the spec named when it was captured; none means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        owned: Vec<String>,
        /// Permission bits, where the spec asks for them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Mode>,
        /// Each owned value that is not a table of more, by its key: the digest of key and canonical value.
        keys: BTreeMap<String, Digest>,
        /// The values as they may be shown; evidence, neither compared nor kept.
        #[serde(skip)]
        values: BTreeMap<String, String>,
    },
    /// A file that a template of the spec makes for each machine. In the lock alone: machines have files.
    Template {
        /// Permission bits.
        mode: Mode,
        /// Of the template's source.
        template: Digest,
    },
    /// A socket, FIFO or device: named, never read.
    Other {
        /// Which of these. None in a lock of before this was observed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        special: Option<Special>,
    },
}

/// A special file, by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Special {
    /// A socket.
    Socket,
    /// A FIFO, which is a pipe with a name.
    Fifo,
    /// A character device, such as `/dev/null`.
    CharacterDevice,
    /// A block device.
    BlockDevice,
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socket => "a socket",
            Self::Fifo => "a FIFO",
            Self::CharacterDevice => "a character device",
            Self::BlockDevice => "a block device",
        })
    }
}

/// What a link leads to in the end, in the lock a word or a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeadsTo {
    /// Nothing: the link dangles.
    Nowhere,
    /// A folder, which is not looked into.
    Folder,
    /// A socket, FIFO or device, in a lock of before these were told apart.
    Other,
    /// A socket, FIFO or device.
    #[serde(untagged)]
    Special(Special),
    /// A regular file with this content.
    #[serde(untagged)]
    File(Digest),
}

impl fmt::Display for LeadsTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("which leads nowhere"),
            Self::Folder => f.write_str("a folder"),
            Self::Other => f.write_str("neither file nor folder"),
            Self::Special(special) => write!(f, "{special}"),
            Self::File(digest) => write!(f, "{digest}"),
        }
    }
}

/// The remotes of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoFact {
    /// By name.
    pub remotes: BTreeMap<String, Remote>,
    /// One of their URLs as it is written there, without what is secret: in this form others are given to who lacks them.
    /// Evidence, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

/// One remote, its URLs normalised so that ssh and https forms of the same place are equal; userinfo never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Where fetches come from.
    pub fetch: Vec<String>,
    /// Where pushes go.
    pub push: Vec<String>,
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextFact {
    /// As the machine tells it.
    pub value: String,
    /// Where git has it from: `local`, `global`, `system`, …, and behind a comma the file; evidence, never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Permission bits, shown and kept as four octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u16);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Mode {
    /// Reads octal digits; anything above `7777` is not a mode.
    pub fn parse(text: &str) -> Option<Self> {
        // What reads numbers takes a sign too.
        let text = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        u16::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o7777).map(Self)
    }
}

impl Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a file mode")))
    }
}

/// `sha256:` and 64 lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self::from_raw(&sha2::Sha256::digest(bytes))
    }

    fn from_raw(raw: &[u8]) -> Self {
        use fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in raw {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        }
        Self(text)
    }

    /// From the 64 hexadecimal digits that `sha256sum` and `shasum` print.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let valid = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        valid.then(|| Self(format!("sha256:{hex}")))
    }

    /// From `sha256:…`.
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("sha256:").and_then(Self::from_hex)
    }

    /// The whole, with its prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone.
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// Enough of it to tell two apart on a screen.
    pub fn short(&self) -> &str {
        &self.0[..("sha256:".len() + 12)]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a sha256 digest")))
    }
}

impl Fact {
    /// A version with its evidence.
    pub fn version(version: impl Into<String>) -> Self {
        Self::Version(VersionFact { version: version.into(), product: None, path: None })
    }

    /// A single value.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(TextFact { value: value.into(), scope: None })
    }

    /// The text that stands as `want` or `got` in a report. Two facts that compare as equal show the same text, but for
    /// pins that a machine breaks.
    pub fn shown(&self) -> String {
        match self {
            Self::Version(fact) => fact.shown(),
            Self::File(FileFact::File { mode, digest }) => format!("file {mode} {digest}"),
            Self::File(FileFact::Link { to, leads_to: None, .. }) => format!("link to {to}"),
            Self::File(FileFact::Link { to, leads_to: Some(leads_to), mode: None }) => {
                format!("link to {to}, {leads_to}")
            }
            Self::File(FileFact::Link { to, leads_to: Some(leads_to), mode: Some(mode) }) => {
                format!("link to {to}, {leads_to}, {mode}")
            }
            Self::File(FileFact::Folder { mode }) => format!("folder {mode}"),
            Self::File(FileFact::Keys { mode, keys, .. }) => keys_shown(*mode, keys),
            Self::File(FileFact::Template { mode, template }) => format!("file {mode} made by template {template}"),
            Self::File(FileFact::Other { special: None }) => "neither file, folder nor link".to_owned(),
            Self::File(FileFact::Other { special: Some(special) }) => special.to_string(),
            Self::Repo(fact) => fact.shown(),
            Self::Gate(fact) => fact.shown(),
            Self::Pin(fact) => fact.shown(),
            Self::Text(TextFact { value, .. }) => value.clone(),
            Self::Service(fact) => fact.shown(),
        }
    }

    /// As much of it as a lock tells that was written before all of it was observed: what such a lock cannot know is no
    /// difference.
    #[must_use]
    pub fn as_told_in(self, lock: &Self) -> Self {
        let (Self::File(file), Self::File(known)) = (&self, lock) else { return self };
        match (file, known) {
            (FileFact::Link { to, leads_to, mode }, FileFact::Link { leads_to: known, mode: known_mode, .. }) => {
                let leads_to = match (leads_to, known) {
                    (Some(LeadsTo::Special(_)), Some(LeadsTo::Other)) => Some(LeadsTo::Other),
                    (leads_to, _) => leads_to.clone(),
                };
                Self::File(FileFact::Link { to: to.clone(), leads_to, mode: known_mode.and(*mode) })
            }
            (FileFact::Other { .. }, FileFact::Other { special: None }) => {
                Self::File(FileFact::Other { special: None })
            }
            _ => self,
        }
    }

    /// What is weak about it on any machine: no drift where the reference shares it, but named.
    pub fn weakness(&self) -> Option<String> {
        match self {
            Self::Gate(fact) => fact.weak.clone(),
            Self::Pin(fact) => fact.because.clone(),
            Self::Version(_) | Self::File(_) | Self::Repo(_) | Self::Text(_) | Self::Service(_) => None,
        }
    }

    /// Where on the machine the fact was found, when it says.
    pub fn evidence(&self) -> Option<&str> {
        match self {
            Self::Version(fact) => fact.path.as_deref(),
            Self::Gate(fact) => fact.path.as_deref(),
            Self::Pin(fact) => fact.path.as_deref(),
            Self::Text(fact) => fact.scope.as_deref(),
            Self::Service(fact) => fact.evidence(),
            Self::File(_) | Self::Repo(_) => None,
        }
    }
}

/// Values may be secret, so their keys are counted and all of them stand behind one digest.
fn keys_shown(mode: Option<Mode>, keys: &BTreeMap<String, Digest>) -> String {
    let listed: String = keys.iter().map(|(key, digest)| format!("{key:?} {digest}\n")).collect();
    let count = if keys.len() == 1 { "1 key".to_owned() } else { format!("{} keys", keys.len()) };
    let mode = mode.map(|mode| format!(" {mode}")).unwrap_or_default();
    format!("{count}{mode} {}", Digest::of(listed.as_bytes()))
}

impl TextFact {
    /// git's word for where it has the setting from, without the file.
    pub fn scope_word(&self) -> Option<&str> {
        self.scope.as_deref().and_then(|scope| scope.split(',').next())
    }
}

impl VersionFact {
    fn shown(&self) -> String {
        match &self.product {
            // Some products have no version to tell.
            Some(product) if self.version.is_empty() => product.clone(),
            Some(product) => format!("{product} {}", self.version),
            None => self.version.clone(),
        }
    }
}

impl RepoFact {
    fn shown(&self) -> String {
        let remotes: Vec<String> = self.remotes.iter().map(|(name, remote)| remote.shown(name)).collect();
        if remotes.is_empty() { "no remotes".to_owned() } else { remotes.join(", ") }
    }
}

impl Remote {
    fn shown(&self, name: &str) -> String {
        let fetch = self.fetch.join(" ");
        if self.fetch == self.push {
            format!("{name} {fetch}")
        } else {
            format!("{name} {fetch} (push {})", self.push.join(" "))
        }
    }
}

/// An open set of items that a probe lists in full, such as all hooks of a repository: what is in it on the target
/// but not in the lock is extra, and what is in the lock but not on the target is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listing {
    /// The category of its items.
    pub category: Category,
    /// What the names of its items begin with, ending in `/`.
    pub prefix: String,
    /// Narrower than the prefix: only names that this glob matches, where the spec names a glob.
    pub glob: Option<String>,
}

impl Listing {
    /// All items whose names begin with `prefix`, which ends in `/`.
    pub fn below(category: Category, prefix: impl Into<String>) -> Self {
        Self { category, prefix: prefix.into(), glob: None }
    }

    /// Everything below a dotfile that turns out to be a folder.
    pub fn below_path(name: &str) -> Self {
        Self::below(Category::Dotfile, format!("{name}/"))
    }

    /// Every dotfile that a glob matches.
    pub fn of_glob(glob: &str) -> Self {
        let literal = glob.split(['*', '?', '[', '{']).next().unwrap_or(glob);
        let prefix = literal.rfind('/').map_or("", |slash| &literal[..=slash]);
        Self { category: Category::Dotfile, prefix: prefix.to_owned(), glob: Some(glob.to_owned()) }
    }

    /// Whether an item belongs to this set.
    pub fn holds(&self, id: &ItemId) -> bool {
        self.holder()(id)
    }

    /// As [`Listing::holds`], for many items.
    pub fn holder(&self) -> impl Fn(&ItemId) -> bool {
        let glob = self.glob.as_deref().map(super::dotfile::glob_matcher);
        move |id| {
            id.category == self.category
                && id.name.starts_with(&self.prefix)
                && glob.as_ref().is_none_or(|matches| matches(&id.name))
        }
    }

    /// The id under which the set as a whole is reported when it could not be listed.
    pub fn id(&self) -> ItemId {
        ItemId::new(self.category, self.glob.as_deref().unwrap_or(self.prefix.trim_end_matches('/')))
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.category, self.glob.as_deref().unwrap_or(&self.prefix))
    }
}

/// Who answered. Filled in by the target alone; nothing here ever comes from the controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `/etc/machine-id`, or the platform UUID on macOS.
    pub id: Option<String>,
    /// As the machine calls itself.
    pub hostname: Option<String>,
    /// `linux` or `macos`; other systems by their `uname` in lower case.
    pub os: Option<String>,
    /// `12`, `14.5`.
    pub os_version: Option<String>,
    /// `x86_64`, `aarch64`.
    pub arch: Option<String>,
    /// `SHA256:…` of the SSH host key that the machine proved to hold; none for a local one.
    pub host_key: Option<String>,
    /// Whose home it is that is held true, where a template asks for it; in no report.
    #[serde(skip)]
    pub account: Option<Account>,
}

/// The user on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub user: String,
    /// The home, an absolute path.
    pub home: String,
}

/// All that one audit of one machine found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Who answered.
    pub machine: Machine,
    /// One entry for every item that was asked for or found.
    pub items: BTreeMap<ItemId, Observed>,
    /// The open sets, each listed in full or unknown.
    pub listings: BTreeMap<Listing, Listed>,
    /// The files of each repository that stand for the others when its gates are asked, where the machine chose them.
    pub samples: BTreeMap<String, Vec<String>>,
    /// What the files of each repository pin, until it is held against what the tools told.
    pub pins: BTreeMap<String, Vec<Pin>>,
    /// What files hold whose digest is not the lock's, where that was asked: for showing the difference, never kept.
    pub contents: BTreeMap<ItemId, Vec<u8>>,
    /// The package managers that were looked for and are not on the machine.
    pub without: BTreeSet<String>,
}

impl Facts {
    /// What is known of an item: what was seen of it, else what the sets to which it belongs tell.
    pub fn observed(&self, id: &ItemId) -> Observed {
        if let Some(observed) = self.items.get(id) {
            return observed.clone();
        }
        let of_set = self.listings.iter().find(|(listing, _)| listing.holds(id));
        of_set.map_or(Observed::Unknown(Why::NotAsked), |(_, listed)| listed.of_unseen())
    }

    /// Whether a package manager is known not to be there.
    pub fn lacks_manager(&self, manager: &str) -> bool {
        self.without.contains(manager)
    }
}

/// Whether an open set was listed in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Every item of the set stands in [`Facts::items`].
    InFull,
    /// The set could not be listed, so nothing may be concluded from an item's absence.
    Unknown(Why),
}

impl Listed {
    /// What is known of a member that was not seen.
    pub fn of_unseen(&self) -> Observed {
        match self {
            Self::InFull => Observed::Absent,
            Self::Unknown(why) => Observed::Unknown(why.clone()),
        }
    }
}
