-- Which store this is, in cursors of the feed. 128 random bits as base64url. SQL cannot draw them in one text for both
-- databases: the first program that opens the store fills in what is empty.
CREATE TABLE store_id (
    id TEXT NOT NULL PRIMARY KEY
);
INSERT INTO store_id (id) VALUES ('');
