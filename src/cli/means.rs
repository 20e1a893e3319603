//! What an apply or a rollback needs of the person who is at it: a name to be known by, and the password that sudo asks for.

use super::context::{Context, tell};
use crate::provision::root::{self, Means, Password, Root};
use crate::provision::view::clean;
use crate::spec::{Environment, Target};
use crate::transport::{Connection, Surroundings};

/// The means of who needs no password.
pub(super) fn means(surroundings: &Surroundings) -> Means {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Means { holder: clean(&format!("{}@{host}", surroundings.user)), password: None }
}

/// The means of what needs root. A password is asked for once, before anything is changed, where sudo wants one and there is
/// somebody to type it; else the steps that need it are left out, which is told now.
pub(super) fn means_for_root(
    target: &Target,
    connection: &mut Connection,
    environment: &Environment,
    surroundings: &Surroundings,
    context: &Context,
) -> Means {
    let mut means = means(surroundings);
    let name = &target.name;
    // Where it cannot be found out, the steps themselves find out.
    match root::ask(connection, environment) {
        Ok(Ok(Root::ByPassword)) if context.interactive => means.password = asked(name, context),
        Ok(Ok(Root::ByPassword)) => {
            tell(&format!(
                "{name}: sudo wants a password there and nobody is here to type it; what needs root is left out"
            ));
        }
        Ok(Ok(Root::Without)) => tell(&format!("{name}: there is no sudo; what needs root is left out")),
        Ok(Ok(Root::AtHand) | Err(_)) | Err(_) => {}
    }
    means
}

/// No password is what somebody types who would rather go without.
fn asked(name: &str, context: &Context) -> Option<Password> {
    let question = format!("password for sudo on {name} (none leaves out what needs root): ");
    let typed = context.progress.suspend(|| rpassword::prompt_password(question));
    typed.ok().filter(|typed| !typed.is_empty()).map(Password::new)
}
