//! Repositories: the clone, its remotes and settings, and what it is set up by.

use serde::{Deserialize, Serialize};

use crate::quality::mend::Brings;
use crate::spec::Digest;
use crate::transport::quote;

/// What is done to a repository. Its place is relative to the home, or absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum RepoWork {
    /// Change one setting of it; no value removes it.
    GitSetting {
        /// Its place.
        repo: String,
        /// The setting's key.
        key: String,
        /// Its value, or several where it is a list.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<String>,
        /// The file it stands in, relative to the repository, below the home (`~/`) or absolute; none is its own
        /// configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// Set what git finds out about the filesystem, if it finds this.
    AsGitFinds {
        /// Its place.
        repo: String,
        /// The setting's key.
        key: String,
        /// What git is to find.
        value: String,
    },
    /// Make a commit of these files on top of what is checked out: a worktree has what is committed.
    Commit {
        /// Its place.
        repo: String,
        /// The files, as they are in the working tree by then.
        files: Vec<CommittedFile>,
    },
    /// Check a branch out, or none; what is changed in the working tree stays, or it fails.
    Branch {
        /// Its place.
        repo: String,
        /// The branch, made from that of a remote where it is not there; none lets go of the one that is checked out.
        branch: Option<String>,
    },
    /// Bring what is checked out to a commit, unless commits would be lost.
    AtCommit {
        /// Its place.
        repo: String,
        /// The commit, fetched where it is not there.
        commit: String,
    },
    /// Say which branch is the default one of the remote `origin`.
    DefaultBranch {
        /// Its place.
        repo: String,
        /// The branch; none forgets it.
        branch: Option<String>,
    },
    /// Set git-lfs up in it, and fetch the files that it holds.
    Lfs {
        /// Its place.
        repo: String,
    },
    /// Bring its submodules to the commits that are recorded.
    Submodules {
        /// Its place.
        repo: String,
    },
    /// Clone it, with all of its remotes.
    Clone {
        /// Its place.
        repo: String,
        /// Which objects are left out until they are needed, as git's `--filter` says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<String>,
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
        /// What that brings.
        brings: Brings,
        /// What is run, in this order.
        runs: Vec<SetUpRun>,
    },
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedFile {
    /// Relative to the repository.
    pub path: String,
    /// What it is; none where it goes.
    pub content: Option<(Executable, Digest)>,
}

/// All of a file's mode that git knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable(pub bool);

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
        | Self::AsGitFinds { repo, .. }
        | Self::Commit { repo, .. }
        | Self::Branch { repo, .. }
        | Self::AtCommit { repo, .. }
        | Self::DefaultBranch { repo, .. }
        | Self::Lfs { repo }
        | Self::Submodules { repo }
        | Self::Clone { repo, .. }
        | Self::Remotes { repo, .. }
        | Self::SetUp { repo, .. }) = self;
        repo
    }

    pub(super) fn body(&self, subject: &str) -> String {
        let place = quote::place(self.repo());
        match self {
            Self::GitSetting { key, values, file: None, .. } => {
                quote::words(["tu_git", &place, key].into_iter().chain(values.iter().map(String::as_str)))
            }
            Self::GitSetting { key, values, file: Some(file), .. } => {
                let is_in_repo = !file.starts_with('/') && !file.starts_with("~/");
                let file = if is_in_repo { format!("{place}/{file}") } else { quote::place(file) };
                quote::words(["tu_git_file", &file, key].into_iter().chain(values.iter().map(String::as_str)))
            }
            Self::AsGitFinds { key, value, .. } => quote::words(["tu_git_finds", &place, key, value]),
            Self::Commit { files, .. } => {
                let message = format!("Bring {} as the reference has it", names(files));
                let mut words = vec!["tu_commit".to_owned(), place, message];
                for CommittedFile { path, content } in files {
                    let (mode, digest) = match content {
                        None => ("gone", "-"),
                        Some((Executable(true), digest)) => ("100755", digest.hex()),
                        Some((Executable(false), digest)) => ("100644", digest.hex()),
                    };
                    words.extend([mode.to_owned(), digest.to_owned(), path.clone()]);
                }
                quote::words(words.iter().map(String::as_str))
            }
            Self::Branch { branch, .. } => quote::words(["tu_branch", &place].into_iter().chain(branch.as_deref())),
            Self::AtCommit { commit, .. } => quote::words(["tu_at_commit", &place, commit]),
            Self::DefaultBranch { branch, .. } => {
                quote::words(["tu_default_branch", &place].into_iter().chain(branch.as_deref()))
            }
            Self::Lfs { .. } => quote::words(["tu_lfs", &place]),
            Self::Submodules { .. } => quote::words(["tu_submodules", &place]),
            Self::Clone { remotes, filter, .. } => {
                let mut lines = vec![quote::words(["tu_clone", &place].into_iter().chain(filter.as_deref()))];
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
            Self::GitSetting { key, values, repo, file } => {
                let git = match file {
                    None => format!("git -C {repo} config"),
                    Some(file) => format!("git config --file {file}"),
                };
                match values.as_slice() {
                    [] => format!("{git} --unset-all {key}"),
                    [value] => format!("{git} {key} {value}"),
                    values => {
                        values.iter().map(|value| format!("{git} --add {key} {value}")).collect::<Vec<_>>().join("; ")
                    }
                }
            }
            Self::AsGitFinds { key, value, repo } => format!("git -C {repo} config {key} {value}"),
            Self::Commit { files, .. } => format!("a commit on the branch that is checked out, with {}", names(files)),
            Self::Branch { branch: Some(branch), repo } => format!("git -C {repo} checkout {branch}"),
            Self::Branch { branch: None, repo } => format!("git -C {repo} checkout --detach"),
            Self::AtCommit { commit, repo } => format!("git -C {repo} reset --keep {commit}"),
            Self::DefaultBranch { branch, repo } => {
                format!("git -C {repo} remote set-head origin {}", branch.as_deref().unwrap_or("--delete"))
            }
            Self::Lfs { repo } => format!("git -C {repo} lfs install --local --skip-repo; git -C {repo} lfs pull"),
            Self::Submodules { repo } => format!("git -C {repo} submodule update --init --recursive"),
            Self::Clone { remotes, filter, .. } => {
                let Some((first, others)) = remotes.split_first() else { return "git clone".to_owned() };
                let url = first.fetch.first().map_or("", String::as_str);
                let others: Vec<&str> = others.iter().map(|remote| remote.name.as_str()).collect();
                let others =
                    if others.is_empty() { String::new() } else { format!(", and the remotes {}", others.join(", ")) };
                let filter = filter.as_ref().map_or_else(String::new, |filter| format!(" --filter={filter}"));
                format!("git clone{filter} --origin {} {url}{others}", first.name)
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

fn names(files: &[CommittedFile]) -> String {
    files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ")
}

fn set_remote(remote: &RemoteUrls) -> String {
    let urls = |urls: &[String]| urls.join("\n");
    quote::words(["tu_remote", &remote.name, &urls(&remote.fetch), &urls(&remote.push)])
}
