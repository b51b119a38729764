-- Which store this is, in cursors of the feed. 128 random bits as base64url. SQL cannot draw them in one text for both
-- databases: the first program that opens the store inserts the row.
CREATE TABLE store_id (
    which TEXT NOT NULL PRIMARY KEY,  -- 'this': there is one row
    id    TEXT NOT NULL
);
