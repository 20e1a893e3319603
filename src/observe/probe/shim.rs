//! Where a tool was found: behind which stand-in of a version manager, and beside which other copies.

use crate::spec::Why;

/// What the machine told about where a tool is.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The first of its name on PATH.
    pub(super) path: &'a str,
    /// The others on PATH, in its order.
    copies: Vec<&'a str>,
    /// What the first is a link to in the end.
    resolved: &'a str,
    /// What the version manager says that it would start.
    real: Option<&'a str>,
}

impl<'a> Found<'a> {
    /// From two lines: the path with the other copies behind colons, and what it leads to with, behind a tab, what a
    /// version manager would start.
    pub(super) fn read(paths: &'a str, leads_to: &'a str) -> Self {
        // A folder on PATH holds no colon.
        let mut paths = paths.split(':');
        let path = paths.next().unwrap_or("");
        let (resolved, real) = leads_to.split_once('\t').unwrap_or((leads_to, ""));
        let real = Some(real).filter(|real| !real.is_empty() && *real != path && *real != resolved);
        Self { path, copies: paths.collect(), resolved, real }
    }

    /// Which program really runs, and what else there is.
    pub(super) fn evidence(&self) -> String {
        let mut evidence = self.path.to_owned();
        for step in [Some(self.resolved).filter(|resolved| *resolved != self.path), self.real].into_iter().flatten() {
            evidence.push_str(" -> ");
            evidence.push_str(step);
        }
        if !self.copies.is_empty() {
            evidence.push_str("; also on PATH: ");
            evidence.push_str(&self.copies.join(", "));
        }
        evidence
    }

    /// The version manager whose stand-in this is.
    fn manager(&self) -> Option<&'static str> {
        let program = |path: &'a str| path.rsplit('/').next().unwrap_or(path);
        let by_program = match program(self.resolved) {
            "mise" => Some("mise"),
            "volta-shim" => Some("volta"),
            "rustup" => Some("rustup"),
            _ if self.resolved.contains("/corepack/") => Some("corepack"),
            _ => None,
        };
        let folders = [
            ("/mise/shims/", "mise"),
            ("asdf/shims/", "asdf"),
            ("pyenv/shims/", "pyenv"),
            ("rbenv/shims/", "rbenv"),
            ("nodenv/shims/", "nodenv"),
            (".volta/bin/", "volta"),
        ];
        let by_folder = || folders.iter().find(|(part, _)| self.path.contains(part)).map(|(_, manager)| *manager);
        by_program.filter(|manager| program(self.path) != *manager).or_else(by_folder)
    }
}

/// Why a tool does not tell its version, in words that say so where a version manager stands before it and has none.
pub(super) fn explain(found: &Found<'_>, tool: &str, why: Why) -> Why {
    let Some(manager) = found.manager().filter(|_| found.real.is_none()) else { return why };
    match why {
        Why::Failed { message, .. } if manager == "corepack" => Why::Stub(format!(
            "corepack has no {tool} here and would fetch one when it is first run, which was not let: {message}"
        )),
        Why::Failed { message, .. } => Why::Stub(format!("{manager} has no version of {tool} set here: {message}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_names_each_step_and_every_copy() {
        for (paths, leads_to, evidence) in [
            ("/usr/bin/node", "/usr/bin/node", "/usr/bin/node"),
            ("/usr/bin/node", "/usr/bin/node\t", "/usr/bin/node"),
            ("/opt/bin/node", "/opt/node/bin/node\t", "/opt/bin/node -> /opt/node/bin/node"),
            ("/s/node:/usr/bin/node:/x/node", "/s/node\t", "/s/node; also on PATH: /usr/bin/node, /x/node"),
            (
                "/h/mise/shims/node:/usr/bin/node",
                "/usr/bin/mise\t/h/mise/installs/node/22/bin/node",
                "/h/mise/shims/node -> /usr/bin/mise -> /h/mise/installs/node/22/bin/node; also on PATH: /usr/bin/node",
            ),
        ] {
            assert_eq!(Found::read(paths, leads_to).evidence(), evidence);
        }
    }

    #[test]
    fn a_stand_in_is_known_by_its_manager() {
        for (path, resolved, manager) in [
            ("/h/.local/share/mise/shims/node", "/usr/bin/mise", Some("mise")),
            ("/h/.asdf/shims/node", "/h/.asdf/shims/node", Some("asdf")),
            ("/h/.pyenv/shims/python3", "/h/.pyenv/shims/python3", Some("pyenv")),
            ("/h/.cargo/bin/rustc", "/h/.cargo/bin/rustup", Some("rustup")),
            ("/h/.cargo/bin/rustup", "/h/.cargo/bin/rustup", None),
            ("/usr/bin/mise", "/usr/bin/mise", None),
            ("/usr/bin/yarn", "/usr/lib/node_modules/corepack/dist/yarn.js", Some("corepack")),
            ("/usr/bin/node", "/usr/bin/node", None),
        ] {
            assert_eq!(Found::read(path, resolved).manager(), manager, "{path}");
        }
    }
}
