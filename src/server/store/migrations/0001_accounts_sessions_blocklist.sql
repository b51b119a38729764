-- One text for SQLite and PostgreSQL: only TEXT and BIGINT. Times are Unix seconds; ids are 22 characters of base64url.

CREATE TABLE users (
    id            TEXT   NOT NULL PRIMARY KEY,
    username      TEXT   NOT NULL UNIQUE,  -- in its canonical form
    password_hash TEXT   NOT NULL,         -- PHC string, Argon2id of the password in NFC
    roles         TEXT   NOT NULL,         -- names with a space between
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- What must be refused although its signature is right. `seq` grows with every row, in the order of the commits, so
-- that a process can ask for what is new.
CREATE TABLE blocklist (
    id         TEXT   NOT NULL PRIMARY KEY,  -- of a session, or of a token
    kind       TEXT   NOT NULL,              -- session, token
    keep_until BIGINT NOT NULL,
    seq        BIGINT NOT NULL
);
CREATE INDEX blocklist_seq ON blocklist (seq);
CREATE INDEX blocklist_keep_until ON blocklist (keep_until);

-- Counters are locked by whoever raises them until it commits: `blocklist` gives `seq` its order, and
-- `first_account` makes two claims of the first account wait for each other.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('blocklist', 0);
INSERT INTO counters (name, value) VALUES ('first_account', 0);
