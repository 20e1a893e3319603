//! The end-to-end tests, one binary. A test file that is not named here is caught by `registered`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests are an IO edge, and a panic is how they fail"
)]

mod apply;
mod apt_root;
mod bad_input;
mod contract;
mod dotfiles;
mod errors;
mod gate;
mod killed;
mod observed;
mod packages;
mod places;
mod quiet;
mod registered;
mod rollback;
mod run;
mod ssh;
mod story;
mod support;
