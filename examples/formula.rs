//! Renders the Homebrew formula of a release: `formula HOMEPAGE ARCHIVE…`, the text on stdout.
//!
//! Each archive is one that `scripts/package` has made; its name says the system and its bytes give the digest.
#![expect(clippy::disallowed_methods, reason = "a program for the release, which reads the archives")]

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("../templates/homebrew/trueup.rb.tera");

#[derive(serde::Serialize)]
struct System<'a> {
    name: &'static str,
    archives: Vec<&'a Archive>,
}

#[derive(serde::Serialize)]
struct Archive {
    file: String,
    system: &'static str,
    cpu: &'static str,
    sha256: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let homepage = arguments.next().ok_or("usage: formula HOMEPAGE ARCHIVE…")?;
    let archives = arguments.map(|path| archive(&PathBuf::from(path))).collect::<Result<Vec<_>, _>>()?;
    if archives.is_empty() {
        return Err("a formula without an archive installs nothing".into());
    }
    for (at, one) in archives.iter().enumerate() {
        if archives[..at].iter().any(|other| (other.system, other.cpu) == (one.system, one.cpu)) {
            return Err(format!("two archives are both for {} on {}", one.system, one.cpu).into());
        }
    }
    let mut context = tera::Context::new();
    context.insert("homepage", homepage.trim_end_matches('/'));
    context.insert("version", env!("CARGO_PKG_VERSION"));
    let systems = ["macos", "linux"].map(|name| {
        let archives: Vec<&Archive> = archives.iter().filter(|archive| archive.system == name).collect();
        System { name, archives }
    });
    context.insert("systems", &systems.into_iter().filter(|system| !system.archives.is_empty()).collect::<Vec<_>>());
    let formula = tera::Tera::one_off(TEMPLATE, &context, false)?;
    std::io::stdout().write_all(formula.as_bytes())?;
    Ok(())
}

/// An archive is named `trueup-VERSION-CPU-VENDOR-SYSTEM….tar.gz`, as Rust names its targets.
fn archive(path: &Path) -> Result<Archive, Box<dyn Error>> {
    let file = path.file_name().and_then(|name| name.to_str()).ok_or("an archive needs a name")?.to_owned();
    let version = env!("CARGO_PKG_VERSION");
    if !file.starts_with(&format!("trueup-{version}-")) {
        return Err(format!("{file} is not of version {version}").into());
    }
    let named = |part: &str| file.contains(part);
    let system = match (named("-apple-darwin"), named("-linux-")) {
        (true, _) => "macos",
        (_, true) => "linux",
        _ => return Err(format!("{file} names no system").into()),
    };
    let cpu = match (named("-aarch64-"), named("-x86_64-")) {
        (true, _) => "arm",
        (_, true) => "intel",
        _ => return Err(format!("{file} names no processor").into()),
    };
    let digest = Sha256::digest(std::fs::read(path)?);
    Ok(Archive { file, system, cpu, sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect() })
}
