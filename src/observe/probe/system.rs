//! What the machine is: who it is, what surrounds agents' commands on it, and how much room there is.
//!
//! Three questions, so that a hanging file system or user directory hides neither the other facts nor the machine's
//! identity. All facts are items `system:<name>`; those that the spec does not name are merely shown.

use super::{failed, system_around, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::{self, Category, Environment, Fact, ItemId, Machine, Observed, Why};

pub(super) const PROBE: Probe = Probe {
    name: "system",
    doc: "who the machine is, what surrounds commands on it, free space, clock",
    manager: None,
    ask,
    read,
};

const IDENTITY: &str = r#"
uname -s -n -m || return
printf 'clock %s\n' "$(date +%s)"
if [ -r /etc/machine-id ]; then
  read -r tu_id </etc/machine-id
  printf 'id %s\n' "$tu_id"
elif command -v ioreg >/dev/null; then
  tu_id=$(ioreg -rd1 -c IOPlatformExpertDevice | sed -n 's/.*"IOPlatformUUID" = "\(.*\)"/\1/p')
  printf 'id %s\nuuid %s\n' "$tu_id" "$tu_id"
fi
if [ -r /etc/os-release ]; then
  while read -r tu_line || [ -n "$tu_line" ]; do
    case $tu_line in VERSION_ID=*) printf 'version %s\n' "${tu_line#VERSION_ID=}" ;; esac
  done </etc/os-release
elif command -v sw_vers >/dev/null; then
  printf 'version %s\n' "$(sw_vers -productVersion)"
fi
if [ -r /sys/class/dmi/id/product_uuid ]; then
  read -r tu_id </sys/class/dmi/id/product_uuid
  printf 'uuid %s\n' "$tu_id"
elif [ -e /sys/class/dmi/id/product_uuid ]; then
  echo 'uuid-unreadable here'
fi
"#;

/// One df for both places, since a process costs more than a second line.
const DISK: &str = "df -Pk -- . \"${TMPDIR:-/tmp}\"";

/// The subjects of the questions beside the machine's identity.
const AROUND: &str = "around";
const SPACE: &str = "space";

fn ask(environment: &Environment) -> Vec<Question> {
    let limit = environment.limits.probe;
    let question = |subject: &str, script: &str, names: &[&str]| {
        let items = names.iter().map(|name| item(name)).collect();
        Question::new(subject, script.to_owned(), limit, Covers { items, listings: Vec::new() })
    };
    vec![
        question("system", IDENTITY, &["os", "os_version", "arch", "hostname", "machine_id", "hardware_uuid", "clock"]),
        question(AROUND, system_around::SCRIPT, system_around::NAMES),
        question(SPACE, DISK, &["disk_free", "disk_free_tmp"]),
    ]
}

/// The id of a fact about the machine.
pub(super) fn item(name: &str) -> ItemId {
    ItemId::new(Category::System, name)
}

fn read(question: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    match question.subject.as_str() {
        AROUND => system_around::read(answer),
        SPACE => read_space(answer),
        _ => read_identity(answer),
    }
}

fn read_identity(answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let mut lines = stdout.lines();
    // A Mac's name may hold blanks.
    let system = lines.next().and_then(|line| {
        let (kernel, rest) = line.split_once(' ')?;
        let (hostname, arch) = rest.rsplit_once(' ')?;
        Some((kernel, hostname, arch))
    });
    let Some((kernel, hostname, arch)) = system else { return Err(failed("uname", answer)) };
    let os = match kernel {
        "Darwin" => "macos".to_owned(),
        other => other.to_lowercase(),
    };
    let mut machine = Machine {
        os: Some(os),
        arch: Some(spec::arch(arch)),
        hostname: Some(hostname.to_owned()),
        ..Machine::default()
    };
    let mut hardware = Observed::Absent;
    let mut clock = None;
    for line in lines {
        match line.split_once(' ') {
            // An image that has never been started has no id of its own yet.
            Some(("id", "" | "uninitialized")) => {}
            Some(("id", id)) => machine.id = Some(id.to_owned()),
            Some(("version", version)) => machine.os_version = Some(version.trim_matches(['"', '\'']).to_owned()),
            Some(("uuid", uuid)) if !uuid.is_empty() => hardware = Observed::Present(Fact::text(uuid)),
            Some(("uuid", _)) => {}
            Some(("uuid-unreadable", _)) => {
                hardware = Observed::Unknown(Why::NotUnderstood("only root may read it on this machine".to_owned()));
            }
            Some(("clock", seconds)) => {
                clock = Some(match seconds.parse() {
                    Ok(seconds) => Sighting::Clock(seconds),
                    Err(_) => Sighting::Item(
                        item("clock"),
                        Observed::Unknown(Why::NotUnderstood(format!("`{line}` is no time"))),
                    ),
                });
            }
            _ => return Err(Why::NotUnderstood(format!("unexpected line `{line}`"))),
        }
    }
    let told = |value: &Option<String>| value.as_ref().map_or(Observed::Absent, |value| present(value));
    let mut sightings = vec![
        Sighting::Item(item("os"), told(&machine.os)),
        Sighting::Item(item("os_version"), told(&machine.os_version)),
        Sighting::Item(item("arch"), told(&machine.arch)),
        Sighting::Item(item("hostname"), told(&machine.hostname)),
        Sighting::Item(item("machine_id"), told(&machine.id)),
        Sighting::Item(item("hardware_uuid"), hardware),
    ];
    sightings.extend(clock);
    sightings.push(Sighting::Machine(machine));
    Ok(sightings)
}

/// A fact that is a single value.
pub(super) fn present(value: &str) -> Observed {
    Observed::Present(Fact::text(value))
}

/// POSIX fixes the columns of `df -P`, but names of devices and folders may hold anything: the numbers are looked for
/// from where the share in use is.
fn read_space(answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let rows: Vec<&str> = stdout.lines().skip(1).collect();
    if answer.code != 0 || rows.len() != 2 {
        return Err(failed("df", answer));
    }
    let sighting = |name: &str, row: &str| {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let share = columns.iter().position(|column| *column == "-" || column.strip_suffix('%').is_some_and(is_number));
        let free = share.and_then(|at| columns.get(at.checked_sub(1)?)).and_then(|free| free.parse::<i64>().ok());
        let observed = match free {
            // What is kept back for root makes it less than nothing.
            Some(free) => present(&gigabytes(u64::try_from(free).unwrap_or(0))),
            None => Observed::Unknown(Why::NotUnderstood(format!("no free space in `{row}`"))),
        };
        Sighting::Item(item(name), observed)
    };
    Ok(vec![sighting("disk_free", rows[0]), sighting("disk_free_tmp", rows[1])])
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Never more than there is: rounded down to megabytes.
fn gigabytes(kibibytes: u64) -> String {
    let megabytes = u128::from(kibibytes) * 1024 / 1_000_000;
    format!("{}.{:03} GB", megabytes / 1000, megabytes % 1000)
}
