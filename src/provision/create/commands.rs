//! Machines that commands of the user's own make and end: what `create` answers.
//!
//! The answer is a JSON object with `host`, and if need be `port`, `user` and `host_key` (a line as `ssh-keyscan` has it, without
//! the host). Each may also be an object with a `value`, as `tofu output -json` prints them. Any other key is nobody's business.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::spec::SshAddress;

/// Where a machine is that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeMachine {
    /// Its host name or address.
    pub host: String,
    /// The port of its SSH server, if it is another than the spec's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Who logs in there, if it is somebody else than the spec says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its host key, if it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
}

impl MadeMachine {
    /// What `create` answered. The error is a sentence.
    pub fn read(answer: &str) -> Result<Self, String> {
        let object = match serde_json::from_str(answer.trim()) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err("what create answered is JSON, but no object with a `host`".to_owned()),
            Err(error) => return Err(format!("what create answered is no JSON: {error}")),
        };
        let told = |key: &str| match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(output)) => output.get("value").cloned(),
            Some(plain) => Some(plain.clone()),
        };
        let text = |key: &str| match told(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.contains(char::is_control) => Ok(Some(text)),
            Some(other) => Err(format!("the `{key}` that create answered is no text: {other}")),
        };
        let port = match told("port") {
            None => None,
            Some(port) => {
                let number = port.as_u64().or_else(|| port.as_str().and_then(|port| port.parse().ok()));
                let number = number.and_then(|number| u16::try_from(number).ok()).filter(|port| *port != 0);
                Some(number.ok_or_else(|| format!("the `port` that create answered is no port: {port}"))?)
            }
        };
        let host = text("host")?.ok_or("create answered no `host`")?;
        let machine = Self { host, port, user: text("user")?, host_key: text("host_key")? };
        // The same rules as for an address that the spec names.
        let named = SshAddress::read(&machine.host)?;
        if named.user.is_some() || named.port.is_some() {
            return Err(format!("the `host` that create answered is more than a host: {}", machine.host));
        }
        if let Some(user) = &machine.user {
            SshAddress::read(&format!("{user}@host"))?;
        }
        Ok(machine)
    }

    /// Where it is reached: what it does not tell is as the spec says.
    pub fn address(&self, spec: &SshAddress) -> SshAddress {
        SshAddress {
            user: self.user.clone().or_else(|| spec.user.clone()),
            host: self.host.clone(),
            port: self.port.or(spec.port),
            identity: spec.identity.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_commands_give_it() {
        let plain = MadeMachine::read("{\"host\":\"192.0.2.7\",\"port\":2222,\"user\":\"dev\",\"id\":7}\n").unwrap();
        let tofu = MadeMachine::read(
            "{\"host\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"192.0.2.7\"},\"port\":{\"value\":\"2222\"},\"user\":{\"value\":\"dev\"}}",
        );
        assert_eq!(tofu, Ok(plain.clone()));
        let spec = SshAddress { identity: Some("/k".into()), ..SshAddress::read("me@vm:22").unwrap() };
        let address = plain.address(&spec);
        assert_eq!(
            (address.host.as_str(), address.port, address.user.as_deref()),
            ("192.0.2.7", Some(2222), Some("dev"))
        );
        assert_eq!(address.identity, spec.identity);
        let host_only = MadeMachine::read("{\"host\":\"fe80::1\"}").unwrap().address(&spec);
        assert_eq!((host_only.port, host_only.user.as_deref()), (Some(22), Some("me")));
    }

    #[test]
    fn an_answer_that_names_no_host_is_refused() {
        for (answer, why) in [
            ("", "what create answered is no JSON: "),
            ("[]", "what create answered is JSON, but no object"),
            ("{}", "create answered no `host`"),
            ("{\"host\": 7}", "the `host` that create answered is no text: 7"),
            ("{\"host\": \"-oProxyCommand=x\"}", "`-oProxyCommand=x` is not an SSH address"),
            ("{\"host\": \"me@vm\"}", "the `host` that create answered is more than a host"),
            ("{\"host\": \"vm\", \"user\": \"-l\"}", "`-l@host` is not an SSH address"),
            ("{\"host\": \"vm\", \"port\": 70000}", "the `port` that create answered is no port"),
        ] {
            let error = MadeMachine::read(answer).unwrap_err();
            assert!(error.starts_with(why), "{answer}: {error}");
        }
    }
}
