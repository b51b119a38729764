-- How the user of a session was recognised: values of the claim `amr` with a space between.
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';

-- The authenticator app of a user. `last_step`: the time step of the last code that was accepted. No code works twice.
CREATE TABLE totp (
    user_id      TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed       TEXT   NOT NULL,  -- the secret, encrypted as private keys are
    last_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,           -- none: the user has not shown a code yet
    last_used_at BIGINT
);

CREATE TABLE recovery_codes (
    code_hash TEXT   NOT NULL PRIMARY KEY,
    user_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    used_at   BIGINT               -- none: still good
);
CREATE INDEX recovery_codes_user_id ON recovery_codes (user_id);

CREATE TABLE passkeys (
    id           TEXT   NOT NULL PRIMARY KEY,  -- of the credential, base64url
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    credential   TEXT   NOT NULL,              -- public key and counter, as the library writes them, base64url
    quiet        BIGINT NOT NULL DEFAULT 0,    -- 1: the browser made it without a question, and no sign-in asks for it
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_user_id ON passkeys (user_id);

-- Questions that a client must answer within minutes: a second factor, or a passkey. Each is answered once.
CREATE TABLE challenges (
    id_hash    TEXT   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL,
    user_id    TEXT   REFERENCES users (id) ON DELETE CASCADE,  -- none: the answer will tell
    state      TEXT   NOT NULL,
    refusals   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX challenges_user_id ON challenges (user_id);
CREATE INDEX challenges_expires_at ON challenges (expires_at);
