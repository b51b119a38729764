//! `handstamp store copy` when it must not copy, and when it is interrupted: no store in use is touched, and a half-filled one
//! is never served.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use handstamp::server::domain::database::Database;
use handstamp::server::presence::{announce_copy, announce_copy_on};
use handstamp::server::startup::StartupError;
use handstamp::server::store::Store;
use handstamp::server::store::copied_tables::TABLES;
use handstamp::server::store::copy::CopyError;

use crate::databases::{
    empty_on_postgres as postgres, execute as script, first_column as sql, new_on_postgres, sqlite_folder,
};
use crate::harness::TestApp;
use crate::process::{Serving, add_ada, database, handstamp, text};
use crate::store_copy::{add_sessions, copied, copy, rows, sqlite, start};

/// Returns the line with which the command fails.
fn refused(folder: &Path, from: &str, to: &str) -> String {
    let output = copy(folder, from, to);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    text(&output.stderr).lines().last().unwrap().to_owned()
}

/// A stopped server with one user and one session.
async fn stopped() -> TestApp {
    let mut app = TestApp::start_on_sqlite().await;
    app.somebody("ada").await;
    app.stop().await;
    app
}

/// Opens a source and an empty target.
async fn both(from: &str, to: &str) -> (Store, Store) {
    // A transaction is open while a spec does something else: on a busy machine longer than the usual limit.
    let [from, to] = [from, to].map(|url| Database { timeout: Duration::from_mins(2), ..Database::from(url) });
    (Store::open_as_it_is(from).await.unwrap(), Store::open(to).await.unwrap())
}

/// An empty database of each kind.
fn targets(folder: &Path, name: &str) -> Vec<String> {
    [Some(sqlite(folder, &format!("{name}.db"))), postgres(name)].into_iter().flatten().collect()
}

#[tokio::test]
async fn an_interrupted_copy_is_not_served_and_the_next_one_begins_again() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    let source = app.database_url();
    add_sessions(&source, 5000).await;
    let id = format!("{:021}A", 4500);
    for target in targets(folder, "interrupted") {
        drop(both(&source, &target).await);
        let of_sqlite = target.starts_with("sqlite:");
        let (broken, mended) = if of_sqlite {
            (
                format!(
                    "CREATE TRIGGER broken BEFORE INSERT ON sessions WHEN NEW.id = '{id}' \
                     BEGIN SELECT RAISE(ABORT, 'broken'); END"
                ),
                "DROP TRIGGER broken",
            )
        } else {
            (
                format!(
                    "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$; \
                     CREATE TRIGGER broken BEFORE INSERT ON sessions FOR EACH ROW WHEN (NEW.id = '{id}') \
                     EXECUTE FUNCTION broken()"
                ),
                "DROP TRIGGER broken ON sessions",
            )
        };
        script(&target, &broken).await;

        for _ in 0..2 {
            let line = refused(folder, &source, &target);
            assert!(line.contains("broken") && line.ends_with("repeat the command: it begins again"), "{line}");
            assert_eq!(sql(&target, "SELECT CAST(COUNT(*) AS TEXT) FROM sessions").await, ["4096"]);
        }
        let served = start(&app, &target, "HS256").await;
        assert!(matches!(served, Err(StartupError::UnfinishedCopy)), "{:?}", served.err());
        let line = refused(folder, &target, "sqlite:further.db");
        assert!(line.contains("the source is itself an unfinished copy"), "{line}");
        if of_sqlite {
            for command in [&[][..], &["user", "list"], &["key", "list"], &["doctor"]] {
                let output = handstamp(folder, command, &[("DATABASE_URL", &target)]).output().unwrap();
                let said = text(&output.stdout) + &text(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{said}");
                assert!(said.contains("the target of an unfinished copy; repeat the command"), "{said}");
            }
        }

        // The source goes on before the next attempt.
        script(&source, "DELETE FROM sessions WHERE id = (SELECT MIN(id) FROM sessions)").await;
        script(&target, mended).await;
        copied(folder, &source, &target);
        assert_eq!(rows(&target).await, rows(&source).await);
        start(&app, &target, "HS256").await.unwrap();
    }
}

#[tokio::test]
async fn a_target_with_any_row_is_refused_and_stays_as_it_is() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    for target in targets(folder, "not_empty") {
        let (source, to) = both(&app.database_url(), &target).await;
        // Their rows need a user: the tables before are not empty either.
        let of_users = [
            "sessions",
            "totp",
            "recovery_codes",
            "passkeys",
            "challenges",
            "email_addresses",
            "mail_links",
            "mail_queue",
        ];
        for table in TABLES.iter().filter(|table| !of_users.contains(&table.name)) {
            let columns = [table.texts, table.numbers].concat().join(", ");
            let values = [vec!["'x'"; table.texts.len()], vec!["1"; table.numbers.len()]].concat().join(", ");
            script(&target, &format!("INSERT INTO {} ({columns}) VALUES ({values})", table.name)).await;
            let before = rows(&target).await;

            let refused = source.copy_to(&to, |_, _| ()).await;

            assert!(matches!(refused, Err(CopyError::NotEmpty(name)) if name == table.name), "{refused:?}");
            assert_eq!(rows(&target).await, before);
            assert!(!to.is_unfinished_copy().await.unwrap());
            script(&target, &format!("DELETE FROM {} WHERE {} = 'x'", table.name, table.texts[0])).await;
        }
        source.copy_to(&to, |_, _| ()).await.unwrap();
        let line = refused(folder, &app.database_url(), &target);
        assert!(line.contains("the target is not empty: `counters` has rows; give it an empty database"), "{line}");
    }
}

#[tokio::test]
async fn a_store_of_an_earlier_version_that_is_in_use_is_not_even_updated() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    for target in targets(folder, "earlier") {
        copied(folder, &app.database_url(), &target);
        script(&target, "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)")
            .await;
        let versions = || sql(&target, "SELECT CAST(MAX(version) AS TEXT) FROM _sqlx_migrations");
        let before = versions().await;

        let line = refused(folder, &app.database_url(), &target);

        assert!(line.contains("the target is not empty: `users` has rows; "), "{line}");
        assert_eq!(versions().await, before);
    }
}

#[tokio::test]
async fn of_two_copies_at_once_into_one_target_one_is_done_and_whole() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    add_sessions(&app.database_url(), 10_000).await;
    for target in targets(folder, "two_copies") {
        let (one, to) = both(&app.database_url(), &target).await;
        let (two, again) = both(&app.database_url(), &target).await;
        let (one, two) = tokio::join!(one.copy_to(&to, |_, _| ()), two.copy_to(&again, |_, _| ()));
        let failed = match (one, two) {
            (Ok(_), Err(failed)) | (Err(failed), Ok(_)) => failed,
            both => panic!("{both:?}"),
        };
        assert!(matches!(failed, CopyError::Overtaken | CopyError::NotEmpty(_)), "{failed}");
        assert_eq!(rows(&target).await, rows(&app.database_url()).await);
    }
}

/// Does something in the middle of a copy.
fn meanwhile(something: impl AsyncFnOnce() + Send) {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(something());
        });
        other.join().unwrap();
    });
}

#[tokio::test]
async fn a_copy_that_was_left_behind_by_a_later_one_writes_nothing_more() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    let source = app.database_url();
    add_sessions(&source, 10_000).await;
    for target in targets(folder, "left_behind") {
        let (from, to) = both(&source, &target).await;
        let mut pages = 0;
        let first = from.copy_to(&to, |_, _| {
            pages += 1;
            if pages == 4 {
                meanwhile(async || {
                    // The first copy has not come to this row yet.
                    script(&source, "DELETE FROM sessions WHERE id = (SELECT MAX(id) FROM sessions)").await;
                    let (from, to) = both(&source, &target).await;
                    from.copy_to(&to, |_, _| ()).await.unwrap();
                });
            }
        });
        let first = first.await;
        assert!(matches!(first, Err(CopyError::Overtaken)), "{first:?}");
        assert_eq!(rows(&target).await, rows(&source).await);
    }
}

#[tokio::test]
async fn what_ends_in_the_source_during_a_copy_or_is_written_to_the_target_fails_the_copy() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let app = stopped().await;
    let first = app.database_url();
    let mut sources = vec![first.clone()];
    if let Some(postgres) = postgres("changed_source") {
        copied(folder, &first, &postgres);
        sources.push(postgres);
    }
    for (number, source) in sources.iter().enumerate() {
        let target = sqlite(folder, &format!("changed{number}.db"));
        let (from, to) = both(source, &target).await;
        for (changed, statement) in [
            (source, "UPDATE counters SET value = value + 1 WHERE name = 'blocklist'"),
            (source, "UPDATE sessions SET generation = generation + 1"),
            (source, "INSERT INTO clients (name, secret_hash, created_at) VALUES ('x', 'x', 1)"),
            (&target, "INSERT INTO clients (name, secret_hash, created_at) VALUES ('y', 'x', 1)"),
        ] {
            let mut pages = 0;
            let copied = from.copy_to(&to, |_, _| {
                pages += 1;
                if pages == 2 {
                    meanwhile(async || script(changed, statement).await);
                }
            });
            match copied.await {
                Err(CopyError::SourceChanged) => assert_eq!(changed, source, "{statement}"),
                Err(CopyError::TargetChanged(table)) => assert_eq!((changed, table), (&target, "clients")),
                other => panic!("{statement}: {other:?}"),
            }
            assert!(to.is_unfinished_copy().await.unwrap());
        }
        from.copy_to(&to, |_, _| ()).await.unwrap();
        assert_eq!(rows(&target).await, rows(source).await);
    }
}

#[tokio::test]
async fn while_a_server_runs_on_one_of_the_files_it_is_not_copied_and_while_it_is_copied_none_starts() {
    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    let (own, other) = ("sqlite:data/handstamp.db", "sqlite:other.db");
    let serving = Serving::start(folder);
    for (from, to, option) in [(own, other, "--from"), (other, own, "--to")] {
        handstamp(folder, &["user", "list"], &[("DATABASE_URL", other)]).output().unwrap();
        let line = refused(folder, from, to);
        assert!(line.starts_with(&format!("handstamp: {option} (SQLite ")), "{line}");
        assert!(line.contains("a server runs on this database; stop it first"), "{line}");
    }
    assert!(serving.stop().0.success());

    let copying = announce_copy(Some(&database(folder))).unwrap();
    let Err(stopped) = Serving::spawn(handstamp(folder, &[], &[])) else { panic!("it listens") };
    assert!(
        stopped.log.contains("`handstamp store copy` uses this database; start the server when"),
        "{}",
        stopped.log
    );
    drop(copying);
    copied(folder, own, other);
    Serving::start(folder);
}

#[tokio::test]
async fn while_a_server_runs_on_postgresql_it_is_not_copied_and_while_it_is_copied_none_starts() {
    let Some((mut url, socket)) = new_on_postgres() else { return };
    url = format!("{url}?host={}", socket.parent().unwrap().display());
    let folder = sqlite_folder();
    let folder = folder.path();
    let settings = [("DATABASE_URL", url.as_str())];
    let serving = Serving::start_with(folder, &settings);
    let other = sqlite(folder, "other.db");
    handstamp(folder, &["user", "list"], &[("DATABASE_URL", other.as_str())]).output().unwrap();
    for (from, to, option) in [(&url, &other, "--from"), (&other, &url, "--to")] {
        let line = refused(folder, from, to);
        assert!(line.starts_with(&format!("handstamp: {option} ")), "{line}");
        assert!(line.contains("a server runs on this database; stop it first"), "{line}");
    }
    assert!(serving.stop().0.success());

    let copying = announce_copy_on(&Database::from(&url)).await.unwrap();
    let Err(stopped) = Serving::spawn(handstamp(folder, &[], &settings)) else { panic!("it listens") };
    let said = "`handstamp store copy` uses this database; start the server when";
    assert!(stopped.log.contains(said), "{}", stopped.log);
    copying.leave().await;
    copied(folder, &url, &other);
    Serving::start_with(folder, &settings);
}

#[tokio::test]
async fn addresses_that_cannot_be_copied_are_refused_without_a_trace_and_without_the_password() {
    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    symlink(database(folder), folder.join("link.db")).unwrap();
    fs::write(folder.join("empty.db"), "").unwrap();
    let own = "sqlite:data/handstamp.db";
    let host = "postgres://ada:thepassword@127.0.0.1:1/accounts";
    let entries = || fs::read_dir(folder).unwrap().count();
    let before = entries();
    for (from, to, words) in [
        (own, own, "--from and --to are the same database; "),
        (own, "sqlite:link.db", "--from and --to are the same database; "),
        (host, host, "--from and --to are the same database; "),
        ("sqlite:missing.db", "sqlite:new.db", "--from: there is no file missing.db; "),
        ("data/handstamp.db", "sqlite:new.db", "--from is not the address of a database; "),
        ("sqlite::memory:", "sqlite:new.db", "--from is not the address of a database; "),
        (own, "sqlite::memory:", "--to is not the address of a database; "),
        (own, "postgres://ada:thepassword@127.0.0.1:port/accounts", "--to is not the address of a database; "),
        (own, "mysql://ada:thepassword@127.0.0.1/accounts", "--to is not the address of a database; "),
        (host, "sqlite:new.db", "--from (PostgreSQL accounts at 127.0.0.1:1) cannot be opened: "),
        (own, host, "--to (PostgreSQL accounts at 127.0.0.1:1) cannot be opened: "),
        ("sqlite:empty.db", "sqlite:new.db", "--from (SQLite empty.db): the source has no tables, or those of another"),
    ] {
        let line = refused(folder, from, to);
        assert!(line.starts_with(&format!("handstamp: {words}")), "{from} {to}: {line}");
        assert!(!line.contains("thepassword"), "{line}");
        assert!(!folder.join("new.db").exists(), "{from} {to}");
    }
    assert_eq!(entries(), before + 1, "only empty.db-servers is new");
}
