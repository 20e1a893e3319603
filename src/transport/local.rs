//! This machine as a target: `/bin/sh` started with the sandbox's HOME and PATH.
#![expect(clippy::disallowed_methods, reason = "IO edge: starts processes and watches the clock")]
