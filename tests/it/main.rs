//! The end-to-end tests, one binary. A test file that is not named here is caught by `registered`.

mod registered;
mod ssh;
mod support;
