//! What a target should have: the lock's entry, as the spec changes it for that target.
//!
//! A template is captured as its source and wanted as what it makes for the machine; a mode that the spec names stands in
//! place of the reference's. What was captured in another way than the spec now asks says nothing about what should be.

use std::borrow::Cow;

use super::dotfile::{Compare, Dotfile, Extent};
use super::environment::{Environment, Target};
use super::fact::{Fact, Facts, FileFact, LeadsTo, Listing, Machine, Mode, Observed};
use super::item::{Category, ItemId};
use super::keys::key_names;
use super::lock::Locked;

/// The mode of a file that a template makes and the reference does not have.
const USUAL: Mode = Mode(0o644);

impl Environment {
    /// The entry that names this very item.
    pub fn dotfile(&self, id: &ItemId) -> Option<&Dotfile> {
        if id.category != Category::Dotfile {
            return None;
        }
        self.dotfiles.entries.iter().find(|entry| entry.extent == Extent::Path && entry.name == id.name)
    }

    /// What a target should have where the lock has `locked`. The error is a sentence.
    pub fn wanted<'a>(
        &self,
        id: &ItemId,
        locked: &'a Locked,
        target: Option<&Target>,
        machine: &Machine,
    ) -> Result<Cow<'a, Locked>, String> {
        let captured_otherwise = |how: &str| Err(format!("the lock has {how}; run `trueup capture`"));
        let entry = self.dotfile(id);
        let Locked::Present(Fact::File(file)) = locked else {
            return match entry.map(|entry| &entry.compare) {
                Some(Compare::Template(_)) => captured_otherwise("no template for it yet"),
                _ => Ok(Cow::Borrowed(locked)),
            };
        };
        let literal = entry.and_then(|entry| entry.mode);
        let as_captured = !matches!(file, FileFact::Keys { .. } | FileFact::Template { .. }) && literal.is_none();
        if as_captured && entry.is_none_or(|entry| entry.compare == Compare::Content) {
            return Ok(Cow::Borrowed(locked));
        }
        let wanted = match (entry.map_or(&Compare::Content, |entry| &entry.compare), file.clone()) {
            (Compare::Keys(keys), FileFact::Keys { owned, keys: digests, values, .. }) => {
                if owned != key_names(keys) {
                    return captured_otherwise("other keys of it than the spec names now");
                }
                FileFact::Keys { owned, mode: literal, keys: digests, values }
            }
            (Compare::Keys(_), _) => return captured_otherwise("its whole content, not its keys"),
            (Compare::Template(template), FileFact::Template { mode, template: captured }) => {
                let template = template.as_ref().ok_or("its template was not read")?;
                if template.digest() != captured {
                    return Err("its template has changed since the capture; run `trueup capture`".to_owned());
                }
                let target = target.ok_or("what its template makes depends on the target")?;
                let made = template.render(target, machine).map_err(|error| error.to_string())?;
                let digest = super::fact::Digest::of(made.as_bytes());
                FileFact::File { mode: literal.unwrap_or(mode), digest }
            }
            (Compare::Template(_), _) => return captured_otherwise("no template for it yet"),
            (Compare::Content, FileFact::Keys { .. }) => return captured_otherwise("only some of its keys"),
            (Compare::Content, FileFact::Template { .. }) => return captured_otherwise("a template for it"),
            (Compare::Content, FileFact::File { mode, digest }) => {
                FileFact::File { mode: literal.unwrap_or(mode), digest }
            }
            (Compare::Content, FileFact::Folder { mode }) => FileFact::Folder { mode: literal.unwrap_or(mode) },
            (Compare::Content, FileFact::Link { to, leads_to, mode }) => {
                let has_mode = matches!(leads_to, Some(LeadsTo::File(_) | LeadsTo::Folder));
                FileFact::Link { to, leads_to, mode: literal.filter(|_| has_mode).or(mode) }
            }
            (Compare::Content, other @ FileFact::Other { .. }) => other,
        };
        Ok(Cow::Owned(Locked::Present(Fact::File(wanted))))
    }

    /// The reference's facts as the lock is to have them: of what a template makes, the template.
    pub fn captured(&self, mut facts: Facts) -> Facts {
        for entry in &self.dotfiles.entries {
            let Compare::Template(Some(template)) = &entry.compare else { continue };
            let item = facts.items.get_mut(&ItemId::new(Category::Dotfile, &entry.name));
            let Some(observed) = item.filter(|observed| !matches!(observed, Observed::Unknown(_))) else { continue };
            let mode = match observed {
                Observed::Present(Fact::File(FileFact::File { mode, .. })) => *mode,
                _ => USUAL,
            };
            let file = FileFact::Template { mode: entry.mode.unwrap_or(mode), template: template.digest() };
            *observed = Observed::Present(Fact::File(file));
        }
        facts
    }

    /// Whether an open set is held on a machine.
    pub fn is_held(&self, listing: &Listing, machine: &Machine) -> bool {
        let mut entries = self.dotfiles.entries.iter().filter(|entry| entry.listing().as_ref() == Some(listing));
        listing.category != Category::Dotfile || entries.all(|entry| entry.is_held_on(machine.os.as_deref()))
    }
}
