-- What checks of behaviour brought the last time that they ran on a target. The key covers the spec and the lock: results of
-- another spec or lock are not asked for any more.
CREATE TABLE check_results (
    environment TEXT NOT NULL,
    target TEXT NOT NULL,
    key TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    results TEXT NOT NULL,
    PRIMARY KEY (environment, target)
) STRICT, WITHOUT ROWID;
