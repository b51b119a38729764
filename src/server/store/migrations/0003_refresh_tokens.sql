-- Sessions that stay alive: refresh tokens, what their owner is shown, and what the next access token says.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'brief';             -- kept, brief
ALTER TABLE sessions ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;           -- of the newest refresh token
ALTER TABLE sessions ADD COLUMN rotated_at BIGINT NOT NULL DEFAULT 0;           -- when that one was made
ALTER TABLE sessions ADD COLUMN unseen_token TEXT;                              -- the access token that came with it, until it is used
ALTER TABLE sessions ADD COLUMN token_expires_at BIGINT NOT NULL DEFAULT 0;     -- of the newest access token
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN reused_at BIGINT;                               -- ended then, as an old refresh token came back
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';               -- shortened
ALTER TABLE sessions ADD COLUMN additional_claims TEXT NOT NULL DEFAULT '{}';
UPDATE sessions SET token_expires_at = expires_at, last_used_at = started_at, rotated_at = started_at;

-- The time up to which entries of the blocklist may have been removed.
INSERT INTO counters (name, value) VALUES ('purged_to', 0);

ALTER TABLE users ADD COLUMN disabled_at BIGINT;
