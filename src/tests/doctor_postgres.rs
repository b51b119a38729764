//! `handstamp doctor` and the start, on PostgreSQL: what it says of the database, and of an address that leads nowhere.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::databases::{new_on_postgres, sqlite_folder};
use crate::process::{Serving, handstamp, text};

/// A database of PostgreSQL: its address, and its name. `None` without PostgreSQL.
fn new_database() -> Option<(String, String)> {
    let (url, socket) = new_on_postgres()?;
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    Some((format!("{url}?host={}", socket.parent().unwrap().display()), name))
}

async fn execute(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
}

fn doctor(folder: &Path, settings: &[(&str, &str)]) -> String {
    let output = handstamp(folder, &["doctor"], settings).output().unwrap();
    text(&output.stdout)
}

fn line_of<'s>(said: &'s str, verdict: &str, check: &str) -> &'s str {
    let start = format!("{verdict:<8} {check:<11} ");
    said.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {verdict} of {check}:\n{said}"))
}

#[tokio::test]
async fn settings_of_postgresql_with_which_a_sign_out_can_be_lost_are_a_problem_and_the_start_warns_of_it() {
    let Some((url, name)) = new_database() else { return };
    let folder = sqlite_folder();
    let settings = [("DATABASE_URL", url.as_str())];
    // This PostgreSQL is one for specs.
    let said = doctor(folder.path(), &settings);
    let problem = line_of(&said, "problem", "durability");
    assert!(problem.contains("fsync, synchronous_commit, full_page_writes are off on PostgreSQL"), "{problem}");

    execute(&url, &format!("ALTER DATABASE {name} SET synchronous_commit = on")).await;
    let said = doctor(folder.path(), &settings);
    let problem = line_of(&said, "problem", "durability");
    assert!(problem.contains("fsync, full_page_writes are off"), "{problem}");

    let (_, log) = Serving::start_with(folder.path(), &settings).stop();
    assert!(
        log.lines().any(|line| line.contains(" WARN ") && line.contains("fsync, full_page_writes are off")),
        "{log}"
    );
}

#[tokio::test]
async fn what_this_server_gets_from_postgresql_is_said_and_nothing_of_sqlites_files() {
    let Some((url, name)) = new_database() else { return };
    let folder = sqlite_folder();
    let settings = [("DATABASE_URL", url.as_str())];
    let said = doctor(folder.path(), &settings);
    assert!(line_of(&said, "ok", "standbys").contains("none streams"));
    assert!(line_of(&said, "ok", "pooler").contains("none between"));
    assert!(line_of(&said, "ok", "encryption").contains("this machine"));
    assert!(line_of(&said, "ok", "connections").contains("1 x 19"));
    assert!(line_of(&said, "ok", "store").contains("those of this version"));
    assert!(!said.contains(" disk ") && !said.contains("damaged") && !said.contains("handstamp.db"), "{said}");

    execute(&url, &format!("ALTER DATABASE {name} CONNECTION LIMIT 40")).await;
    let _servers = [Serving::start_with(folder.path(), &settings), Serving::start_with(folder.path(), &settings)];
    assert!(line_of(&doctor(folder.path(), &settings), "ok", "connections").contains("has 40 for this role; 2 x 19"));
    let more = [settings[0], ("DATABASE_MAX_CONNECTIONS", "18")];
    let said = doctor(folder.path(), &more);
    assert!(line_of(&said, "warning", "connections").contains("2 x 21"));
}

#[tokio::test]
async fn an_address_that_does_not_lead_to_postgresql_is_refused_with_what_to_check_and_no_password() {
    let folder = sqlite_folder();
    let postgres = crate::databases::postgres().map(|url| url.replace("/postgres?", "/no_such_database?"));
    let addresses = [
        Some("postgres://ada:hunter2@127.0.0.1:1/handstamp".to_owned()),
        Some("postgres://ada:hunter2@db.invalid/handstamp?sslmode=require".to_owned()),
        Some("postgres://ada:hunter2@127.0.0.1:no/handstamp".to_owned()),
        Some("postgres://ada:hunter2@127.0.0.1/handstamp?sslmode=perhaps".to_owned()),
        postgres,
    ];
    for url in addresses.into_iter().flatten() {
        let settings = [("DATABASE_URL", url.as_str())];
        let said = doctor(folder.path(), &settings);
        let problem = line_of(&said, "problem", "store").to_owned();
        let Err(refused) = Serving::spawn(handstamp(folder.path(), &[], &settings)) else { panic!("{url}: it serves") };
        for text in [problem, refused.log] {
            assert!(text.contains("check the address, user and password, sslmode, and pg_hba.conf"), "{url}: {text}");
            assert!(!text.contains("hunter2") && !text.contains("the path"), "{url}: {text}");
        }
    }
    let said = doctor(folder.path(), &[("DATABASE_URL", "postgres://ada@db.invalid/handstamp")]);
    assert!(line_of(&said, "warning", "encryption").contains("does not demand TLS"));
    let verified = "postgres://ada@db.invalid/handstamp?sslmode=verify-full";
    assert!(
        line_of(&doctor(folder.path(), &[("DATABASE_URL", verified)]), "ok", "encryption")
            .contains("valid certificate")
    );
}

#[tokio::test]
async fn a_role_that_may_not_create_tables_is_told_so() {
    let Some((url, name)) = new_database() else { return };
    let drop = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO nobody_much";
    execute(&url, &format!("CREATE ROLE nobody_much LOGIN; {drop}; GRANT CONNECT ON DATABASE {name} TO nobody_much"))
        .await;
    let folder = sqlite_folder();
    let url = url.replace("://handstamp@", "://nobody_much@");

    let Err(refused) = Serving::spawn(handstamp(folder.path(), &[], &[("DATABASE_URL", url.as_str())])) else {
        panic!("it serves")
    };

    let (log, words) =
        (refused.log, ["permission denied for schema public", "let the role create tables and own them"]);
    assert!(words.iter().all(|word| log.contains(word)), "{log}");
}
