-- Audits are recorded often and mostly find the same, so one costs a few integers: what it found, and against which
-- spec and lock, is kept once as a state. `told` is what a channel of `trueup watch` was last told about a target.
CREATE TABLE subjects (
    id INTEGER NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    UNIQUE (environment, target)
) STRICT;

CREATE TABLE audit_states (
    id INTEGER NOT NULL PRIMARY KEY,
    subject INTEGER NOT NULL REFERENCES subjects (id),
    machine_id TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('parity', 'drift', 'unknown')),
    spec_digest TEXT NOT NULL,
    lock_digest TEXT,
    error TEXT,
    findings_digest TEXT NOT NULL REFERENCES finding_sets (digest)
) STRICT;

CREATE INDEX audit_states_by_findings ON audit_states (subject, findings_digest);

CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY,
    subject INTEGER NOT NULL REFERENCES subjects (id),
    state INTEGER NOT NULL REFERENCES audit_states (id),
    observed_at_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_log_by_time ON audit_log (subject, observed_at_ms);

CREATE TABLE told (
    subject INTEGER NOT NULL REFERENCES subjects (id),
    channel TEXT NOT NULL,
    state INTEGER NOT NULL REFERENCES audit_states (id),
    PRIMARY KEY (subject, channel)
) STRICT, WITHOUT ROWID;

ALTER TABLE finding_set_entries ADD COLUMN got TEXT;

INSERT INTO subjects (environment, target) SELECT DISTINCT environment, target FROM audits;

INSERT INTO audit_states (subject, machine_id, verdict, spec_digest, lock_digest, error, findings_digest)
SELECT DISTINCT subjects.id, machine_id, verdict, spec_digest, lock_digest, error, findings_digest
FROM audits JOIN subjects ON subjects.environment = audits.environment AND subjects.target = audits.target;

INSERT INTO audit_log (subject, state, observed_at_ms, duration_ms)
SELECT subjects.id, audit_states.id, audits.observed_at_ms, audits.duration_ms
FROM audits
JOIN subjects ON subjects.environment = audits.environment AND subjects.target = audits.target
JOIN audit_states ON audit_states.subject = subjects.id
    AND audit_states.findings_digest = audits.findings_digest
    AND audit_states.verdict = audits.verdict
    AND audit_states.spec_digest = audits.spec_digest
    AND audit_states.machine_id IS NOT DISTINCT FROM audits.machine_id
    AND audit_states.lock_digest IS NOT DISTINCT FROM audits.lock_digest
    AND audit_states.error IS NOT DISTINCT FROM audits.error
ORDER BY audits.id;

DROP TABLE audits;
