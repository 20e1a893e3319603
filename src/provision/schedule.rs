//! What makes a scheduler of the system run `trueup watch --once`: systemd's service and timer, launchd's property list,
//! cron's line. Each template in `templates/` decides the layout; values arrive quoted for the language that they land in.
//!
//! Pure: who runs what and where is given.

use std::time::Duration;

use tera::{Context, Tera};

use crate::spec::service::{systemd_word, xml};
use crate::transport::quote;

/// What is to be run, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whose machines are watched, so that several environments have units of their own.
    pub environment: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The folder to run it in.
    pub dir: String,
    /// Where a scheduler that needs a file for it puts the log.
    pub log: String,
    /// From the start of one run to the next.
    pub every: Duration,
    /// By how much that may vary, in percent.
    pub jitter: u32,
}

/// Whose language to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// systemd's unit that does the work.
    SystemdService,
    /// systemd's unit that says when.
    SystemdTimer,
    /// A property list of macOS.
    Launchd,
    /// A line of a crontab.
    Cron,
}

/// Why a schedule cannot be written in a language.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// cron knows minutes, hours and days that divide the next unit.
    #[error("cron cannot start something every {}; take a number of minutes that divides 60, or of hours that divides 24", shown(*.0))]
    NoCron(Duration),
    /// A line break ends a line of these languages, whatever the quotes.
    #[error("`{0}` holds a line break or another control character, which no scheduler takes")]
    Control(String),
}

const LABEL: &str = "dev.trueup.watch";

/// The text for a scheduler.
pub fn render(scheduler: Scheduler, schedule: &Schedule) -> Result<String, ScheduleError> {
    if let Some(word) =
        schedule.words.iter().chain([&schedule.dir, &schedule.log]).find(|word| word.contains(char::is_control))
    {
        return Err(ScheduleError::Control(word.escape_debug().to_string()));
    }
    let mut context = Context::new();
    context.insert("seconds", &schedule.every.as_secs());
    context.insert("unit", &format!("trueup-watch-{}", schedule.environment));
    let template = match scheduler {
        Scheduler::SystemdService => {
            let words: Vec<String> = schedule.words.iter().map(|word| systemd_word(word)).collect();
            context.insert("command", &words.join(" "));
            context.insert("dir", &schedule.dir.replace('%', "%%"));
            include_str!("../../templates/trueup-watch.service.tera")
        }
        Scheduler::SystemdTimer => {
            context.insert("every", &shown(schedule.every));
            context.insert("jitter_seconds", &(schedule.every.as_secs() * u64::from(schedule.jitter) / 100));
            include_str!("../../templates/trueup-watch.timer.tera")
        }
        Scheduler::Launchd => {
            let words: Vec<String> = schedule.words.iter().map(|word| xml(word)).collect();
            context.insert("words", &words);
            context.insert("label", &format!("{LABEL}.{}", schedule.environment));
            context.insert("dir", &xml(&schedule.dir));
            context.insert("log", &xml(&schedule.log));
            include_str!("../../templates/trueup-watch.plist.tera")
        }
        Scheduler::Cron => {
            context.insert("expression", &cron_expression(schedule.every)?);
            // To cron, % begins the command's input unless it is escaped, quotes or not.
            let quoted = |words: String| words.replace('%', "\\%");
            context.insert("command", &quoted(quote::words(schedule.words.iter().map(String::as_str))));
            context.insert("dir", &quoted(quote::word(&schedule.dir)));
            context.insert("log", &quoted(quote::word(&schedule.log)));
            let log_dir = schedule.log.rsplit_once('/').map_or(".", |(folder, _)| folder);
            context.insert("log_dir", &quoted(quote::word(log_dir)));
            include_str!("../../templates/trueup-watch.cron.tera")
        }
    };
    Ok(Tera::one_off(template, &context, false).expect("the template uses what it is given"))
}

fn cron_expression(every: Duration) -> Result<String, ScheduleError> {
    let seconds = every.as_secs();
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes, rest) {
        (1, 0) => Ok("* * * * *".to_owned()),
        (2..60, 0) if 60 % minutes == 0 => Ok(format!("*/{minutes} * * * *")),
        (60, 0) => Ok("0 * * * *".to_owned()),
        (61..1440, 0) if minutes % 60 == 0 && 24 % (minutes / 60) == 0 => Ok(format!("0 */{} * * *", minutes / 60)),
        (1440, 0) => Ok("0 0 * * *".to_owned()),
        _ => Err(ScheduleError::NoCron(every)),
    }
}

/// `1h30m`, as it is typed.
fn shown(every: Duration) -> String {
    let seconds = every.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        let words = ["/usr/local/bin/trueup", "watch", "--once", "--notify", "mail -s \"50% of $USER's\" me", "vm"];
        Schedule {
            environment: "dev".to_owned(),
            words: words.map(str::to_owned).to_vec(),
            dir: "/home/me/a b/100%<&".to_owned(),
            log: "/home/me/.local/state/trueup/watch.log".to_owned(),
            every: Duration::from_secs(300),
            jitter: 10,
        }
    }

    #[test]
    fn the_texts_are_the_documented_ones() {
        for (name, scheduler) in [
            ("service", Scheduler::SystemdService),
            ("timer", Scheduler::SystemdTimer),
            ("plist", Scheduler::Launchd),
            ("cron", Scheduler::Cron),
        ] {
            insta::assert_snapshot!(name, render(scheduler, &schedule()).unwrap());
        }
    }

    #[test]
    fn a_property_list_says_the_same_words() {
        let text = render(Scheduler::Launchd, &schedule()).unwrap();
        let list = plist::Value::from_reader_xml(text.as_bytes()).unwrap();
        let list = list.as_dictionary().unwrap();
        let words = list["ProgramArguments"].as_array().unwrap().iter().map(|word| word.as_string().unwrap());
        assert_eq!(words.collect::<Vec<_>>(), schedule().words);
        assert_eq!(list["WorkingDirectory"].as_string(), Some("/home/me/a b/100%<&"));
        assert_eq!(list["StartInterval"].as_unsigned_integer(), Some(300));
    }

    #[test]
    fn cron_starts_what_divides_the_hour_or_the_day() {
        let expression = |seconds| cron_expression(Duration::from_secs(seconds)).ok();
        assert_eq!(expression(60).as_deref(), Some("* * * * *"));
        assert_eq!(expression(900).as_deref(), Some("*/15 * * * *"));
        assert_eq!(expression(3600).as_deref(), Some("0 * * * *"));
        assert_eq!(expression(6 * 3600).as_deref(), Some("0 */6 * * *"));
        assert_eq!(expression(86_400).as_deref(), Some("0 0 * * *"));
        assert_eq!([30, 420, 5400, 7 * 3600, 172_800].map(expression), [None, None, None, None, None]);
        let error = render(Scheduler::Cron, &Schedule { every: Duration::from_secs(5400), ..schedule() }).unwrap_err();
        assert!(error.to_string().starts_with("cron cannot start something every 1h30m;"), "{error}");
    }

    #[test]
    fn a_line_break_is_refused() {
        let schedule = Schedule { dir: "/a\nExecStart=/evil".to_owned(), ..schedule() };
        assert!(render(Scheduler::SystemdService, &schedule).is_err());
    }
}
