-- When a process last began to remove expired rows, in Unix seconds: one process at a time does it.
INSERT INTO counters (name, value) VALUES ('purge', 0);
