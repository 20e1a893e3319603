//! Bring every machine your agents run on true to yours, and run nothing on one that isn't.
//!
//! The rooms, in the order in which data flows through them:
//!
//! 1. [`spec`]: what should be. The environment, its policies and waivers, and the lock with the reference's facts.
//! 2. [`transport`]: reaching a machine, and running one command line there.
//! 3. [`observe`]: probes compiled into one sh program, and its framed output parsed into facts.
//! 4. [`quality`]: raw facts about quality gates into effective hooks.
//! 5. [`parity`]: the lock held against the facts; findings, verdict and report formats.
//! 6. [`provision`]: findings into a plan, and the plan carried out; rollback.
//! 7. [`trust`]: keys, signed attestations, and the gate's decision.
//! 8. [`store`]: what is remembered between commands: audits, attestations, runs.
//! 9. [`dispatch`]: a command run on a machine that the gate allows.
//! 10. [`cli`]: one file a verb.

pub mod cli;
pub mod dispatch;
pub mod observe;
pub mod parity;
pub mod provision;
pub mod quality;
pub mod spec;
pub mod store;
pub mod transport;
pub mod trust;
