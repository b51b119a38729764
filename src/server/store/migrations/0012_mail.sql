-- The address of a user who has shown, with a link in a mail, that the mail of this address reaches them.
CREATE TABLE email_addresses (
    user_id     TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    address     TEXT   NOT NULL,         -- as it was typed; the domain in lower case
    lookup      TEXT   NOT NULL UNIQUE,  -- all in lower case
    verified_at BIGINT NOT NULL
);

-- Links in mails that still work.
CREATE TABLE mail_links (
    code_hash  TEXT   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL,          -- confirm_email, reset_password
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address    TEXT   NOT NULL,          -- the address to which it was sent
    expires_at BIGINT NOT NULL
);
CREATE INDEX mail_links_user_id ON mail_links (user_id);
CREATE INDEX mail_links_expires_at ON mail_links (expires_at);

-- Mails that were not sent yet. A process that sends one moves `due_at` into the future: if it crashes, another process
-- takes the mail then.
CREATE TABLE mail_queue (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sealed     TEXT   NOT NULL,          -- address, subject and text, encrypted: it can contain a link
    tries      BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL
);
CREATE INDEX mail_queue_user_id ON mail_queue (user_id);
CREATE INDEX mail_queue_due_at ON mail_queue (due_at);

-- 1: the user must be told by mail.
ALTER TABLE security_events ADD COLUMN notice BIGINT;
CREATE INDEX security_events_notice ON security_events (seq) WHERE notice IS NOT NULL;
