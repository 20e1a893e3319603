//! What `~`, `%` tokens and `${…}` stand for, each only where OpenSSH takes it. Pure.

use std::ffi::OsString;

use sha1::{Digest as _, Sha1};

use crate::transport::quote;

/// What tokens stand for.
#[derive(Clone, Copy, Debug)]
pub(in crate::transport) struct Tokens<'a> {
    /// `%d` and `~`: the user's home.
    pub(in crate::transport) home: &'a str,
    /// `%u`: the user here.
    pub(in crate::transport) local_user: &'a str,
    /// `%i`: the user's number here.
    pub(in crate::transport) uid: u32,
    /// `%l`, and up to its first dot `%L`: this machine's name.
    pub(in crate::transport) local_host: &'a str,
    /// `%r`: the user there.
    pub(in crate::transport) remote_user: &'a str,
    /// `%n`: the host as it was asked for.
    pub(in crate::transport) alias: &'a str,
    /// `%h`: where to connect.
    pub(in crate::transport) host: &'a str,
    /// `%p`.
    pub(in crate::transport) port: u16,
    /// `%k`: the name in known_hosts, where the configuration gives one.
    pub(in crate::transport) host_key_alias: Option<&'a str>,
    /// `%j`: what `ProxyJump` says, or nothing.
    pub(in crate::transport) jump: &'a str,
    /// The environment, for `${NAME}`.
    pub(in crate::transport) env: &'a [(OsString, OsString)],
}

impl Tokens<'_> {
    fn meaning(&self, token: char) -> Option<String> {
        Some(match token {
            'd' => self.home.to_owned(),
            'h' => self.host.to_owned(),
            'i' => self.uid.to_string(),
            'j' => self.jump.to_owned(),
            'k' => self.host_key_alias.unwrap_or(self.alias).to_owned(),
            'L' => self.local_host.split('.').next()?.to_owned(),
            'l' => self.local_host.to_owned(),
            'n' => self.alias.to_owned(),
            'p' => self.port.to_string(),
            'r' => self.remote_user.to_owned(),
            'u' => self.local_user.to_owned(),
            'C' => {
                let parts = [self.local_host, self.host, &self.port.to_string(), self.remote_user, self.jump];
                Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
            }
            _ => return None,
        })
    }

    /// A variable of the environment. ssh too gives up on one that is not set.
    pub(in crate::transport) fn variable(&self, name: &str) -> Result<String, String> {
        let found = self.env.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str());
        found.map(str::to_owned).ok_or_else(|| format!("the variable {name} is not set"))
    }
}

/// `HostName` with its tokens replaced; only `%h`, the alias, and `%%` may occur.
pub(in crate::transport) fn expand_host(value: &str, alias: &str) -> Result<String, String> {
    replace(value, |token| (token == 'h').then(|| alias.to_owned()))
}

/// A file's name with `~`, `${…}` and tokens replaced.
pub(in crate::transport) fn expand_path(value: &str, tokens: Tokens<'_>) -> Result<String, String> {
    let value = match value.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", tokens.home),
        Some(_) => return Err(format!("{value}: trueup does not support other users' homes")),
        None => value.to_owned(),
    };
    let value = replace_variables(&value, tokens)?;
    replace(&value, |token| tokens.meaning(token))
}

/// A part of `ProxyJump`: `%h`, `%n`, `%p` and `%r` may occur.
pub(in crate::transport) fn expand_jump(value: &str, tokens: Tokens<'_>) -> Result<String, String> {
    replace(value, |token| "hnpr".contains(token).then(|| tokens.meaning(token)).flatten())
}

/// `ProxyCommand` as the shell gets it. Like ssh we put nothing into it that the shell could take for anything but a
/// word: quotes of our own would break inside the user's.
pub(in crate::transport) fn expand_command(value: &str, tokens: Tokens<'_>) -> Result<String, String> {
    for (token, meaning) in [('h', tokens.host), ('n', tokens.alias), ('r', tokens.remote_user)] {
        let odd = quote::word(meaning) != meaning || meaning.starts_with('-');
        if odd && value.contains(&format!("%{token}")) {
            return Err(format!("`{meaning}` cannot stand for %{token} in a command"));
        }
    }
    replace(value, |token| "hnpr".contains(token).then(|| tokens.meaning(token)).flatten())
}

fn replace_variables(value: &str, tokens: Tokens<'_>) -> Result<String, String> {
    let mut replaced = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("{value}: a ${{ is not closed"))?;
        replaced.push_str(before);
        replaced.push_str(&tokens.variable(name).map_err(|message| format!("{value}: {message}"))?);
        rest = after;
    }
    replaced.push_str(rest);
    Ok(replaced)
}

fn replace(value: &str, meaning: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut replaced = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, character == '%') {
            (_, true) => match characters.next() {
                Some('%') => replaced.push('%'),
                Some(token) => replaced.push_str(
                    &meaning(token).ok_or_else(|| format!("{value}: trueup does not support %{token} here"))?,
                ),
                None => return Err(format!("{value} ends in a lone %")),
            },
            (other, false) => replaced.push(other),
        }
    }
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_replaced_or_refused() {
        let env = [("SOCKETS".into(), "/run/me".into())];
        let tokens = Tokens {
            home: "/home/me",
            local_user: "me",
            uid: 1000,
            local_host: "desk.example.com",
            remote_user: "dev",
            alias: "vm",
            host: "10.0.0.1",
            port: 22,
            host_key_alias: None,
            jump: "bastion",
            env: &env,
        };
        for (value, expected) in [
            ("~/.ssh/%r@%h:%p", "/home/me/.ssh/dev@10.0.0.1:22"),
            ("%d/%u/%n/100%%", "/home/me/me/vm/100%"),
            ("${SOCKETS}/%i-%L-%l-%j-%k", "/run/me/1000-desk-desk.example.com-bastion-vm"),
            // printf %s desk.example.com10.0.0.122devbastion | sha1sum
            ("%C", "2adb05a838efedab672ca345debe5a722b5d5ee7"),
        ] {
            assert_eq!(expand_path(value, tokens).as_deref(), Ok(expected));
        }
        for (value, message) in [
            ("~/%T", "/home/me/%T: trueup does not support %T here"),
            ("~you/key", "~you/key: trueup does not support other users' homes"),
            ("${NONE}/a", "${NONE}/a: the variable NONE is not set"),
            ("a%", "a% ends in a lone %"),
        ] {
            assert_eq!(expand_path(value, tokens).unwrap_err(), message);
        }
        assert_eq!(expand_host("%h.example.com", "vm").as_deref(), Ok("vm.example.com"));
        assert_eq!(expand_host("%p", "vm").unwrap_err(), "%p: trueup does not support %p here");
        assert_eq!(expand_jump("%r@gate-%n", tokens).as_deref(), Ok("dev@gate-vm"));
    }

    #[test]
    fn nothing_that_a_shell_would_understand_gets_into_a_command() {
        let tokens = Tokens {
            home: "/",
            local_user: "me",
            uid: 0,
            local_host: "desk",
            remote_user: "dev",
            alias: "vm",
            host: "a;reboot",
            port: 22,
            host_key_alias: None,
            jump: "",
            env: &[],
        };
        assert_eq!(expand_command("nc '%n' %p", tokens).as_deref(), Ok("nc 'vm' 22"));
        assert_eq!(expand_command("nc %h", tokens).unwrap_err(), "`a;reboot` cannot stand for %h in a command");
        let option = Tokens { host: "-oProxyCommand=x", ..tokens };
        assert!(expand_command("ssh %h", option).is_err());
    }
}
