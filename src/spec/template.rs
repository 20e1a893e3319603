//! Dotfiles that are made for each machine: a Tera template rendered with the target's own facts.
//!
//! A template sees `os`, `os_version`, `arch`, `hostname`, `home`, `user`, `target`, `kind` and `labels`. It includes no
//! other file, and nothing in it is escaped. A fact that the machine did not tell is not defined, so that asking for it
//! is an error and not an empty word.

use tera::{Context, ErrorKind, Tera};

use super::environment::Target;
use super::fact::{Digest, Machine};

/// A template with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The file, as messages name it.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// Why a template makes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct TemplateError {
    /// The template's file.
    pub file: String,
    /// Where in it.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl Template {
    /// Of its source, whatever it is rendered to.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Whether it can be rendered at all.
    pub fn check(&self) -> Result<(), TemplateError> {
        self.compile().map(drop)
    }

    /// The file that it makes for a target.
    pub fn render(&self, target: &Target, machine: &Machine) -> Result<String, TemplateError> {
        self.compile()?.render(&self.file, &context(target, machine)).map_err(|error| self.error(&error))
    }

    fn compile(&self) -> Result<Tera, TemplateError> {
        let mut tera = Tera::default();
        tera.autoescape_on(Vec::<&str>::new());
        tera.add_raw_template(&self.file, &self.text).map_err(|error| self.error(&error))?;
        Ok(tera)
    }

    fn error(&self, error: &tera::Error) -> TemplateError {
        let (line, message) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                (Some(report.span().start_line), report.message().to_owned())
            }
            _ => (None, error.to_string()),
        };
        let message = message.lines().next().unwrap_or("it cannot be rendered").to_owned();
        TemplateError { file: self.file.clone(), line, message }
    }
}

fn context(target: &Target, machine: &Machine) -> Context {
    let mut context = Context::new();
    let account = machine.account.as_ref();
    let facts = [
        ("os", machine.os.as_deref()),
        ("os_version", machine.os_version.as_deref()),
        ("arch", machine.arch.as_deref()),
        ("hostname", machine.hostname.as_deref()),
        ("home", account.map(|account| account.home.as_str())),
        ("user", account.map(|account| account.user.as_str())),
        ("target", Some(target.name.as_str())),
        ("kind", Some(target.kind.word())),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            context.insert(name, value);
        }
    }
    context.insert("labels", &target.labels);
    context
}

#[cfg(test)]
mod tests {
    use super::super::environment::{Reach, Sandbox, TargetKind};
    use super::super::fact::Account;
    use super::*;

    fn render(text: &str) -> Result<String, String> {
        let template = Template { file: ".zshrc.tera".to_owned(), text: text.to_owned() };
        let reach = Reach::Local(Sandbox::default());
        let target = Target {
            name: "vm".to_owned(),
            kind: TargetKind::Local,
            reach,
            making: Default::default(),
            labels: vec!["x".to_owned()],
        };
        let account = Some(Account { user: "dev".to_owned(), home: "/home/<dev>".to_owned() });
        let machine = Machine { os: Some("linux".to_owned()), account, ..Machine::default() };
        template.render(&target, &machine).map_err(|error| error.to_string())
    }

    #[test]
    fn it_is_rendered_with_the_targets_facts_and_nothing_is_escaped() {
        let text =
            "{{ os }} {{ home }} {{ user }} {{ target }} {{ kind }}{% for label in labels %} {{ label }}{% endfor %}\n";
        assert_eq!(render(text).unwrap(), "linux /home/<dev> dev vm local x\n");
        assert_eq!(render("{% if os == \"macos\" %}a{% else %}b{% endif %}").unwrap(), "b");
    }

    #[test]
    fn an_error_names_file_and_line() {
        let unknown = render("a\n{{ hostname }}\n").unwrap_err();
        assert!(unknown.starts_with(".zshrc.tera, line 2: "), "{unknown}");
        let broken = render("a\n\n{% if os %}\n").unwrap_err();
        assert!(broken.starts_with(".zshrc.tera, line "), "{broken}");
        for reaching in
            ["{% include \"/etc/passwd\" %}", "{% extends \"/etc/passwd\" %}", "{{ get_env(name=\"HOME\") }}"]
        {
            assert!(render(reaching).is_err(), "{reaching}");
        }
    }
}
