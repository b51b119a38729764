-- What happened to accounts. Kept beyond the account, hence no reference to it.
CREATE TABLE security_events (
    id       TEXT   NOT NULL PRIMARY KEY,
    seq      BIGINT NOT NULL,  -- their order; two processes may give one number twice
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL,  -- a code of domain/security_event.rs
    user_id  TEXT   NOT NULL,
    username TEXT   NOT NULL,  -- at that time
    by_whom  TEXT,             -- none: whoever uses the account
    device   TEXT   NOT NULL,
    address  TEXT   NOT NULL   -- shortened
);
CREATE INDEX security_events_at ON security_events (at);
CREATE INDEX security_events_seq ON security_events (seq, id);
CREATE INDEX security_events_user_id ON security_events (user_id, seq, id);

-- By which one person can make an account, once.
CREATE TABLE invitations (
    code_hash  TEXT   NOT NULL PRIMARY KEY,  -- SHA-256 of 128 random bits
    invited_by TEXT,                         -- id of a user; none: the command line
    expires_at BIGINT NOT NULL
);
