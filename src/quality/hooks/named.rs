//! What a command line names besides a script: files of settings behind an option, and files of recipes that a program finds by
//! their usual names.

use std::collections::BTreeSet;

use super::script::INTERPRETERS;

/// Options whose value is a file of settings.
const SETTINGS: [&str; 13] = [
    "-c",
    "--config",
    "--config-file",
    "--config-path",
    "--configuration",
    "-p",
    "--project",
    "--rcfile",
    "--rc-file",
    "--ignore-path",
    "--settings",
    "--settings-file",
    "--env-file",
];

/// Options and values of a command that may name settings.
pub(super) fn settings(words: &[String]) -> Vec<(&str, &str)> {
    let mut named = Vec::new();
    let program = without_runner(words).first().map_or("", |program| program.rsplit('/').next().unwrap_or(program));
    // What an interpreter is told by `-c` is a program, up to the script that has options of its own.
    let mut is_inside = INTERPRETERS.contains(&program);
    let start = words.iter().position(|word| is_inside && word.ends_with(program)).map_or(0, |place| place + 1);
    let mut words = words[start..].iter().peekable();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") && SETTINGS.contains(&option) => {
                named.push((option, value));
            }
            _ if (word.starts_with("--") || !is_inside) && SETTINGS.contains(&word.as_str()) => {
                if let Some(value) = words.next_if(|value| !value.starts_with('-')) {
                    named.push((word, value));
                }
            }
            _ if word == "-m" || !word.starts_with('-') => is_inside = false,
            _ => {}
        }
    }
    named
}

/// Whether a word is meant as a file: its name has an ending, or begins with a dot.
pub(super) fn is_a_file(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    !word.contains(['=', ':', ' '])
        && name
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ending.len() <= 10 && ending.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// A command without what starts it in an environment of a package manager's.
pub(super) fn without_runner(words: &[String]) -> &[String] {
    const RUNNERS: [&[&str]; 14] = [
        &["npx"],
        &["bunx"],
        &["npm", "exec"],
        &["pnpm", "exec"],
        &["pnpm", "dlx"],
        &["yarn", "exec"],
        &["yarn", "dlx"],
        &["bundle", "exec"],
        &["uv", "run"],
        &["poetry", "run"],
        &["pipenv", "run"],
        &["pdm", "run"],
        &["hatch", "run"],
        &["mise", "exec"],
    ];
    let Some(runner) = RUNNERS
        .iter()
        .find(|runner| runner.len() <= words.len() && runner.iter().zip(words).all(|(name, word)| name == word))
    else {
        return words;
    };
    let rest = &words[runner.len()..];
    let start = rest.iter().position(|word| !word.starts_with('-')).unwrap_or(rest.len());
    &rest[start..]
}

/// The module of Python's that an interpreter is told to start.
pub(super) fn module<'a>(interpreter: &str, arguments: &'a [String]) -> Option<&'a str> {
    let place = arguments.iter().take_while(|word| word.starts_with('-')).position(|word| word == "-m")?;
    arguments.get(place + 1).filter(|_| interpreter.starts_with("python")).map(String::as_str)
}

/// A run of a program that finds a file of recipes by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Build<'a> {
    /// The names that it looks for, in their order.
    pub names: &'static [&'static str],
    /// The file that it is told instead.
    pub file: Option<&'a str>,
    /// The folder that it is told to look in.
    pub folder: Option<&'a str>,
    pub targets: Vec<&'a str>,
    /// Whether the file is written as those of make are.
    pub has_rules: bool,
}

/// The run of such a program.
pub(super) fn build<'a>(program: &str, arguments: &'a [String]) -> Option<Build<'a>> {
    const TASK: [&str; 8] = [
        "Taskfile.yml",
        "taskfile.yml",
        "Taskfile.yaml",
        "taskfile.yaml",
        "Taskfile.dist.yml",
        "taskfile.dist.yml",
        "Taskfile.dist.yaml",
        "taskfile.dist.yaml",
    ];
    let (names, file_options, folder_options): (&'static [&'static str], &[&str], &[&str]) = match program {
        "make" | "gmake" => {
            (&["GNUmakefile", "makefile", "Makefile"], &["-f", "--file", "--makefile"], &["-C", "--directory"])
        }
        "just" => (&["justfile", ".justfile", "Justfile"], &["-f", "--justfile"], &["-d", "--working-directory"]),
        "task" | "go-task" => (&TASK, &["-t", "--taskfile"], &["-d", "--dir"]),
        "rake" => {
            (&["rakefile", "Rakefile", "rakefile.rb", "Rakefile.rb"], &["-f", "--rakefile"], &["-C", "--directory"])
        }
        _ => return None,
    };
    let is_make = program.ends_with("make");
    let mut build =
        Build { names, file: None, folder: None, targets: Vec::new(), has_rules: is_make || program == "just" };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (option, value) =
            word.split_once('=').map_or((word.as_str(), None), |(option, value)| (option, Some(value)));
        if file_options.contains(&option) {
            build.file = value.or_else(|| words.next().map(String::as_str));
        } else if folder_options.contains(&option) {
            build.folder = value.or_else(|| words.next().map(String::as_str));
        } else if is_make && word.starts_with("-C") {
            build.folder = Some(&word[2..]);
        } else if is_make && word.starts_with("-f") {
            build.file = Some(&word[2..]);
        } else if !word.starts_with('-') && value.is_none() {
            build.targets.push(word);
        }
    }
    Some(build)
}

/// The commands of the rules that are asked for, of all they need, and of the first one where none is named; without the marks
/// in front of a command. A text that is written otherwise has none.
pub(super) fn recipes(text: &str, targets: &[&str]) -> String {
    let joined = text.replace("\\\n", " ");
    let mut rules: Vec<(Vec<&str>, Vec<&str>, Vec<&str>)> = Vec::new();
    for line in joined.lines() {
        let is_indented = line.starts_with([' ', '\t']);
        match (line.split_once(':'), rules.last_mut()) {
            (_, Some((_, _, commands))) if is_indented => {
                commands.push(line.trim_start().trim_start_matches(['@', '-', '+']));
            }
            (Some((names, needs)), _) if !is_indented && !line.starts_with('#') && !needs.starts_with('=') => {
                let (needs, command) = needs.split_once(';').unwrap_or((needs, ""));
                let names = names.split_whitespace().map(|name| name.trim_start_matches('@')).collect();
                rules.push((names, needs.split_whitespace().collect(), vec![command]));
            }
            _ => {}
        }
    }
    let first = rules.iter().flat_map(|(names, ..)| names).find(|name| !name.starts_with('.'));
    let mut asked: Vec<&str> = if targets.is_empty() { first.into_iter().copied().collect() } else { targets.to_vec() };
    let mut seen = BTreeSet::new();
    let mut told = String::new();
    while let Some(name) = asked.pop() {
        if !seen.insert(name) {
            continue;
        }
        for (_, needs, commands) in rules.iter().filter(|(names, ..)| names.contains(&name)) {
            asked.extend(needs);
            commands.iter().for_each(|command| told.push_str(&format!("{command}\n")));
        }
    }
    told.replace("$(MAKE)", "make").replace("${MAKE}", "make")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn settings_are_named_behind_options() {
        for (command, expected) in [
            ("eslint -c .eslintrc.strict --fix x", vec![("-c", ".eslintrc.strict")]),
            ("npx tsc -p tsconfig.build.json", vec![("-p", "tsconfig.build.json")]),
            ("ruff check --config=ruff.strict.toml", vec![("--config", "ruff.strict.toml")]),
            ("python -c pass", vec![]),
            ("bash -c x.sh", vec![]),
            (
                "uv run python -m mypy --config-file ci/mypy.ini -p app",
                vec![("--config-file", "ci/mypy.ini"), ("-p", "app")],
            ),
            ("node scripts/x.js -c a.json", vec![("-c", "a.json")]),
            ("pylint --rcfile ~/.pylintrc --config --fix", vec![("--rcfile", "~/.pylintrc")]),
        ] {
            assert_eq!(settings(&words(command)), expected, "{command}");
        }
        let is_file = |word: &&str| is_a_file(word);
        let named = [".rc", "a/b.toml", "core.editor=vi", "app", "https://x.y", "1.5", "a b.c"];
        assert_eq!(named.into_iter().filter(is_file).collect::<Vec<_>>(), [".rc", "a/b.toml"]);
    }

    #[test]
    fn a_build_finds_its_file_by_itself() {
        let build = |text: &str| {
            let words = words(text);
            let found = build(&words[0], &words[1..]).unwrap();
            let own = |word: Option<&str>| word.unwrap_or("-").to_owned();
            (own(found.file), own(found.folder), found.targets.join(" "))
        };
        let told = |file: &str, folder: &str, targets: &str| (file.to_owned(), folder.to_owned(), targets.to_owned());
        assert_eq!(build("make -s lint V=1"), told("-", "-", "lint"));
        assert_eq!(build("make -C web -fci.mk all x"), told("ci.mk", "web", "all x"));
        assert_eq!(build("task --taskfile ci/x.yml check"), told("ci/x.yml", "-", "check"));
    }

    #[test]
    fn the_recipes_of_a_target_are_those_of_all_it_needs() {
        let text = "X := 1\nall: lint\n\t@true\nlint: gen ; echo 1\n\t-sh scripts/lint.sh \\\n\t  --all\ngen:\n\t$(MAKE) deep\nother:\n\tsh other.sh\n";
        let told = recipes(text, &["lint"]);
        assert!(told.contains("sh scripts/lint.sh") && told.contains("make deep"), "{told}");
        assert!(!told.contains("other.sh") && !told.contains("true"), "{told}");
        assert!(recipes(text, &[]).contains("scripts/lint.sh"));
    }
}
