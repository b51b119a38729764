-- Failed tries, so that a restart forgives nobody. A key is a MAC over what is counted; times are Unix seconds.
CREATE TABLE throttle (
    key      TEXT   NOT NULL PRIMARY KEY,
    empty_at BIGINT NOT NULL,              -- when all tries have faded
    next_at  BIGINT NOT NULL               -- when the next one may come
);
CREATE INDEX throttle_empty_at ON throttle (empty_at);

-- Networks from which somebody signed in to an account, each a MAC over both.
CREATE TABLE familiar_networks (
    key     TEXT   NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
CREATE INDEX familiar_networks_seen_at ON familiar_networks (seen_at);
