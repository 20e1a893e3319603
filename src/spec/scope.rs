//! What an environment holds true: the items that it names and the open sets that it stands for.

use super::check::CheckKind;
use super::dotfile::Extent;
use super::environment::{Behaviour, Environment, PackageNames, Selection};
use super::fact::{Fact, Facts, Listing, Observed};
use super::item::{Category, ItemId};
use super::package;
use super::policy::Policy;

/// All that is held true, each with how strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Items that the spec names. Those with systems are held only there.
    pub items: Vec<ScopedItem>,
    /// Things that are an item of the manager that has them, which differs from machine to machine.
    pub mapped: Vec<MappedItem>,
    /// Sets whose members the machines tell.
    pub listings: Vec<(Listing, Policy)>,
}

/// An item that the spec names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedItem {
    /// Which.
    pub id: ItemId,
    /// How strictly.
    pub policy: Policy,
    /// The systems on which it is held; none named means all.
    pub only: Vec<String>,
}

impl Scope {
    /// What the lock keeps of an item: its fact, or the bound where the spec gives one.
    pub fn kept(&self, id: &ItemId, fact: Fact) -> Fact {
        let named = self.items.iter().find(|item| item.id == *id);
        match named.map(|item| &item.policy) {
            Some(Policy::Threshold(threshold)) => Fact::text(threshold.to_string()),
            _ => fact,
        }
    }
}

/// A thing that goes by an item of its own under each manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedItem {
    /// How strictly.
    pub policy: Policy,
    /// Its ids, in the order in which the spec has them; never empty.
    pub ids: Vec<ItemId>,
}

/// The manager of a package's id.
pub fn manager_of(id: &ItemId) -> &str {
    id.name.split_once('/').map_or(id.name.as_str(), |(manager, _)| manager)
}

impl MappedItem {
    /// The item that counts on a machine: of the managers that it has, the one by which the thing is there, those of the
    /// system before those of a language. None where none of the managers is for this machine.
    pub fn on(&self, facts: &Facts) -> Option<&ItemId> {
        let can_be = |id: &&ItemId| {
            let manager = manager_of(id);
            let os = facts.machine.os.as_deref();
            os.is_none_or(|os| package::can_exist(manager, os))
                && !(package::SYSTEM_MANAGERS.contains(&manager) && facts.lacks_manager(manager))
        };
        let rank = |id: &&ItemId| {
            let seen = match facts.items.get(*id) {
                Some(Observed::Present(_)) => 0,
                Some(Observed::Unknown(_)) | None => 1,
                Some(Observed::Absent) => 2,
            };
            (seen, !package::SYSTEM_MANAGERS.contains(&manager_of(id)))
        };
        self.ids.iter().filter(can_be).min_by_key(rank)
    }
}

impl Environment {
    /// What this environment holds true.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        let mut name = |category, name: &str, policy: &Policy, only: &[String]| {
            let id = ItemId::new(category, name);
            scope.items.push(ScopedItem { id, policy: policy.clone(), only: only.to_owned() });
        };
        for item in &self.system {
            name(Category::System, item.name, &item.policy, &item.only);
        }
        for variable in &self.env {
            name(Category::Env, &variable.name, &variable.policy, &variable.only);
        }
        for tool in &self.tools {
            name(Category::Tool, &tool.name, &tool.policy, &tool.only);
        }
        for packages in &self.packages {
            match &packages.names {
                PackageNames::These(names) => {
                    for package in names {
                        name(Category::Package, &format!("{}/{package}", packages.manager), &packages.policy, &[]);
                    }
                }
                PackageNames::All => {
                    let listing = Listing::below(Category::Package, format!("{}/", packages.manager));
                    scope.listings.push((listing, packages.policy.clone()));
                }
            }
        }
        let ids = |names: &[(String, String)]| {
            names.iter().map(|(manager, name)| ItemId::new(Category::Package, format!("{manager}/{name}"))).collect()
        };
        let mapped = self.mapped.iter().filter(|mapped| !mapped.names.is_empty());
        scope.mapped = mapped.map(|one| MappedItem { policy: one.policy.clone(), ids: ids(&one.names) }).collect();
        for entry in &self.dotfiles.entries {
            if entry.extent == Extent::Path {
                name(Category::Dotfile, &entry.name, &Policy::Exact, &entry.only);
            }
            scope.listings.extend(entry.listing().map(|listing| (listing, Policy::Exact)));
        }
        for repo in &self.repos {
            name(Category::Repo, &repo.name, &Policy::Exact, &[]);
            for state in &repo.compared {
                name(Category::Repo, &format!("{}/{state}", repo.name), &Policy::Exact, &[]);
            }
            let all = |category| (Listing::below(category, format!("{}/", repo.name)), Policy::Exact);
            scope.listings.extend([Category::Git, Category::Pin, Category::Hook].map(all));
            match &repo.gates {
                Selection::Auto => scope.listings.push(all(Category::Gate)),
                Selection::These(gates) => {
                    for gate in gates {
                        name(Category::Gate, &format!("{}/{gate}", repo.name), &Policy::Exact, &[]);
                    }
                }
            }
            match &repo.checks {
                _ if self.behaviour == Behaviour::Left => {}
                Selection::Auto => scope.listings.push(all(Category::Check)),
                Selection::These(checks) => {
                    for check in checks {
                        name(Category::Check, &format!("{}/{check}", repo.name), &Policy::Exact, &[]);
                        let kind = self.checks.get(check).map(|check| &check.kind);
                        if matches!(kind, Some(CheckKind::Canary(_))) {
                            name(Category::Check, &format!("{}/{check}@worktree", repo.name), &Policy::Exact, &[]);
                        }
                    }
                }
            }
        }
        if self.holds_agents() {
            scope.listings.push((Listing::below(Category::Hook, "home/".to_owned()), Policy::Exact));
        }
        scope
    }
}
