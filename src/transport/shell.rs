//! The shell context: facts are observed, and work is run, the way agents run commands on the machine.
//!
//! sshd and `local` start `/bin/sh -c <line>`; the line hands over to the user's own login shell with the flags that
//! the spec's `[shell]` asks for, and that hands over to the program. What the login shell's start-up files read or
//! print cannot disturb the program: they see an empty stdin, while the program's own stdin waits on descriptor 3.

use super::quote;
use crate::spec::Shell;

/// What is to run at the end of the chain.
#[derive(Clone, Copy, Debug)]
pub enum Aim<'a> {
    /// The sh program that comes over stdin.
    Program,
    /// An sh program of its own with arguments; stdin is free for it.
    Inline {
        /// The program's text.
        program: &'a str,
        /// Its `$1`, `$2`, …
        arguments: &'a [String],
    },
}

/// The command line that runs `aim` in the shell context. `path` replaces PATH after all start-up files have run.
pub(super) fn command_line(shell: Shell, path: Option<&str>, aim: Aim<'_>) -> String {
    let set_path = path.map(|path| format!("PATH={}; export PATH; ", quote::word(path))).unwrap_or_default();
    let last = match aim {
        Aim::Program => "exec /bin/sh -s <&3 3<&-".to_owned(),
        Aim::Inline { program, arguments } => {
            let arguments = quote::words(arguments.iter().map(String::as_str));
            format!("exec /bin/sh -c {} trueup {arguments} <&3 3<&-", quote::word(program))
        }
    };
    let flags = match (shell.login, shell.interactive) {
        (false, false) => None,
        (true, false) => Some("-lc"),
        (false, true) => Some("-ic"),
        (true, true) => Some("-lic"),
    };
    let chain = match flags {
        None => format!("exec 3<&0 </dev/null; {set_path}{last}"),
        Some(flags) => {
            let inner = quote::word(&format!("{set_path}{last}"));
            format!("exec \"${{SHELL:-/bin/sh}}\" {flags} {inner} 3<&0 </dev/null")
        }
    };
    format!("/bin/sh -c {}", quote::word(&chain))
}
