-- Other services that get tokens of their own, and the form of these tokens.
CREATE TABLE audiences (
    name       TEXT   NOT NULL PRIMARY KEY,
    aud        TEXT   NOT NULL,  -- the claim
    typ        TEXT   NOT NULL,  -- of the header: JWT, at+jwt
    subject    TEXT   NOT NULL,  -- what `sub` is: id, username
    client_id  TEXT,             -- none: that of the server; empty: tokens have none
    claims     TEXT   NOT NULL,  -- JSON object
    scope      TEXT   NOT NULL,  -- values with a space between; empty: none
    roles      TEXT   NOT NULL,  -- names with a space between: a user needs all of them
    lifetime   BIGINT,           -- seconds; none: the remaining life of the access token
    created_at BIGINT NOT NULL
);
