//! The values of variables and secrets that steps need: each is had once, on the machine that trueup runs on or on the reference,
//! after the plan was agreed to and before anything is changed. A plan alone asks for none.
//!
//! A value that cannot be had stops the steps that need it, which names where it was to be had from and never what it is.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads files, and starts the commands that tell secrets")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::contents::Gathered;
use super::work::{SecretsFile, ServiceWork, ValueFrom};
use super::{Plan, Work};
use crate::observe::{audit, from_od, value_question};
use crate::spec::service::secrets_file;
use crate::spec::{Digest, Environment, SecretRef, Target};
use crate::transport::{Connection, Surroundings};

/// How long a command may take that tells a secret: somebody may have to unlock what keeps it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Larger secrets are none.
const LARGEST: u64 = 64 << 10;

/// The values that are known by now, and why others are not.
#[derive(Default)]
pub struct Values {
    secrets: BTreeMap<String, Result<String, String>>,
    of_reference: BTreeMap<String, Result<String, String>>,
}

impl Values {
    /// Adds what these plans' steps need, or why it is not at hand.
    pub fn gather(
        &mut self,
        gathered: &mut Gathered,
        plans: &[Plan],
        environment: &Environment,
        reference: &Target,
        surroundings: &Surroundings,
    ) {
        self.ask_reference(plans, environment, reference, surroundings);
        for step in plans.iter().flat_map(|plan| &plan.steps) {
            match &step.work {
                Work::Service(ServiceWork::KeepService(keep)) => {
                    let Some(secrets) = &keep.secrets else { continue };
                    match self.file(secrets, surroundings) {
                        Ok(content) => drop(gathered.contents.insert(secrets.ticket(), content.into_bytes())),
                        Err(why) => drop(gathered.refused.insert(secrets.path.clone(), why)),
                    }
                }
                Work::Variable(work) => {
                    let value = match &work.value {
                        ValueFrom::Nothing => Ok(String::new()),
                        ValueFrom::Secret(from) => self.secret(from, surroundings),
                        ValueFrom::Reference(digest) => self.of_reference(&work.name, digest),
                    };
                    let one_line = |value: String| {
                        if value.contains(['\n', '\0']) {
                            Err("it has a line break, and is not set by this version of trueup".to_owned())
                        } else {
                            Ok(value)
                        }
                    };
                    match value.and_then(one_line) {
                        Ok(value) => drop(gathered.contents.insert(work.ticket(), value.into_bytes())),
                        Err(why) => drop(gathered.refused.insert(work.name.clone(), why)),
                    }
                }
                _ => {}
            }
        }
    }

    /// The file of some secrets.
    fn file(&mut self, secrets: &SecretsFile, surroundings: &Surroundings) -> Result<String, String> {
        let mut variables = Vec::new();
        for (name, from) in &secrets.variables {
            let value = self.secret(from, surroundings).map_err(|why| format!("its secret {name}: {why}"))?;
            variables.push((name.as_str(), value));
        }
        Ok(secrets_file(variables.iter().map(|(name, value)| (*name, value.as_str()))))
    }

    fn secret(&mut self, from: &str, surroundings: &Surroundings) -> Result<String, String> {
        let known = self.secrets.entry(from.to_owned());
        known.or_insert_with(|| resolve(from, surroundings)).clone()
    }

    fn of_reference(&self, name: &str, digest: &Digest) -> Result<String, String> {
        let value = self.of_reference.get(name).cloned();
        let value = value.unwrap_or_else(|| Err("the reference was not asked for it".to_owned()))?;
        if Digest::of(value.as_bytes()) == *digest {
            Ok(value)
        } else {
            Err("the reference's value is no longer what was captured; run `trueup capture`".to_owned())
        }
    }

    /// One round trip, for all variables that are to be as on the reference.
    fn ask_reference(
        &mut self,
        plans: &[Plan],
        environment: &Environment,
        reference: &Target,
        surroundings: &Surroundings,
    ) {
        let mut names: Vec<&str> = Vec::new();
        for step in plans.iter().flat_map(|plan| &plan.steps) {
            if let Work::Variable(work) = &step.work
                && matches!(work.value, ValueFrom::Reference(_))
                && !self.of_reference.contains_key(&work.name)
                && !names.contains(&work.name.as_str())
            {
                names.push(&work.name);
            }
        }
        if names.is_empty() {
            return;
        }
        let questions: Vec<_> = names.iter().map(|name| value_question(name, environment.limits.probe)).collect();
        let answers = Connection::open(reference, environment.shell, surroundings)
            .and_then(|mut connection| audit::ask(&mut connection, &questions));
        let missing = |why: String| format!("its value cannot be had from the reference: {why}");
        match answers {
            Err(error) => {
                let why = missing(error.to_string());
                self.of_reference.extend(names.iter().map(|name| ((*name).to_owned(), Err(why.clone()))));
            }
            Ok(answers) => {
                for (name, answer) in names.iter().zip(answers) {
                    let value = match answer {
                        Ok(answer) if answer.code == 0 => from_od(&answer.stdout)
                            .and_then(|bytes| String::from_utf8(bytes).ok())
                            .ok_or_else(|| missing("it is no text".to_owned())),
                        Ok(_) => Err(missing("it is not set there any more".to_owned())),
                        Err(why) => Err(missing(why.to_string())),
                    };
                    self.of_reference.insert((*name).to_owned(), value);
                }
            }
        }
    }
}

/// A secret, from where the spec says. The error is a sentence, and names no value.
fn resolve(from: &str, surroundings: &Surroundings) -> Result<String, String> {
    let bytes = match SecretRef::parse(from) {
        None => return Err("its reference is not understood".to_owned()),
        Some(SecretRef::Env(name)) => {
            let found = surroundings.env.iter().find(|(known, _)| known.to_str() == Some(name.as_str()));
            let (_, value) = found.ok_or_else(|| format!("it is to be had from {from}, and {name} is not set here"))?;
            return match value.to_str() {
                Some("") => Err(format!("it is to be had from {from}, which is empty here")),
                Some(value) => Ok(value.to_owned()),
                None => Err(format!("it is to be had from {from}, which is no text")),
            };
        }
        Some(SecretRef::File(path)) => {
            let path = match path.strip_prefix("~/") {
                Some(inside) => surroundings.home.join(inside),
                None => Path::new(&path).to_owned(),
            };
            let mut bytes = Vec::new();
            let read = File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
            read.map_err(|error| format!("it is to be had from {from}, which cannot be read here: {error}"))?;
            bytes
        }
        Some(SecretRef::Command(command)) => {
            said(&command, PATIENCE).map_err(|why| format!("it is to be had from {from}, which {why}"))?
        }
    };
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is to be had from {from}, which holds more than {} KiB", LARGEST >> 10));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("it is to be had from {from}, which is no text"))?;
    // What files and commands end with is no part of it.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err(format!("it is to be had from {from}, which is empty here")) } else { Ok(text.to_owned()) }
}

/// What a command prints. What it complains of is not repeated, since nobody knows what is in it.
fn said(command: &str, patience: Duration) -> Result<Vec<u8>, String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map(|stdout| stdout.take(LARGEST + 1).read_to_end(&mut bytes));
        read.transpose().map(|_| bytes)
    });
    let end = |child: &mut std::process::Child| {
        // Whatever it started goes with it; what has ended already needs no end.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        let _reaped = child.wait();
    };
    let until = Instant::now() + patience;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < until && !reader.is_finished() => {
                std::thread::sleep(Duration::from_millis(10));
            }
            // It has closed its output and has yet to end.
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) => {
                end(&mut child);
                return Err(format!("took longer than {} s", patience.as_secs()));
            }
            Err(error) => {
                end(&mut child);
                return Err(format!("cannot be waited for: {error}"));
            }
        }
    };
    // What it left running could hold its output open.
    end(&mut child);
    if !status.success() {
        return Err(format!("failed ({status}); try it by hand"));
    }
    match reader.join() {
        Ok(Ok(bytes)) => Ok(bytes),
        _ => Err("said nothing that could be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_prints_is_had_within_its_time_and_its_complaints_are_not_repeated() {
        assert_eq!(said("printf '%s\\n' a; echo hunter2 >&2", PATIENCE), Ok(b"a\n".to_vec()));
        let failed = said("echo hunter2; echo hunter2 >&2; exit 3", PATIENCE).unwrap_err();
        assert!(failed.contains("exit status: 3") && !failed.contains("hunter2"), "{failed}");
        let started = Instant::now();
        let late = said("sleep 30 & echo x; exec sleep 30", Duration::from_millis(200)).unwrap_err();
        assert_eq!(late, "took longer than 0 s");
        // What stays behind does not keep its output open.
        assert_eq!(said("sleep 30 & echo x", PATIENCE), Ok(b"x\n".to_vec()));
        assert!(started.elapsed() < Duration::from_secs(20));
        let flood = said("yes", PATIENCE);
        assert!(flood.is_err(), "{flood:?}");
    }
}
