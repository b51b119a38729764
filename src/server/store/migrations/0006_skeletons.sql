-- What names look like, so that none can be taken for another account's. SQL cannot tell: the program fills in what is
-- empty when it opens the store.
ALTER TABLE users ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN is_ascii BIGINT NOT NULL DEFAULT 0;  -- 1 where the name is
CREATE INDEX users_skeleton ON users (skeleton);

-- By which rules the skeletons were made. Locked by whoever adds a user until it commits.
INSERT INTO counters (name, value) VALUES ('skeletons', 0);
