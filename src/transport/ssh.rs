pub(super) struct Ssh;
use super::*;
impl Ssh {
    pub(super) fn connect(_: &crate::spec::SshAddress, _: &str, _: &Surroundings) -> Result<Self, TransportError> {
        Err(TransportError::NotYet("x"))
    }
    pub(super) fn run(&mut self, _: &Run<'_>, _: Listener<'_>) -> Result<Ended, TransportError> {
        Err(TransportError::NotYet("x"))
    }
    pub(super) fn host_key(&self) -> &str {
        ""
    }
}
