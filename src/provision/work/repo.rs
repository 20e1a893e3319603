//! Repositories: the clone, its remotes and settings, and what it is set up by.

use serde::{Deserialize, Serialize};

use crate::transport::quote;

/// What is done to a repository. Its place is relative to the home, or absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum RepoWork {
    /// Change one setting of it; none removes it.
    GitSetting {
        /// Its place.
        repo: String,
        /// The setting's key.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// Clone it, with all of its remotes.
    Clone {
        /// Its place.
        repo: String,
        /// The remotes, the one to clone from first.
        remotes: Vec<RemoteUrls>,
    },
    /// Give it its remotes; what it holds is not touched.
    Remotes {
        /// Its place.
        repo: String,
        /// Those that are made or changed.
        set: Vec<RemoteUrls>,
        /// The names of those that go.
        remove: Vec<String>,
    },
    /// Run what it is itself set up by, in folders of it.
    SetUp {
        /// Its place.
        repo: String,
        /// What is run, in this order.
        runs: Vec<SetUpRun>,
    },
}

/// One remote, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteUrls {
    /// Its name.
    pub name: String,
    /// Where fetches come from.
    pub fetch: Vec<String>,
    /// Where pushes go, where that is somewhere else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<String>,
}

/// One command by which a repository is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUpRun {
    /// Relative to the repository, or empty.
    pub folder: String,
    /// The program, one of the folder's own or of PATH, and its arguments.
    pub arguments: Vec<String>,
}

impl RepoWork {
    /// The repository's place.
    pub fn repo(&self) -> &str {
        let (Self::GitSetting { repo, .. }
        | Self::Clone { repo, .. }
        | Self::Remotes { repo, .. }
        | Self::SetUp { repo, .. }) = self;
        repo
    }

    pub(super) fn body(&self, subject: &str) -> String {
        let place = quote::place(self.repo());
        match self {
            Self::GitSetting { key, value, .. } => {
                quote::words(["tu_git", &place, key].into_iter().chain(value.as_deref()))
            }
            Self::Clone { remotes, .. } => {
                let mut lines = vec![quote::words(["tu_clone", &place])];
                lines.extend(remotes.iter().map(set_remote));
                lines.push(quote::words(["tu_cloned", &place]));
                lines.join(" &&\n")
            }
            Self::Remotes { set, remove, .. } => {
                let mut lines = vec![quote::words(["tu_remotes", &place])];
                lines.extend(set.iter().map(set_remote));
                lines.extend(remove.iter().map(|name| quote::words(["git", "remote", "remove", name])));
                lines.push("tu_remotes_left".to_owned());
                lines.join(" &&\n")
            }
            Self::SetUp { runs, .. } => {
                let mut lines = vec![quote::words(["tu_record", "kept", subject, ""])];
                lines.extend(runs.iter().map(|run| {
                    let folder = if run.folder.is_empty() { place.clone() } else { format!("{place}/{}", run.folder) };
                    let words = ["tu_set_up", &folder].into_iter().chain(run.arguments.iter().map(String::as_str));
                    quote::words(words)
                }));
                lines.join(" &&\n")
            }
        }
    }

    pub(super) fn deed(&self) -> String {
        match self {
            Self::GitSetting { key, value: Some(value), repo } => format!("git -C {repo} config {key} {value}"),
            Self::GitSetting { key, value: None, repo } => format!("git -C {repo} config --unset-all {key}"),
            Self::Clone { remotes, .. } => {
                let Some((first, others)) = remotes.split_first() else { return "git clone".to_owned() };
                let url = first.fetch.first().map_or("", String::as_str);
                let others: Vec<&str> = others.iter().map(|remote| remote.name.as_str()).collect();
                let others =
                    if others.is_empty() { String::new() } else { format!(", and the remotes {}", others.join(", ")) };
                format!("git clone --origin {} {url}{others}", first.name)
            }
            Self::Remotes { set, remove, .. } => {
                let set = set.iter().map(|remote| format!("{} {}", remote.name, remote.fetch.join(" ")));
                let remove = remove.iter().map(|name| format!("{name} goes"));
                format!("remotes: {}", set.chain(remove).collect::<Vec<_>>().join(", "))
            }
            Self::SetUp { runs, .. } => {
                let one = |run: &SetUpRun| match run.folder.as_str() {
                    "" => run.arguments.join(" "),
                    folder => format!("{} in {folder}", run.arguments.join(" ")),
                };
                format!("{}; not undone by rollback", runs.iter().map(one).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn set_remote(remote: &RemoteUrls) -> String {
    let urls = |urls: &[String]| urls.join("\n");
    quote::words(["tu_remote", &remote.name, &urls(&remote.fetch), &urls(&remote.push)])
}
