//! Running work on a machine that the gate allows.
//!
//! Today this is one command at a time, started by hand; tasks, leases and workers come here.

pub mod execute;
#[cfg(test)]
mod guard_tests;
