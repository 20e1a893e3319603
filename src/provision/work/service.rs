//! Services: the unit, its secrets, and the manager's part.

use serde::{Deserialize, Serialize};

use crate::provision::program::Contents;
use crate::spec::service::{Manager, Service};
use crate::spec::{Digest, Mode};
use crate::transport::quote;

/// What is done to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum ServiceWork {
    /// Have it run, as its unit says, from now on.
    KeepService(Box<Keep>),
    /// Stop it, and remove its unit.
    RemoveService {
        /// Its name in the spec.
        service: String,
        /// Who keeps it.
        manager: Manager,
    },
}

/// How a service is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Its name in the spec.
    pub service: String,
    /// Who keeps it.
    pub manager: Manager,
    /// The unit's place and the digest of what it is to hold; none where it is as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<(String, Digest)>,
    /// Its secrets, where they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<SecretsFile>,
    /// Whether the user's manager is to run without the user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linger: bool,
    /// What is to say that it is well before the step is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Well>,
    /// Its folder for logs, where the manager makes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<String>,
    /// What has its log begin anew: the place of a file of root's, and its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<(String, Digest)>,
    /// The program that its command line begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// A file of secret variables. Their values are in no plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretsFile {
    /// Its place.
    pub path: String,
    /// Each variable, and where its value is had from.
    pub variables: Vec<(String, String)>,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Well {
    /// The command, for sh.
    pub run: String,
    /// For how long.
    pub limit_s: u64,
    /// From one try to the next.
    pub every_s: u64,
}

impl SecretsFile {
    /// By which its content is asked for. Not the content's own digest, which would be a trace of the secrets.
    pub fn ticket(&self) -> Digest {
        let text: Vec<String> = self.variables.iter().map(|(name, from)| format!("{name}={from}\n")).collect();
        Digest::of(format!("secrets for {}\n{}", self.path, text.concat()).as_bytes())
    }
}

const UNIT_MODE: Mode = Mode(0o644);
const SECRETS_MODE: Mode = Mode(0o600);

impl ServiceWork {
    /// The contents that it needs, by what they are asked for, each with its place.
    pub fn needs(&self) -> Vec<(&str, Digest)> {
        let Self::KeepService(keep) = self else { return Vec::new() };
        let unit = keep.unit.iter().map(|(path, digest)| (path.as_str(), digest.clone()));
        let secrets = keep.secrets.iter().map(|secrets| (secrets.path.as_str(), secrets.ticket()));
        let rotation = keep.rotation.iter().map(|(path, digest)| (path.as_str(), digest.clone()));
        unit.chain(secrets).chain(rotation).collect()
    }

    /// The program that has to be there first.
    pub fn program(&self) -> Option<&str> {
        match self {
            Self::KeepService(keep) => keep.program.as_deref(),
            Self::RemoveService { .. } => None,
        }
    }

    pub(super) fn body(&self, contents: &Contents) -> String {
        match self {
            Self::KeepService(keep) => keep.body(contents),
            Self::RemoveService { service, manager } => {
                let (unit, path) = (Service::unit_name(service, *manager), Service::unit_path(service, *manager));
                let path = quote::place(&path);
                let remove = if path.starts_with('/') { "tu_root_remove" } else { "tu_remove" };
                let lines = [
                    quote::words(["tu_service_keep", manager.word(), &unit]),
                    quote::words(["tu_service_stop", manager.word(), &unit]),
                    quote::words([remove, &path]),
                    format!("{{ case {0} in user | system) tu_systemctl {0} daemon-reload ;; esac; }}", manager.word()),
                ];
                lines.join(" &&\n")
            }
        }
    }

    pub(super) fn deed(&self) -> String {
        match self {
            Self::KeepService(keep) => keep.deed(),
            Self::RemoveService { service, manager } => {
                format!(
                    "stop the {} {} and remove it; a backup stays",
                    manager.noun(),
                    Service::unit_name(service, *manager)
                )
            }
        }
    }
}

impl Keep {
    fn body(&self, contents: &Contents) -> String {
        let (manager, unit) = (self.manager.word(), Service::unit_name(&self.service, self.manager));
        let mut lines = vec![quote::words(["tu_service_keep", manager, &unit])];
        if self.linger {
            lines.push("tu_linger".to_owned());
        }
        if let Some((path, digest)) = &self.unit {
            lines.push(put(path, UNIT_MODE, contents.get(digest)));
        }
        if let Some(secrets) = &self.secrets {
            lines.push(put(&secrets.path, SECRETS_MODE, contents.get(&secrets.ticket())));
        }
        if let Some((path, digest)) = &self.rotation {
            lines.push(put(path, UNIT_MODE, contents.get(digest)));
        }
        if let Some(logs) = &self.logs {
            let parents = if logs.starts_with('/') { "tu_root_parents" } else { "tu_parents" };
            lines.push(quote::words([parents, &format!("{}/log", quote::place(logs))]));
        }
        let path = quote::place(&Service::unit_path(&self.service, self.manager));
        let link = quote::place(&Service::enabling_link(&self.service, self.manager));
        lines.push(quote::words(["tu_service_start", manager, &unit, &path, &link]));
        if let Some(well) = &self.health {
            let (limit, every) = (well.limit_s.to_string(), well.every_s.to_string());
            lines.push(quote::words(["tu_service_well", &limit, &every, &well.run]));
        }
        lines.join(" &&\n")
    }

    fn deed(&self) -> String {
        let unit = Service::unit_name(&self.service, self.manager);
        let mut parts = vec![match &self.unit {
            Some((_, digest)) => format!("{} {unit}, {}, started", self.manager.noun(), digest.short()),
            None => format!("{} {unit}, started", self.manager.noun()),
        }];
        if self.linger {
            parts.push("kept while its user is away (linger)".to_owned());
        }
        if let Some(secrets) = &self.secrets {
            let names: Vec<&str> = secrets.variables.iter().map(|(name, _)| name.as_str()).collect();
            parts.push(format!("{} in {}, mode {SECRETS_MODE}", names.join(", "), secrets.path));
        }
        if let Some(well) = &self.health {
            parts.push(format!("well within {} s by `{}`", well.limit_s, well.run));
        }
        parts.join("; ")
    }
}

/// Puts a file in place: root's own, where its path is absolute.
fn put(path: &str, mode: Mode, content: Option<&Vec<u8>>) -> String {
    let content = content.map_or(&[][..], Vec::as_slice);
    let place = quote::place(path);
    let command = if place.starts_with('/') { "tu_root_put_file" } else { "tu_put_file" };
    let put = quote::words([command, &place, &mode.to_string(), Digest::of(content).hex()]);
    // Not by a pipe, whose end is a shell of its own in which what is recorded would not be counted on.
    format!("tu_send {} && {put} <\"$tu_sent\" && rm -f \"$tu_sent\"", quote::printf_of(content))
}
