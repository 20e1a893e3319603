//! Raw facts about quality gates into what they amount to. Pure.
//!
//! `hooks` are the effective hooks of a repository, `agent` what an agent's own settings hold it to; `gate` what its tools
//! would apply; `pins` the versions that its files ask for, `lock_files` what installs its packages; `check` what became of canaries; `remedy` the change that would
//! make a gate what it is on the reference.

pub mod agent;
pub mod check;
pub mod gate;
pub mod hooks;
pub mod lock_files;
pub mod mend;
pub mod pins;
pub mod remedy;
