-- Signed envelopes, numbered for each target of an environment. The number last given out is kept apart, so that it is
-- not given out again when old envelopes are removed.
CREATE TABLE counters (
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    last INTEGER NOT NULL CHECK (last > 0),
    PRIMARY KEY (environment, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE attestations (
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    counter INTEGER NOT NULL CHECK (counter > 0),
    verifier TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    PRIMARY KEY (environment, target, counter),
    FOREIGN KEY (environment, target) REFERENCES counters (environment, target)
) STRICT;
