//! What `~/.ssh/config` and the system's file say of a host, as ssh_config(5) defines it, as far as trueup goes along.
//!
//! In: the files' text, the host as the spec names it, and a way to the files that an `Include` names. Out:
//! [`HostConfig`], or the line that trueup cannot honour. Pure but for that way. A keyword that would change where or
//! how to connect, and that is not supported, is refused by name, but only where it applies to the host: silently
//! connecting elsewhere, or more weakly than the user asked for, is worse.

mod glob;
mod keywords;
mod tokens;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

pub(super) use glob::expand as glob;
pub(super) use tokens::{Tokens, expand_command, expand_host, expand_jump, expand_path};

use self::keywords::{NOT_SUPPORTED, SEVERAL_VALUES, TAKEN, WITHOUT_EFFECT};
use self::words::Line;
use super::known_hosts::pattern_matches;

/// How deep files may include one another, as in OpenSSH.
const MAX_DEPTH: u32 = 16;

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
    /// `IdentityAgent`: the agent's socket, `none`, `SSH_AUTH_SOCK` or a `$VARIABLE`.
    pub(super) agent: Option<String>,
    /// `UserKnownHostsFile`: in place of `~/.ssh/known_hosts` and `known_hosts2`.
    pub(super) known_hosts_files: Option<Vec<String>>,
    /// `GlobalKnownHostsFile`: in place of the system's.
    pub(super) global_known_hosts_files: Option<Vec<String>>,
    /// `HostKeyAlias`: the name in known_hosts, in place of host and port.
    pub(super) host_key_alias: Option<String>,
    /// `ProxyJump` or `ProxyCommand`, whichever comes first; `none` is no proxy.
    pub(super) proxy: Option<ProxyConfig>,
    /// `ConnectTimeout`.
    pub(super) connect_limit: Option<Duration>,
    /// `ServerAliveInterval`; zero asks for none.
    pub(super) alive_interval: Option<Duration>,
    /// `ServerAliveCountMax`.
    pub(super) alive_count: Option<u32>,
    /// `AddressFamily`, where it is not `any`.
    pub(super) family: Option<Family>,
    /// `RequiredRSASize`, in bits.
    pub(super) rsa_bits: Option<u32>,
    /// `Ciphers`, `MACs`, `KexAlgorithms` and `HostKeyAlgorithms`, by their keyword in small letters.
    pub(super) algorithms: BTreeMap<String, String>,
    /// `IgnoreUnknown`.
    ignore_unknown: Option<Vec<String>>,
}

/// A way through another machine or program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProxyConfig {
    /// `none`.
    None,
    /// The hops of `ProxyJump`, the nearest first.
    Jump(String),
    /// The command line of `ProxyCommand`.
    Command(String),
}

/// `AddressFamily`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `any`.
    Any,
    /// `inet`.
    V4,
    /// `inet6`.
    V6,
}

/// A line that cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// File and line, from 1.
    pub(super) place: String,
    /// What is wrong with it.
    pub(super) message: String,
}

/// A configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// The file, as messages name it.
    pub(super) shown: String,
    /// Its text.
    pub(super) text: String,
    /// What relative `Include`s are relative to.
    pub(super) folder: String,
}

/// Who is asked for, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The host as the spec names it.
    pub(super) alias: &'a str,
    /// The user that the spec names, if it does.
    pub(super) user: Option<&'a str>,
    /// The user here.
    pub(super) local_user: &'a str,
}

/// Reads the files that an `Include` names. Its pattern still holds tokens; the second is the including file's folder.
pub(super) type Opener<'a> = &'a dyn Fn(&str, &str) -> Result<Vec<Source>, String>;

/// Whether the lines at hand apply to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Applies {
    Yes,
    No,
    /// That hangs on a criterion that trueup does not evaluate.
    Perhaps(String),
}

struct Reading<'a> {
    asked: Asked<'a>,
    open: Opener<'a>,
    config: HostConfig,
    /// The second pass, which a `Match final` asks for.
    is_final: bool,
    wants_final: bool,
}

/// What the files, read in this order, say of the host. The first value obtained for a keyword counts.
pub(super) fn resolve(sources: &[Source], asked: Asked<'_>, open: Opener<'_>) -> Result<HostConfig, Unsupported> {
    let config = HostConfig::default();
    let mut reading = Reading { asked, open, config, is_final: false, wants_final: false };
    for source in sources {
        reading.read(source, &Applies::Yes, 0)?;
    }
    if reading.wants_final {
        // Everything is read once more: what the first pass has settled stays, `Match final` adds what is open.
        reading.is_final = true;
        for source in sources {
            reading.read(source, &Applies::Yes, 0)?;
        }
    }
    Ok(reading.config)
}

impl Reading<'_> {
    fn read(&mut self, source: &Source, outer: &Applies, depth: u32) -> Result<(), Unsupported> {
        // What stands before the first `Host` is for all hosts that the including block is for.
        let mut applies = outer.clone();
        for (index, line) in source.text.lines().enumerate() {
            let at = |message: String| Unsupported { place: format!("{}:{}", source.shown, index + 1), message };
            let Some(line) = words::split(line).map_err(at)? else { continue };
            let keyword = line.keyword.to_ascii_lowercase();
            match keyword.as_str() {
                "host" => applies = outer.and(list_matches(&line.values, self.asked.alias).into()),
                "match" => applies = outer.and(self.match_applies(&line.values).map_err(at)?),
                "include" if applies == Applies::No => {}
                "include" => self.include(source, &line, &applies, depth).map_err(|problem| match problem {
                    IncludeProblem::Here(message) => at(message),
                    IncludeProblem::There(problem) => problem,
                })?,
                lower => self.take(lower, &line, &applies).map_err(at)?,
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        source: &Source,
        line: &Line<'_>,
        applies: &Applies,
        depth: u32,
    ) -> Result<(), IncludeProblem> {
        let here = |message: String| IncludeProblem::Here(format!("Include {message}"));
        if line.values.is_empty() {
            return Err(here("has no value".to_owned()));
        }
        if depth >= MAX_DEPTH {
            return Err(here(format!("is nested deeper than {MAX_DEPTH} files")));
        }
        for pattern in &line.values {
            for included in (self.open)(pattern, &source.folder).map_err(here)? {
                self.read(&included, applies, depth + 1).map_err(IncludeProblem::There)?;
            }
        }
        Ok(())
    }

    /// Takes one keyword in, if its block applies.
    fn take(&mut self, keyword: &str, line: &Line<'_>, applies: &Applies) -> Result<(), String> {
        if WITHOUT_EFFECT.contains(&keyword) {
            return Ok(());
        }
        let harmless = NOT_SUPPORTED.iter().find(|(name, _)| *name == keyword).map(|(_, harmless)| *harmless);
        if harmless.is_none() && !TAKEN.contains(&keyword) {
            return match &self.config.ignore_unknown {
                Some(patterns) if list_matches(patterns, keyword) => Ok(()),
                _ => Err(format!("the keyword {} is not known", line.keyword)),
            };
        }
        if *applies == Applies::No {
            return Ok(());
        }
        let named = |message: String| format!("{} {message}", line.keyword);
        let Some(value) = line.values.first() else { return Err(named("has no value".to_owned())) };
        if harmless.is_some_and(|harmless| harmless.iter().any(|harmless| harmless.eq_ignore_ascii_case(value))) {
            return Ok(());
        }
        if let Applies::Perhaps(criterion) = applies {
            return Err(named(format!("depends on Match {criterion}, which trueup does not support yet")));
        }
        if harmless.is_some() {
            return Err(named(format!("{value}: trueup does not support this yet")));
        }
        if line.values.len() > 1 && !SEVERAL_VALUES.contains(&keyword) {
            return Err(named(format!("has more than one value: {}", line.values.join(" "))));
        }
        self.enter(keyword, value, line).map_err(named)
    }

    fn enter(&mut self, keyword: &str, value: &str, line: &Line<'_>) -> Result<(), String> {
        let config = &mut self.config;
        match keyword {
            "hostname" => first(&mut config.host_name, value.to_owned()),
            "user" => first(&mut config.user, value.to_owned()),
            "port" => {
                let port = value.parse().ok().filter(|port| *port != 0);
                first(&mut config.port, port.ok_or_else(|| format!("{value} is no port"))?);
            }
            "identityfile" | "identityfile2" => {
                if !config.identity_files.iter().any(|known| known == value) {
                    config.identity_files.push(value.to_owned());
                }
            }
            "identitiesonly" => first(&mut config.identities_only, yes_or_no(value)?),
            "identityagent" => first(&mut config.agent, value.to_owned()),
            "userknownhostsfile" => first(&mut config.known_hosts_files, line.values.clone()),
            "globalknownhostsfile" => first(&mut config.global_known_hosts_files, line.values.clone()),
            "hostkeyalias" => first(&mut config.host_key_alias, value.to_owned()),
            "proxyjump" | "proxycommand" if value.eq_ignore_ascii_case("none") => {
                first(&mut config.proxy, ProxyConfig::None);
            }
            "proxyjump" => first(&mut config.proxy, ProxyConfig::Jump(value.to_owned())),
            "proxycommand" => first(&mut config.proxy, ProxyConfig::Command(line.rest.to_owned())),
            "connecttimeout" if value.eq_ignore_ascii_case("none") => {}
            "connecttimeout" => first(&mut config.connect_limit, time(value)?),
            "serveraliveinterval" => first(&mut config.alive_interval, time(value)?),
            "serveralivecountmax" => first(&mut config.alive_count, number(value)?),
            "requiredrsasize" => first(&mut config.rsa_bits, number(value)?),
            "addressfamily" => first(&mut config.family, family(value)?),
            "ignoreunknown" => first(&mut config.ignore_unknown, value.split(',').map(str::to_owned).collect()),
            // What adds to the list or only reorders it forbids nothing.
            _ if value.starts_with(['+', '^']) => {}
            list => drop(config.algorithms.entry(list.to_owned()).or_insert_with(|| value.to_owned())),
        }
        Ok(())
    }

    /// Whether a `Match` block applies. All its criteria must hold, so one that fails rules it out whatever the others
    /// say; what neither holds nor fails for certain stays open.
    fn match_applies(&mut self, criteria: &[String]) -> Result<Applies, String> {
        let mut result = Applies::Yes;
        let mut criteria = criteria.iter();
        if criteria.len() == 0 {
            return Err("Match has no value".to_owned());
        }
        while let Some(written) = criteria.next() {
            let (positive, name) = match written.strip_prefix('!') {
                Some(name) => (false, name.to_ascii_lowercase()),
                None => (true, written.to_ascii_lowercase()),
            };
            // `host=a*` is as good as `host a*`.
            let (name, joined) = match name.split_once('=') {
                Some((name, _)) => (name.to_owned(), written.split_once('=').map(|(_, value)| value.to_owned())),
                None => (name, None),
            };
            let holds = match name.as_str() {
                "all" => true,
                // Both ask for the second pass; names are not made canonical here, so that they mean the same.
                "final" | "canonical" => {
                    self.wants_final |= name == "final";
                    self.is_final
                }
                "host" | "originalhost" | "user" | "localuser" => {
                    let patterns = joined.or_else(|| criteria.next().cloned());
                    let patterns = patterns.ok_or_else(|| format!("Match {written} has no value"))?;
                    let patterns: Vec<String> = patterns.split(',').map(str::to_owned).collect();
                    list_matches(&patterns, &self.subject(&name)?)
                }
                // Each takes one argument.
                "exec" | "tagged" | "localnetwork" | "version" | "sessiontype" | "command" => {
                    if joined.is_none() {
                        criteria.next();
                    }
                    if result == Applies::Yes {
                        result = Applies::Perhaps(written.clone());
                    }
                    continue;
                }
                _ => return Err(format!("Match {written} is not known")),
            };
            if holds != positive {
                result = Applies::No;
            }
            if result == Applies::No {
                // The rest may still ask for the second pass.
                self.wants_final |= criteria.clone().any(|word| word.eq_ignore_ascii_case("final"));
                return Ok(result);
            }
        }
        Ok(result)
    }

    /// What a criterion looks at.
    fn subject(&self, criterion: &str) -> Result<String, String> {
        let asked = self.asked;
        Ok(match criterion {
            "host" => match &self.config.host_name {
                Some(name) => expand_host(name, asked.alias)?,
                None => asked.alias.to_owned(),
            },
            "user" => asked.user.or(self.config.user.as_deref()).unwrap_or(asked.local_user).to_owned(),
            "localuser" => asked.local_user.to_owned(),
            _ => asked.alias.to_owned(),
        })
    }
}

enum IncludeProblem {
    Here(String),
    There(Unsupported),
}

impl From<bool> for Applies {
    fn from(applies: bool) -> Self {
        if applies { Self::Yes } else { Self::No }
    }
}

impl Applies {
    /// Both must hold.
    fn and(&self, inner: Self) -> Self {
        match (self, inner) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, inner) => inner,
            (Self::Perhaps(criterion), _) => Self::Perhaps(criterion.clone()),
        }
    }
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

fn number(value: &str) -> Result<u32, String> {
    value.parse().map_err(|_| format!("{value} is no number"))
}

fn family(value: &str) -> Result<Family, String> {
    match value.to_ascii_lowercase().as_str() {
        "any" => Ok(Family::Any),
        "inet" => Ok(Family::V4),
        "inet6" => Ok(Family::V6),
        _ => Err(format!("{value} is none of any, inet and inet6")),
    }
}

/// `90`, `1m30s`: seconds unless a unit is named.
fn time(value: &str) -> Result<Duration, String> {
    let bad = || format!("{value} is no time");
    let mut seconds: u64 = 0;
    let mut rest = value;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let mut unit = rest[digits..].chars();
        let length = match unit.next().map(|unit| unit.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86400,
            Some('w') => 7 * 86400,
            Some(_) => return Err(bad()),
        };
        seconds = count.checked_mul(length).and_then(|part| seconds.checked_add(part)).ok_or_else(bad)?;
        rest = unit.as_str();
    }
    if value.is_empty() { Err(bad()) } else { Ok(Duration::from_secs(seconds)) }
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

/// The algorithms that a list of the configuration leaves of `all`: those that it names, in its order, or those that
/// `-` does not take away.
pub(super) fn leave<'a>(list: &str, all: &[&'a str]) -> Vec<&'a str> {
    match list.strip_prefix('-') {
        Some(removed) => {
            let removed: Vec<String> = removed.split(',').map(str::to_owned).collect();
            all.iter().copied().filter(|name| !list_matches(&removed, name)).collect()
        }
        None => list.split(',').filter_map(|wanted| all.iter().copied().find(|name| *name == wanted)).collect(),
    }
}

#[cfg(test)]
mod tests;
