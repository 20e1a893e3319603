//! User-data by which cloud-init takes a fresh machine to where an apply works: a user who may log in with our keys and become
//! root, a host key that is known beforehand, and the few programs that an apply needs.

use serde_json::Value;
use tera::{Context, Tera};

use super::RenderError;
use crate::spec::{Environment, Target, TargetKind};
use crate::trust::HostKey;

/// What it is rendered of.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The spec.
    pub environment: &'a Environment,
    /// The target, of kind vm.
    pub target: &'a Target,
    /// Who will log in.
    pub user: &'a str,
    /// Lines for `authorized_keys`.
    pub keys: &'a [String],
    /// The key that the machine is to have.
    pub host_key: &'a HostKey,
}

/// The user-data. It holds the private host key.
pub fn render(given: &Given<'_>) -> Result<String, RenderError> {
    let Given { environment, target, user, keys, host_key } = *given;
    if target.kind != TargetKind::Vm {
        let (target, kind) = (target.name.clone(), target.kind.word());
        return Err(RenderError::OtherKind { target, kind, wanted: "vm" });
    }
    if keys.is_empty() {
        return Err(RenderError::NoKeys(target.name.clone()));
    }
    // Every JSON text is YAML.
    let text = |text: &str| Value::from(text).to_string();
    let mut context = Context::new();
    context.insert("environment", &environment.name);
    context.insert("target", &target.name);
    context.insert("hostname", &text(&host_name(&target.name)));
    context.insert("user", &text(user));
    context.insert("is_root", &(user == "root"));
    context.insert("disable_root", &(user != "root"));
    context.insert("keys", &keys.iter().map(|key| text(key)).collect::<Vec<_>>());
    context.insert("host_key", &text(&host_key.private_text()));
    context.insert("host_key_public", &text(&host_key.public_line()));
    let template = include_str!("../../../templates/cloud-config.yaml.tera");
    Ok(Tera::one_off(template, &context, false).expect("the template uses what it is given"))
}

/// What a machine may be called: letters, digits and `-`.
fn host_name(target: &str) -> String {
    let name: String = target.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Vocabulary, parse};

    fn rendered(spec: &str, user: &str, keys: &[&str]) -> Result<String, RenderError> {
        let environment = parse("t.toml", spec, &Vocabulary { managers: vec![], gates: vec![] }).unwrap();
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let host_key = HostKey::from_seed(&[7; 32]);
        let target = &environment.targets[0];
        render(&Given { environment: &environment, target, user, keys: &keys, host_key: &host_key })
    }

    const VM: &str = "name = \"dev\"\n[targets.the_vm]\nkind = \"vm\"\nssh = \"me@vm\"\n";

    #[test]
    fn the_text_is_the_documented_one() {
        insta::assert_snapshot!(rendered(VM, "me", &["ssh-ed25519 AAAAme", "ssh-rsa AAAAother"]).unwrap());
    }

    #[test]
    fn every_value_is_read_back_as_it_is() {
        let text = rendered(VM, "root", &["ssh-ed25519 AAAA \"x\": # y"]).unwrap();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(value["hostname"], "the-vm");
        assert_eq!(value["disable_root"], false);
        assert_eq!(value["users"][0]["name"], "root");
        assert_eq!(value["users"][0]["sudo"], Value::Null);
        assert_eq!(value["users"][0]["ssh_authorized_keys"][0], "ssh-ed25519 AAAA \"x\": # y");
        assert_eq!(value["ssh_keys"]["ed25519_private"], HostKey::from_seed(&[7; 32]).private_text());
    }

    #[test]
    fn nothing_is_rendered_that_nobody_could_log_in_to() {
        assert_eq!(rendered(VM, "me", &[]), Err(RenderError::NoKeys("the_vm".to_owned())));
        let mac = VM.replace("\"vm\"", "\"mac\"");
        assert!(matches!(rendered(&mac, "me", &["k"]), Err(RenderError::OtherKind { wanted: "vm", .. })));
    }
}
