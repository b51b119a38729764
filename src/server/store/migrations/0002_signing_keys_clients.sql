-- The key ring. Replaced whole under the counter `signing_keys`, which other processes watch.
CREATE TABLE signing_keys (
    id             TEXT   NOT NULL PRIMARY KEY,  -- the claim `kid`
    algorithm      TEXT   NOT NULL,              -- the header's `alg`
    state          TEXT   NOT NULL,              -- next, active, retired, barred
    verifies_until BIGINT,                       -- of a retired key
    created_at     BIGINT NOT NULL,
    public_jwk     TEXT,                         -- none of a secret
    sealed         TEXT                          -- private half, AES-256-GCM; none where a setting gives the key
);
INSERT INTO counters (name, value) VALUES ('signing_keys', 0);

-- Other services that may introspect, revoke and follow the blocklist.
CREATE TABLE clients (
    name        TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,                 -- SHA-256 of 256 random bits
    created_at  BIGINT NOT NULL
);
