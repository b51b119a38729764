//! `handstamp doctor`: each check can fail, says what to do, and changes nothing. A server logs the same warnings when
//! it starts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::Connection as _;

use crate::databases::sqlite_folder;
use crate::process::{Serving, add_ada, connect, database, handstamp, handstamp_under, sql, text};

/// Returns what it prints, and whether it finds no problem.
fn said(mut command: Command) -> (String, bool) {
    let output = command.output().unwrap();
    let (said, success) = (text(&output.stdout), output.status.success());
    assert_eq!(said.lines().any(|line| line.starts_with("problem ")), !success, "{said}");
    assert_eq!(text(&output.stderr).starts_with("handstamp: the doctor found "), !success, "{said}");
    for line in said.lines() {
        let well = line.starts_with("ok ");
        assert!(well || line.starts_with("warning ") || line.starts_with("problem "), "{line}");
        assert!(well || line.contains("; "), "says no fix: {line}");
    }
    (said, success)
}

fn doctor(folder: &Path, settings: &[(&str, &str)]) -> (String, bool) {
    said(handstamp(folder, &["doctor"], settings))
}

fn expect(said: &str, verdict: &str, check: &str, words: &str) {
    let found =
        said.lines().any(|line| line.starts_with(&format!("{verdict:<8} {check:<11} ")) && line.contains(words));
    assert!(found, "no {verdict} of {check} with `{words}`:\n{said}");
}

#[tokio::test]
async fn before_the_first_start_and_after_it_all_is_well_and_nothing_is_changed() {
    let folder = sqlite_folder();
    let (before, well) = doctor(folder.path(), &[]);
    assert!(well, "{before}");
    expect(&before, "ok", "store", "created at the first start");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it has made something");

    add_ada(folder.path()).await;
    let (after, well) = doctor(folder.path(), &[]);
    assert!(well, "{after}");
    for (check, words) in [
        ("settings", "all are valid"),
        ("files", "only its owner can reach data/handstamp.db"),
        ("secret", "can be used"),
        ("store", "those of this version"),
        ("clock", "not behind"),
        ("address", "127.0.0.1"),
    ] {
        expect(&after, "ok", check, words);
    }
    for check in ["disk", "open files", "memory"] {
        assert!(after.lines().any(|line| line.contains(check)), "{check}: {after}");
    }
    // Beside a running server.
    let _serving = Serving::start(folder.path());
    assert!(doctor(folder.path(), &[]).1);
}

#[tokio::test]
async fn whether_somebody_can_manage_users_is_said_in_every_case() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let setup = |verdict: &str, words: &str| {
        let (said, well) = doctor(folder, &[]);
        assert!(well, "it runs all the same: {said}");
        expect(&said, verdict, "setup", words);
    };
    setup("ok", "the first start prints the link");
    add_ada(folder).await;
    setup("warning", "there is no administrator; sign-up is closed until there is one");
    sql(folder, "UPDATE users SET roles = 'admin'").await;
    setup("ok", "there is an administrator");
    sql(folder, "UPDATE users SET disabled_at = 1").await;
    setup("warning", "every administrator is disabled; run: handstamp user enable NAME");
}

#[test]
fn all_bad_settings_are_named_at_once() {
    let folder = sqlite_folder();
    let bad = [("APP_ENV", "production"), ("SIGNUP", "perhaps"), ("JWT_LEEWAY", "1h"), ("METRICS_TOKEN", "hunter2")];
    let (said, well) = doctor(folder.path(), &bad);
    assert!(!well);
    for name in ["PUBLIC_URL", "SIGNUP", "JWT_LEEWAY", "METRICS_TOKEN"] {
        // PUBLIC_URL comes first and cannot be removed, because it is missing.
        if name == "PUBLIC_URL" || !said.contains("PUBLIC_URL is missing") {
            expect(&said, "problem", "settings", name);
        }
    }
    let (said, well) = doctor(folder.path(), &bad[1..]);
    assert!(!well);
    for (name, _) in &bad[1..] {
        expect(&said, "problem", "settings", name);
    }
    assert!(!said.contains("hunter2"), "{said}");
    let (said, _) = doctor(folder.path(), &[("RUST_LOG", "=,=")]);
    expect(&said, "problem", "settings", "RUST_LOG");
}

#[test]
fn a_secret_or_key_that_cannot_be_used_is_a_problem() {
    let folder = sqlite_folder();
    let (said, _) = doctor(folder.path(), &[("JWT_SECRET", "hunter2")]);
    expect(&said, "problem", "secret", "JWT_SECRET");
    assert!(!said.contains("hunter2"), "{said}");
    let key = [("JWT_ALGORITHM", "ES256"), ("JWT_PRIVATE_KEY_FILE", "key.pem"), ("JWT_SECRET", crate::harness::SECRET)];
    expect(&doctor(folder.path(), &key).0, "problem", "secret", "key.pem is missing");
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    expect(&doctor(folder.path(), &key).0, "problem", "secret", "other users can read key.pem");
}

#[tokio::test]
async fn files_that_other_users_can_reach_are_reported_with_the_command_that_fixes_it() {
    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    let set = |path: &str, mode: u32| fs::set_permissions(folder.join(path), fs::Permissions::from_mode(mode)).unwrap();
    fs::write(folder.join(".env"), "").unwrap();
    set(".env", 0o644);
    // The environment wins, but other users can still read the file.
    let settings = [("DATABASE_URL", "sqlite:data/handstamp.db")];
    for (line, secret) in [
        ("JWT_LEEWAY=0s", false),
        ("DATABASE_URL=sqlite:data/handstamp.db", false),
        ("DATABASE_URL=postgres://ada@127.0.0.1:5432/handstamp?host=/run/postgresql", false),
        ("DATABASE_URL=postgres://ada:hunter2@127.0.0.1/handstamp", true),
        ("DATABASE_URL=postgres://127.0.0.1/handstamp?user=ada&password=hunter2", true),
        ("METRICS_TOKEN=0123456789abcdef0123456789abcdef", true),
    ] {
        fs::write(folder.join(".env"), format!("{line}\n")).unwrap();
        let (said, _) = doctor(folder, &settings);
        assert_eq!(said.contains(".env"), secret, "{line}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    // As docs/deploying.md installs it: it belongs to root, and the service's group may read it.
    set(".env", 0o640);
    expect(&doctor(folder, &[]).0, "ok", "files", "only its owner and its group can reach .env");
    set(".env", 0o644);
    set("data/handstamp.db", 0o644);
    set("data", 0o777);

    let (said, well) = doctor(folder, &[]);
    assert!(well, "{said}");
    for fix in ["chmod 600 data/handstamp.db", "chmod g-w,o= .env", "chmod go-w data"] {
        expect(&said, "warning", "files", fix);
    }
    let serving = Serving::start_with(folder, &[]);
    let (_, log) = serving.stop();
    for fix in ["chmod 600 data/handstamp.db", "chmod g-w,o= .env", "chmod go-w data"] {
        assert!(log.lines().any(|line| line.contains(" WARN ") && line.contains(fix)), "{fix}: {log}");
    }

    set("data/jwt_secret", 0o644);
    expect(&doctor(folder, &[]).0, "problem", "secret", "chmod 600");
}

#[tokio::test]
async fn a_database_that_stops_the_start_is_reported_with_its_exact_problem() {
    for (change, words) in [
        (
            "INSERT INTO _sqlx_migrations SELECT 9999, 'to come', installed_on, 1, checksum, 1 FROM _sqlx_migrations LIMIT 1",
            "newer version",
        ),
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 2", "broke off"),
    ] {
        let folder = sqlite_folder();
        add_ada(folder.path()).await;
        sql(folder.path(), change).await;
        expect(&doctor(folder.path(), &[]).0, "problem", "store", words);
    }

    let folder = sqlite_folder();
    let folder = folder.path();
    add_ada(folder).await;
    let mut other = connect(folder).await;
    sqlx::raw_sql("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    expect(&doctor(folder, &[]).0, "problem", "store", "locked by another process");
    other.close().await.unwrap();

    // File modes do not limit root.
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];
    let tool = if root { &bound[..] } else { &[] };
    fs::set_permissions(database(folder), fs::Permissions::from_mode(0o400)).unwrap();
    expect(&said(handstamp_under(tool, folder, &["doctor"], &[])).0, "problem", "store", "readonly");
    fs::set_permissions(database(folder), fs::Permissions::from_mode(0o600)).unwrap();

    let mut bytes = fs::read(database(folder)).unwrap();
    bytes[2 * 4096..3 * 4096].iter_mut().for_each(|byte| *byte = !*byte);
    fs::write(database(folder), bytes).unwrap();
    expect(&doctor(folder, &[]).0, "problem", "store", "damaged");
    fs::write(database(folder), "This is no database.\n".repeat(1000)).unwrap();
    expect(&doctor(folder, &[]).0, "problem", "store", "not a database");
}

#[tokio::test]
async fn a_clock_behind_what_the_store_has_seen_is_a_problem_and_a_server_warns_of_it() {
    let folder = sqlite_folder();
    add_ada(folder.path()).await;
    sql(folder.path(), "UPDATE users SET created_at = created_at + 86400").await;
    expect(&doctor(folder.path(), &[]).0, "problem", "clock", "behind");
    let (_, log) = Serving::start_with(folder.path(), &[]).stop();
    assert!(log.lines().any(|line| line.contains(" WARN ") && line.contains("behind")), "{log}");
}

#[tokio::test]
async fn too_little_of_the_machine_and_an_open_address_are_warned_of() {
    let folder = sqlite_folder();
    let greedy = [("HASH_CONCURRENCY", "1024"), ("ARGON2_MEMORY_KIB", "4194304")];
    expect(&doctor(folder.path(), &greedy).0, "problem", "memory", "HASH_CONCURRENCY");
    let few = handstamp_under(&["prlimit", "--nofile=100:100"], folder.path(), &["doctor"], &[]);
    expect(&said(few).0, "warning", "open files", "at most 100");
    let open = [("LEPTOS_SITE_ADDR", "0.0.0.0:3000"), ("PUBLIC_URL", "http://id.example.org")];
    expect(&doctor(folder.path(), &open).0, "warning", "address", "unencrypted");
    expect(&doctor(folder.path(), &open[..1]).0, "warning", "address", "PUBLIC_URL is local");
    let nowhere = [open[0], ("PUBLIC_URL", "http://0.0.0.0:3000")];
    expect(&doctor(folder.path(), &nowhere).0, "problem", "address", "no browser can open");
}

#[test]
fn scripts_get_the_same_as_json() {
    let folder = sqlite_folder();
    let output = handstamp(folder.path(), &["doctor", "--json"], &[("JWT_SECRET", "short")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |check: &str| findings.iter().find(|finding| finding["check"] == check).unwrap();
    assert_eq!((&of("settings")["verdict"], &of("settings")["fix"]), (&"ok".into(), &Value::Null));
    assert_eq!(of("secret")["verdict"], "problem");
    assert!(of("secret")["fix"].as_str().unwrap().contains("openssl rand"));
}

#[test]
fn a_page_that_may_call_the_doors_should_come_by_tls() {
    let folder = sqlite_folder();
    let none = doctor(folder.path(), &[]).0;
    assert!(!none.contains(" cors "), "{none}");
    for origins in ["https://app.example.org", "http://localhost:8080,http://127.0.0.1:5173, http://[::1]:1"] {
        let (said, well) = doctor(folder.path(), &[("CORS_ORIGINS", origins)]);
        assert!(well, "{said}");
        expect(&said, "ok", "cors", "may call the machine doors");
    }
    let (said, _) = doctor(folder.path(), &[("CORS_ORIGINS", "https://app.example.org, http://app.example.org:8080")]);
    expect(&said, "warning", "cors", "http://app.example.org:8080");
    let (said, well) = doctor(folder.path(), &[("CORS_ORIGINS", "https://app.example.org/")]);
    assert!(!well);
    expect(&said, "problem", "settings", "CORS_ORIGINS");
}

#[test]
fn settings_of_the_gate_that_contradict_each_other_are_told() {
    let folder = sqlite_folder();
    let none = doctor(folder.path(), &[]).0;
    assert!(!none.contains(" gate "), "{none}");
    let public_url = ("PUBLIC_URL", "https://id.example.org");
    let (origins, domain) = (("GATE_ORIGINS", "https://app.example.org"), ("GATE_COOKIE_DOMAIN", "example.org"));
    let proxies = ("TRUSTED_PROXIES", "127.0.0.1");
    for (settings, verdict, found) in [
        (&[public_url, origins, domain, proxies][..], "ok", "1 origins are behind"),
        (&[public_url, domain, proxies], "warning", "GATE_ORIGINS lists no application"),
        (&[public_url, origins, proxies], "warning", "GATE_COOKIE_DOMAIN is not"),
        (&[public_url, origins, domain], "warning", "TRUSTED_PROXIES is empty"),
        (&[public_url, ("GATE_ORIGINS", "https://app.example.com"), domain, proxies], "warning", "app.example.com"),
        (
            &[public_url, ("GATE_ORIGINS", "http://app.example.org"), domain, proxies],
            "warning",
            "http://app.example.org",
        ),
    ] {
        let (said, well) = doctor(folder.path(), settings);
        assert!(well, "{said}");
        expect(&said, verdict, "gate", found);
    }
    let (said, well) = doctor(folder.path(), &[public_url, ("GATE_COOKIE_DOMAIN", "org")]);
    assert!(!well);
    expect(&said, "problem", "settings", "GATE_COOKIE_DOMAIN");
}

#[test]
fn the_doctor_says_of_which_domain_the_passkeys_are_and_warns_of_an_address_that_can_have_none() {
    let folder = sqlite_folder();
    for (settings, verdict, found) in [
        (&[][..], "ok", "of the domain localhost"),
        (&[("PUBLIC_URL", "https://id.example.org")], "ok", "of the domain id.example.org"),
        (&[("PUBLIC_URL", "https://id.example.org"), ("WEBAUTHN_RP_ID", "example.org")], "ok", "domain example.org"),
        (&[("PUBLIC_URL", "http://127.0.0.1:3000")], "warning", "no passkeys"),
    ] {
        let (said, well) = doctor(folder.path(), settings);
        assert!(well, "{said}");
        expect(&said, verdict, "passkeys", found);
    }
}

#[test]
fn in_production_the_doctor_says_that_no_mail_is_sent_and_warns_of_mail_without_tls() {
    let folder = sqlite_folder();
    let none = doctor(folder.path(), &[]).0;
    assert!(!none.contains(" mail "), "{none}");
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org")];
    expect(&doctor(folder.path(), &production).0, "ok", "mail", "no mail is sent");
    for (url, verdict, found) in [
        ("smtps://user:hunter2@mail.example.org", "ok", "is set"),
        ("smtp://user:hunter2@mail.example.org?tls=required", "ok", "is set"),
        ("smtp://127.0.0.1", "ok", "is set"),
        ("smtp://user:hunter2@mail.example.org", "warning", "mail.example.org travel without TLS"),
        ("smtp://user:hunter2@mail.example.org?tls=opportunistic", "warning", "without TLS"),
    ] {
        let settings = [&production[..], &[("SMTP_URL", url), ("MAIL_FROM", "id@example.org")]].concat();
        let (said, well) = doctor(folder.path(), &settings);
        assert!(well && !said.contains("hunter2"), "{said}");
        expect(&said, verdict, "mail", found);
    }
}
