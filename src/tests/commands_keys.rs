//! The real binary's commands on keys, clients and tokens, beside a server that runs.

use std::path::Path;

use serde_json::Value;

use crate::commands::run_with;
use crate::harness::PASSWORD;
use crate::process::{Serving, handstamp, text};

const EDDSA: &[(&str, &str)] = &[("JWT_ALGORITHM", "EdDSA")];

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

#[test]
fn keys_are_rotated_and_retired_while_a_server_runs_and_it_knows_when_the_command_returns() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["user", "add", "ada", "--password-stdin"], PASSWORD);
    let serving = Serving::start_with(folder, EDDSA);
    let (old_key, next_key) = (key(folder, "active"), key(folder, "next"));
    let old = login(&serving);
    assert_eq!(status(&serving, &old), 200);

    let too_early = refused(folder, &["key", "rotate"], "");
    assert!(too_early.contains("wait") && too_early.contains("use --now"), "{too_early}");
    assert_eq!(said(folder, &["key", "rotate", "--now"], ""), format!("Rotated: {next_key} signs\n"));
    let new = login(&serving);
    assert_eq!(crate::harness::part(&new, 0)["kid"], next_key.as_str());
    assert_eq!([status(&serving, &old), status(&serving, &new)], [200, 200]);
    assert_eq!(key(folder, "retired"), old_key);
    assert!(said(folder, &["key", "list"], "").contains("  verifies until 20"));

    let retired = said(folder, &["key", "retire", &old_key, "--now"], "");
    assert_eq!(retired, format!("Retired {old_key}: its tokens are refused; {next_key} signs\n"));
    assert_eq!([status(&serving, &old), status(&serving, &new)], [401, 200]);
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
    said(folder, &["user", "list"], "");
    let changed: &[(&str, &str)] =
        &[("JWT_ALGORITHM", "EdDSA"), ("JWT_SECRET", "another secret, as long as it has to be")];

    let output = run_with(folder, &["key", "list"], changed, "");
    let line = text(&output.stderr);
    assert!(line.starts_with("handstamp: JWT_SECRET is not the one that sealed the keys"), "{line}");
    let way_out = line.trim_end().rsplit("handstamp ").next().unwrap();
    assert_eq!(way_out, "key retire --all --now");

    assert!(run_with(folder, &way_out.split(' ').collect::<Vec<_>>(), changed, "").status.success());
    assert!(run_with(folder, &["key", "list"], changed, "").status.success());
}

#[test]
fn a_shared_secret_is_printed_only_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |arguments: &[&str]| run_with(folder, arguments, &[], "");
    let rows: Value = serde_json::from_str(&text(&run(&["key", "list", "--json"]).stdout)).unwrap();
    let id = |state: &str| {
        let rows = rows.as_array().unwrap();
        rows.iter().find(|row| row["state"] == state).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        text(&run(&["key", "show", &id("active"), "--secret"]).stderr),
        "handstamp: this key is JWT_SECRET itself; whoever set it has it\n"
    );
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
    assert!(refused(folder, &["client", "add", "a b"], "").contains("this is no name for a client: use 1 to 64"));
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
        (format!("Bearer {token}"), "nothing but A-Z a-z 0-9 - _ and dots"),
        (signed.to_owned(), "three parts with dots between"),
        (format!("{signed}.AAAA"), "the signature is that key's"),
        (format!("e30.{}", token.split_once('.').unwrap().1), "the header is base64url"),
        ("x".repeat(70_000), "at most 4096 bytes"),
    ] {
        let line = refused(folder, &["token", "inspect"], &bad);
        assert!(line.starts_with("handstamp: the token is refused: it does not hold that "), "{line}");
        assert!(line.contains(failed), "{line}");
    }
    let json = run_with(folder, &["token", "inspect", "--json"], EDDSA, "a.b");
    assert_eq!(text(&json.stdout), "{\"accepted\":false,\"failed\":\"three parts with dots between\"}\n");

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
