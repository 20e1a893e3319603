//! What the tests stand on: real servers and sandboxes, each torn down with its test.

mod busybox;
pub(crate) mod debian;
pub(crate) mod engine;
pub(crate) mod mac;
pub(crate) mod machine;
#[cfg(target_os = "linux")]
pub(crate) mod mounts;
pub(crate) mod shape;
pub(crate) mod sshd;
pub(crate) mod systemd;
pub(crate) mod trueup;
pub(crate) mod vm;
