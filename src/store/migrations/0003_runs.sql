-- Work that was let through the gate, or was not. Of its command line the program's name and a digest are kept, because
-- arguments may hold secrets. An outcome that is NULL means that it is still running.
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    program TEXT NOT NULL,
    argv_digest TEXT NOT NULL,
    attestation_counter INTEGER,
    started_at_ms INTEGER NOT NULL,
    controller_pid INTEGER NOT NULL,
    controller_token TEXT NOT NULL,
    ended_at_ms INTEGER,
    exit_code INTEGER,
    outcome TEXT CHECK (outcome IN ('verified', 'unverified', 'not-started', 'denied', 'lost')),
    reasons TEXT,
    CHECK ((outcome IS NULL) = (ended_at_ms IS NULL)),
    FOREIGN KEY (environment, target, attestation_counter) REFERENCES attestations (environment, target, counter)
) STRICT;

CREATE INDEX runs_by_target ON runs (environment, target, started_at_ms);
CREATE INDEX runs_running ON runs (id) WHERE outcome IS NULL;
