#!/usr/bin/env bash
# sqlx 0.9.0 with PgBouncer 1.18 (Debian 12) in transaction mode: a query outside a transaction can fail although no
# statement is kept prepared, because its two halves may reach different server processes.
#
# Behaviour: `statement_cache_capacity(0)` and `.persistent(false)` are the usual advice for poolers: nothing is kept, and each
# statement is the unnamed one. But sqlx sends Parse and Describe with a Sync, waits for the answer, and then sends Bind and
# Execute with a Sync of its own. To the pooler, the first Sync is the end of a transaction: if other clients are waiting, the
# server process goes to one of them. Bind then meets the unnamed statement of another client. It fails if that has another
# number of parameters: `bind message supplies 1 parameters, but prepared statement "" requires 2`. In a transaction both halves
# stay together. Queries one after the other do not show it, since the pooler gives the same process again.
#
# Output seen (the counts differ, so they are not compared):
#   16 clients on 2 server processes, each query alone: some fail
#   the same in transactions: none fail
#
# Who meets it: a service with sqlx behind PgBouncer, under load only.
set -euo pipefail
self=$(realpath "$0")
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
folder=$(mktemp -d)
chmod 755 "$folder"
mkdir "$folder/server"
# PostgreSQL and PgBouncer refuse to run as root.
if [ "$(id -u)" = 0 ]; then chown postgres "$folder/server" && as=(runuser -u postgres --); else as=(); fi
stop() {
  "${as[@]}" kill "$(cat "$folder/server/pooler.pid")" 2>/dev/null || true
  "${as[@]}" "$bin/pg_ctl" -D "$folder/server/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D server/data -U ada -A trust --no-sync >/dev/null
"${as[@]}" "$bin/pg_ctl" -D server/data -l server/log -w -o "-c listen_addresses='' -k $folder/server" start >/dev/null
cat >pooler.ini <<INI
[databases]
postgres = host=$folder/server user=ada
[pgbouncer]
pool_mode = transaction
unix_socket_dir = $folder/server
listen_port = 6432
auth_type = trust
auth_file = $folder/users
logfile = $folder/server/pooler.log
pidfile = $folder/server/pooler.pid
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
INI
echo '"ada" ""' >users
"${as[@]}" pgbouncer --daemon --quiet pooler.ini

cargo init --quiet --name twoparts --vcs none client
cd client
cat >>Cargo.toml <<'TOML'
sqlx = { version = "=0.9.0", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "1", features = ["rt-multi-thread", "macros"] }
TOML
cat >src/main.rs <<'RUST'
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

async fn ask(connection: &mut PgConnection, number: i64) -> Result<(), sqlx::Error> {
    // Two texts, so that an unnamed statement of another client does not fit.
    let (ask, texts) = if number % 2 == 0 { ("SELECT $1::int8", 1) } else { ("SELECT $1::int8 + $2::int8", 2) };
    let query = (0..texts).fold(sqlx::query_scalar(ask).persistent(false), |query, _| query.bind(number));
    query.fetch_one(connection).await.map(|_: i64| ())
}

#[tokio::main]
async fn main() {
    let options: PgConnectOptions = std::env::args().nth(1).unwrap().parse().unwrap();
    let options = options.statement_cache_capacity(0);
    for (said, together) in [("16 clients on 2 server processes, each query alone", false), ("the same in transactions", true)] {
        let clients = (0..16).map(|client| {
            let options = options.clone();
            tokio::spawn(async move {
                let mut failed = 0;
                let mut connection = options.connect().await.unwrap();
                for number in 0..200 {
                    let done = if together {
                        let mut transaction = connection.begin().await.unwrap();
                        let done = ask(&mut transaction, number + client).await;
                        transaction.commit().await.unwrap();
                        done
                    } else {
                        ask(&mut connection, number + client).await
                    };
                    if let Err(error) = done {
                        failed += 1;
                        if client == 0 {
                            eprintln!("  {error}");
                        }
                    }
                }
                failed
            })
        });
        let mut failed = 0;
        for client in clients.collect::<Vec<_>>() {
            failed += client.await.unwrap();
        }
        println!("{said}: {} fail", if failed == 0 { "none" } else { "some" });
        eprintln!("  {failed} of 3200");
    }
}
RUST
nice cargo build --quiet
seen=$(timeout 120 target/debug/twoparts "postgres://ada@localhost:6432/postgres?host=$folder/server")
echo "$seen"
diff <(sed -n 's/^#   //p' "$self") <(echo "$seen") || { echo "The behaviour has changed." >&2; exit 1; }
