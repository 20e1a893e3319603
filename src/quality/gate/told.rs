//! The sections that `found.sh` prints, taken apart, and the paths in them said as on any machine.

use std::collections::BTreeMap;

use crate::observe::Answer;
use crate::spec::Why;

/// One section.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) kind: String,
    pub(super) name: String,
    /// Its lines, each with its end.
    pub(super) body: String,
}

/// What a script told.
#[derive(Debug, Default)]
pub(super) struct Told {
    sections: Vec<Section>,
    repo: Vec<String>,
    home: Vec<String>,
    /// What the files hold that are there, by their places, of which the repository's own are relative.
    pub(super) files: BTreeMap<String, String>,
    /// What the tool complained of.
    complaint: String,
}

impl Told {
    /// Takes an answer apart. A file that may not be read makes all of it unknown.
    pub(super) fn read(answer: &Answer) -> Result<Self, Why> {
        let stdout = String::from_utf8_lossy(&answer.stdout);
        let mut told = Self { complaint: String::from_utf8_lossy(&answer.stderr).into_owned(), ..Self::default() };
        for line in stdout.split_terminator('\n') {
            if let Some(rest) = line.strip_prefix('=') {
                let (kind, name) = rest.split_once(' ').unwrap_or((rest, ""));
                let (kind, name) = (kind.to_owned(), name.to_owned());
                told.sections.push(Section { kind, name, body: String::new() });
            } else if let (Some(line), Some(section)) = (line.strip_prefix('|'), told.sections.last_mut()) {
                section.body.push_str(line);
                section.body.push('\n');
            } else {
                return Err(Why::NotUnderstood(format!("unexpected line `{line}`")));
            }
        }
        let names = |kind: &'static str| {
            let mut names: Vec<String> = told.named(kind).map(|place| place.trim_end_matches('/').to_owned()).collect();
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            names.retain(|name| !name.is_empty());
            names
        };
        (told.repo, told.home) = (names("repo"), names("home"));
        if let Some(shut) = told.named("shut").next() {
            let command = format!("reading {}", told.place(shut));
            return Err(Why::Failed { command, code: 1, message: "permission denied".to_owned() });
        }
        let mut files: BTreeMap<String, String> =
            told.named("there").map(|place| (told.place(place), String::new())).collect();
        for section in told.sections.iter_mut().filter(|section| section.kind == "file") {
            let body = std::mem::take(&mut section.body);
            let place = place(&told.repo, &told.home, &section.name);
            let file = files.get_mut(&place);
            *file.ok_or_else(|| Why::NotUnderstood(format!("{place} was not announced")))? = body;
        }
        told.files = files;
        Ok(told)
    }

    /// All sections, in their order.
    pub(super) fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter()
    }

    /// The sections of a kind, in their order.
    pub(super) fn all(&self, kind: &'static str) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.kind == kind)
    }

    fn named(&self, kind: &'static str) -> impl Iterator<Item = &str> {
        self.all(kind).map(|section| section.name.as_str())
    }

    /// The name of the only section of a kind.
    pub(super) fn one(&self, kind: &'static str) -> Option<&str> {
        self.named(kind).next()
    }

    /// What a variable holds, where it is set.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let section = self.all("variable").find(|section| section.name == name)?;
        Some(section.body.strip_suffix('\n').unwrap_or(&section.body))
    }

    /// Whether the tool is there at all.
    pub(super) fn is_missing(&self) -> bool {
        self.one("missing").is_some()
    }

    /// A path as on any machine: relative in the repository, from `~` in the home.
    pub(super) fn place(&self, path: &str) -> String {
        place(&self.repo, &self.home, path)
    }

    /// A text with the paths of the repository and of the home in it as on any machine.
    pub(super) fn normal(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for repo in &self.repo {
            text = replaced(&text, repo, "");
        }
        for home in &self.home {
            text = replaced(&text, home, "~");
        }
        text
    }

    /// What a command printed that `tu_hear` ran, where it succeeded; else why it did not.
    pub(super) fn heard<'a>(&self, section: &'a Section, command: &str) -> Result<&'a str, Why> {
        let no_end = || Why::NotUnderstood(format!("what {command} printed has no end"));
        let body = section.body.strip_suffix('\n').ok_or_else(no_end)?;
        let (said, code) = body.rsplit_once('\n').ok_or_else(no_end)?;
        match code.parse().map_err(|_| no_end())? {
            0 => Ok(said.strip_suffix('\n').unwrap_or(said)),
            code => Err(Why::Failed { command: command.to_owned(), code, message: self.complaint(said) }),
        }
    }

    /// In one line what a tool that failed complained of: what it said on stderr or, where that is nothing, on stdout.
    fn complaint(&self, said: &str) -> String {
        const LONGEST: usize = 240;
        let text = if self.complaint.trim().is_empty() { said } else { &self.complaint };
        let lines = text.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric));
        let line = self.normal(&lines.take(4).collect::<Vec<_>>().join("; "));
        if line.chars().count() > LONGEST { line.chars().take(LONGEST).chain(['…']).collect() } else { line }
    }
}

fn place(repo: &[String], home: &[String], path: &str) -> String {
    let within = |folders: &[String]| {
        folders.iter().find_map(|folder| {
            let rest = path.strip_prefix(folder.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
        })
    };
    if let Some(rest) = path.strip_prefix("./").map(str::to_owned).or_else(|| within(repo)) {
        return if rest.is_empty() { ".".to_owned() } else { rest };
    }
    match within(home) {
        Some(rest) if rest.is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{rest}"),
        None => path.to_owned(),
    }
}

/// The text with a folder's path replaced wherever it stands whole: by nothing, then with the slash behind it, or by `~`.
fn replaced(text: &str, folder: &str, by: &str) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(folder) {
        let behind = &rest[at + folder.len()..];
        let apart = !rest[..at].ends_with(is_of_name) && !behind.starts_with(is_of_name);
        out.push_str(&rest[..at]);
        rest = behind;
        match (apart, behind.strip_prefix('/')) {
            (false, _) => out.push_str(folder),
            (true, Some(inside)) if by.is_empty() && inside.starts_with(|c: char| is_of_name(c) || c == '*') => {
                rest = inside;
            }
            (true, _) => out.push_str(if by.is_empty() { "." } else { by }),
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stdout: &str, stderr: &str) -> Result<Told, Why> {
        Told::read(&Answer { code: 0, stdout: stdout.into(), stderr: stderr.into() })
    }

    const PLACES: &str = "=repo /home/jane/shop\n=home /home/jane\n";

    #[test]
    fn paths_are_the_same_on_any_machine() {
        let told = told(PLACES, "").unwrap();
        for (path, place) in [
            ("./pkg/ruff.toml", "pkg/ruff.toml"),
            ("/home/jane/shop/ruff.toml", "ruff.toml"),
            ("/home/jane/shop", "."),
            ("/home/jane/shopping/ruff.toml", "~/shopping/ruff.toml"),
            ("/home/jane", "~"),
            ("/etc/ruff.toml", "/etc/ruff.toml"),
        ] {
            assert_eq!(told.place(path), place);
        }
        let text =
            "[\"/home/jane/shop\", \"/home/jane/shop/src\", /home/jane/shop2/x, /home/jane/.cache, /a/home/jane]";
        assert_eq!(told.normal(text), "[\".\", \"src\", ~/shop2/x, ~/.cache, /a/home/jane]");
    }

    #[test]
    fn no_line_of_a_file_is_taken_for_a_section() {
        let text = format!("{PLACES}=there ./a\n=there ./empty\n=file ./a\n|=missing\n||x\n");
        let told = told(&text, "").unwrap();
        assert!(!told.is_missing());
        assert_eq!(told.files["a"], "=missing\n|x\n");
        assert_eq!(told.files["empty"], "");
    }

    #[test]
    fn what_may_not_be_read_or_is_no_section_is_no_answer() {
        let shut = told(&format!("{PLACES}=shut ./ruff.toml\n"), "").unwrap_err();
        assert_eq!(shut.to_string(), "reading ruff.toml failed with exit code 1: permission denied");
        assert!(told("oops\n", "").is_err());
    }

    #[test]
    fn a_command_is_heard_with_its_exit_code() {
        let text = format!("{PLACES}=good\n|one\n|two\n|\n|0\n=bad\n|\n|2\n=cut\n|one\n");
        let told = told(&text, "ruff failed\n  Cause: /home/jane/shop/ruff.toml at line 1\n   |\n").unwrap();
        let hear = |kind: &'static str| told.heard(told.all(kind).next().unwrap(), "ruff");
        assert_eq!(hear("good").unwrap(), "one\ntwo");
        let why = hear("bad").unwrap_err().to_string();
        assert_eq!(why, "ruff failed with exit code 2: ruff failed; Cause: ruff.toml at line 1");
        assert!(matches!(hear("cut"), Err(Why::NotUnderstood(_))));
    }
}
