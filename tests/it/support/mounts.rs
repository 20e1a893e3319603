//! Commands that see mounts of their own.

use std::path::Path;
use std::process::{Command, Stdio};

/// A piece of sh in a mount namespace of its own, with a folder as `$1`. Root makes one by itself, anybody else within a
/// user namespace.
pub(crate) fn own_mounts(script: &str, folder: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["sh", "-ec", script, "sh"]).arg(folder).stdin(Stdio::null());
    command
}
