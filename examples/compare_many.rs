//! Holds recorded facts of many machines against a lock and reports, as `check` does once its answers are in:
//! `compare_many FOLDER RECORDS REPORT.json`, the human report on stdout.
//!
//! FOLDER is a project. RECORDS holds a file `<target>.lock` for each of its targets: what was observed there, written as
//! a lock is. Stderr tells the most memory that it took, where the system says so. `scripts/bench targets` times it.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads records and writes a report")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use trueup::observe;
use trueup::parity::compare::{Circumstances, target_report};
use trueup::parity::report::{FORMATS, Look, View};
use trueup::parity::{Background, Report, TargetReport};
use trueup::spec::load::{self, Project, Whereabouts};
use trueup::spec::{Facts, Listed, Lock, Machine, Target};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, records, json] = arguments.as_slice() else {
        return Err("usage: compare_many FOLDER RECORDS REPORT.json".into());
    };
    let whereabouts = Whereabouts { start: folder.clone(), environment: None, home: folder.clone() };
    let project = load::load(&whereabouts, &observe::vocabulary())?;
    let held = |target: &Target| hold(&project, target, &records.join(format!("{}.lock", target.name)));
    let targets = project.environment.targets.iter().map(held).collect::<Result<_, _>>()?;
    let report = Report {
        environment: project.environment.name.clone(),
        spec_digest: project.spec_digest.clone(),
        lock_digest: project.lock.as_ref().map(|loaded| loaded.digest.clone()),
        targets,
        background: Background::default(),
    };
    let render = |name: &str| {
        let format = FORMATS.iter().find(|format| format.name == name).ok_or_else(|| format!("no format {name}"))?;
        Ok::<_, Box<dyn Error>>((format.render)(&report, View::from(Look::Plain)))
    };
    std::fs::write(json, render("json")?)?;
    std::io::stdout().lock().write_all(render("human")?.as_bytes())?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM:")) {
        writeln!(std::io::stderr().lock(), "{peak}")?;
    }
    Ok(())
}

/// One machine's recorded facts, held against the lock.
fn hold(project: &Project, target: &Target, record: &Path) -> Result<TargetReport, Box<dyn Error>> {
    let recorded = Lock::parse(&record.display().to_string(), &std::fs::read_to_string(record)?)?;
    let facts = facts(recorded, project);
    let lock = project.lock.as_ref().map(|loaded| &loaded.lock);
    let circumstances = Circumstances { observed_at: jiff::Timestamp::now(), duration: Duration::ZERO, round_trips: 0 };
    Ok(target_report(&project.environment, lock, target, circumstances, Ok(&facts)))
}

fn facts(recorded: Lock, project: &Project) -> Facts {
    let Lock { reference: machine, items, listed, .. } = recorded;
    let asked = project.environment.scope().listings.into_iter().map(|(listing, _)| listing);
    let listings: BTreeMap<_, _> = asked
        .filter(|listing| listed.contains(&listing.to_string()))
        .map(|listing| (listing, Listed::InFull))
        .collect();
    let items = items.into_iter().map(|(id, locked)| (id, locked.into())).collect();
    Facts { machine: Machine { host_key: None, ..machine }, items, listings, ..Facts::default() }
}
