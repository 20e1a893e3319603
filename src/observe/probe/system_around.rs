//! What surrounds agents' commands on a machine: umask, limits, locale, time zone, C library, login shell, and whether
//! the machine is a container or virtual.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::system::{item, present};
use super::{failed, text};
use crate::observe::{Answer, Sighting};
use crate::spec::{self, Observed, Why};

pub(super) const SCRIPT: &str = include_str!("system_around.sh");

/// The facts that it tells.
pub(super) const NAMES: &[&str] = &["umask", "nofile", "locale", "timezone", "libc", "shell", "container", "vm"];

/// What is read of it for one fact.
type Read = fn(&Told<'_>) -> Observed;

/// What the script tells: for each word the values in their order.
type Told<'a> = BTreeMap<&'a str, Vec<&'a str>>;

pub(super) fn read(answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let mut told = Told::new();
    let mut ended = false;
    for line in stdout.lines() {
        match line.split_once(' ') {
            Some((word, value)) => told.entry(word).or_default().push(value.trim()),
            None if line == "end" => ended = true,
            None => {
                return Err(Why::NotUnderstood(format!("unexpected line `{}`", super::first_line(line.as_bytes()))));
            }
        }
    }
    if !ended {
        return Err(failed("sh", answer));
    }
    let read_one: [(&str, Read); 8] = [
        ("umask", |told| of_one(told, "umask", spec::umask)),
        ("nofile", |told| of_one(told, "nofile", limit)),
        ("locale", |told| present(&locale(told))),
        ("timezone", |told| of_one(told, "timezone", |zone| Some(spec::timezone(zone)))),
        ("libc", |told| of_one(told, "libc", libc)),
        ("shell", shell),
        ("container", |told| present(container(told))),
        ("vm", vm),
    ];
    Ok(read_one.into_iter().map(|(name, read)| Sighting::Item(item(name), read(&told))).collect())
}

/// A fact that one line tells.
fn of_one(told: &Told<'_>, word: &str, read: fn(&str) -> Option<String>) -> Observed {
    let Some(line) = told.get(word).and_then(|lines| lines.first()) else {
        return Observed::Unknown(Why::NotUnderstood(format!("nothing is told about `{word}`")));
    };
    match read(line) {
        Some(value) => present(&value),
        None => Observed::Unknown(Why::NotUnderstood(format!("`{line}` as `{word}`"))),
    }
}

fn limit(text: &str) -> Option<String> {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number || text == "unlimited").then(|| text.to_owned())
}

/// The locale by which characters, order and messages go; where they differ, each.
fn locale(told: &Told<'_>) -> String {
    let set = |name: &str| told.get(name).and_then(|lines| lines.first()).copied().filter(|value| !value.is_empty());
    let of = |name: &str| {
        let value = set("LC_ALL").or_else(|| set(name)).or_else(|| set("LANG")).unwrap_or("C");
        spec::locale(value)
    };
    let characters = of("LC_CTYPE");
    let mut shown = characters.clone();
    for name in ["LC_COLLATE", "LC_MESSAGES"] {
        let value = of(name);
        if value != characters {
            shown.push_str(&format!(", {name} {value}"));
        }
    }
    shown
}

const CONSTANT: &str = "a constant expression";

fn libc(text: &str) -> Option<String> {
    if text == "none" {
        return Some(text.to_owned());
    }
    static LIBRARIES: [(&str, LazyLock<Regex>); 3] = [
        ("glibc", LazyLock::new(|| Regex::new(r"^glibc (\S+)").expect(CONSTANT))),
        ("musl", LazyLock::new(|| Regex::new(r"^musl libc .*Version (\S+)").expect(CONSTANT))),
        ("glibc", LazyLock::new(|| Regex::new(r"stable release version (\d[\d.]*\d)").expect(CONSTANT))),
    ];
    LIBRARIES.iter().find_map(|(name, pattern)| Some(format!("{name} {}", &pattern.captures(text)?[1])))
}

/// A user without an entry, as in many containers, has no login shell. Not looked up is another thing.
fn shell(told: &Told<'_>) -> Observed {
    match told.get("shell").and_then(|lines| lines.first()) {
        Some(&"") => Observed::Absent,
        Some(path) if path.starts_with('/') => present(path),
        Some(other) => Observed::Unknown(Why::NotUnderstood(format!("`{other}` as login shell"))),
        None => Observed::Unknown(Why::NotUnderstood("nothing is told about `shell`".to_owned())),
    }
}

/// The outermost name wins: what runs below kubernetes is docker or containerd as well.
fn container<'a>(told: &Told<'a>) -> &'a str {
    let marks = told.get("container").map_or(&[][..], Vec::as_slice);
    let known =
        ["kubernetes", "podman", "libpod", "docker", "lxc", "wsl"].into_iter().find(|name| marks.contains(name));
    match known {
        Some("libpod") => "podman",
        Some(name) => name,
        None => marks.iter().copied().find(|mark| !mark.is_empty()).unwrap_or("none"),
    }
}

/// Products by what firmware says about itself.
const FIRMWARE: [(&str, &str); 14] = [
    ("qemu", "kvm"),
    ("kvm", "kvm"),
    ("amazon ec2", "amazon"),
    ("google", "google"),
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("xen", "xen"),
    ("parallels", "parallels"),
    ("virtualmac", "apple"),
    ("apple virtualization", "apple"),
    ("microsoft corporation virtual machine", "microsoft"),
    ("bhyve", "bhyve"),
    ("openstack", "kvm"),
];

fn vm(told: &Told<'_>) -> Observed {
    let lines = |word: &str| told.get(word).map_or(&[][..], Vec::as_slice);
    if lines("vm").contains(&"wsl") {
        return present("wsl");
    }
    if let Some(name) = lines("vm").iter().find(|name| !name.is_empty()) {
        return present(name);
    }
    let firmware = lines("dmi").first().map(|line| line.to_lowercase()).unwrap_or_default();
    // The firmware of a cloud's bare machines carries the cloud's name too; their processors do not tell of a host.
    let virtual_processor = lines("hypervisor").contains(&"yes");
    let named = FIRMWARE.iter().find(|(mark, _)| firmware.contains(mark)).map(|(_, name)| *name);
    match (named, virtual_processor) {
        (Some("amazon" | "google"), false) => present("none"),
        (Some(name), _) => present(name),
        (None, true) => present("other"),
        (None, false) if lines("hypervisor").is_empty() && firmware.is_empty() => {
            Observed::Unknown(Why::NotUnderstood("the machine does not tell whether it is virtual".to_owned()))
        }
        (None, false) => present("none"),
    }
}
