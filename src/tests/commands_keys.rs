//! The real binary's commands on keys, clients and tokens, beside a running server.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::world::World;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::commands::run_with;
use crate::harness::{PASSWORD, part};
use crate::process::{Serving, Tokens, add_ada, eventually, handstamp, text};

const EDDSA: &[(&str, &str)] = &[("JWT_ALGORITHM", "EdDSA")];
/// The same as without a setting.
const HS256: &[(&str, &str)] = &[];

fn said(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run_with(folder, arguments, EDDSA, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run_with(folder, arguments, EDDSA, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    text(&output.stderr)
}

fn keys(folder: &Path) -> Vec<(String, String)> {
    let rows: Value = serde_json::from_str(&said(folder, &["key", "list", "--json"], "")).unwrap();
    let row = |row: &Value| (row["state"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned());
    rows.as_array().unwrap().iter().map(row).collect()
}

fn key(folder: &Path, state: &str) -> String {
    keys(folder).into_iter().find(|(known, _)| known == state).unwrap().1
}

fn login(serving: &Serving) -> String {
    let body = serde_json::json!({ "username": "ada", "password": PASSWORD }).to_string();
    let answer = ureq::post(format!("{}/login", serving.origin)).header("content-type", "application/json").send(&body);
    let answer: Value = serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn status(serving: &Serving, token: &str) -> u16 {
    let request = ureq::get(format!("{}/protected", serving.origin)).header("authorization", format!("Bearer {token}"));
    request.config().http_status_as_error(false).build().call().unwrap().status().as_u16()
}

#[tokio::test]
async fn keys_are_rotated_and_retired_while_a_server_runs_and_follows() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["user", "add", "ada", "--password-stdin"], PASSWORD);
    let serving = Serving::start_with(folder, EDDSA);
    let (old_key, next_key) = (key(folder, "active"), key(folder, "next"));
    let old = login(&serving);
    assert_eq!(status(&serving, &old), 200);

    let too_early = refused(folder, &["key", "rotate"], "");
    assert!(too_early.contains("; wait ") && too_early.ends_with(": handstamp key rotate --now\n"), "{too_early}");
    // This is a rotation too.
    assert_eq!(refused(folder, &["key", "retire", &old_key], "").split(';').next(), too_early.split(';').next());
    let rotated = said(folder, &["key", "rotate", "--now"], "");
    assert_eq!(rotated, format!("Rotated: {next_key} signs; a running server follows within a second\n"));
    eventually("the next key signs", async || part(&login(&serving), 0)["kid"] == next_key.as_str()).await;
    let new = login(&serving);
    assert_eq!([status(&serving, &old), status(&serving, &new)], [200, 200]);
    assert_eq!(key(folder, "retired"), old_key);
    assert!(said(folder, &["key", "list"], "").contains("  verifies until 20"));

    let retired = said(folder, &["key", "retire", &old_key, "--now"], "");
    let words = "a running server rejects its tokens within a second";
    assert_eq!(retired, format!("Retired {old_key}: {words}; {next_key} signs\n"));
    eventually("the key is out of use", async || status(&serving, &old) == 401).await;
    assert_eq!(status(&serving, &new), 200);
    assert!(keys(folder).iter().all(|(_, id)| *id != old_key));
    let unknown = refused(folder, &["key", "retire", "nonsense"], "");
    assert_eq!(unknown, "handstamp: there is no key with this id; `handstamp key list` shows them\n");
    assert!(!run_with(folder, &["key", "retire"], EDDSA, "").status.success());
    assert!(!run_with(folder, &["key", "retire", "--all"], EDDSA, "").status.success());

    let public: Value = serde_json::from_str(&said(folder, &["key", "show", &next_key], "")).unwrap();
    assert_eq!((&public["kid"], &public["d"]), (&next_key.as_str().into(), &Value::Null));
}

#[test]
fn after_the_secret_has_changed_the_way_out_is_the_one_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Serving::start_with(folder, EDDSA).stop();
    let before = keys(folder);
    let changed: &[(&str, &str)] =
        &[("JWT_ALGORITHM", "EdDSA"), ("JWT_SECRET", "another secret, as long as it has to be")];

    for asking in [&["key", "rotate", "--now"][..], &["key", "retire", before[0].1.as_str()], &["token", "inspect"]] {
        let line = text(&run_with(folder, asking, changed, "").stderr);
        assert!(line.starts_with("handstamp: JWT_SECRET is not the one that encrypted the keys"), "{line}");
    }
    assert_eq!(keys(folder), before);
    let mut server = handstamp(folder, &[], changed);
    server.env("RUST_LOG", "error");
    let line = Serving::spawn(server).err().unwrap().log;
    assert!(line.starts_with("handstamp: JWT_SECRET is not the one that encrypted the keys"), "{line}");
    let way_out = line.trim_end().rsplit("handstamp ").next().unwrap();
    assert_eq!(way_out, "key retire --all --now");

    assert!(run_with(folder, &way_out.split(' ').collect::<Vec<_>>(), changed, "").status.success());
    Serving::start_with(folder, changed);
}

#[test]
fn a_command_makes_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["user", "add", "ada", "--password-stdin"], PASSWORD);
    for looking in [&["user", "list"][..], &["session", "list", "ada"], &["client", "list"], &["key", "list"]] {
        said(folder, looking, "");
    }
    assert_eq!(said(folder, &["key", "list", "--json"], ""), "[]\n");
    let line = refused(folder, &["key", "rotate"], "");
    assert_eq!(line, "handstamp: there is no active key; a server makes one when it starts\n");
}

#[test]
fn commands_with_other_settings_than_the_server_leave_its_keys_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["user", "add", "ada", "--password-stdin"], PASSWORD);
    for (settings, ours, theirs) in [(EDDSA, "EdDSA", HS256), (HS256, "HS256", EDDSA)] {
        let serving = Serving::start_with(folder, settings);
        let (token, before) = (login(&serving), keys(folder));

        for looking in [&["user", "list"][..], &["session", "list", "ada"], &["client", "list"], &["key", "list"]] {
            let output = run_with(folder, looking, theirs, "");
            assert!(output.status.success(), "{looking:?}: {}", text(&output.stderr));
        }
        let inspected = run_with(folder, &["token", "inspect"], theirs, &token);
        assert!(inspected.status.success(), "{}", text(&inspected.stderr));
        for changing in [&["key", "rotate", "--now"][..], &["key", "retire", before[0].1.as_str(), "--now"]] {
            let line = text(&run_with(folder, changing, theirs, "").stderr);
            assert!(line.starts_with(&format!("handstamp: the keys in the store are for {ours} and ")), "{line}");
            assert!(line.ends_with(&format!("; set JWT_ALGORITHM={ours}, as the server has it\n")), "{line}");
        }

        assert_eq!(keys(folder), before, "{ours}");
        assert_eq!(status(&serving, &token), 200, "{ours}");
    }
}

#[test]
fn only_the_server_reads_the_key_file_and_a_server_without_it_says_what_to_do() {
    const ES256: &[(&str, &str)] = &[("JWT_ALGORITHM", "ES256")];
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("key.pem");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(World::system().new_key(Algorithm::ES256).kept().expose_secret()).unwrap();
    let said = |arguments: &[&str], settings: &[(&str, &str)], input: &str| {
        let output = run_with(folder, arguments, settings, input);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    said(&["user", "add", "ada", "--password-stdin"], ES256, PASSWORD);
    let serving = Serving::start_with(folder, &[ES256, &[("JWT_PRIVATE_KEY_FILE", "key.pem")]].concat());
    let token = login(&serving);

    // Commands work without the setting, and if the file cannot be read.
    for settings in [ES256.to_vec(), [ES256, &[("JWT_PRIVATE_KEY_FILE", "gone.pem")]].concat()] {
        for looking in [&["user", "list"][..], &["client", "list"], &["key", "list"]] {
            said(looking, &settings, "");
        }
        assert!(said(&["token", "inspect"], &settings, &token).contains("ada (session "));
    }

    serving.stop();
    let mut server = handstamp(folder, &[], ES256);
    server.env("RUST_LOG", "error");
    let line = Serving::spawn(server).err().unwrap().log;
    assert!(line.starts_with("handstamp: JWT_PRIVATE_KEY_FILE is not the file of the key "), "{line}");
    let way_out = line.trim_end().rsplit("handstamp ").next().unwrap();
    assert_eq!(way_out, "key rotate --now");

    said(&way_out.split(' ').collect::<Vec<_>>(), ES256, "");
    let serving = Serving::start_with(folder, ES256);
    assert_eq!(status(&serving, &token), 200, "and no user is signed out");
    assert_ne!(part(&login(&serving), 0)["kid"], part(&token, 0)["kid"]);
}

#[tokio::test]
async fn retiring_the_key_of_jwt_secret_says_what_else_is_derived_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let retire = |settings: &[(&str, &str)]| {
        let key = key(folder, "active");
        let retired = run_with(folder, &["key", "retire", &key, "--now"], settings, "");
        assert!(retired.status.success());
        text(&retired.stderr)
    };
    let serving = Serving::start(folder);
    let tokens = serving.login().await;

    let told = retire(HS256);
    assert!(told.starts_with("It is JWT_SECRET itself, "), "{told}");
    let what_to_do = "delete data/jwt_secret, run `handstamp key retire --all --now`, and start again\n";
    assert!(told.ends_with(what_to_do), "{told}");
    // The next key is independent of JWT_SECRET.
    assert_eq!(retire(HS256), "");
    let answer = serving.refresh(&tokens).await;
    assert_eq!(answer.status, 200, "a refresh token of before is good still: {answer:?}");
    let tokens = Tokens::of(&answer.json());

    serving.stop();
    fs::remove_file(folder.join("data/jwt_secret")).unwrap();
    said(folder, &["key", "retire", "--all", "--now"], "");
    let own = [("JWT_SECRET", "a secret of one's own, as long as it has to be")];
    let serving = Serving::start_with(folder, &own);
    serving.expect_ended(&tokens).await;
    assert!(retire(&own).contains("set a new JWT_SECRET, run "));
}

#[test]
fn a_shared_secret_is_printed_only_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Serving::start(folder).stop();
    let run = |arguments: &[&str]| run_with(folder, arguments, &[], "");
    let rows: Value = serde_json::from_str(&text(&run(&["key", "list", "--json"]).stdout)).unwrap();
    let id = |state: &str| {
        let rows = rows.as_array().unwrap();
        rows.iter().find(|row| row["state"] == state).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let kept_back = text(&run(&["key", "show", &id("active"), "--secret"]).stderr);
    assert!(kept_back.starts_with("handstamp: this key is JWT_SECRET itself, and refresh tokens"), "{kept_back}");
    assert!(text(&run(&["key", "show", &id("next")]).stderr).contains("add --secret"));
    let shown = text(&run(&["key", "show", &id("next"), "--secret"]).stdout);
    assert!(shown.starts_with("base64:") && shown.len() > 80, "64 random bytes");
}

#[test]
fn a_client_is_added_with_a_secret_that_is_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = said(folder, &["client", "add", "billing"], "");
    assert!(secret.starts_with("hs_cs_") && secret.trim_end().len() == 49, "{secret}");
    assert_eq!(refused(folder, &["client", "add", "billing"], ""), "handstamp: the name is taken\n");
    assert!(
        refused(folder, &["client", "add", "a b"], "").contains("this cannot be the name of a client: use 1 to 64")
    );
    assert!(said(folder, &["client", "list"], "").starts_with("billing "));
    let list = said(folder, &["client", "list", "--json"], "");
    assert!(list.starts_with(r#"[{"created_at":"#) && !list.contains(secret.trim()), "{list}");
    assert_eq!(said(folder, &["client", "remove", "billing"], ""), "Removed billing\n");
    assert_eq!(refused(folder, &["client", "remove", "billing"], ""), "handstamp: there is no such client\n");
}

#[test]
fn inspecting_a_token_says_which_check_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["user", "add", "ada", "--password-stdin"], PASSWORD);
    let serving = Serving::start_with(folder, EDDSA);
    let token = login(&serving);

    let accepted = said(folder, &["token", "inspect"], &format!("{token}\n"));
    assert_eq!(accepted.lines().filter(|line| line.starts_with("ok ")).count(), 16, "{accepted}");
    assert!(accepted.contains("ada (session "), "{accepted}");
    let (signed, _) = token.rsplit_once('.').unwrap();
    for (bad, failed) in [
        (format!("Bearer {token}"), "only A-Z a-z 0-9 - _ and dots"),
        (signed.to_owned(), "three parts, separated by dots"),
        (format!("{signed}.AAAA"), "the signature was made with that key"),
        (format!("e30.{}", token.split_once('.').unwrap().1), "the header is base64url"),
        ("x".repeat(70_000), "at most 4096 bytes"),
    ] {
        let line = refused(folder, &["token", "inspect"], &bad);
        assert!(line.starts_with("handstamp: the token is rejected; failed check: "), "{line}");
        assert!(line.contains(failed), "{line}");
    }
    let json = run_with(folder, &["token", "inspect", "--json"], EDDSA, "a.b");
    assert_eq!(text(&json.stdout), "{\"accepted\":false,\"failed\":\"three parts, separated by dots\"}\n");

    ureq::delete(format!("{}/logout", serving.origin))
        .header("authorization", format!("Bearer {token}"))
        .call()
        .unwrap();
    assert!(refused(folder, &["token", "inspect"], &token).contains("on the blocklist"));
}

#[test]
fn the_description_of_the_doors_needs_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let output = handstamp(folder.path(), &["openapi"], &[("JWT_ALGORITHM", "none")]).output().unwrap();
    let document: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert!(!folder.path().join("data").exists());
}
