//! The real binary: its commands, and what it prints at the start and at the end.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::username::Username;
use handstamp::server::store::Store;

use crate::databases::sqlite_folder;
use crate::harness::{PASSWORD, event};
use crate::process::{Serving, database, eventually, handstamp, text};

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    run_with(folder, arguments, &[], input)
}

pub fn run_with(folder: &Path, arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Output {
    let mut child = handstamp(folder, arguments, settings).spawn().unwrap();
    // A command that fails before it reads closes the pipe. Its output matters then, not its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_second_factors_of_a_user_are_listed_and_reset() {
    let folder = sqlite_folder();
    assert!(run(folder.path(), &["user", "add", "ada", "--password-stdin"], PASSWORD).status.success());
    let list =
        |more: &[&str]| text(&run(folder.path(), &[&["user", "factors", "list", "ada"], more].concat(), "").stdout);
    insta::assert_snapshot!(list(&[]), @r"
    authenticator app  no
    passkeys           0
    recovery codes     0 left
    ");
    assert_eq!(list(&["--json"]), "{\"passkeys\":0,\"recovery_codes\":0,\"totp\":false}\n");
    let reset = run(folder.path(), &["user", "factors", "reset", "ada"], "");
    assert_eq!(text(&reset.stdout), "Removed all second factors of ada; all sessions end within a second\n");
    let nobody = run(folder.path(), &["user", "factors", "reset", "nobody"], "");
    assert!(!nobody.status.success() && text(&nobody.stderr).contains("there is no such user"));
}

#[test]
fn help_names_the_commands_and_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &["--help"], "");
    assert!(help.status.success());
    let help = text(&help.stdout);
    for setting in &handstamp::server::config::SETTINGS {
        assert!(help.contains(setting.name), "{}", setting.name);
    }
    assert!(help.contains("Example: "), "{help}");
    insta::assert_snapshot!(text(&run(folder.path(), &["user", "--help"], "").stdout), @r#"
    Add, list, disable and remove users, set their passwords

    Usage: handstamp user <COMMAND>

    Commands:
      add      Add a user
      list     List users, how many sessions each has and when it was last used
      passwd   Set a user's password and end all sessions of that user
      disable  Disable a user and end all sessions of that user; the account stays. Not the last administrator
      enable   Let a disabled user sign in again
      remove   Remove a user and end all sessions of that user. Not the last administrator
      promote  Make a user an administrator; all sessions of that user end
      demote   Make an administrator a normal user; all sessions of that user end. Not the last administrator
      invite   Print a link with which one person can create an account, even if sign-up is closed
      factors  List a user's second factors, or remove them if the user has lost them
      events   List the events of one account or of all accounts, newest first
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example: printf '%s' "$PASSWORD" | handstamp user add ada --password-stdin
    "#);
    insta::assert_snapshot!(text(&run(folder.path(), &["store", "--help"], "").stdout), @r"
    Copy a store to another database, for example from SQLite to PostgreSQL

    Usage: handstamp store <COMMAND>

    Commands:
      copy  Copy everything into an empty database, while all servers are stopped. If it fails, run it again
      help  Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help

    Example: handstamp store copy --from sqlite:data/handstamp.db --to postgres://handstamp@localhost/handstamp
    ");
    insta::assert_snapshot!(text(&run(folder.path(), &["store", "copy", "--help"], "").stdout), @r"
    Copy everything into an empty database, while all servers are stopped. If it fails, run it again

    Usage: handstamp store copy --from <URL> --to <URL>

    Options:
          --from <URL>  The database to copy, like sqlite:data/handstamp.db
          --to <URL>    An empty database, like postgres://handstamp@localhost/handstamp
      -h, --help        Print help
    ");
    let events = text(&run(folder.path(), &["user", "events", "--help"], "").stdout);
    assert!(events.contains("the events of all accounts, also of removed ones"), "{events}");
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], input: &str| {
        let output = run(folder.path(), arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let refused = |arguments: &[&str], input: &str| {
        let output = run(folder.path(), arguments, input);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        text(&output.stderr)
    };

    assert_eq!(said(&["user", "add", "Ada", "--admin", "--password-stdin"], &format!("{PASSWORD}\n")), "Added ada\n");
    assert_eq!(said(&["user", "add", "bob", "--password-stdin"], PASSWORD), "Added bob\n");
    assert_eq!(refused(&["user", "add", "ADA", "--password-stdin"], PASSWORD), "handstamp: the name is taken\n");
    let short = refused(&["user", "add", "eve", "--password-stdin"], "short\n");
    assert_eq!(short, "handstamp: the password is too short\n");

    let list: serde_json::Value = serde_json::from_str(&said(&["user", "list", "--json"], "")).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!((&list[0]["username"], &list[0]["roles"][0]), (&"ada".into(), &"admin".into()));
    assert_eq!((&list[0]["sessions"], &list[0]["last_used_at"]), (&0.into(), &serde_json::Value::Null));
    assert!(said(&["user", "list"], "").starts_with("ada                      admin    20"));
    assert!(said(&["user", "list", "--search", "BO"], "").starts_with("bob "));
    assert_eq!(said(&["user", "list", "--search", "eve"], ""), "");
    assert_eq!(said(&["user", "list", "--search", "eve", "--json"], ""), "[]\n");

    said(&["user", "passwd", "bob", "--password-stdin"], "another long password");
    said(&["user", "remove", "bob"], "");
    assert_eq!(refused(&["user", "remove", "bob"], ""), "handstamp: there is no such user\n");
    assert_eq!(said(&["user", "list", "--json"], "").matches("username").count(), 1);
}

#[test]
fn a_bad_setting_or_secret_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("JWT_SECRET", "secret"),
        ("JWT_SECRET", "your-256-bit-secret"),
        ("JWT_SECRET", "A-string-secret-at-least-256-bits-long"),
        ("JWT_SECRET", "-----BEGIN PUBLIC KEY-----"),
        ("JWT_LEEWAY", "1h"),
        ("RUST_LOG", "=,="),
        ("DATABASE_URL", "sqlite:/proc/nowhere/handstamp.db"),
        ("LEPTOS_SITE_ADDR", "203.0.113.1:1"),
    ] {
        let output = handstamp(folder.path(), &[], &[(name, value)]).output().unwrap();
        let said = text(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{name}={value}: {said}");
        assert!(output.stdout.is_empty(), "{name}={value} listened");
        assert!(last.starts_with("handstamp: ") && last.contains("; "), "{name}={value}: {said}");
        let secret_shown = name == "JWT_SECRET" && value.len() > 10 && said.contains(value);
        assert!(!secret_shown, "{said}");
    }
}

#[test]
fn h19_a_secret_is_generated_once_and_kept_for_the_owner_alone() {
    let folder = sqlite_folder();
    let kept = folder.path().join("data/jwt_secret");
    run(folder.path(), &["user", "list"], "");
    let first = fs::read_to_string(&kept).unwrap();
    for private in [&kept, &folder.path().join("data/handstamp.db")] {
        assert_eq!(fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(first.starts_with("base64:") && first.len() > 80, "64 random bytes");
    assert_eq!(fs::metadata(folder.path().join("data")).unwrap().permissions().mode() & 0o777, 0o700);

    run(folder.path(), &["user", "list"], "");
    assert_eq!(fs::read_to_string(&kept).unwrap(), first);

    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(folder.path(), &["user", "list"], "");
    assert_eq!(
        text(&refused.stderr),
        "handstamp: other users can read data/jwt_secret (mode 644); run: chmod 600 data/jwt_secret\n"
    );
}

#[test]
fn settings_come_from_a_file_and_the_environment_wins() {
    let folder = sqlite_folder();
    fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite:elsewhere/here.db\nPASSWORD_MIN_LENGTH=8\n").unwrap();
    assert!(run(folder.path(), &["user", "add", "ada", "--password-stdin"], "k7#vQx2p").status.success());
    assert!(folder.path().join("elsewhere/here.db").exists());
    assert!(!folder.path().join("data").exists());

    let mut child =
        handstamp(folder.path(), &["user", "add", "bob", "--password-stdin"], &[("PASSWORD_MIN_LENGTH", "9")]);
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"k7#vQx2p").unwrap();
    assert!(!child.wait_with_output().unwrap().status.success());
}

#[test]
fn the_first_start_prints_a_one_time_link_and_the_log_never_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path());
    let link = serving.lines.next().unwrap().unwrap();
    let code = link.split("/setup#").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(code.len(), 22, "{link}");

    let origin = serving.origin.clone();
    let post = |path: &str, body: &str| {
        let request = ureq::post(format!("{origin}{path}")).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send(body).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()
    };
    let first = post("/api/setup", &format!("code={code}&username=ada&password={PASSWORD}"));
    let second = post("/login", &format!("username=ada&password={PASSWORD}"));
    let tokens = [&first, &second].map(|answer| answer["access_token"].as_str().unwrap().to_owned());
    ureq::delete(format!("{origin}/logout")).header("authorization", format!("Bearer {}", tokens[1])).call().unwrap();

    let (status, log) = serving.stop();

    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("Signed in user `ada`") && log.contains("Signed out"), "{log}");
    let secret = fs::read_to_string(folder.path().join("data/jwt_secret")).unwrap();
    let signatures = tokens.iter().map(|token| token.rsplit('.').next().unwrap());
    for secret in signatures.chain([PASSWORD, &code, secret.trim(), secret.trim().trim_start_matches("base64:")]) {
        assert!(!log.contains(secret), "the log at its most talkative holds `{secret}`");
    }
}

#[tokio::test]
async fn a_running_server_rejects_what_the_command_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    run(folder.path(), &["user", "add", "ada", "--password-stdin"], PASSWORD);
    let serving = Serving::start(folder.path());
    let login = || {
        let body = serde_json::json!({ "username": "ada", "password": PASSWORD }).to_string();
        let request = ureq::post(format!("{}/login", serving.origin)).header("content-type", "application/json");
        let mut answer = request.config().http_status_as_error(false).build().send(&body).unwrap();
        let body: serde_json::Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        body["access_token"].as_str().map(|token| format!("Bearer {token}"))
    };
    let status = |authorization: &str| {
        let request = ureq::get(format!("{}/protected", serving.origin)).header("authorization", authorization);
        request.config().http_status_as_error(false).build().call().unwrap().status().as_u16()
    };
    let refused_soon = async |authorization: &str| {
        eventually("the server learns of it", async || status(authorization) == 401).await;
    };

    let (first, second, third) = (login().unwrap(), login().unwrap(), login().unwrap());
    let listed: serde_json::Value = serde_json::from_str(&command(&["session", "list", "ada", "--json"])).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(command(&["user", "list"]).contains("  sessions 3  used 20"));
    let id = crate::harness::part(first.trim_start_matches("Bearer "), 1)["sid"].as_str().unwrap().to_owned();
    command(&["session", "end", &id]);
    refused_soon(&first).await;
    assert_eq!(status(&second), 200);
    let again = run(folder.path(), &["session", "end", &id], "");
    assert!(text(&again.stderr).starts_with("handstamp: there is no session"), "{again:?}");

    assert!(command(&["session", "end", "--user", "ada"]).starts_with("Ended 2 sessions"));
    refused_soon(&second).await;
    refused_soon(&third).await;

    let fourth = login().unwrap();
    command(&["user", "disable", "ada"]);
    refused_soon(&fourth).await;
    assert!(command(&["user", "list"]).contains("disabled"));
    assert_eq!(login(), None);
    command(&["user", "enable", "ada"]);
    let fifth = login().unwrap();
    assert_eq!(status(&fifth), 200);
    command(&["user", "remove", "ada"]);
    refused_soon(&fifth).await;
}

#[test]
fn the_command_line_promotes_demotes_invites_and_lists_events() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], input: &str| {
        let output = run(folder.path(), arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    said(&["user", "add", "root", "--admin", "--password-stdin"], PASSWORD);
    said(&["user", "add", "ada", "--password-stdin"], PASSWORD);

    assert_eq!(said(&["user", "promote", "ada"], ""), "ada is an administrator from the next sign-in on\n");
    assert_eq!(said(&["user", "list", "--json"], "").matches(r#""roles":["admin"]"#).count(), 2);
    assert_eq!(
        said(&["user", "demote", "ada"], ""),
        "ada is no longer an administrator; all sessions end within a second\n"
    );
    assert!(said(&["user", "list", "--json"], "").contains(r#""roles":[]"#));

    let link = said(&["user", "invite"], "");
    let (page, code) = link.trim_end().split_once('#').unwrap();
    assert_eq!((page, code.len()), ("http://localhost:0/signup", 22));

    let events: serde_json::Value = serde_json::from_str(&said(&["user", "events", "ada", "--json"], "")).unwrap();
    let mut kinds: Vec<_> = events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["made_admin", "signed_up", "unmade_admin"]);
    assert_eq!(said(&["user", "events", "ada"], "").lines().count(), 3);
    let nobody = run(folder.path(), &["user", "promote", "nobody"], "");
    assert_eq!(text(&nobody.stderr), "handstamp: there is no such user\n");
}

#[tokio::test]
async fn all_stored_events_are_listed_also_those_of_removed_accounts() {
    let folder = sqlite_folder();
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, PASSWORD);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    said(&["user", "add", "ada", "--password-stdin"]);
    said(&["user", "add", "bob", "--password-stdin"]);
    said(&["user", "remove", "bob"]);
    let store = Store::open(&format!("sqlite:{}", database(folder.path()).display())).await.unwrap();
    let (ada, _) = store.find_user(&Username::parse("ada").unwrap()).await.unwrap().unwrap();
    for _ in 0..70 {
        store.enable_user(ada.id, &event(EventKind::Enabled)).await.unwrap();
    }
    store.close().await;

    let told = said(&["user", "events"]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 73);
    assert!(lines[70].contains("  bob                      removed "), "{}", lines[70]);
    let told: serde_json::Value = serde_json::from_str(&said(&["user", "events", "--json"])).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 73);
    assert_eq!((&told[0]["username"], &told[71]["username"]), (&"ada".into(), &"bob".into()));
    assert_eq!(said(&["user", "events", "ada"]).lines().count(), 71);
    let gone = run(folder.path(), &["user", "events", "bob"], "");
    assert_eq!(text(&gone.stderr), "handstamp: there is no such user\n");
}
