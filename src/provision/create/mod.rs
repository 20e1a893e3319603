//! Machines that are not there yet: what would make them, and what came of it. Pure; `transport::controller` runs it.

pub mod commands;
pub mod devcontainer;
