-- What audits found. Times are milliseconds since 1970 in UTC. A set of findings is kept once under its digest and
-- shared by all audits that found the same, which is most of them.
CREATE TABLE finding_sets (
    digest TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE finding_set_entries (
    digest TEXT NOT NULL REFERENCES finding_sets (digest) ON DELETE CASCADE,
    finding TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('drift', 'unknown', 'waived')),
    PRIMARY KEY (digest, finding)
) STRICT, WITHOUT ROWID;

CREATE TABLE audits (
    id INTEGER NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    machine_id TEXT,
    observed_at_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('parity', 'drift', 'unknown')),
    spec_digest TEXT NOT NULL,
    lock_digest TEXT,
    error TEXT,
    findings_digest TEXT NOT NULL REFERENCES finding_sets (digest)
) STRICT;

CREATE INDEX audits_by_target ON audits (environment, target, observed_at_ms);
