//! Runs: work that passed the gate or did not. The gate decides inside the transaction that writes the run down, so no
//! run rests on an attestation that was not the newest.

use std::fmt;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError, StoredAttestation};
use crate::spec::Digest;
use crate::trust::{Counter, Decision, ReasonView, UnsettledRun};

/// Names a run: 32 random hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(StoreError::Randomness)?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The process that watches over a run; `process` makes and checks the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its number.
    pub pid: u32,
    /// What tells it from a later process with that number.
    pub token: String,
}

/// Work that asks to run.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// Where it is to run.
    pub target: &'a str,
    /// Its command line. The arguments are digested and not kept: they may hold secrets.
    pub argv: &'a [String],
    /// Who watches over it.
    pub controller: &'a Controller,
    /// When.
    pub started_at: Timestamp,
}

/// What became of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Under which the run, or its denial, is recorded.
    pub id: RunId,
    /// What the gate said. If it denies, the run is already over.
    pub decision: Decision,
}

/// How a run that was allowed ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The machine was still true after it.
    Verified,
    /// It was not, or that could not be found out: why, in one sentence.
    Unverified(String),
    /// The command was never started: why, in one sentence.
    NotStarted(String),
}

/// How a run ended, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended yet.
    Running,
    /// As its controller says.
    Ended(Ending),
    /// The gate denied it.
    Denied(Vec<ReasonView>),
    /// Its controller was gone before it ended, so nobody knows.
    Lost,
}

/// A run as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    /// Its name.
    pub id: RunId,
    /// The environment's name.
    pub environment: String,
    /// Where it ran.
    pub target: String,
    /// The program's name, see [`program_of`].
    pub program: String,
    /// Of the whole command line.
    pub argv_digest: Digest,
    /// The attestation that the gate decided on, if there was one.
    pub attestation: Option<Counter>,
    /// When it began.
    pub started_at: Timestamp,
    /// Who watches over it.
    pub controller: Controller,
    /// When it ended, or was found to be lost.
    pub ended_at: Option<Timestamp>,
    /// The command's own.
    pub exit_code: Option<i32>,
    /// How it ended.
    pub outcome: Outcome,
}

/// The name of the program in a command line, and nothing that could be an argument: without folders, and not at all
/// where the first word is not a plain name, as in `TOKEN=x make` handed over as one word.
pub fn program_of(argv: &[String]) -> String {
    let first = argv.iter().flat_map(|word| word.split_whitespace()).next();
    let name = first.and_then(|word| word.rsplit('/').next()).filter(|name| !name.is_empty());
    let plain = |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || "._+-".contains(letter));
    match (name.filter(plain), first) {
        // A `=` before the last slash: `TOKEN=a/b make`.
        (Some(name), Some(word)) if !word.contains('=') => name.to_owned(),
        _ => "(a command line)".to_owned(),
    }
}

/// Arguments cannot hold NUL, so no two command lines share these bytes.
fn argv_digest(argv: &[String]) -> Digest {
    let bytes: Vec<u8> = argv.iter().flat_map(|word| word.bytes().chain([0])).collect();
    Digest::of(&bytes)
}

impl Store {
    /// Asks the gate and writes down what it says, in one transaction: the newest attestation of the target goes to
    /// `decide`, and the run or its denial is recorded before anyone else can write.
    pub fn begin_run(
        &self,
        new: &NewRun<'_>,
        decide: impl FnOnce(Option<&StoredAttestation>) -> Decision,
    ) -> Result<Begun, StoreError> {
        let id = RunId::random()?;
        self.write("begin a run", async |transaction| {
            let newest = self.newest_within(transaction, new.environment, new.target).await?;
            let decision = decide(newest.as_ref());
            self.insert_run(transaction, &id, new, newest.as_ref(), &decision).await?;
            Ok(Begun { id, decision })
        })
    }

    async fn insert_run(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        id: &RunId,
        new: &NewRun<'_>,
        newest: Option<&StoredAttestation>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let started_at_ms = new.started_at.as_millisecond();
        let denied = (!decision.is_allowed()).then(|| {
            let reasons: Vec<ReasonView> = decision.reasons().iter().map(ReasonView::from).collect();
            serde_json::to_string(&reasons).expect("strings always have a JSON form")
        });
        let counter = newest.map(|newest| self.as_number(newest.counter)).transpose()?;
        sqlx::query(
            "INSERT INTO runs (id, environment, target, program, argv_digest, attestation_counter, started_at_ms, \
             controller_pid, controller_token, ended_at_ms, outcome, reasons) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&id.0)
        .bind(new.environment)
        .bind(new.target)
        .bind(program_of(new.argv))
        .bind(argv_digest(new.argv).as_str().to_owned())
        .bind(counter)
        .bind(started_at_ms)
        .bind(i64::from(new.controller.pid))
        .bind(&new.controller.token)
        .bind(denied.as_ref().map(|_| started_at_ms))
        .bind(denied.as_ref().map(|_| "denied"))
        .bind(denied)
        .execute(&mut **transaction)
        .await
        .map_err(self.failed("record a run"))?;
        Ok(())
    }

    fn as_number(&self, counter: Counter) -> Result<i64, StoreError> {
        i64::try_from(counter.0).map_err(|_| self.unreadable(format!("counter: {counter}")))
    }

    /// Writes down how a run ended. `exit_code` is the command's own, if it ran.
    pub fn end_run(
        &self,
        id: &RunId,
        exit_code: Option<i32>,
        ending: &Ending,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (outcome, reasons) = match ending {
            Ending::Verified => ("verified", None),
            Ending::Unverified(why) => ("unverified", Some(why)),
            Ending::NotStarted(why) => ("not-started", Some(why)),
        };
        self.write("end a run", async |transaction| {
            let ended = sqlx::query(
                "UPDATE runs SET ended_at_ms = $2, exit_code = $3, outcome = $4, reasons = $5 \
                 WHERE id = $1 AND outcome IS NULL",
            )
            .bind(&id.0)
            .bind(now.as_millisecond())
            .bind(exit_code)
            .bind(outcome)
            .bind(reasons)
            .execute(&mut **transaction)
            .await
            .map_err(self.failed("end a run"))?;
            if ended.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotRunning(id.clone())) }
        })
    }

    /// Closes the runs whose controller is gone, and returns them so that the next command can say so.
    pub fn close_lost_runs(
        &self,
        is_alive: impl Fn(u32, &str) -> bool,
        now: Timestamp,
    ) -> Result<Vec<StoredRun>, StoreError> {
        const ACTION: &str = "close lost runs";
        self.write(ACTION, async |transaction| {
            let failed = self.failed(ACTION);
            let rows = sqlx::query("SELECT * FROM runs WHERE outcome IS NULL ORDER BY started_at_ms, id")
                .fetch_all(&mut **transaction)
                .await
                .map_err(&failed)?;
            let mut lost = Vec::new();
            for row in &rows {
                let run = self.run(row)?;
                if is_alive(run.controller.pid, &run.controller.token) {
                    continue;
                }
                sqlx::query("UPDATE runs SET ended_at_ms = $2, outcome = 'lost' WHERE id = $1")
                    .bind(&run.id.0)
                    .bind(now.as_millisecond())
                    .execute(&mut **transaction)
                    .await
                    .map_err(&failed)?;
                lost.push(StoredRun { ended_at: Some(now), outcome: Outcome::Lost, ..run });
            }
            Ok(lost)
        })
    }

    /// The latest run on a target after which its controller did not see the machine again, or saw it amiss.
    pub fn unsettled_run(&self, environment: &str, target: &str) -> Result<Option<UnsettledRun>, StoreError> {
        let unsettled = |run: &StoredRun| matches!(run.outcome, Outcome::Lost | Outcome::Ended(Ending::Unverified(_)));
        let runs = self.runs(environment)?.into_iter().filter(|run| run.target == target && unsettled(run));
        let latest = runs.filter_map(|run| run.attestation.map(|allowed_on| (allowed_on, run.started_at))).max();
        Ok(latest.map(|(allowed_on, started_at)| UnsettledRun { allowed_on, started_at }))
    }

    /// The runs of an environment, newest first.
    pub fn runs(&self, environment: &str) -> Result<Vec<StoredRun>, StoreError> {
        let sql = "SELECT * FROM runs WHERE environment = $1 ORDER BY started_at_ms DESC, id";
        let rows = self.read("list runs", sqlx::query(sql).bind(environment))?;
        rows.iter().map(|row| self.run(row)).collect()
    }

    fn run(&self, row: &SqliteRow) -> Result<StoredRun, StoreError> {
        let digest: String = self.column(row, "argv_digest")?;
        let counter: Option<i64> = self.column(row, "attestation_counter")?;
        let ended_at_ms: Option<i64> = self.column(row, "ended_at_ms")?;
        Ok(StoredRun {
            id: RunId(self.column(row, "id")?),
            environment: self.column(row, "environment")?,
            target: self.column(row, "target")?,
            program: self.column(row, "program")?,
            argv_digest: Digest::parse(&digest)
                .ok_or_else(|| self.unreadable(format!("`{digest}` is not a digest")))?,
            attestation: counter.map(|_| self.number(row, "attestation_counter")).transpose()?.map(Counter),
            started_at: self.time(row, "started_at_ms")?,
            controller: Controller {
                pid: self.number(row, "controller_pid")?,
                token: self.column(row, "controller_token")?,
            },
            ended_at: ended_at_ms.map(|_| self.time(row, "ended_at_ms")).transpose()?,
            exit_code: self.column(row, "exit_code")?,
            outcome: self.outcome(row)?,
        })
    }

    fn outcome(&self, row: &SqliteRow) -> Result<Outcome, StoreError> {
        let word: Option<String> = self.column(row, "outcome")?;
        let reasons: Option<String> = self.column(row, "reasons")?;
        let why = |reasons: Option<String>| reasons.ok_or_else(|| self.unreadable("an outcome without its reason"));
        Ok(match word.as_deref() {
            None => Outcome::Running,
            Some("lost") => Outcome::Lost,
            Some("verified") => Outcome::Ended(Ending::Verified),
            Some("unverified") => Outcome::Ended(Ending::Unverified(why(reasons)?)),
            Some("not-started") => Outcome::Ended(Ending::NotStarted(why(reasons)?)),
            Some("denied") => Outcome::Denied(
                serde_json::from_str(&why(reasons)?).map_err(|error| self.unreadable(format!("reasons: {error}")))?,
            ),
            Some(word) => return Err(self.unreadable(format!("outcome: {word}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::store::NewAttestation;
    use crate::trust::{KeyId, Reason, Ruling};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn decision(ruling: Ruling) -> Decision {
        Decision {
            environment: "carmenta".to_owned(),
            target: "vm".to_owned(),
            ruling,
            warnings: Vec::new(),
            attestation: None,
        }
    }

    fn begin(store: &Store, pid: u32, ruling: Ruling) -> Begun {
        let argv = ["/usr/bin/make", "deploy", "TOKEN=hunter2"].map(str::to_owned);
        let new = NewRun {
            environment: "carmenta",
            target: "vm",
            argv: &argv,
            controller: &Controller { pid, token: format!("boot:{pid}") },
            started_at: at("2026-05-01T12:00:00Z"),
        };
        store.begin_run(&new, |_| decision(ruling)).unwrap()
    }

    fn attest(store: &Store) -> Counter {
        let new = NewAttestation {
            environment: "carmenta",
            target: "vm",
            verifier: &KeyId::claimed("SHA256:x"),
            recorded_at: at("2026-05-01T12:00:00Z"),
        };
        store.record_attestation(&new, |counter| counter.to_string().into_bytes()).unwrap().counter
    }

    #[test]
    fn an_allowed_run_is_recorded_with_its_attestation_and_end() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        attest(&store);
        let newest = attest(&store);
        let begun = begin(&store, 1, Ruling::Allow);
        let running = store.runs("carmenta").unwrap().remove(0);
        assert_eq!((running.attestation, &running.outcome), (Some(newest), &Outcome::Running));
        let ending = Ending::Unverified("tool:node has drifted".to_owned());
        store.end_run(&begun.id, Some(7), &ending, at("2026-05-01T12:01:00Z")).unwrap();
        let expected = StoredRun {
            ended_at: Some(at("2026-05-01T12:01:00Z")),
            exit_code: Some(7),
            outcome: Outcome::Ended(ending),
            ..running
        };
        assert_eq!(store.runs("carmenta").unwrap(), [expected]);
        let again = store.end_run(&begun.id, Some(0), &Ending::Verified, at("2026-05-01T12:02:00Z"));
        assert!(matches!(again, Err(StoreError::NotRunning(id)) if id == begun.id));
    }

    #[test]
    fn the_decision_is_made_on_the_newest_attestation() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let newest = (attest(&store), attest(&store)).1;
        let controller = Controller { pid: 1, token: String::new() };
        let new = NewRun {
            environment: "carmenta",
            target: "vm",
            argv: &["make".to_owned()],
            controller: &controller,
            started_at: at("2026-05-01T12:00:00Z"),
        };
        let mut seen = None;
        store
            .begin_run(&new, |newest| {
                seen = newest.cloned();
                decision(Ruling::Allow)
            })
            .unwrap();
        assert_eq!(seen, Some(StoredAttestation { counter: newest, envelope: b"2".to_vec() }));
    }

    #[test]
    fn nobody_else_writes_between_the_decision_and_its_record() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let store = Store::open(&path).unwrap();
        let controller = Controller { pid: 1, token: String::new() };
        let new = NewRun {
            environment: "carmenta",
            target: "vm",
            argv: &["make".to_owned()],
            controller: &controller,
            started_at: at("2026-05-01T12:00:00Z"),
        };
        let attested = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let decide = |_: Option<&StoredAttestation>| {
                scope.spawn(|| {
                    attest(&Store::open(&path).unwrap());
                    attested.store(true, Ordering::SeqCst);
                });
                std::thread::sleep(std::time::Duration::from_millis(300));
                assert!(!attested.load(Ordering::SeqCst), "an attestation was recorded while the gate was deciding");
                decision(Ruling::Allow)
            };
            store.begin_run(&new, decide).unwrap();
        });
        assert_eq!(store.runs("carmenta").unwrap()[0].attestation, None);
        assert!(store.newest_attestation("carmenta", "vm").unwrap().is_some());
    }

    #[test]
    fn a_denial_is_recorded_with_its_reasons() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let reason = Reason::Drift { finding: "tool:node".parse().unwrap() };
        let begun = begin(&store, 1, Ruling::Deny(vec![reason.clone()]));
        assert_eq!(begun.decision.ruling, Ruling::Deny(vec![reason.clone()]));
        let denied = store.runs("carmenta").unwrap().remove(0);
        assert_eq!(denied.id, begun.id);
        assert_eq!(denied.outcome, Outcome::Denied(vec![ReasonView::from(&reason)]));
        assert_eq!(denied.ended_at, Some(denied.started_at));
        let end = store.end_run(&begun.id, Some(0), &Ending::Verified, denied.started_at);
        assert!(matches!(end, Err(StoreError::NotRunning(_))), "what was denied cannot end as verified");
    }

    #[test]
    fn a_run_whose_controller_is_gone_is_closed_once() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("store.db")).unwrap();
        let lost = begin(&store, 1, Ruling::Allow).id;
        let alive = begin(&store, 2, Ruling::Allow).id;
        let ended = begin(&store, 3, Ruling::Allow).id;
        store.end_run(&ended, Some(0), &Ending::Verified, at("2026-05-01T12:01:00Z")).unwrap();
        let now = at("2026-05-01T13:00:00Z");
        let is_alive = |pid: u32, token: &str| pid == 2 && token == "boot:2";
        let closed = store.close_lost_runs(is_alive, now).unwrap();
        assert_eq!(closed.iter().map(|run| (&run.id, &run.outcome)).collect::<Vec<_>>(), [(&lost, &Outcome::Lost)]);
        assert_eq!(store.close_lost_runs(is_alive, now).unwrap(), []);
        let runs = store.runs("carmenta").unwrap();
        assert!(runs.contains(&closed[0]), "what is returned is what is stored");
        let of = |id: &RunId| runs.iter().find(|run| run.id == *id).unwrap().outcome.clone();
        assert_eq!((of(&alive), of(&ended)), (Outcome::Running, Outcome::Ended(Ending::Verified)));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "reads the store's files as they lie on the disk")]
    fn arguments_never_reach_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store.db");
        let store = Store::open(&path).unwrap();
        begin(&store, 1, Ruling::Allow);
        assert_eq!(store.runs("carmenta").unwrap()[0].program, "make");
        let mut names_program = false;
        for entry in std::fs::read_dir(temp.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            names_program |= bytes.windows(4).any(|window| window == b"make");
            assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
        }
        assert!(names_program, "the row was looked at where it lies");
    }

    #[test]
    fn only_a_plain_program_name_is_kept() {
        for (argv, program) in [
            (&["/home/dev/bin/make", "x"][..], "make"),
            (&["make deploy TOKEN=x"], "make"),
            (&["TOKEN=x make"], "(a command line)"),
            (&["TOKEN=a/make"], "(a command line)"),
            (&["$(cat"], "(a command line)"),
            (&["/"], "(a command line)"),
            (&[], "(a command line)"),
        ] {
            let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(program_of(&argv), program, "{argv:?}");
        }
    }

    #[test]
    fn command_lines_that_only_join_alike_differ() {
        let digest = |argv: &[&str]| argv_digest(&argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_ne!(digest(&["a b"]), digest(&["a", "b"]));
        assert_ne!(digest(&["ab", ""]), digest(&["a", "b"]));
    }
}
