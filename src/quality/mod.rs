//! Raw facts about quality gates into what they amount to. Pure.
//!
//! `hooks` are the effective hooks of a repository; `gate` what its tools would apply; `pins` the versions that its files
//! ask for; `check` what became of canaries.

pub mod check;
pub mod gate;
pub mod hooks;
pub mod pins;
