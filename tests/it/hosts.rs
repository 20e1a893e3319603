//! Hosts of three shapes run the same tests: this Debian, one that has nothing but busybox, and a Mac as far as trueup can
//! tell. The reference is a sandbox on this Debian, and commands run in the login shell of each host.
//!
//! A test is a function of a host; the table at the end runs each of them on each shape. Where two shapes must differ, the
//! test says what each of them has to answer.

use std::fs;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::support::mac::Mac;
use crate::support::machine::{Machine, contents, listing};
use crate::support::shape::Shape;
use crate::support::trueup::{Project, Report, spec_of};

/// A Mac as a developer has it.
const FURNISHED: Mac = Mac { developer_tools: true, old: false };

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Debian,
    Busybox,
    Mac,
}

/// A host and what it is.
struct Host {
    kind: Kind,
    machine: Machine,
}

impl Host {
    fn new(kind: Kind) -> Self {
        let machine = match kind {
            Kind::Debian => Machine::over_ssh(),
            Kind::Busybox => Machine::shaped(Shape::busybox()),
            Kind::Mac => Machine::shaped(Shape::mac(FURNISHED)),
        };
        let host = Self { kind, machine };
        if kind == Kind::Debian {
            // Debian's /etc/profile begins PATH anew.
            host.start_up(&format!("PATH={}; export PATH", host.machine.path()));
        }
        host
    }

    /// Adds a line to what the login shell reads.
    fn start_up(&self, line: &str) {
        let name = if self.kind == Kind::Mac { ".zprofile" } else { ".profile" };
        let so_far = fs::read_to_string(self.machine.at(name)).unwrap_or_default();
        self.machine.file(name, format!("{so_far}{line}\n"));
    }

    /// What differs between the shapes.
    fn by_kind<T>(&self, debian: T, busybox: T, mac: T) -> T {
        match self.kind {
            Kind::Debian => debian,
            Kind::Busybox => busybox,
            Kind::Mac => mac,
        }
    }

    /// All that it holds, with every time. Of this Debian itself, its home.
    fn listing(&self) -> std::collections::BTreeMap<String, String> {
        self.machine.shape().map_or_else(|| self.machine.listing(), |shape| listing(&shape.root()))
    }
}

/// A project that holds the host true to the reference, in its login shell.
fn project(laptop: &Machine, host: &Host, rest: &str) -> Project {
    let targets = [("laptop", laptop), ("host", &host.machine)];
    let project = Project::of(&targets, rest);
    project.spec(&spec_of(&targets, rest).replace("login = false", "login = true"));
    project
}

fn sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(report: &'a Report, id: &str, key: &str) -> &'a str {
    let value = &report.finding("host", id)[key];
    value.as_str().unwrap_or_else(|| panic!("{id} has no {key}: {}", report.finding("host", id)))
}

const NOTHING: Vec<String> = Vec::new();

/// Who it is, and what surrounds commands there.
fn says_who_it_is(host: &Host) {
    let laptop = Machine::local();
    laptop.says("node", "v22.11.0");
    host.machine.says("node", "v22.11.0");
    let project = project(&laptop, host, "[tools]\nnode = \"exact\"\n");
    project.capture();
    let report = project.check(&["host"], 0);
    let machine = &report.target("host")["machine"];
    println!("{machine}\n{}", report.target("host"));
}

macro_rules! on_every_shape {
    ($($test:ident)*) => {
        mod debian {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Debian));
            })*
        }
        mod busybox {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Busybox));
            })*
        }
        mod mac {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Mac));
            })*
        }
    };
}

on_every_shape! {
    says_who_it_is
}
