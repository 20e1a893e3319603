//! Raw facts about quality gates into what they amount to. Pure.
//!
//! Today this is the effective hooks of a repository; effective linter configuration and canaries come here.

pub mod hooks;
pub mod pins;
