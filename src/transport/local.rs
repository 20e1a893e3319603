//! This machine as a target: `/bin/sh` started with the sandbox's HOME and PATH.
//!
//! The command gets a process group of its own, so that a run that is ended is ended with all that it started there.
#![expect(clippy::disallowed_methods, reason = "IO edge: starts processes")]

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::shell::PROGRAM;
use super::{Ended, Listener, Run, Surroundings, TransportError, process};
use crate::spec::{Sandbox, Shell};

/// A way to run things on this machine.
pub(super) struct Local {
    env: Vec<(OsString, OsString)>,
    /// What goes before the command line: a sandbox's commands start in its home, as sshd starts them there. Without a
    /// home of its own the machine is this user's, and they start where trueup was started.
    start: &'static str,
    /// Whether an interactive shell is started, which wants a session of its own.
    interactive: bool,
}

/// What starts a program in a session of its own, and so without the terminal: an interactive shell in a background
/// process group of trueup's terminal would be stopped as soon as it looks at it.
const SESSION_MAKERS: [&[&str]; 2] =
    [&["/usr/bin/setsid"], &["/usr/bin/perl", "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV"]];

/// What a login gets to see of trueup's own environment: who the user is and how to reach the agent, nothing that
/// trueup's own shell session happened to set.
const LOGIN_KEEPS: [&str; 8] = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "SSH_AUTH_SOCK"];

/// What PATH is before any start-up file has run, as sshd sets it.
const LOGIN_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// What goes before a command line that starts where trueup was started.
const START_HERE: &str = "exec";

impl Local {
    pub(super) fn new(sandbox: &Sandbox, shell: Shell, surroundings: &Surroundings) -> Self {
        let login = shell.login;
        let keep = |name: &OsStr| !login || LOGIN_KEEPS.iter().any(|kept| name == *kept);
        let mut env: Vec<_> = surroundings.env.iter().filter(|(name, _)| keep(name)).cloned().collect();
        let mut set = |name: &str, value: &OsStr| {
            env.retain(|(known, _)| known != name);
            env.push((name.into(), value.into()));
        };
        if login {
            set("PATH", LOGIN_PATH.as_ref());
        }
        if let Some(home) = &sandbox.home {
            set("HOME", home.as_ref());
        }
        let start = if sandbox.home.is_some() { "cd || cd /; exec" } else { START_HERE };
        Self { env, start, interactive: shell.interactive }
    }

    /// `/bin/sh` with a process group of its own.
    fn command(&self) -> Command {
        let new_session = SESSION_MAKERS.iter().find(|maker| self.interactive && Path::new(maker[0]).exists());
        match new_session {
            Some(maker) => {
                let mut command = Command::new(maker[0]);
                command.args(&maker[1..]).arg("/bin/sh");
                command
            }
            None => {
                let mut command = Command::new("/bin/sh");
                command.process_group(0);
                command
            }
        }
    }

    pub(super) fn run(&self, run: &Run<'_>, listener: Listener<'_>) -> Result<Ended, TransportError> {
        let mut command = self.command();
        // Where nothing is to be done first, what would start sh is sh.
        if self.start == START_HERE && run.command_line == PROGRAM {
            command.arg("-s");
        } else {
            command.arg("-c").arg(format!("{} {}", self.start, run.command_line));
        }
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        let attended = process::attend(&mut command, run, Duration::ZERO, listener);
        attended
            .map(|attended| attended.ended)
            .map_err(|source| TransportError::Local { program: "/bin/sh".to_owned(), source })
    }
}
