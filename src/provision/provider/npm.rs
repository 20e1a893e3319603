//! Packages that npm installs globally, in the reference's version.

use super::{NOT_PRUNED, Need, Offer, PackageCommand, Provider, package_need, package_step};
use crate::parity::Change;

pub(super) const PROVIDER: Provider = Provider { name: "npm", doc: "global npm packages", offer };

const INSTALL: [&str; 5] = ["npm", "install", "--global", "--no-audit", "--no-fund"];

fn offer(need: Need<'_>) -> Offer {
    let package = match package_need("npm", &need) {
        Ok(package) => package,
        Err(answer) => return answer,
    };
    let wanted = match (package.change, package.version) {
        (Change::Extra, _) if !need.prune => return Offer::Cannot(NOT_PRUNED.to_owned()),
        (Change::Extra, _) => {
            let arguments = ["npm", "uninstall", "--global", package.name];
            let command = PackageCommand { arguments: &arguments, refresh: &[], root: false };
            return package_step(&PROVIDER, &need, format!("npm package {}", package.name), &command);
        }
        (_, Some(version)) => format!("{}@{version}", package.name),
        (_, None) => package.name.to_owned(),
    };
    let mut arguments = INSTALL.to_vec();
    arguments.push(&wanted);
    let command = PackageCommand { arguments: &arguments, refresh: &[], root: false };
    package_step(&PROVIDER, &need, format!("npm package {wanted}"), &command)
}
