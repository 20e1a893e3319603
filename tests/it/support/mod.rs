//! What the tests stand on: real servers and sandboxes, each torn down with its test.

pub(crate) mod sshd;
