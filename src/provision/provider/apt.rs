//! Debian packages, in the reference's version.

use super::{NOT_PRUNED, Need, Offer, PackageCommand, Provider, package_need, package_step};
use crate::parity::Change;
use crate::spec::Category;

pub(super) const PROVIDER: Provider = Provider { name: "apt", doc: "Debian packages by apt-get", offer };

const INSTALL: [&str; 7] = [
    "apt-get",
    "install",
    "--yes",
    "--no-install-recommends",
    "--allow-downgrades",
    "-oDPkg::Lock::Timeout=60",
    "-oDpkg::Options::=--force-confold",
];

fn offer(need: Need<'_>) -> Offer {
    let package = match package_need("apt", &need) {
        Ok(package) => package,
        Err(answer) => return answer,
    };
    if package.change == Change::Extra {
        if !need.prune {
            return Offer::Cannot(NOT_PRUNED.to_owned());
        }
        let arguments = ["apt-get", "remove", "--yes", "-oDPkg::Lock::Timeout=60", package.name];
        let command = PackageCommand { arguments: &arguments, refresh: &[], root: true };
        return package_step(&PROVIDER, &need, format!("apt package {}", package.name), &command);
    }
    // A tool's version is the product's, not Debian's, so only a package of its own is pinned.
    let version = package.version.filter(|_| need.finding.id.category == Category::Package);
    let (wanted, subject) = match version {
        Some(version) => (format!("{}={version}", package.name), format!("apt package {} {version}", package.name)),
        None => (package.name.to_owned(), format!("apt package {}", package.name)),
    };
    let mut arguments = INSTALL.to_vec();
    arguments.push(&wanted);
    let command = PackageCommand { arguments: &arguments, refresh: &["apt-get", "update"], root: true };
    package_step(&PROVIDER, &need, subject, &command)
}
