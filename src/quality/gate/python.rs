//! Whether what is installed in a project's environment (`.venv`) is what its lockfile says: uv's, Poetry's, PDM's, Pipenv's,
//! `pylock.toml` or pinned requirements. Told from the names of folders; no interpreter is started.
//!
//! What a lockfile holds for some platforms alone may be there or not. What is out of step is a leaf, and so are the versions
//! of the tools and plugins that check the code, since not every lockfile is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use pep440_rs::Version;
use serde_json::Value;

use super::config::Config;
use super::found;
use super::told::Told;
use super::{Asked, Gate};
use crate::observe::Answer;
use crate::spec::{GateFact, Why};
use crate::transport::quote;

pub(super) const GATE: Gate =
    Gate { name: "python", doc: "Python's packages in step with their lockfile", script, read };

/// How deep below the top projects are looked for.
const DEEPEST: usize = 2;

fn script(asked: &Asked<'_>) -> String {
    let mut folders: BTreeSet<String> = BTreeSet::from([".".to_owned()]);
    for folder in asked.samples.iter().filter_map(|file| file.rsplit_once('/')).map(|(folder, _)| folder) {
        if folder.matches('/').count() < DEEPEST {
            folders.insert(format!("./{folder}"));
        }
    }
    let folders = quote::words(folders.iter().map(String::as_str));
    found::functions(include_str!("python.sh"))
        + &format!(
            "tu_used=\nset -- {folders}\nfor tu_one do\nfor tu_name in $tu_locks requirements.txt; do\n\
             if [ -f \"$tu_one/$tu_name\" ]; then tu_used=yes; fi\ndone\ndone\n\
             if [ -z \"$tu_used\" ]; then\nfor tu_one in ./requirements*.txt ./requirements/*.txt; do\n\
             if [ -f \"$tu_one\" ]; then tu_used=yes; fi\ndone\nfi\n\
             [ -n \"$tu_used\" ] || return {}\ntu_places\nset -- {folders}\nfor tu_project do tu_python_folder \"$tu_project\" || return; done\n",
            super::NOT_USED
        )
}

/// A project of the repository: a folder with what it locks.
#[derive(Default)]
struct Project {
    folder: String,
    locks: Vec<String>,
    environment: Option<String>,
    works: bool,
    installed: BTreeMap<String, String>,
}

fn read(_: &Asked<'_>, answer: &Answer) -> Result<GateFact, Why> {
    let told = Told::read(answer)?;
    let mut projects: Vec<Project> = Vec::new();
    for section in told.sections() {
        match (section.kind.as_str(), projects.last_mut()) {
            ("project", _) => projects.push(Project {
                folder: told.place(&section.name).trim_start_matches('.').to_owned(),
                locks: section.body.lines().map(|file| told.place(file)).collect(),
                ..Project::default()
            }),
            ("environment", Some(project)) => project.environment = Some(told.place(&section.name)),
            ("interpreter", Some(project)) => project.works = section.name == "works",
            ("site", Some(project)) => project.installed.extend(section.body.lines().filter_map(distribution)),
            _ => {}
        }
    }
    let mut fact = GateFact::default();
    let (mut says, mut out_of_step) = (Vec::new(), Vec::new());
    for project in &projects {
        let prefix = if project.folder.is_empty() { String::new() } else { format!("{}/", project.folder) };
        let (lock, locked) = read_locks(&told, &project.locks)?;
        let Some(environment) = &project.environment else {
            says.push(format!("has no {prefix}.venv for {lock}"));
            continue;
        };
        about_environment(&mut fact, &told, &prefix, project, environment)?;
        let mut wrong = compare(&locked, &project.installed, |name, state| fact.leaf(format!("{prefix}{name}"), state));
        says.push(if wrong.is_empty() {
            format!("holds what {lock} says")
        } else {
            format!("is not what {lock} says")
        });
        out_of_step.append(&mut wrong);
        for name in locked
            .packages
            .keys()
            .filter(|name| fact.leaves.contains_key(&format!("{prefix}{name}")))
            .cloned()
            .collect::<Vec<_>>()
        {
            if let Some(line) = locked.lines.get(&name) {
                fact.decide(format!("{prefix}{name}"), line);
            }
        }
    }
    fact.does = says.join(" and ");
    fact.weak = match out_of_step.as_slice() {
        [] => None,
        [one] => Some(format!("{one} is installed in another version than is locked")),
        [one, others @ ..] => {
            Some(format!("{one} and {} more are installed in other versions than are locked", others.len()))
        }
    };
    Ok(fact)
}

/// `requests-2.32.3.dist-info/METADATA`, or what setuptools leaves.
fn distribution(path: &str) -> Option<(String, String)> {
    let path = path.strip_suffix("/METADATA").unwrap_or(path);
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let (name, version) = match (name.strip_suffix(".dist-info"), name.strip_suffix(".egg-info")) {
        (Some(name), _) => name.split_once('-')?,
        (None, Some(name)) => {
            let (name, version) = name.split_once('-')?;
            (name, version.split_once("-py").map_or(version, |(version, _)| version))
        }
        (None, None) => return None,
    };
    (name != "*").then(|| (normal(name), version.to_owned()))
}

/// A name as all its spellings are compared (PEP 503).
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.trim().to_lowercase().chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c),
        }
    }
    normal
}

/// What makes an environment, and is of no lockfile.
const IGNORED: &[&str] = &["pip", "setuptools", "wheel", "distribute", "pkg-resources"];

/// Whether a package is one of the tools that check code, or a plugin of one.
fn checks_code(name: &str) -> bool {
    const TOOLS: &[&str] = &[
        "ruff",
        "mypy",
        "pyright",
        "basedpyright",
        "black",
        "isort",
        "bandit",
        "coverage",
        "tox",
        "nox",
        "pre-commit",
        "hypothesis",
        "autoflake",
        "pyupgrade",
        "vulture",
        "interrogate",
        "codespell",
        "yamllint",
        "sqlfluff",
        "djlint",
        "ty",
        "pyrefly",
    ];
    const FAMILIES: &[&str] = &["pytest", "flake8", "pylint", "pydocstyle", "pycodestyle", "pyflakes", "types-"];
    TOOLS.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family)) || name.ends_with("-stubs")
}

fn about_environment(
    fact: &mut GateFact,
    told: &Told,
    prefix: &str,
    project: &Project,
    environment: &str,
) -> Result<(), Why> {
    let place = format!("{environment}/pyvenv.cfg");
    let text = told.files.get(&place).map_or("", String::as_str);
    let keys: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim())).collect();
    let version = keys.get("version").or_else(|| keys.get("version_info"));
    let version = version.ok_or_else(|| Why::NotUnderstood(format!("{place} tells no version of Python")))?;
    // virtualenv tells `3.11.7.final.0`.
    let version = version.split(".final").next().unwrap_or(version);
    fact.leaf(format!("{prefix}environment"), environment);
    fact.leaf(format!("{prefix}python"), if project.works { version } else { "is not there any more" });
    if keys.get("include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        fact.leaf(format!("{prefix}include-system-site-packages"), "true");
    }
    for (name, version) in project.installed.iter().filter(|(name, _)| checks_code(name)) {
        fact.leaf(format!("{prefix}installed.{name}"), version);
    }
    Ok(())
}

/// What a lockfile says.
#[derive(Default)]
struct Locked {
    packages: BTreeMap<String, Package>,
    /// Whether it names everything that belongs into the environment.
    complete: bool,
    lines: BTreeMap<String, String>,
}

#[derive(Default)]
struct Package {
    /// Any of these will do: for one platform another may be locked. None where no version is asked for.
    versions: BTreeSet<String>,
    /// Whether it is only for some platforms.
    conditional: bool,
    /// Whether it is the project itself, or a folder beside it.
    own: bool,
}

/// Tells what is out of step, and returns the names of those in another version.
fn compare(locked: &Locked, installed: &BTreeMap<String, String>, mut tell: impl FnMut(&str, String)) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, package) in
        locked.packages.iter().filter(|(name, package)| !package.own && !IGNORED.contains(&name.as_str()))
    {
        let versions = package.versions.iter().cloned().collect::<Vec<_>>().join(" or ");
        match installed.get(name) {
            Some(version)
                if package.versions.is_empty() || package.versions.iter().any(|one| is_same(one, version)) => {}
            Some(version) => {
                wrong.push(name.clone());
                tell(name, format!("{version} installed, {versions} locked"));
            }
            None if package.conditional => {}
            None if versions.is_empty() => tell(name, "not installed".to_owned()),
            None => tell(name, format!("not installed, {versions} locked")),
        }
    }
    if locked.complete {
        let unknown = |name: &&String| !locked.packages.contains_key(*name) && !IGNORED.contains(&name.as_str());
        for name in installed.keys().filter(unknown) {
            tell(name, format!("{} installed, not locked", installed[name]));
        }
    }
    wrong
}

/// Whether a version that is installed is one that is locked: a build's own mark behind a `+` counts only where it is locked.
fn is_same(locked: &str, installed: &str) -> bool {
    match (Version::from_str(locked), Version::from_str(installed)) {
        (Ok(locked), Ok(installed)) if locked.is_local() => locked == installed,
        (Ok(locked), Ok(installed)) => locked == installed.without_local(),
        _ => locked == installed,
    }
}

fn read_locks(told: &Told, places: &[String]) -> Result<(String, Locked), Why> {
    let mut locked = Locked::default();
    for place in places {
        let text = told.files.get(place).ok_or_else(|| Why::NotUnderstood(format!("{place} was not told")))?;
        match place.rsplit_once('/').map_or(place.as_str(), |(_, name)| name) {
            "uv.lock" | "poetry.lock" | "pdm.lock" | "pylock.toml" => of_toml(place, text, &mut locked)?,
            "Pipfile.lock" => of_pipfile(place, text, &mut locked)?,
            _ => of_requirements(place, text, &mut locked),
        }
    }
    let name = match places {
        [one] => one.clone(),
        [one, others @ ..] => format!("{one} and {} more", others.len()),
        [] => String::new(),
    };
    Ok((name, locked))
}

/// A dependency of a package: its name, and whether it is only for some platforms.
fn dependencies(table: &Value) -> Vec<(String, bool)> {
    let requirement = |text: &str| {
        let name = text.find(|c: char| !c.is_alphanumeric() && !"-_.".contains(c)).map_or(text, |at| &text[..at]);
        (normal(name), text.contains(';'))
    };
    let marked = |value: &Value| ["marker", "markers", "platform", "python"].iter().any(|key| value.get(key).is_some());
    match table {
        // uv's are tables with a name, PDM's requirements as text.
        Value::Array(items) => items
            .iter()
            .filter_map(|item| match item {
                Value::String(text) => Some(requirement(text)),
                item => item.get("name").and_then(Value::as_str).map(|name| (normal(name), marked(item))),
            })
            .collect(),
        // Poetry's are a table of versions, or of tables, or of lists of these; uv's groups are lists by name.
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(name, value)| match value {
                Value::Array(items) if items.iter().all(|item| item.get("name").is_some()) => dependencies(value),
                Value::Array(items) => vec![(normal(name), items.iter().all(&marked))],
                value => vec![(normal(name), marked(value))],
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn of_toml(place: &str, text: &str, locked: &mut Locked) -> Result<(), Why> {
    let config = Config::toml(place, text)?;
    locked.complete = true;
    let packages = config.value.get("package").or_else(|| config.value.get("packages")).and_then(Value::as_array);
    let mut edges: Vec<(String, String, bool)> = Vec::new();
    for package in packages.into_iter().flatten() {
        let name = package.get("name").and_then(Value::as_str);
        let name = normal(name.ok_or_else(|| Why::NotUnderstood(format!("{place}: a package has no name")))?);
        for key in ["dependencies", "optional-dependencies", "dev-dependencies"] {
            let of = package.get(key).map(dependencies).unwrap_or_default();
            edges.extend(of.into_iter().map(|(to, marked)| (name.clone(), to, marked)));
        }
        let entry = locked.packages.entry(name).or_default();
        entry.versions.extend(package.get("version").and_then(Value::as_str).map(str::to_owned));
        let source = package.get("source");
        entry.own |= source.is_some_and(|source| {
            ["virtual", "editable", "directory"].iter().any(|key| source.get(key).is_some())
                || source.get("type").and_then(Value::as_str) == Some("directory")
        });
        entry.own |=
            package.get("directory").is_some() || package.get("path").is_some_and(|path| path.as_str() == Some("."));
        entry.conditional |= ["marker", "markers"].iter().any(|key| package.get(key).is_some())
            || package.get("optional") == Some(&Value::Bool(true))
            || package.get("resolution-markers").is_some();
    }
    settle_conditions(locked, &edges);
    // The line of each package's name.
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("name = ") {
            locked.lines.entry(normal(name.trim_matches('"'))).or_insert_with(|| format!("{place}:{}", number + 1));
        }
    }
    Ok(())
}

/// A package that is only asked for where a marker says so is for some platforms, and so is what only such ones ask for.
fn settle_conditions(locked: &mut Locked, edges: &[(String, String, bool)]) {
    let asked_for: BTreeSet<&String> = edges.iter().map(|(_, to, _)| to).collect();
    let mut sure: BTreeSet<String> = locked
        .packages
        .iter()
        .filter(|(name, package)| !package.conditional && !asked_for.contains(name))
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let more: Vec<String> = edges
            .iter()
            .filter(|(from, to, marked)| !marked && sure.contains(from) && !sure.contains(to))
            .filter(|(_, to, _)| locked.packages.get(to).is_some_and(|package| !package.conditional))
            .map(|(_, to, _)| to.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        sure.extend(more);
    }
    locked.packages.iter_mut().for_each(|(name, package)| package.conditional |= !sure.contains(name));
}

fn of_pipfile(place: &str, text: &str, locked: &mut Locked) -> Result<(), Why> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Why::NotUnderstood(format!("{place}:{}: it is no JSON", error.line())))?;
    locked.complete = true;
    for group in ["default", "develop"] {
        for (name, package) in value.get(group).and_then(Value::as_object).into_iter().flatten() {
            let entry = locked.packages.entry(normal(name)).or_default();
            let version = package.get("version").and_then(Value::as_str);
            entry.versions.extend(version.map(|version| version.trim_start_matches('=').to_owned()));
            entry.conditional |=
                package.get("markers").is_some_and(|marker| is_of_platform(marker.as_str().unwrap_or_default()));
            entry.own |= package.get("editable").is_some() || package.get("path").is_some();
        }
    }
    Ok(())
}

/// Whether a marker asks for more than a version of Python: Pipenv writes that one behind nearly all packages.
fn is_of_platform(marker: &str) -> bool {
    ["sys_platform", "platform_", "os_name", "implementation_name", "extra"].iter().any(|word| marker.contains(word))
}

/// The pins in a requirements file. Options, links and folders are none.
fn of_requirements(place: &str, text: &str, locked: &mut Locked) {
    let mut number = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        number += 1;
        let first = number;
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            number += 1;
            whole.push_str(lines.next().unwrap_or_default());
        }
        let whole = whole.split(" #").next().unwrap_or(&whole).trim();
        if whole.is_empty() || whole.starts_with(['#', '-', '.', '/']) || whole.contains("://") {
            continue;
        }
        let requirement = whole.split(" --").next().unwrap_or(whole);
        let (requirement, marked) = requirement.split_once(';').map_or((requirement, false), |(of, _)| (of, true));
        let Some((name, version)) = requirement.split_once("==") else { continue };
        if version.contains(['*', ',']) {
            continue;
        }
        let name = normal(name.split('[').next().unwrap_or(name).trim_end_matches('='));
        let entry = locked.packages.entry(name.clone()).or_default();
        entry.versions.insert(version.trim().trim_start_matches('=').trim().to_owned());
        entry.conditional |= marked;
        locked.lines.entry(name).or_insert_with(|| format!("{place}:{first}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(told: &str) -> Result<GateFact, Why> {
        found::tests::read(&GATE, "/home/jane/shop", told, &[])
    }

    fn project(lock: &str, text: &str) -> String {
        let lines: String = text.lines().map(|line| format!("|{line}\n")).collect();
        format!("=project .\n|./{lock}\n=there ./{lock}\n=file ./{lock}\n{lines}")
    }

    fn venv(installed: &[&str]) -> String {
        let site =
            installed.iter().map(|name| format!("|./.venv/lib/python3.11/site-packages/{name}\n")).collect::<String>();
        format!(
            "=environment ./.venv\n=interpreter works\n=there ./.venv/pyvenv.cfg\n=file ./.venv/pyvenv.cfg\n\
             |home = /home/jane/.local/python/bin\n|version_info = 3.11.7.final.0\n=site\n{site}"
        )
    }

    const UV: &str = "version = 1\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n\
        dependencies = [{ name = \"click\" }, { name = \"pywin32\", marker = \"sys_platform == 'win32'\" }]\n\
        [package.dev-dependencies]\ndev = [{ name = \"pytest\" }]\n\
        [[package]]\nname = \"click\"\nversion = \"8.1.7\"\ndependencies = [{ name = \"colorama\", marker = \"sys_platform == 'win32'\" }]\n\
        [[package]]\nname = \"colorama\"\nversion = \"0.4.6\"\n[[package]]\nname = \"pywin32\"\nversion = \"308\"\n\
        [[package]]\nname = \"pytest\"\nversion = \"8.3.3\"\n";

    #[test]
    fn what_is_in_step_has_no_leaf_and_neither_has_what_is_for_other_platforms() {
        let installed = venv(&[
            "Click-8.1.7.dist-info/METADATA",
            "pytest-8.3.3.dist-info/METADATA",
            "pip-24.0.dist-info/METADATA",
            "*.egg-info",
        ]);
        let fact = fact(&(project("uv.lock", UV) + &installed)).unwrap();
        assert_eq!(fact.does, "holds what uv.lock says");
        let leaves: Vec<&str> = fact.leaves.keys().map(String::as_str).collect();
        assert_eq!(leaves, ["environment", "installed.pytest", "python"]);
        assert_eq!(fact.leaves["python"], "3.11.7");
        assert_eq!(fact.weak, None);
    }

    #[test]
    fn what_is_out_of_step_is_said_package_by_package() {
        let installed = venv(&[
            "click-8.1.8.dist-info/METADATA",
            "colorama-0.4.5.dist-info/METADATA",
            "rich-13.0.dist-info/METADATA",
        ]);
        let fact = fact(&(project("uv.lock", UV) + &installed)).unwrap();
        assert_eq!(fact.does, "is not what uv.lock says");
        for (leaf, state) in [
            ("click", "8.1.8 installed, 8.1.7 locked"),
            ("colorama", "0.4.5 installed, 0.4.6 locked"),
            ("pytest", "not installed, 8.3.3 locked"),
            ("rich", "13.0 installed, not locked"),
        ] {
            assert_eq!(fact.leaves.get(leaf).map(String::as_str), Some(state), "{leaf}");
        }
        assert_eq!(fact.weak.as_deref(), Some("click and 1 more are installed in other versions than are locked"));
        assert_eq!(fact.decided["click"], "uv.lock:10");
    }

    #[test]
    fn each_kind_of_lockfile_is_read() {
        let poetry = "[[package]]\nname = \"click\"\nversion = \"8.1.7\"\noptional = false\n[package.dependencies]\n\
            colorama = {version = \"*\", markers = \"platform_system == \\\"Windows\\\"\"}\n[[package]]\nname = \"colorama\"\nversion = \"0.4.6\"\noptional = false\n";
        let pdm = "[[package]]\nname = \"click\"\nversion = \"8.1.7\"\ngroups = [\"default\"]\ndependencies = [\"colorama; sys_platform == 'win32'\"]\n\
            [[package]]\nname = \"colorama\"\nversion = \"0.4.6\"\nmarker = \"sys_platform == 'win32'\"\n";
        let pipfile = "{\"default\": {\"click\": {\"version\": \"==8.1.7\", \"markers\": \"python_version >= '3.7'\"}, \
            \"colorama\": {\"version\": \"==0.4.6\", \"markers\": \"sys_platform == 'win32'\"}}, \"develop\": {}}";
        let requirements = "# pinned\nclick==8.1.7 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n    # via shop\ncolorama==0.4.6 ; sys_platform == 'win32'\n-r other.txt\nflask>=2\n";
        for (lock, text) in
            [("poetry.lock", poetry), ("pdm.lock", pdm), ("Pipfile.lock", pipfile), ("requirements.txt", requirements)]
        {
            let good = fact(&(project(lock, text) + &venv(&["click-8.1.7.dist-info/METADATA"]))).unwrap();
            assert_eq!(good.leaves.keys().collect::<Vec<_>>(), ["environment", "python"], "{lock}");
            let bad = fact(&(project(lock, text) + &venv(&["click-8.0.dist-info/METADATA"]))).unwrap();
            assert_eq!(bad.leaves["click"], "8.0 installed, 8.1.7 locked", "{lock}");
            let none = fact(&(project(lock, text) + &venv(&[]))).unwrap();
            assert_eq!(none.leaves["click"], "not installed, 8.1.7 locked", "{lock}");
        }
    }

    #[test]
    fn an_environment_that_is_not_there_or_lost_its_python_is_a_fact() {
        assert_eq!(fact(&project("uv.lock", UV)).unwrap().does, "has no .venv for uv.lock");
        let lost = venv(&[]).replace("=interpreter works", "=interpreter broken");
        assert_eq!(fact(&(project("uv.lock", UV) + &lost)).unwrap().leaves["python"], "is not there any more");
    }

    #[test]
    fn versions_are_the_same_however_they_are_written() {
        for (locked, installed, same) in [
            ("1.0", "1.0.0", true),
            ("2.1.0", "2.1.0+cpu", true),
            ("2.1.0+cu121", "2.1.0+cpu", false),
            ("1.0rc1", "1.0.rc1", true),
            ("odd", "odd", true),
        ] {
            assert_eq!(is_same(locked, installed), same, "{locked} {installed}");
        }
        assert_eq!(normal("Foo__bar.Baz"), "foo-bar-baz");
    }

    #[test]
    fn a_lockfile_that_does_not_parse_is_unknown_with_its_line() {
        assert!(fact(&project("uv.lock", "version = 1\n[[package\n")).unwrap_err().to_string().contains("uv.lock:2"));
        assert!(fact(&project("Pipfile.lock", "{\n")).unwrap_err().to_string().contains("Pipfile.lock:"));
    }
}
