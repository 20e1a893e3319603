//! Who the machine is: system, version, architecture, host name and a lasting id.

use super::{failed, text};
use crate::observe::{Answer, Covers, Probe, Question, Sighting};
use crate::spec::{Environment, Machine, Why};

pub(super) const PROBE: Probe = Probe {
    name: "system",
    doc: "operating system, version, architecture, host name, machine id",
    manager: None,
    ask,
    read,
};

const SCRIPT: &str = r#"
uname -s -m || return
uname -n
if [ -r /etc/machine-id ]; then
  read -r tu_id </etc/machine-id
  printf 'id %s\n' "$tu_id"
elif command -v ioreg >/dev/null; then
  ioreg -rd1 -c IOPlatformExpertDevice | sed -n 's/.*"IOPlatformUUID" = "\(.*\)"/id \1/p'
fi
if [ -r /etc/os-release ]; then
  sed -n 's/^VERSION_ID=/version /p' /etc/os-release
elif command -v sw_vers >/dev/null; then
  printf 'version %s\n' "$(sw_vers -productVersion)"
fi
"#;

fn ask(environment: &Environment) -> Vec<Question> {
    vec![Question::new("system", SCRIPT.to_owned(), environment.limits.probe, Covers::default())]
}

fn read(_: &Question, answer: &Answer) -> Result<Vec<Sighting>, Why> {
    let stdout = text(&answer.stdout);
    let mut lines = stdout.lines();
    let (Some(system), Some(hostname)) = (lines.next(), lines.next()) else { return Err(failed("uname", answer)) };
    let (kernel, arch) = system
        .split_once(' ')
        .ok_or_else(|| Why::NotUnderstood(format!("`{system}` is not a system and an architecture")))?;
    let os = match kernel {
        "Darwin" => "macos".to_owned(),
        other => other.to_lowercase(),
    };
    let mut machine = Machine {
        os: Some(os),
        arch: Some(if arch == "arm64" { "aarch64".to_owned() } else { arch.to_owned() }),
        hostname: Some(hostname.to_owned()),
        ..Machine::default()
    };
    for line in lines {
        match line.split_once(' ') {
            // An image that has never been started has no id of its own yet.
            Some(("id", "" | "uninitialized")) => {}
            Some(("id", id)) => machine.id = Some(id.to_owned()),
            Some(("version", version)) => machine.os_version = Some(version.trim_matches('"').to_owned()),
            _ => return Err(Why::NotUnderstood(format!("unexpected line `{line}`"))),
        }
    }
    Ok(vec![Sighting::Machine(machine)])
}
