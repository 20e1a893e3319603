//! The end-to-end tests, one binary. A test file that is not named here is caught by `registered`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests are an IO edge, and a panic is how they fail"
)]
#![cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "machines of another shape are made of what Linux has")
)]

mod action;
mod apply;
mod apt_root;
mod bad_input;
mod captured;
mod checked_out;
mod checks;
mod cloned;
mod container_root;
mod contract;
#[cfg(target_os = "linux")]
mod corpus;
#[cfg(target_os = "linux")]
mod corpus_all;
mod devcontainer_root;
mod doctor;
mod dotfiles;
mod edited;
mod errors;
mod floods;
mod formats;
mod gate;
mod gates_js;
mod gates_other;
mod here;
mod history;
mod hooks;
mod hosts;
mod init;
mod keys_merged;
mod killed;
mod made;
mod manual;
mod names;
mod observed;
mod own_environment;
mod packaged;
mod packages;
mod packages_across;
mod pins;
mod places;
mod preflight;
mod quiet;
mod registered;
mod rendered;
mod repos;
mod rollback;
mod run;
mod secrets;
mod services;
mod services_root;
mod ssh;
mod ssh_hops;
mod story;
mod support;
mod surroundings;
mod tools;
mod vm_root;
mod waive;
