//! What only a person can do on a Mac, asked before anything is changed there, with the steps.
//!
//! Nothing of it can be done over SSH, on purpose of Apple's: a licence to agree to, access that is given at the screen, an
//! account to sign in with. So it is told, and an apply goes on with what it can do.

use crate::observe::audit;
use crate::observe::{Covers, Question};
use crate::spec::{Environment, Target, Why};
use crate::transport::{Connection, TransportError};

/// How one of these things stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is done.
    Done,
    /// It is left to do.
    Open,
    /// It cannot be seen; the machine's words.
    Unknown(String),
}

/// Something that only a person can do.
#[derive(Debug, PartialEq, Eq)]
pub struct Chore {
    /// The script's word for it.
    word: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What does not work without it.
    pub matters: &'static str,
    /// What the person does.
    pub steps: &'static str,
    /// The label of the targets that it is for; none is all of them.
    label: Option<&'static str>,
}

/// All of them, in the order in which they are best done.
pub const CHORES: &[Chore] = &[
    Chore {
        word: "tools",
        name: "command line tools",
        matters: "git, make and python3 are stand-ins that open a dialog",
        steps: "on the Mac: xcode-select --install, and agree to the dialog",
        label: None,
    },
    Chore {
        word: "licence",
        name: "Xcode licence",
        matters: "git and the compilers refuse to start",
        steps: "on the Mac: sudo xcodebuild -license, read it and agree",
        label: None,
    },
    Chore {
        word: "disk",
        name: "Full Disk Access for sshd",
        matters: "Desktop, Documents, Mail and the like cannot be read over SSH",
        steps: "on the Mac: System Settings, General, Sharing, the (i) beside Remote Login, Allow full disk access for remote users",
        label: None,
    },
    Chore {
        word: "vault",
        name: "FileVault",
        matters: "it is on: after a restart nobody reaches the Mac until somebody has logged in at the screen",
        steps: "on the Mac: System Settings, Privacy & Security, FileVault, Turn Off; or restart it with: sudo fdesetup authrestart",
        label: None,
    },
    Chore {
        word: "login",
        name: "automatic login",
        matters: "after a restart no agent of launchd runs and the keychain stays locked, until somebody logs in at the screen",
        steps: "on the Mac: System Settings, Users & Groups, Automatically log in as; it can be chosen once FileVault is off",
        label: None,
    },
    Chore {
        word: "account",
        name: "Apple ID",
        matters: "nobody is signed in, so Messages neither sends nor receives",
        steps: "on the Mac: System Settings, Sign in; then open Messages once and sign in there",
        label: Some("imessage"),
    },
];

/// What a Mac tells of them, or why it does not.
pub type Told = Result<Vec<(&'static Chore, Standing)>, Why>;

const SCRIPT: &str = include_str!("mac.sh");

/// Asks a Mac how these things stand, as far as they are for this target.
pub fn ask(connection: &mut Connection, environment: &Environment, target: &Target) -> Result<Told, TransportError> {
    let question = Question::new("preflight", SCRIPT.to_owned(), environment.limits.probe, Covers::default());
    let answer = audit::ask(connection, &[question])?.into_iter().next().unwrap_or(Err(Why::NoAnswer));
    Ok(answer.and_then(|answer| read(&String::from_utf8_lossy(&answer.stdout), &target.labels)))
}

/// Reads what the script prints. What it says nothing of does not arise there.
fn read(text: &str, labels: &[String]) -> Told {
    let mut standings = Vec::new();
    for line in text.lines() {
        let strange = || Why::NotUnderstood(format!("asked what a person has to do, it said `{line}`"));
        let (word, rest) = line.split_once(' ').ok_or_else(strange)?;
        let (standing, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let chore = CHORES.iter().find(|chore| chore.word == word).ok_or_else(strange)?;
        let standing = match standing {
            "well" => Standing::Done,
            "open" => Standing::Open,
            "unknown" => Standing::Unknown(more.chars().filter(|c| !c.is_control()).collect()),
            _ => return Err(strange()),
        };
        if chore.label.is_none_or(|label| labels.iter().any(|has| has == label)) {
            standings.push((chore, standing));
        }
    }
    standings.sort_by_key(|(chore, _)| CHORES.iter().position(|known| known == *chore));
    if standings.is_empty() { Err(Why::NoAnswer) } else { Ok(standings) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, labels: &[&str]) -> Result<Vec<(&'static str, Standing)>, Why> {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        read(text, &labels).map(|all| all.into_iter().map(|(chore, standing)| (chore.name, standing)).collect())
    }

    #[test]
    fn each_thing_is_told_for_the_targets_that_it_is_for() {
        let text = "vault open\ntools well\ndisk unknown ls: odd\nlogin well dev\naccount open\n";
        let mut all = vec![
            ("command line tools", Standing::Done),
            ("Full Disk Access for sshd", Standing::Unknown("ls: odd".to_owned())),
            ("FileVault", Standing::Open),
            ("automatic login", Standing::Done),
        ];
        assert_eq!(told(text, &["macos"]), Ok(all.clone()));
        all.push(("Apple ID", Standing::Open));
        assert_eq!(told(text, &["macos", "imessage"]), Ok(all));
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        for text in ["", "tools", "tools maybe", "coffee open", "tools well\nnoise"] {
            assert!(told(text, &[]).is_err(), "{text}");
        }
    }
}
