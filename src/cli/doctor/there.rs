//! Each target: whether it is reached, whether its shell answers, and how long that takes. All side by side.
#![expect(clippy::disallowed_methods, reason = "IO edge: watches the clock")]

use std::time::{Duration, Instant};

use super::{Health, Line};
use crate::cli::context::PARALLEL;
use crate::observe::{Answer, Covers, Question, audit};
use crate::provision::preflight::{self, Standing};
use crate::spec::load::Project;
use crate::spec::{Environment, Target, TargetKind, Why};
use crate::transport::{Connection, Surroundings, TransportError};

/// Starts nothing on the machine: the shell's own means say what is there.
const LOOK: &str = "for tu_doctor in git docker podman awk cat cut find grep head od sed stat tr uname wc; do\n  \
    command -v \"$tu_doctor\" >/dev/null 2>&1 && printf '%s\\n' \"$tu_doctor\"\n\
    done\nreturn 0\n";

/// Without these little can be observed.
const BASIC: [&str; 12] = ["awk", "cat", "cut", "find", "grep", "head", "od", "sed", "stat", "tr", "uname", "wc"];

/// A line or two a target, in their order.
pub(super) fn targets(targets: &[&Target], project: &Project, surroundings: &Surroundings) -> Vec<Line> {
    let mut lines = Vec::new();
    for some in targets.chunks(PARALLEL) {
        std::thread::scope(|scope| {
            let tried: Vec<_> =
                some.iter().map(|target| scope.spawn(|| one(target, &project.environment, surroundings))).collect();
            for (target, tried) in some.iter().zip(tried) {
                lines.extend(
                    tried.join().unwrap_or_else(|_| {
                        vec![Line::new(Health::Unreached, &target.name, "looking at it ended early")]
                    }),
                );
            }
        });
    }
    lines
}

fn one(target: &Target, environment: &Environment, surroundings: &Surroundings) -> Vec<Line> {
    let started = Instant::now();
    match reach(target, environment, surroundings) {
        Err(error) => vec![Line::new(Health::Unreached, &target.name, error.to_string())],
        Ok(Err(why)) => {
            let says = format!("its shell was reached but did not answer: {why}");
            let next = format!("see that `path` in the spec, or its start-up files, lead to {}", BASIC.join(", "));
            vec![Line::new(Health::Unreached, &target.name, says).next(next)]
        }
        Ok(Ok((has, chores))) => {
            let took = started.elapsed().as_millis();
            let has_tool = |name: &&str| has.iter().any(|known| known == name);
            let lacking: Vec<&str> = BASIC.into_iter().filter(|name| !has_tool(name)).collect();
            if !lacking.is_empty() {
                let says = format!("its shell answers, but its PATH has no {}", lacking.join(", "));
                let line = Line::new(Health::Problem, &target.name, says);
                return vec![
                    line.next("correct `path` in the spec, or what the machine's start-up files make of PATH"),
                ];
            }
            let also: Vec<&str> = has.iter().map(String::as_str).filter(|name| !BASIC.contains(name)).collect();
            let also = if also.is_empty() { String::new() } else { format!("; has {}", also.join(", ")) };
            let mut lines = vec![Line::ok(&target.name, format!("reached, its shell answers, {took} ms{also}"))];
            if !environment.repos.is_empty() && !has.iter().any(|name| name == "git") {
                let says = "git is not there, so the repositories of the spec cannot be observed";
                lines.push(Line::new(Health::Warning, &target.name, says).next("install git on it"));
            }
            lines.extend(chores);
            lines
        }
    }
}

/// The programs that were found, and what a person has to do there.
type Looked = (Vec<String>, Vec<Line>);

fn reach(
    target: &Target,
    environment: &Environment,
    surroundings: &Surroundings,
) -> Result<Result<Looked, Why>, TransportError> {
    let mut connection = Connection::open(target, environment.shell, surroundings)?;
    let limit = environment.limits.probe.max(Duration::from_secs(1));
    let question = Question::new("doctor", LOOK.to_owned(), limit, Covers::default());
    let answer = audit::ask(&mut connection, &[question])?.into_iter().next().unwrap_or(Err(Why::NoAnswer));
    let has = |answer: Answer| String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect();
    let chores = match target.kind {
        TargetKind::Mac => chores(&mut connection, environment, target)?,
        _ => Vec::new(),
    };
    Ok(answer.map(|answer| (has(answer), chores)))
}

/// What only a person can do on a Mac.
fn chores(
    connection: &mut Connection,
    environment: &Environment,
    target: &Target,
) -> Result<Vec<Line>, TransportError> {
    let warning = |says: String| Line::new(Health::Warning, &target.name, says);
    Ok(match preflight::ask(connection, environment, target)? {
        Err(why) => vec![warning(format!("it did not tell what a person has to do there: {why}"))],
        Ok(standings) => {
            let open = standings.into_iter().filter_map(|(chore, standing)| match standing {
                Standing::Done => None,
                Standing::Open => Some(warning(format!("{}: {}", chore.name, chore.matters)).next(chore.steps)),
                Standing::Unknown(why) => Some(warning(format!("{} could not be seen: {why}", chore.name))),
            });
            open.collect()
        }
    })
}
