//! Starts with a database that is locked, foreign, unwritable or damaged: they fail with one line, or work correctly.
//! No such start accepts a revoked token.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use handstamp::server::store::{MIGRATIONS, migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::databases::sqlite_folder;
use crate::process::{Serving, Tokens, add_ada, connect, database, handstamp, handstamp_under, log_file, sql, text};

/// Creates a database, closed in order, with one ended session and one live session.
async fn database_left_by_a_server(folder: &Path) -> (Tokens, Tokens) {
    add_ada(folder).await;
    let serving = Serving::start_with(folder, &[]);
    let (ended, living) = (serving.login().await, serving.login().await);
    assert_eq!(serving.logout(&ended).await.status, 200);
    assert!(serving.stop().0.success());
    (ended, living)
}

fn quiet(mut command: Command) -> Command {
    command.env("RUST_LOG", "error");
    command
}

/// Returns the single line of a start that failed.
fn refusal(command: Command) -> String {
    let Err(refused) = Serving::spawn(quiet(command)) else { panic!("it listens") };
    assert_eq!(refused.status.code(), Some(1), "{}", refused.log);
    let line = refused.log.strip_suffix('\n').unwrap_or_default();
    assert!(line.starts_with("handstamp: ") && line.contains("; ") && !line.contains('\n'), "{}", refused.log);
    line.to_owned()
}

#[tokio::test]
async fn a_sign_out_waits_for_another_writer_of_the_database_and_protected_doors_do_not() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let (ended, living) = database_left_by_a_server(folder).await;
    let mut other = connect(folder).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let serving = Serving::spawn(quiet(handstamp(folder, &[], &[]))).unwrap();
    serving.expect_ended(&ended).await;
    assert!(serving.lets_in(&living).await);
    let (answer, ()) = tokio::join!(serving.logout(&living), async {
        // The same process answers this after the sign-out was sent: the sign-out is waiting by then.
        assert!(serving.lets_in(&living).await);
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    });

    assert_eq!(answer.status, 200, "{answer:?}");
    serving.expect_ended(&living).await;
}

#[tokio::test]
async fn a_database_that_another_process_has_locked_stops_the_start() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let (ended, living) = database_left_by_a_server(folder).await;
    let mut other = connect(folder).await;
    sqlx::raw_sql("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();

    let line = refusal(handstamp(folder, &[], &[]));
    assert!(line.contains("DATABASE_URL is locked by another process"), "{line}");

    other.close().await.unwrap();
    let serving = Serving::start_with(folder, &[]);
    serving.expect_ended(&ended).await;
    assert!(serving.lets_in(&living).await);
}

#[tokio::test]
async fn a_second_server_on_the_same_address_changes_nothing_before_it_is_refused() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let settings = [("JWT_ALGORITHM", "EdDSA")];
    add_ada(folder).await;
    let serving = Serving::start_with(folder, &settings);
    let tokens = serving.login().await;
    let address = serving.origin.strip_prefix("http://").unwrap();

    let line = refusal(handstamp(folder, &[], &[("LEPTOS_SITE_ADDR", address)]));

    assert!(line.contains("LEPTOS_SITE_ADDR") && line.contains("cannot be used"), "{line}");
    assert!(serving.stop().0.success());
    assert!(Serving::start_with(folder, &settings).lets_in(&tokens).await, "its keys are as they were");
}

#[test]
fn many_first_starts_at_once_all_succeed_and_make_one_secret() {
    for _ in 0..3 {
        let folder = sqlite_folder();
        let starts: Vec<_> =
            (0..8).map(|_| handstamp(folder.path(), &["user", "list"], &[]).spawn().unwrap()).collect();
        for start in starts {
            let output = start.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let secret = fs::read_to_string(folder.path().join("data/jwt_secret")).unwrap();
        assert!(secret.starts_with("base64:") && secret.len() > 80);
    }
}

#[tokio::test]
async fn tables_of_a_newer_version_or_of_half_an_update_stop_the_start() {
    for change in [
        "INSERT INTO _sqlx_migrations SELECT 9999, 'to come', installed_on, 1, checksum, 1 FROM _sqlx_migrations LIMIT 1",
        "UPDATE _sqlx_migrations SET success = 0 WHERE version = 2",
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
    ] {
        let folder = sqlite_folder();
        add_ada(folder.path()).await;
        sql(folder.path(), change).await;
        let line = refusal(handstamp(folder.path(), &[], &[]));
        assert!(line.contains("DATABASE_URL") && line.contains("newer version"), "{line}");
    }
}

#[tokio::test]
async fn tables_of_any_older_version_are_updated_with_their_rows() {
    let today = sqlite_folder();
    add_ada(today.path()).await;
    let hash = sql(today.path(), "SELECT password_hash FROM users").await.remove(0);
    for (version, ..) in &MIGRATIONS[..MIGRATIONS.len() - 1] {
        let folder = sqlite_folder();
        let folder = folder.path();
        fs::create_dir(folder.join("data")).unwrap();
        let options = SqliteConnectOptions::new().filename(database(folder)).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        migrator().run_to(*version, &mut connection).await.unwrap();
        let fill = format!(
            "INSERT INTO users (id, username, password_hash, roles, created_at) \
             VALUES ('AAAAAAAAAAAAAAAAAAAAAA', 'ada', '{hash}', 'admin', 1); \
             INSERT INTO sessions (id, user_id, started_at, expires_at) \
             VALUES ('AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAA', 1, 4000000000); \
             INSERT INTO blocklist (id, kind, keep_until, seq) VALUES ('AAAAAAAAAAAAAAAAAAAAAA', 'token', 4000000000, 1);"
        );
        sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let serving = Serving::start_with(folder, &[]);

        let tokens = serving.login().await;
        assert!(serving.lets_in(&tokens).await, "from version {version}");
        assert_eq!(serving.logout(&tokens).await.status, 200);
        assert_eq!(sql(folder, "SELECT id FROM blocklist").await.len(), 2);
        assert_eq!(sql(folder, "SELECT id FROM sessions").await, ["AAAAAAAAAAAAAAAAAAAAAA"]);
    }
}

#[tokio::test]
async fn a_file_or_folder_that_cannot_be_written_stops_the_start() {
    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    // File modes do not limit root.
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];
    let tool = if root { &bound[..] } else { &[] };

    for (path, mode, usual) in [(database(folder), 0o400, 0o600), (folder.join("data"), 0o500, 0o700)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        refusal(handstamp_under(tool, folder, &[], &[]));
        fs::set_permissions(&path, fs::Permissions::from_mode(usual)).unwrap();
    }
    Serving::spawn(handstamp_under(tool, folder, &[], &[])).unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_a_database_stops_the_start() {
    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    fs::write(database(folder), "This is no database.\n".repeat(1000)).unwrap();

    let line = refusal(handstamp(folder, &[], &[]));

    assert!(line.contains("DATABASE_URL") && line.contains("not a database"), "{line}");
}

#[tokio::test]
async fn with_any_damaged_page_the_start_fails_or_verification_is_right() {
    const PAGE: usize = 4096;
    let folder = sqlite_folder();
    let folder = folder.path();
    let (ended, living) = database_left_by_a_server(folder).await;
    let whole = fs::read(database(folder)).unwrap();
    let (mut refused, mut judged) = (0, 0);
    for page in 0..whole.len() / PAGE {
        let mut damaged = whole.clone();
        damaged[page * PAGE..][..PAGE].iter_mut().for_each(|byte| *byte = !*byte);
        fs::write(database(folder), damaged).unwrap();
        // Files of the previous start.
        for beside in [log_file(folder), database(folder).with_extension("db-shm")] {
            let _ = fs::remove_file(beside);
        }
        let Ok(serving) = Serving::spawn(quiet(handstamp(folder, &[], &[]))) else {
            refused += 1;
            continue;
        };
        judged += 1;
        assert!(!serving.lets_in(&ended).await && serving.lets_in(&living).await, "page {page}");
        // The blocklist is in memory. The row of a session may be on the damaged page.
        let answer = serving.refresh(&ended).await;
        assert!([401, 503].contains(&answer.status), "page {page}: {answer:?}");
        let answer = serving.logout(&living).await;
        assert!([200, 503].contains(&answer.status), "page {page}: {answer:?}");
        if answer.status == 200 {
            serving.kill();
            let serving = Serving::spawn(quiet(handstamp(folder, &[], &[]))).unwrap();
            assert!(!serving.lets_in(&living).await, "page {page}");
        }
    }
    assert!(refused > 0 && judged > 0, "{refused} refused, {judged} judged");
}
