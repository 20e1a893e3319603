//! What `~/.ssh/config` says of a host, as ssh_config(5) defines it, as far as trueup goes along.
//!
//! In: the file's text and the host as the spec names it. Out: [`HostConfig`], or the line that trueup cannot honour.
//! Pure. A keyword that would change where or how to connect, and that is not supported, is refused by name, but only
//! where it applies to the host: silently connecting elsewhere, or more weakly than the user asked for, is worse.

use super::known_hosts::pattern_matches;

/// What the configuration says of one host; values still hold their `%` tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HostConfig {
    /// `HostName`: where to connect in place of the alias.
    pub(super) host_name: Option<String>,
    /// `User`.
    pub(super) user: Option<String>,
    /// `Port`.
    pub(super) port: Option<u16>,
    /// `IdentityFile`s, in order; all that apply count, unlike other keywords.
    pub(super) identity_files: Vec<String>,
    /// `IdentitiesOnly`: the agent serves only keys that are named by files.
    pub(super) identities_only: Option<bool>,
    /// `UserKnownHostsFile`: in place of `~/.ssh/known_hosts` and `known_hosts2`.
    pub(super) known_hosts_files: Option<Vec<String>>,
    /// `HostKeyAlias`: the name in known_hosts, in place of host and port.
    pub(super) host_key_alias: Option<String>,
    /// `IdentityAgent`: whether the agent may be asked.
    pub(super) agent: Option<bool>,
}

/// A line that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) message: String,
}

/// What `%` tokens stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    /// `%d` and `~`: the user's home.
    pub(super) home: &'a str,
    /// `%u`: the user here.
    pub(super) local_user: &'a str,
    /// `%r`: the user there.
    pub(super) remote_user: &'a str,
    /// `%n`: the host as it was asked for.
    pub(super) alias: &'a str,
    /// `%h`: where to connect.
    pub(super) host: &'a str,
    /// `%p`.
    pub(super) port: u16,
}

/// Keywords that change nothing about which machine answers, who logs in and what a command does there.
const WITHOUT_EFFECT: [&str; 54] = [
    "addkeystoagent",
    "batchmode",
    "casignaturealgorithms",
    "challengeresponseauthentication",
    "channeltimeout",
    "checkhostip",
    "clearallforwardings",
    "compression",
    "compressionlevel",
    "connectionattempts",
    "connecttimeout",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "hashknownhosts",
    "hostbasedauthentication",
    "ignoreunknown",
    "ipqos",
    "kbdinteractiveauthentication",
    "localforward",
    "loglevel",
    "logverbose",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "obscurekeystroketiming",
    "passwordauthentication",
    "permitlocalcommand",
    "preferredauthentications",
    "remoteforward",
    "requesttty",
    "securitykeyprovider",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "setenv",
    "stdinnull",
    "tcpkeepalive",
    "updatehostkeys",
    "usekeychain",
    "verifyhostkeydns",
    "visualhostkey",
];

/// Keywords that matter and are not supported, with the values under which they ask for nothing.
const NOT_SUPPORTED: [(&str, &[&str]); 24] = [
    ("proxyjump", &["none"]),
    ("proxycommand", &["none"]),
    ("proxyusefdpass", &["no"]),
    ("certificatefile", &["none"]),
    ("globalknownhostsfile", &["/etc/ssh/ssh_known_hosts", "none"]),
    ("knownhostscommand", &["none"]),
    ("revokedhostkeys", &["none"]),
    ("pkcs11provider", &["none"]),
    ("bindaddress", &[]),
    ("bindinterface", &[]),
    ("addressfamily", &["any"]),
    ("canonicalizehostname", &["no"]),
    ("canonicaldomains", &[]),
    ("remotecommand", &["none"]),
    ("sessiontype", &["default"]),
    ("localcommand", &["none"]),
    ("tunnel", &["no"]),
    ("pubkeyauthentication", &["yes"]),
    ("requiredrsasize", &[]),
    ("versionaddendum", &["none"]),
    ("stricthostkeychecking", &["yes", "true", "ask", "accept-new"]),
    ("tag", &[]),
    ("rekeylimit", &["default"]),
    ("include", &[]),
];

/// Lists of algorithms: one that only adds (`+…`) or reorders (`^…`) forbids nothing.
const ALGORITHMS: [&str; 7] = [
    "ciphers",
    "hostbasedacceptedalgorithms",
    "hostkeyalgorithms",
    "kexalgorithms",
    "macs",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
];

/// What [`HostConfig`] holds.
const TAKEN: [&str; 8] = [
    "hostname",
    "user",
    "port",
    "identityfile",
    "identitiesonly",
    "userknownhostsfile",
    "hostkeyalias",
    "identityagent",
];

/// What the configuration says of `alias`. The first value obtained for a keyword counts.
pub(super) fn resolve(text: &str, alias: &str) -> Result<HostConfig, Unsupported> {
    let mut config = HostConfig::default();
    // What stands before the first `Host` is for all hosts.
    let mut applies = true;
    for (index, line) in text.lines().enumerate() {
        let at = |message: String| Unsupported { line: index + 1, message };
        let Some((keyword, values)) = split(line).map_err(at)? else { continue };
        match keyword.to_ascii_lowercase().as_str() {
            "host" => applies = list_matches(&values, alias),
            "match" => {
                let host = config.host_name.as_deref().unwrap_or(alias);
                applies = match_applies(&values, alias, host).map_err(at)?;
            }
            lower => {
                let known =
                    take(&mut config, lower, &values, applies).map_err(|message| at(format!("{keyword} {message}")))?;
                if !known {
                    return Err(at(format!("the keyword {keyword} is not known")));
                }
            }
        }
    }
    Ok(config)
}

/// Takes one keyword in, if its block applies. False if there is no such keyword.
fn take(config: &mut HostConfig, keyword: &str, values: &[String], applies: bool) -> Result<bool, String> {
    if WITHOUT_EFFECT.contains(&keyword) {
        return Ok(true);
    }
    let harmless = NOT_SUPPORTED.iter().find(|(name, _)| *name == keyword).map(|(_, harmless)| *harmless);
    let algorithms = ALGORITHMS.contains(&keyword);
    let taken = TAKEN.contains(&keyword);
    if harmless.is_none() && !algorithms && !taken {
        return Ok(false);
    }
    if !applies {
        return Ok(true);
    }
    let Some(value) = values.first() else { return Err("has no value".to_owned()) };
    if let Some(harmless) = harmless {
        return match harmless.iter().any(|harmless| harmless.eq_ignore_ascii_case(value)) {
            true => Ok(true),
            false => Err(format!("{value}: trueup does not support this yet")),
        };
    }
    if algorithms {
        return match value.starts_with(['+', '^']) {
            true => Ok(true),
            false => Err("restricts algorithms: trueup does not support this yet".to_owned()),
        };
    }
    if values.len() > 1 && keyword != "userknownhostsfile" {
        return Err(format!("has more than one value: {}", values.join(" ")));
    }
    match keyword {
        "hostname" => first(&mut config.host_name, value.clone()),
        "user" => first(&mut config.user, value.clone()),
        "port" => {
            let port = value.parse().ok().filter(|port| *port != 0);
            first(&mut config.port, port.ok_or_else(|| format!("{value} is no port"))?);
        }
        "identityfile" => config.identity_files.push(value.clone()),
        "identitiesonly" => first(&mut config.identities_only, yes_or_no(value)?),
        "userknownhostsfile" => first(&mut config.known_hosts_files, values.to_vec()),
        "hostkeyalias" => first(&mut config.host_key_alias, value.clone()),
        _ => match value.as_str() {
            "none" => first(&mut config.agent, false),
            "SSH_AUTH_SOCK" => first(&mut config.agent, true),
            other => {
                return Err(format!("{other}: trueup does not support this yet; it asks the agent of SSH_AUTH_SOCK"));
            }
        },
    }
    Ok(true)
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

fn yes_or_no(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{value} is neither yes nor no")),
    }
}

/// Whether one of the patterns matches and no negated one does.
fn list_matches(patterns: &[String], name: &str) -> bool {
    let mut matches = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if pattern_matches(pattern, name) => return false,
            Some(_) => {}
            None => matches |= pattern_matches(pattern, name),
        }
    }
    matches
}

/// Whether a `Match` block applies. All its criteria must hold, so one that fails rules it out whatever the others say;
/// beyond names and `all`, what cannot be ruled out is refused.
fn match_applies(criteria: &[String], alias: &str, host: &str) -> Result<bool, String> {
    if let [all] = criteria
        && all.eq_ignore_ascii_case("all")
    {
        return Ok(true);
    }
    let mut open = None;
    for pair in criteria.chunks(2) {
        let name = match pair[0].to_ascii_lowercase().as_str() {
            "originalhost" => alias,
            "host" => host,
            _ => {
                open.get_or_insert(&pair[0]);
                // Some criteria have no argument: from here on, what is a criterion is unclear.
                break;
            }
        };
        let Some(patterns) = pair.get(1) else { return Err(format!("Match {} has no value", pair[0])) };
        let patterns: Vec<String> = patterns.split(',').map(str::to_owned).collect();
        if !list_matches(&patterns, name) {
            return Ok(false);
        }
    }
    open.map_or(Ok(true), |criterion| Err(format!("Match {criterion}: trueup does not support this yet")))
}

/// Keyword and values of a line; none if it is empty or a comment.
fn split(line: &str) -> Result<Option<(&str, Vec<String>)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let end = line.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Ok(Some((keyword, values(rest)?)))
}

/// Splits at blanks; quotes hold a value together, and `#` at the beginning of a value starts a comment.
fn values(rest: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let mut value = String::new();
        let mut quote = None;
        let mut end = rest.len();
        let mut characters = rest.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            match (quote, character) {
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (None, _) if character.is_ascii_whitespace() => {
                    end = index;
                    break;
                }
                (_, '\\') => match characters.next_if(|(_, next)| matches!(next, '"' | '\'' | '\\')) {
                    Some((_, escaped)) => value.push(escaped),
                    None => value.push('\\'),
                },
                _ => value.push(character),
            }
        }
        if quote.is_some() {
            return Err("a quote is not closed".to_owned());
        }
        values.push(value);
        rest = rest[end..].trim_start();
    }
    Ok(values)
}

/// `HostName` with its tokens replaced; only `%h`, the alias, and `%%` may occur.
pub(super) fn expand_host(value: &str, alias: &str) -> Result<String, String> {
    replace(value, |token| (token == 'h').then(|| alias.to_owned()))
}

/// A file's name with `~` and tokens replaced.
pub(super) fn expand_path(value: &str, tokens: Tokens<'_>) -> Result<String, String> {
    if value.contains("${") {
        return Err(format!("{value}: trueup does not support variables here yet"));
    }
    let expanded = replace(value, |token| {
        Some(match token {
            'd' => tokens.home.to_owned(),
            'h' => tokens.host.to_owned(),
            'n' => tokens.alias.to_owned(),
            'p' => tokens.port.to_string(),
            'r' => tokens.remote_user.to_owned(),
            'u' => tokens.local_user.to_owned(),
            _ => return None,
        })
    })?;
    match expanded.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Ok(format!("{}{rest}", tokens.home)),
        Some(_) => Err(format!("{value}: trueup does not support other users' homes")),
        None => Ok(expanded),
    }
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

    fn refused(text: &str, alias: &str) -> String {
        let problem = resolve(text, alias).unwrap_err();
        format!("{}: {}", problem.line, problem.message)
    }

    #[test]
    fn the_first_value_counts_and_identity_files_add_up() {
        let text = "\
IdentityFile ~/.ssh/all
Host mini
  HostName=mini.local
  user   dev
  Port 2222
  IdentityFile \"~/.ssh/with space\"
Host m* !mac
  User other
  IdentitiesOnly yes
  UserKnownHostsFile ~/.kh1 ~/.kh2 # two of them
Host mac
  User mac
";
        let mini = HostConfig {
            host_name: Some("mini.local".to_owned()),
            user: Some("dev".to_owned()),
            port: Some(2222),
            identity_files: vec!["~/.ssh/all".to_owned(), "~/.ssh/with space".to_owned()],
            identities_only: Some(true),
            known_hosts_files: Some(vec!["~/.kh1".to_owned(), "~/.kh2".to_owned()]),
            ..HostConfig::default()
        };
        assert_eq!(resolve(text, "mini"), Ok(mini));
        assert_eq!(resolve(text, "mac").unwrap().user.as_deref(), Some("mac"));
        let all = HostConfig { identity_files: vec!["~/.ssh/all".to_owned()], ..HostConfig::default() };
        assert_eq!(resolve(text, "vm"), Ok(all));
    }

    #[test]
    fn nothing_says_nothing() {
        assert_eq!(resolve("", "vm"), Ok(HostConfig::default()));
        assert_eq!(
            resolve("# ServerAliveInterval\n\tLogLevel QUIET\nUseKeychain yes\n", "vm"),
            Ok(HostConfig::default())
        );
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name_where_it_applies() {
        let jump = "Host vm\n  ProxyJump bastion\n";
        assert_eq!(refused(jump, "vm"), "2: ProxyJump bastion: trueup does not support this yet");
        assert_eq!(resolve(jump, "mini"), Ok(HostConfig::default()));
        assert_eq!(resolve("ProxyJump none\nStrictHostKeyChecking accept-new\n", "vm"), Ok(HostConfig::default()));
        for (text, message) in [
            ("StrictHostKeyChecking no", "1: StrictHostKeyChecking no: trueup does not support this yet"),
            ("Include conf.d/*", "1: Include conf.d/*: trueup does not support this yet"),
            ("Ciphers aes128-ctr", "1: Ciphers restricts algorithms: trueup does not support this yet"),
            ("ProxyJmup bastion", "1: the keyword ProxyJmup is not known"),
            ("Port 70000", "1: Port 70000 is no port"),
            ("User", "1: User has no value"),
            ("User \"dev", "1: a quote is not closed"),
            ("IdentitiesOnly maybe", "1: IdentitiesOnly maybe is neither yes nor no"),
        ] {
            assert_eq!(refused(text, "vm"), message);
        }
        assert!(refused("IdentityAgent ~/agent.sock", "vm").starts_with("1: IdentityAgent ~/agent.sock: "));
        // An unknown keyword could be a slip in any block.
        assert_eq!(refused("Host other\nUsr dev", "vm"), "2: the keyword Usr is not known");
    }

    #[test]
    fn a_match_that_cannot_be_ruled_out_is_refused() {
        let user = |text: &str| resolve(text, "vm").unwrap().user;
        assert_eq!(user("Match all\nUser dev").as_deref(), Some("dev"));
        assert_eq!(user("Match originalhost v*\nUser dev").as_deref(), Some("dev"));
        assert_eq!(user("Match host mini,mac exec \"test -f x\"\nUser dev"), None);
        assert_eq!(user("HostName mini\nMatch host mini\nUser dev").as_deref(), Some("dev"));
        assert_eq!(refused("Match exec true\nUser dev", "vm"), "1: Match exec: trueup does not support this yet");
        assert_eq!(refused("Match host vm user dev", "vm"), "1: Match user: trueup does not support this yet");
    }

    #[test]
    fn tokens_are_replaced_or_refused() {
        let tokens =
            Tokens { home: "/home/me", local_user: "me", remote_user: "dev", alias: "vm", host: "10.0.0.1", port: 22 };
        assert_eq!(expand_path("~/.ssh/%r@%h:%p", tokens).as_deref(), Ok("/home/me/.ssh/dev@10.0.0.1:22"));
        assert_eq!(expand_path("%d/%u/%n/100%%", tokens).as_deref(), Ok("/home/me/me/vm/100%"));
        assert_eq!(expand_path("~/%C", tokens).unwrap_err(), "~/%C: trueup does not support %C here");
        assert_eq!(
            expand_path("~you/key", tokens).unwrap_err(),
            "~you/key: trueup does not support other users' homes"
        );
        assert_eq!(expand_host("%h.example.com", "vm").as_deref(), Ok("vm.example.com"));
        assert_eq!(expand_host("%p", "vm").unwrap_err(), "%p: trueup does not support %p here");
    }
}
