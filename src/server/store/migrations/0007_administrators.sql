-- The few users with a role: whether there is an administrator is asked at every sign-up.
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '';
