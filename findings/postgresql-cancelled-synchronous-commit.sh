#!/usr/bin/env bash
# PostgreSQL 15.18 (Debian 12): a COMMIT whose wait for a synchronous standby is cancelled is answered with success, and no
# timeout of the server bounds that wait.
#
# Behaviour: `synchronous_standby_names` demands a standby that is away. A COMMIT waits. statement_timeout, lock_timeout,
# idle_in_transaction_session_timeout and client_connection_check_interval do not end the wait; nor does the end of the client,
# whose server process waits on. If somebody cancels the statement (pg_cancel_backend, or Ctrl-C in psql), the client gets a
# WARNING and then the answer COMMIT, as if all were well: the row is visible, and is lost if the standby is promoted. The manual
# describes the WARNING (runtime-config-replication, synchronous_commit); a driver that ignores warnings, as most do, returns
# success. So neither success nor a timeout says whether a commit is on the standby: compare pg_current_wal_flush_lsn() with
# flush_lsn in pg_stat_replication.
#
# Output seen:
#   after 3 s, with every timeout at 1 s: waits in SyncRep
#   the client is killed: waits in SyncRep
#   cancelled: WARNING:  canceling wait for synchronous replication due to user request
#   the answer: COMMIT
#   exit code of psql with ON_ERROR_STOP: 0
#   rows that others see: 1
#
# Who meets it: a program that acknowledges what must survive a failover (a sign-out, a payment) after the driver says that the
# commit succeeded, if an operator cancels statements that hang because the standby is away.
set -euo pipefail
self=$(realpath "$0")
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
folder=$(mktemp -d)
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then chown postgres "$folder" && chmod 755 "$folder" && as=(runuser -u postgres --); else as=(); fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D "$folder/data" -U ada -A trust --no-sync >/dev/null
timeouts="-c statement_timeout=1s -c lock_timeout=1s -c idle_in_transaction_session_timeout=1s -c client_connection_check_interval=1s"
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o "-c listen_addresses='' -k $folder $timeouts" start >/dev/null
sql() { psql -h "$folder" -U ada -d postgres -XAtq -v ON_ERROR_STOP=1 "$@"; }
waiting() { sql -c "SELECT 'waits in ' || wait_event FROM pg_stat_activity WHERE query ILIKE 'COMMIT%' AND wait_event = 'SyncRep'"; }
until_waiting() { for _ in $(seq 100); do [ -n "$(waiting)" ] && return; sleep 0.1; done; }

sql -c 'CREATE TABLE sign_outs (id int)'
sql -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c 'SELECT pg_reload_conf()' >/dev/null
insert=(-c BEGIN -c 'INSERT INTO sign_outs VALUES (1)' -c COMMIT)

seen=$(
  sql "${insert[@]}" >/dev/null 2>&1 &
  client=$!
  until_waiting
  sleep 3
  echo "after 3 s, with every timeout at 1 s: $(waiting)"
  kill -9 "$client"
  wait "$client" 2>/dev/null || true
  sleep 2
  echo "the client is killed: $(waiting)"
  # The first row would be visible once its wait ends: away with it.
  sql -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >/dev/null
  while [ -n "$(waiting)" ]; do sleep 0.1; done
  sql -c 'SET synchronous_commit = local' -c 'DELETE FROM sign_outs'

  { code=0; psql -h "$folder" -U ada -d postgres -XAt -v ON_ERROR_STOP=1 "${insert[@]}" >"$folder/answers" 2>"$folder/warnings" || code=$?; echo "$code" >"$folder/code"; } &
  until_waiting
  sql -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >/dev/null
  wait $!
  echo "cancelled: $(grep WARNING "$folder/warnings")"
  echo "the answer: $(tail -n 1 "$folder/answers")"
  echo "exit code of psql with ON_ERROR_STOP: $(cat "$folder/code")"
  echo "rows that others see: $(sql -c 'SELECT COUNT(*) FROM sign_outs')"
)
echo "$seen"
diff <(sed -n 's/^#   //p' "$self") <(echo "$seen") || { echo "The behaviour has changed." >&2; exit 1; }
