//! What a release offers: the archive of `scripts/package`, unpacked as its users unpack it, and the Homebrew formula that
//! names it, read and installed by Ruby.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const HOMEPAGE: &str = "https://forge.example/trueup";

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a program that has to succeed, and tells what it printed.
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{command:?} ended with {status}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Packages the program that is tested, without its symbols, as a release build has none.
fn package(folder: &Path) -> PathBuf {
    let own = TempDir::with_prefix("stripped-").unwrap();
    let built = own.path().join("trueup");
    run(Command::new("strip").arg("-o").arg(&built).arg(env!("CARGO_BIN_EXE_trueup")));
    let mut script = Command::new(place("scripts/package"));
    script.arg("--built").arg(built).arg("--out").arg(folder);
    PathBuf::from(run(&mut script).trim())
}

/// The folder that is in the archive.
fn unpack(archive: &Path, folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder));
    let mut entries = fs::read_dir(folder).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none(), "an archive unpacks into one folder of its own");
    only
}

/// The system, as Rust names it.
fn triple() -> String {
    let told = run(Command::new("rustc").arg("-vV"));
    told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The example is built with the tests, beside them.
fn formula(archives: &[PathBuf]) -> Output {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples/formula");
    assert!(program.exists(), "{} is not built: cargo build --examples", program.display());
    Command::new(program).arg(HOMEPAGE).args(archives).output().unwrap()
}

#[test]
fn the_archive_holds_all_that_its_user_needs() {
    let folder = TempDir::with_prefix("package-").unwrap();
    let archive = package(folder.path());
    let name = format!("trueup-{}-{}", env!("CARGO_PKG_VERSION"), triple());
    assert_eq!(archive.file_name().unwrap().to_str().unwrap(), format!("{name}.tar.gz"));
    assert_eq!(names(folder.path()), set(&[&format!("{name}.tar.gz"), &format!("{name}.tar.gz.sha256")]));

    // Beside it lies what the usual tools check it by.
    let sums = fs::read_to_string(folder.path().join(format!("{name}.tar.gz.sha256"))).unwrap();
    let digest: String = Sha256::digest(fs::read(&archive).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sums, format!("{digest}  {name}.tar.gz\n"));
    run(Command::new("shasum").args(["-a", "256", "-c"]).arg(format!("{name}.tar.gz.sha256")).current_dir(&folder));

    let unpacked = unpack(&archive, &folder.path().join("there"));
    assert_eq!(unpacked.file_name().unwrap().to_str(), Some(name.as_str()));
    let wanted = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "completions", "man", "trueup"];
    assert_eq!(names(&unpacked), set(&wanted));
    let program = unpacked.join("trueup");
    assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);

    // It is the program, and needs nothing around it.
    let trueup = |words: &[&str]| run(Command::new(&program).args(words).env_clear().current_dir("/"));
    assert_eq!(trueup(&["--version"]), format!("trueup {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(trueup(&["man"]), fs::read_to_string(unpacked.join("man/trueup.1")).unwrap());
    let pages = names(&unpacked.join("man"));
    assert!(pages.contains("trueup-check.1") && pages.len() >= 15, "{pages:?}");
    assert_eq!(names(&unpacked.join("completions")), set(&["_trueup", "trueup.bash", "trueup.fish"]));
    for (shell, file) in [("bash", "trueup.bash"), ("zsh", "_trueup"), ("fish", "trueup.fish")] {
        let file = unpacked.join("completions").join(file);
        assert_eq!(trueup(&["completions", shell]), fs::read_to_string(&file).unwrap(), "{shell}");
        run(Command::new(shell).arg("-n").arg(file));
    }
}

#[test]
fn the_formula_fetches_that_archive_and_installs_it() {
    let folder = TempDir::with_prefix("package-").unwrap();
    let archive = package(folder.path());
    // What other machines would have made.
    let mut archives = vec![archive.clone()];
    for triple in
        ["aarch64-apple-darwin", "x86_64-apple-darwin", "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"]
    {
        let other = folder.path().join(format!("trueup-{}-{triple}.tar.gz", env!("CARGO_PKG_VERSION")));
        if other != archive {
            fs::write(&other, triple).unwrap();
            archives.push(other);
        }
    }
    let told = formula(&archives);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let path = folder.path().join("trueup.rb");
    fs::write(&path, told.stdout).unwrap();
    run(Command::new("ruby").arg("-wc").arg(&path));

    let brew = |system: &str, cpu: &str, rest: &[&Path]| {
        run(Command::new("ruby").arg(place("fixtures/homebrew/install.rb")).arg(&path).args([system, cpu]).args(rest))
    };
    for archive in &archives {
        let name = archive.file_name().unwrap().to_str().unwrap();
        let system = if name.contains("apple") { "macos" } else { "linux" };
        let cpu = if name.contains("aarch64") { "arm" } else { "intel" };
        let digest: String =
            Sha256::digest(fs::read(archive).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{HOMEPAGE}/releases/download/v{}/{name}", env!("CARGO_PKG_VERSION"));
        assert_eq!(brew(system, cpu, &[]), format!("{url}\n{digest}\n"));
    }

    // Installed from the archive, all is where Homebrew has it, and the formula's own test passes.
    let unpacked = unpack(&archive, &folder.path().join("there"));
    let prefix = folder.path().join("prefix");
    let system = if cfg!(target_os = "macos") { "macos" } else { "linux" };
    let cpu = if cfg!(target_arch = "aarch64") { "arm" } else { "intel" };
    brew(system, cpu, &[&unpacked, &prefix]);
    for (at, from) in [
        ("bin/trueup", "trueup"),
        ("share/man/man1/trueup-check.1", "man/trueup-check.1"),
        ("etc/bash_completion.d/trueup", "completions/trueup.bash"),
        ("share/fish/vendor_completions.d/trueup.fish", "completions/trueup.fish"),
        ("share/zsh/site-functions/_trueup", "completions/_trueup"),
    ] {
        assert!(fs::read(prefix.join(at)).unwrap() == fs::read(unpacked.join(from)).unwrap(), "{at}");
    }
    assert_eq!(names(&prefix.join("share/man/man1")), names(&unpacked.join("man")));
}

#[test]
fn a_formula_is_made_of_archives_of_this_version_that_say_their_system() {
    let folder = TempDir::with_prefix("package-").unwrap();
    let refused = |names: &[&str]| {
        let archives: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        for archive in &archives {
            fs::write(archive, "x").unwrap();
        }
        let told = formula(&archives);
        assert!(!told.status.success() && told.stdout.is_empty(), "{names:?} made a formula");
        String::from_utf8(told.stderr).unwrap()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert!(refused(&[]).contains("without an archive"));
    assert!(refused(&[&format!("trueup-{version}-x86_64-pc-windows-msvc.tar.gz")]).contains("names no system"));
    assert!(refused(&[&format!("trueup-{version}-riscv64-unknown-linux-gnu.tar.gz")]).contains("names no processor"));
    assert!(
        refused(&["trueup-0.0.1-x86_64-unknown-linux-gnu.tar.gz"]).contains(&format!("is not of version {version}"))
    );
    let two =
        ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"].map(|on| format!("trueup-{version}-{on}.tar.gz"));
    assert!(refused(&[&two[0], &two[1]]).contains("both for linux on intel"));
}
