//! The unit of a service: systemd's, or launchd's property list. Each template in `templates/` decides the layout; values
//! arrive quoted for the language that they land in.

use serde::{Deserialize, Serialize};
use tera::{Context, Tera};

use super::{Environment, Machine, Service, ServiceScope, ServiceValue};

/// Who keeps a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    /// The user's own systemd.
    SystemdUser,
    /// The machine's systemd.
    SystemdSystem,
    /// launchd, while the user is at the screen.
    LaunchdAgent,
    /// launchd, from the machine's start.
    LaunchdDaemon,
}

/// A unit, as it is written on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What the manager calls it.
    pub name: String,
    /// Its place: relative to the home, or absolute.
    pub path: String,
    /// What it holds.
    pub text: String,
    /// Where its secrets are: relative to the home, or absolute. None where it has none.
    pub secrets: Option<String>,
}

/// Why there is no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A unit of launchd names places in the home in full.
    #[error("the machine did not tell whose home its unit is for")]
    NoAccount,
}

impl Manager {
    /// What it calls what it keeps.
    pub fn noun(self) -> &'static str {
        match self {
            Self::SystemdUser => "user unit",
            Self::SystemdSystem => "system unit",
            Self::LaunchdAgent => "agent",
            Self::LaunchdDaemon => "daemon",
        }
    }

    /// Whether only root may change what it keeps.
    pub fn is_roots(self) -> bool {
        matches!(self, Self::SystemdSystem | Self::LaunchdDaemon)
    }

    /// The word by which shell texts know it.
    pub fn word(self) -> &'static str {
        match self {
            Self::SystemdUser => "user",
            Self::SystemdSystem => "system",
            Self::LaunchdAgent => "agent",
            Self::LaunchdDaemon => "daemon",
        }
    }

    /// By that word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::SystemdUser, Self::SystemdSystem, Self::LaunchdAgent, Self::LaunchdDaemon]
            .into_iter()
            .find(|manager| manager.word() == word)
    }
}

impl Service {
    /// What a manager calls the service of this name.
    pub fn unit_name(name: &str, manager: Manager) -> String {
        match manager {
            Manager::SystemdUser | Manager::SystemdSystem => format!("trueup-{name}.service"),
            Manager::LaunchdAgent | Manager::LaunchdDaemon => format!("dev.trueup.{name}"),
        }
    }

    /// Where the unit of the service of this name lies: relative to the home, or absolute.
    pub fn unit_path(name: &str, manager: Manager) -> String {
        let unit = Self::unit_name(name, manager);
        match manager {
            Manager::SystemdUser => format!(".config/systemd/user/{unit}"),
            Manager::SystemdSystem => format!("/etc/systemd/system/{unit}"),
            Manager::LaunchdAgent => format!("Library/LaunchAgents/{unit}.plist"),
            Manager::LaunchdDaemon => format!("/Library/LaunchDaemons/{unit}.plist"),
        }
    }

    /// The link by which systemd starts the service of this name by itself: relative to the home, or absolute.
    pub fn enabling_link(name: &str, manager: Manager) -> String {
        let unit = Self::unit_name(name, manager);
        match manager {
            Manager::SystemdSystem => format!("/etc/systemd/system/multi-user.target.wants/{unit}"),
            _ => format!(".config/systemd/user/default.target.wants/{unit}"),
        }
    }

    /// Where the secrets of the service of this name lie: relative to the home, or absolute. Of a daemon that runs as the
    /// user they are the user's, who has to read them.
    pub fn secrets_path(&self, manager: Manager) -> String {
        match (manager, &self.scope) {
            (Manager::SystemdSystem | Manager::LaunchdDaemon, ServiceScope::System { .. }) => {
                format!("/etc/trueup/services/{}.env", self.name)
            }
            _ => format!(".config/trueup/services/{}.env", self.name),
        }
    }

    /// The unit with which a manager of a machine keeps this service.
    pub(crate) fn unit(
        &self,
        environment: &Environment,
        machine: &Machine,
        manager: Manager,
    ) -> Result<Unit, UnitError> {
        let secrets = (!self.secrets().is_empty()).then(|| self.secrets_path(manager));
        let text = match manager {
            Manager::SystemdUser | Manager::SystemdSystem => self.systemd(environment, manager, secrets.as_deref()),
            Manager::LaunchdAgent | Manager::LaunchdDaemon => {
                self.launchd(environment, machine, manager, secrets.as_deref())?
            }
        };
        let name = Self::unit_name(&self.name, manager);
        Ok(Unit { name, path: Self::unit_path(&self.name, manager), text, secrets })
    }

    fn systemd(&self, environment: &Environment, manager: Manager, secrets: Option<&str>) -> String {
        let mut context = self.context(environment);
        let in_home = |path: &str| match path.strip_prefix("~/") {
            Some(below) => format!("%h/{}", below.replace('%', "%%")),
            None if path.starts_with('/') => path.replace('%', "%%"),
            None => format!("%h/{}", path.replace('%', "%%")),
        };
        let words: Vec<String> = self.words(environment).iter().map(|word| systemd_word(word)).collect();
        context.insert("command", &words.join(" "));
        context.insert("seconds", &self.restart.as_secs());
        context.insert("keep_alive", &self.keep_alive);
        context.insert("user", &self.user());
        context.insert("of_machine", &(manager == Manager::SystemdSystem));
        // To the machine's own manager `%h` is root's.
        let home = if manager == Manager::SystemdSystem { "~" } else { "%h" };
        context.insert("directory", &self.working_directory.as_deref().map_or(home.to_owned(), in_home));
        let plain: Vec<String> =
            self.plain().map(|(name, value)| systemd_word(&format!("{name}={value}")).replace("$$", "$")).collect();
        context.insert("variables", &plain);
        context.insert("secrets", &secrets.map(in_home));
        made(include_str!("../../../templates/service.systemd.tera"), &context)
    }

    fn launchd(
        &self,
        environment: &Environment,
        machine: &Machine,
        manager: Manager,
        secrets: Option<&str>,
    ) -> Result<String, UnitError> {
        let account = machine.account.as_ref().ok_or(UnitError::NoAccount)?;
        let in_home = |path: &str| match path.strip_prefix("~/") {
            Some(below) => format!("{}/{below}", account.home),
            None if path.starts_with('/') => path.to_owned(),
            None => format!("{}/{path}", account.home),
        };
        let mut context = self.context(environment);
        let mut words = self.words(environment);
        if let Some(secrets) = secrets {
            // launchd reads no file of variables, so sh does it.
            let read = "set -a; . \"$0\" && set +a && exec \"$@\"";
            let before = ["/bin/sh".to_owned(), "-c".to_owned(), read.to_owned(), in_home(secrets)];
            words.splice(0..0, before);
        }
        let words: Vec<String> = words.iter().map(|word| xml(word)).collect();
        context.insert("label", &Self::unit_name(&self.name, manager));
        context.insert("log_bytes", &self.logs);
        context.insert("words", &words);
        context.insert("keep_alive", &self.keep_alive);
        context.insert("seconds", &self.restart.as_secs());
        let user = match (&self.scope, manager) {
            (_, Manager::LaunchdAgent) => None,
            (ServiceScope::User, _) => Some(account.user.as_str()),
            (ServiceScope::System { user }, _) => Some(user.as_str()),
        };
        context.insert("user", &user.map(xml));
        let directory = match (&self.working_directory, &self.scope) {
            (Some(path), _) => in_home(path),
            (None, ServiceScope::User) => account.home.clone(),
            (None, ServiceScope::System { .. }) => "/".to_owned(),
        };
        context.insert("directory", &xml(&directory));
        let plain: Vec<(String, String)> = self.plain().map(|(name, value)| (xml(name), xml(value))).collect();
        context.insert("variables", &plain);
        context.insert("log", &xml(&self.log(&account.home)));
        Ok(made(include_str!("../../../templates/service.launchd.tera"), &context))
    }

    /// Where launchd puts what it prints.
    pub fn log(&self, home: &str) -> String {
        match self.scope {
            ServiceScope::User => format!("{home}/Library/Logs/trueup/{}.log", self.name),
            ServiceScope::System { .. } => format!("/Library/Logs/trueup/{}.log", self.name),
        }
    }

    /// The folder of its log: relative to the home, or absolute.
    pub fn log_folder(&self) -> String {
        match self.scope {
            ServiceScope::User => "Library/Logs/trueup".to_owned(),
            ServiceScope::System { .. } => "/Library/Logs/trueup".to_owned(),
        }
    }

    /// What has a log of launchd's begin anew at its size: the place of newsyslog's file, and what it holds.
    pub fn rotation(&self, machine: &Machine, manager: Manager) -> Option<(String, String)> {
        const KEPT: u32 = 5;
        let size = self.logs.filter(|_| matches!(manager, Manager::LaunchdAgent | Manager::LaunchdDaemon))?;
        let account = machine.account.as_ref()?;
        let owner = match &self.scope {
            ServiceScope::User => account.user.as_str(),
            ServiceScope::System { user } => user,
        };
        let line = format!("{}\t{owner}:\t640\t{KEPT}\t{}\t*\tJ\n", self.log(&account.home), size.div_ceil(1000));
        let text = format!("# logfile\towner\tmode\tcount\tsize\twhen\tflags; kept by trueup\n{line}");
        Some((format!("/etc/newsyslog.d/{}.conf", Self::unit_name(&self.name, manager)), text))
    }

    fn context(&self, environment: &Environment) -> Context {
        let mut context = Context::new();
        context.insert("name", &self.name);
        context.insert("environment", &environment.name);
        let names: Vec<&str> = self.secrets().into_iter().map(|(name, _)| name).collect();
        context.insert("secret_names", &names.join(" "));
        context
    }

    fn user(&self) -> Option<&str> {
        match &self.scope {
            ServiceScope::User => None,
            ServiceScope::System { user } => Some(user),
        }
    }

    fn plain(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().filter_map(|(name, value)| match value {
            ServiceValue::Plain(value) => Some((name.as_str(), value.as_str())),
            ServiceValue::Secret(_) => None,
        })
    }

    /// The program and its arguments: in the shell in which agents' commands run, so that PATH is theirs.
    fn words(&self, environment: &Environment) -> Vec<String> {
        let words: &[&str] = if environment.shell.login {
            &["/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\" -lc \"$0\"", &self.run]
        } else {
            &["/bin/sh", "-c", &self.run]
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

fn made(template: &str, context: &Context) -> String {
    Tera::one_off(template, context, false).expect("the template uses what it is given")
}

/// A word of systemd's command lines: quoted, with its specifiers and variables made harmless.
pub(crate) fn systemd_word(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=%".contains(c);
    if !escaped.is_empty() && escaped.chars().all(plain) { escaped } else { format!("\"{escaped}\"") }
}

/// Text between tags.
pub(crate) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The file of a service's secret variables, in words that systemd and sh read alike.
pub fn secrets_file<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let mut quoted = String::new();
        for c in value.chars() {
            if matches!(c, '"' | '\\' | '`' | '$') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        text.push_str(&format!("{name}=\"{quoted}\"\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::{Account, Vocabulary, parse};
    use super::*;

    const SPEC: &str = "name = \"dev\"\n[services.agent]\nrun = \"trueup worker --name '50% of $USER' <x\"\nrestart = \"5s\"\n\
         working_directory = \"~/a b\"\nenvironment = { A = \"50% & \\\"$x\\\" \\\\\", TOKEN = { secret = \"env:T\" } }\n\
         [services.once]\nrun = \"true\"\nuser = \"agents\"\nkeep_alive = false\n";

    fn unit(service: usize, manager: Manager) -> Unit {
        let environment = parse("x", SPEC, &Vocabulary { managers: Vec::new(), gates: Vec::new() }).unwrap();
        let account = Some(Account { user: "dev".to_owned(), home: "/Users/dev".to_owned() });
        let machine = Machine { account, ..Machine::default() };
        environment.services.as_ref().unwrap()[service].unit(&environment, &machine, manager).unwrap()
    }

    #[test]
    fn the_units_are_the_documented_ones() {
        let text = |service, manager| unit(service, manager).text;
        insta::assert_snapshot!("user-unit", text(0, Manager::SystemdUser));
        insta::assert_snapshot!("system-unit", text(1, Manager::SystemdSystem));
        insta::assert_snapshot!("agent", text(0, Manager::LaunchdAgent));
        insta::assert_snapshot!("daemon", text(1, Manager::LaunchdDaemon));
    }

    #[test]
    fn a_property_list_says_the_same_words() {
        let text = unit(0, Manager::LaunchdDaemon).text;
        let list = plist::Value::from_reader_xml(text.as_bytes()).unwrap();
        let list = list.as_dictionary().unwrap();
        let words: Vec<_> =
            list["ProgramArguments"].as_array().unwrap().iter().filter_map(|word| word.as_string()).collect();
        assert_eq!(words.last(), Some(&"trueup worker --name '50% of $USER' <x"));
        assert_eq!(words[3], "/Users/dev/.config/trueup/services/agent.env");
        assert_eq!(list["UserName"].as_string(), Some("dev"));
        assert_eq!(list["WorkingDirectory"].as_string(), Some("/Users/dev/a b"));
        assert_eq!(list["EnvironmentVariables"].as_dictionary().unwrap()["A"].as_string(), Some("50% & \"$x\" \\"));
    }

    #[test]
    fn secrets_are_written_in_words_that_any_sh_reads_as_they_are() {
        assert_eq!(secrets_file([("A", "a\"b$c`d\\e f'g")]), "A=\"a\\\"b\\$c\\`d\\\\e f'g\"\n");
    }
}
