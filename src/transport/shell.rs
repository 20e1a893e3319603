//! The shell context: facts are observed, and work is run, the way agents run commands on the machine.
//!
//! `local` starts sh and sshd the user's own shell, be it fish or csh, with a line that hands over to the user's login
//! shell with the flags that the spec's `[shell]` asks for, and that to the program. What start-up files read or print
//! cannot disturb the program: they see an empty stdin, while its own waits on descriptor 3 (but for csh, which closes
//! that). Without start-up files the line is what reads the program, which `local` starts itself.

use super::quote;
use crate::spec::Shell;

/// What reads a program from its stdin.
pub(super) const PROGRAM: &str = "/bin/sh -s";

/// What starts the program with its stdin: where that waits on descriptor 3, and where nobody has touched it.
const WAITING: &str = " <&3 3<&-";
const UNTOUCHED: &str = "";

/// The command line that runs the sh program of its stdin in the shell context. `path` replaces PATH after all start-up
/// files have run.
pub(super) fn command_line(shell: Shell, path: Option<&str>) -> String {
    let program = |stdin: &str| format!("exec {PROGRAM}{stdin}");
    let set_path = path.map(|path| format!("PATH={}; export PATH; ", quote::word(path))).unwrap_or_default();
    let flags = match (shell.login, shell.interactive) {
        // Every shell reads this alike, and each shell less is a millisecond of every audit.
        (false, false) if path.is_none() => return PROGRAM.to_owned(),
        (false, false) => return for_any_shell(&format!("{set_path}{}", program(UNTOUCHED))),
        (true, false) => "-lc",
        (false, true) => "-ic",
        (true, true) => "-lic",
    };
    let last = format!("{set_path}{}", program(WAITING));
    let plain = quote::word(&last);
    let fish = quote::word(&for_any_shell(&last));
    // csh closes every descriptor above 2, so the program's stdin stays where it is, and its start-up files had better
    // not read. It takes `-l` alone only: a login's own files are read by name.
    let csh_flags = if shell.interactive { "-ic" } else { "-c" };
    let csh_login = if shell.login { CSH_LOGIN } else { "" };
    let csh = for_any_shell(&format!("{set_path}{}", program(UNTOUCHED)));
    let csh = quote::word(&format!("{csh_login}exec {csh}"));
    for_any_shell(&format!(
        "case ${{SHELL:-}} in \
         *csh) case $SHELL in */csh | */tcsh) exec \"$SHELL\" {csh_flags} {csh};; esac;; \
         */fish) exec \"$SHELL\" {flags} {fish} 3<&0 </dev/null;; esac; \
         exec \"${{SHELL:-/bin/sh}}\" {flags} {plain} 3<&0 </dev/null"
    ))
}

/// What csh reads at a login, after the files that it always reads.
const CSH_LOGIN: &str = "if ( -r /etc/csh.login ) source /etc/csh.login; if ( -r ~/.login ) source ~/.login; ";

/// `chain`, a program of sh, as a command line for whatever shell reads it first. Lines cannot be carried through all
/// of them; a chain that has several travels with its newlines written as escapes.
fn for_any_shell(chain: &str) -> String {
    if !chain.contains('\n') {
        return format!("/bin/sh -c {}", quote::any_shell_word(chain));
    }
    let escaped = chain.replace('\\', r"\\").replace('\n', r"\n");
    format!(r#"/bin/sh -c 'eval "$(printf %b "$1")"' sh {}"#, quote::any_shell_word(&escaped))
}
