//! What an environment holds true: the items that it names and the open sets that it stands for.

use super::dotfile::Extent;
use super::environment::{Environment, PackageNames};
use super::fact::Listing;
use super::item::{Category, ItemId};
use super::policy::Policy;

/// All that is held true, each with how strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Items that the spec names. Those with systems are held only there.
    pub items: Vec<ScopedItem>,
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

impl Environment {
    /// What this environment holds true.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        let mut name = |category, name: &str, policy: &Policy, only: &[String]| {
            let id = ItemId::new(category, name);
            scope.items.push(ScopedItem { id, policy: policy.clone(), only: only.to_owned() });
        };
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
        for entry in &self.dotfiles.entries {
            if entry.extent == Extent::Path {
                name(Category::Dotfile, &entry.name, &Policy::Exact, &entry.only);
            }
            scope.listings.extend(entry.listing().map(|listing| (listing, Policy::Exact)));
        }
        for repo in &self.repos {
            name(Category::Repo, &repo.name, &Policy::Exact, &[]);
            for category in [Category::Git, Category::Hook] {
                scope.listings.push((Listing::below(category, format!("{}/", repo.name)), Policy::Exact));
            }
        }
        scope
    }
}
