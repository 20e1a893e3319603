//! What helps to read a report: the lines of the files that it is about, and since when things are so.

use std::path::Path;

use super::context::{Context, tell};
use crate::parity::history::standings;
use crate::parity::{Background, Report};
use crate::spec::Places;
use crate::spec::load::Project;
use crate::store::{Store, StoreError};

/// Looks up what stands around a report. Nothing is written, no store is made, and a history that cannot be read is said
/// and costs nothing but itself: it decides nothing.
pub(super) fn of(report: &Report, placed: Option<&Project>, context: &Context) -> Background {
    let places = placed.map(places).unwrap_or_default();
    let mut background = Background { places, ..Background::default() };
    let read = context
        .state_dir()
        .and_then(|state| Ok(Store::open_to_read(&state.join("trueup.db"))?))
        .and_then(|store| store.map_or(Ok(()), |store| Ok(add_standings(&mut background, report, &store)?)));
    if let Err(error) = read {
        tell(&format!("note: since when findings are so is not known: {error}"));
    }
    background
}

/// Since when the findings of a report are so, by what was recorded before it.
pub(super) fn add_standings(background: &mut Background, report: &Report, store: &Store) -> Result<(), StoreError> {
    for target in &report.targets {
        let periods = store.periods(&report.environment, &target.target)?;
        background.standings.insert(target.target.clone(), standings(&periods, target));
    }
    Ok(())
}

/// The lines of the project's files, which are named from the root of the repository that they lie in.
fn places(project: &Project) -> Places {
    let repository = project.root.ancestors().find(|folder| folder.join(".git").exists());
    let inner = repository.and_then(|repository| project.root.strip_prefix(repository).ok());
    let named = |path: &Path| {
        let below = path.strip_prefix(&project.root).unwrap_or(path);
        inner.map_or_else(|| below.to_owned(), |inner| inner.join(below)).display().to_string()
    };
    let lock = project.lock.as_ref().map(|loaded| (named(&project.lock_path), loaded.text.as_str()));
    let lock = lock.as_ref().map(|(path, text)| (path.as_str(), *text));
    Places::read((&named(&project.spec_path), &project.spec_text), lock)
}
