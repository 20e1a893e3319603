//! The files that a program of the repository reads as its modules: what Python imports, and what JavaScript names without an
//! ending. Only what is there is told: the rest is installed, and not looked into here.

use super::checkout::{Checkout, collapse};

/// How names of scripts end.
pub(super) const SCRIPTS: [&str; 16] =
    ["sh", "bash", "zsh", "js", "cjs", "mjs", "jsx", "ts", "mts", "cts", "tsx", "py", "rb", "pl", "php", "lua"];

/// Programs that find a script of JavaScript without its ending.
pub(super) const RUN_MODULES: [&str; 5] = ["node", "bun", "deno", "tsx", "ts-node"];

/// What is put behind a name of JavaScript's until there is a file.
const ENDINGS: [&str; 13] = [
    "",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".mts",
    ".cts",
    ".tsx",
    ".jsx",
    "/index.js",
    "/index.mjs",
    "/index.cjs",
    "/index.ts",
];

/// The script that a name of JavaScript means.
pub(super) fn script(checkout: Checkout<'_>, name: &str) -> Option<String> {
    let name = collapse(name);
    let is_script = |path: &String| {
        path.rsplit_once('.').is_some_and(|(_, end)| SCRIPTS.contains(&end)) && checkout.find(path).is_some()
    };
    let compiled = [(".js", ".ts"), (".mjs", ".mts")];
    let sources = compiled.into_iter().filter_map(|(from, to)| Some(format!("{}{to}", name.strip_suffix(from)?)));
    ENDINGS.iter().map(|ending| format!("{name}{ending}")).chain(sources).find(is_script)
}

/// Whether it is data beside a program: what describes a package holds more than what a program reads of it.
pub(super) fn is_data(named: &str) -> bool {
    named.starts_with('.') && named.ends_with(".json") && !named.ends_with("package.json")
}

/// Whether a text is a program of Python's.
pub(super) fn is_python(text: &str, file: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    file.ends_with(".py") || (first.starts_with("#!") && first.contains("python"))
}

/// The files of a module of Python's, and of the packages on the way to it, from a folder.
pub(super) fn python(checkout: Checkout<'_>, folder: &str, module: &str) -> Vec<String> {
    let mut path = folder.to_owned();
    let mut files = Vec::new();
    for part in module.split('.').filter(|part| !part.is_empty()) {
        path = collapse(&format!("{path}/{part}"));
        let forms = [format!("{path}.py"), format!("{path}/__init__.py")];
        files.extend(forms.into_iter().filter(|file| checkout.find(file).is_some() || checkout.is_shut(file)));
    }
    let main = format!("{path}/__main__.py");
    files.extend(Some(main).filter(|file| checkout.find(file).is_some()));
    files
}

/// The files that a program of Python's imports: beside it, and from the top.
pub(super) fn imported(checkout: Checkout<'_>, text: &str, folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("").replace(['(', ')', ',', ';'], " ");
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["import", names @ ..] => {
                for name in names {
                    files.extend([folder, "."].iter().flat_map(|from| python(checkout, from, name)));
                }
            }
            ["from", module, "import", names @ ..] => {
                let dots = module.len() - module.trim_start_matches('.').len();
                let above = format!("{folder}/{}", "../".repeat(dots.saturating_sub(1)));
                let folders = if dots > 0 { vec![above.as_str()] } else { vec![folder, "."] };
                for from in folders {
                    files.extend(python(checkout, from, module));
                    files.extend(names.iter().flat_map(|name| python(checkout, from, &format!("{module}.{name}"))));
                }
            }
            _ => {}
        }
    }
    files
}
