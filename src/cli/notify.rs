//! Handing a notice on: to a command's stdin, or to a webhook.
//!
//! Whatever goes wrong is an error in words that name no secret, and it is for the caller to go on. A webhook's address
//! is a secret as a whole but for its host.
#![expect(clippy::disallowed_methods, reason = "IO edge: starts the user's command and speaks HTTPS")]

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Where notices go.
#[derive(Clone, Debug)]
pub(super) enum Channel {
    /// A command line for sh.
    Command(String, Running),
    /// An address.
    Webhook(Webhook),
}

/// The process group of the command that is running, so that it can be ended from another thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<Option<Pid>>>);

/// How long a command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// How long one request may take, everything included.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait before each further try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

impl Channel {
    /// Its name in the store and in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Command(..) => "command",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Hands a notice on, or says why that was not possible.
    pub(super) fn deliver(&self, json: &str) -> Result<(), String> {
        match self {
            Self::Command(command, running) => run(command, json, running),
            Self::Webhook(webhook) => webhook.post(json),
        }
    }
}

impl Running {
    /// Ends the command that is running, if one is, with all that it started.
    pub(super) fn end(&self) {
        let group = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(group) = group {
            // It may have ended meanwhile.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }

    fn set(&self, group: Option<Pid>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = group;
    }
}

fn run(command: &str, json: &str, running: &Running) -> Result<(), String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    running.set(group);
    // A command that does not read its input is no failure; a notice fits into a pipe's buffer or waits for its reader
    // on a thread of its own.
    let mut stdin = child.stdin.take();
    let text = format!("{json}\n");
    let writer = std::thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(text.as_bytes())));
    let until = Instant::now() + COMMAND_LIMIT;
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                running.end();
                let _killed = child.wait();
                break Err(format!("it did not end within {} s", COMMAND_LIMIT.as_secs()));
            }
            Err(error) => break Err(format!("it cannot be waited for: {error}")),
        }
    };
    running.set(None);
    if ended.is_ok() {
        drop(writer);
    }
    match ended? {
        status if status.success() => Ok(()),
        status => Err(format!("it ended with {status}")),
    }
}

/// An address that takes notices as POST.
#[derive(Clone)]
pub(super) struct Webhook {
    url: String,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Webhook {
    /// An address given as it is, or as `env:NAME`. Notices go out encrypted, but for this machine itself.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = match text.strip_prefix("env:") {
            Some(name) => std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?,
            None => text.to_owned(),
        };
        let webhook = Self { url: url.trim().to_owned() };
        let (scheme, host) = webhook.place().ok_or("it is not an address such as https://example.com/hook")?;
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&without_port(host));
        match scheme {
            "https" => Ok(webhook),
            "http" if here => Ok(webhook),
            "http" => Err(format!("{}: http would send it unencrypted; use https", webhook.shown())),
            _ => Err(format!("{}: only https is supported", webhook.shown())),
        }
    }

    /// The scheme, and the host with its port.
    fn place(&self) -> Option<(&str, &str)> {
        let (scheme, rest) = self.url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit('@').next()?;
        (!host.is_empty() && !self.url.contains(char::is_whitespace)).then_some((scheme, host))
    }

    /// What of the address may be shown.
    fn shown(&self) -> String {
        self.place().map_or_else(|| "(an address)".to_owned(), |(scheme, host)| format!("{scheme}://{host}/…"))
    }

    fn post(&self, json: &str) -> Result<(), String> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_LIMIT))
            .max_redirects(0)
            .user_agent(concat!("trueup/", env!("CARGO_PKG_VERSION")));
        let agent: ureq::Agent = config.build().into();
        let mut pauses = PAUSES.iter();
        loop {
            let error = match agent.post(&self.url).header("content-type", "application/json").send(json.as_bytes()) {
                // Redirects are not followed: an address that has moved has to be given anew.
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => format!("{} answered {}", self.shown(), answer.status().as_u16()),
                Err(ureq::Error::StatusCode(code)) if (400..500).contains(&code) && code != 408 && code != 429 => {
                    return Err(format!("{} answered {code}", self.shown()));
                }
                Err(ureq::Error::StatusCode(code)) => format!("{} answered {code}", self.shown()),
                Err(error) => format!("{}: {}", self.shown(), self.without_address(&error.to_string())),
            };
            match pauses.next() {
                Some(pause) => std::thread::sleep(*pause),
                None => return Err(format!("{error}, after {} tries", PAUSES.len() + 1)),
            }
        }
    }

    fn without_address(&self, message: &str) -> String {
        message.replace(&self.url, &self.shown())
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_shows_nothing_but_its_host() {
        let webhook = Webhook::parse("https://me:pw@hooks.example.com/services/T0/secret?token=x").unwrap();
        assert_eq!(webhook.shown(), "https://hooks.example.com/…");
        assert_eq!(format!("{webhook:?}"), "https://hooks.example.com/…");
        assert!(Webhook::parse("http://127.0.0.1:8080/x").is_ok() && Webhook::parse("http://[::1]:80/").is_ok());
        for (text, why) in [
            ("http://example.com/secret", "http://example.com/…: http would send it unencrypted; use https"),
            (
                "http://127.0.0.1.evil.com/secret",
                "http://127.0.0.1.evil.com/…: http would send it unencrypted; use https",
            ),
            ("ftp://example.com/secret", "ftp://example.com/…: only https is supported"),
            ("secret", "it is not an address such as https://example.com/hook"),
            ("env:TRUEUP_NO_SUCH_VARIABLE", "the variable TRUEUP_NO_SUCH_VARIABLE is not set"),
        ] {
            assert_eq!(Webhook::parse(text).unwrap_err(), why);
        }
    }

    #[test]
    fn a_command_gets_the_notice_on_its_stdin() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("told");
        run(&format!("cat > {}", file.display()), "{\"a\":1}", &Running::default()).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"a\":1}\n");
        assert_eq!(
            run("exit 3", &"x".repeat(1 << 20), &Running::default()).unwrap_err(),
            "it ended with exit status: 3"
        );
    }

    #[test]
    fn a_command_can_be_ended_with_all_that_it_started() {
        let running = Running::default();
        let began = Instant::now();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| run("sleep 60 & sleep 60", "{}", &running));
            while running.0.lock().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            running.end();
            assert!(waiting.join().unwrap().unwrap_err().contains("signal: 9"));
        });
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
