//! `handstamp audience …`: the real binary, beside a running server; and what the commands say of keys of a new kind.

use std::path::Path;

use serde_json::{Value, json};

use crate::audiences::{ACCESS_TOKEN, EXCHANGE};
use crate::commands::run_with;
use crate::harness::{PASSWORD, part, send_to};
use crate::process::{Serving, eventually, handstamp, text};

fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = run_with(folder, arguments, &[], "");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run_with(folder, arguments, &[], "");
    assert!(!output.status.success(), "{arguments:?}");
    text(&output.stderr)
}

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

#[tokio::test]
async fn an_audience_is_added_and_removed_while_a_server_runs_and_heeds_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run_with(folder, &["user", "add", "ada", "--password-stdin"], &[], PASSWORD).status.success());
    let serving = Serving::start(folder);
    let login = format!("username=ada&password={PASSWORD}");
    let login = send_to(&serving.origin, "POST", "/login", &FORM, Some(&login)).await.json();
    let subject = login["access_token"].as_str().unwrap();
    let form =
        format!("grant_type={EXCHANGE}&subject_token={subject}&subject_token_type={ACCESS_TOKEN}&audience=dovecot");
    let exchange = async || send_to(&serving.origin, "POST", "/token", &FORM, Some(&form)).await;
    assert_eq!(exchange().await.json()["code"], "invalid_target");

    let added = said(folder, &["audience", "add", "dovecot", "--typ", "JWT", "--subject", "username"]);
    assert_eq!(added, "Added dovecot; a running server knows it within a second\n");
    eventually("the server knows the audience", async || exchange().await.status == 200).await;
    let stamp = exchange().await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!((&part(&stamp, 0)["typ"], &part(&stamp, 1)["sub"]), (&json!("JWT"), &json!("ada")));

    assert_eq!(said(folder, &["audience", "remove", "dovecot"]), "Removed dovecot\n");
    eventually("the server has forgotten it", async || exchange().await.status == 400).await;
    serving.stop();
}

#[test]
fn an_audience_without_options_is_as_our_own_tokens_and_options_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["audience", "add", "billing"]);
    let options = [
        "audience",
        "add",
        "mq",
        "--aud",
        "rabbitmq",
        "--typ",
        "JWT",
        "--subject",
        "username",
        "--client-id",
        "none",
        "--claims",
        r#"{"vhost":"/"}"#,
        "--scope",
        "mq.read mq.write",
        "--role",
        "staff",
        "--role",
        "member",
        "--expires",
        "2m",
    ];
    said(folder, &options);
    let show = |name: &str| {
        let shown: Value = serde_json::from_str(&said(folder, &["audience", "show", name, "--json"])).unwrap();
        shown
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "created_at")
            .map(|(_, value)| value.clone())
            .collect::<Value>()
    };
    // aud, claims, client_id, expires, name, roles, scope, subject, typ
    assert_eq!(show("billing"), json!(["billing", {}, null, null, "billing", [], "", "id", "at+jwt"]));
    let roles = json!(["staff", "member"]);
    assert_eq!(
        show("mq"),
        json!(["rabbitmq", {"vhost": "/"}, "", 120, "mq", roles, "mq.read mq.write", "username", "JWT"])
    );
    let words = said(folder, &["audience", "show", "billing"]);
    for line in ["client_id    as JWT_CLIENT_ID", "expires      with the access token", "roles        none needed"] {
        assert!(words.lines().any(|shown| shown == line), "{line}: {words}");
    }
    let list = said(folder, &["audience", "list"]);
    assert!(list.lines().nth(1).unwrap().ends_with(" aud rabbitmq  typ JWT"), "{list}");
    let list: Value = serde_json::from_str(&said(folder, &["audience", "list", "--json"])).unwrap();
    assert_eq!((&list[0]["name"], &list[1]["aud"]), (&json!("billing"), &json!("rabbitmq")));
}

#[test]
fn an_option_that_does_not_fit_is_named_and_nothing_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (options, words) in [
        (&["a b"][..], "cannot be the name of an audience: use 1 to 64"),
        (&["x", "--aud", "handstamp"], "--aud is this server's JWT_AUDIENCE"),
        (&["x", "--aud", "a b"], "--aud must have"),
        (&["x", "--typ", "jwt"], "[possible values: JWT, at+jwt]"),
        (&["x", "--subject", "email"], "[possible values: id, username]"),
        (&["x", "--client-id", ""], "--client-id is empty; use none"),
        (&["x", "--claims", r#"{"sub":"root"}"#], "would replace `sub`, a claim of the server"),
        (&["x", "--claims", r#"{"roles":["admin"]}"#], "would make every user an administrator"),
        (&["x", "--scope", "a  b"], "--scope must be"),
        (&["x", "--role", "two words"], "--role `two words` is not one name"),
        (&["x", "--expires", "2h"], "--expires must be whole seconds, from 1s to 60m"),
        (&["x", "--expires", "1500ms"], "--expires must be whole seconds"),
        (&["x", "--expires", "soon"], "invalid value 'soon'"),
    ] {
        let line = refused(folder, &[&["audience", "add"], options].concat());
        assert!(line.contains(words), "{options:?}: {line}");
    }
    assert_eq!(said(folder, &["audience", "list"]), "");
    said(folder, &["audience", "add", "x"]);
    let taken = "handstamp: the name is taken; remove that audience first\n";
    assert_eq!(refused(folder, &["audience", "add", "x", "--typ", "JWT"]), taken);
    for missing in [&["audience", "show", "y"], &["audience", "remove", "y"]] {
        let line = "handstamp: there is no such audience; `handstamp audience list` shows them\n";
        assert_eq!(refused(folder, missing), line);
    }
}

#[test]
fn the_help_says_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let help = said(folder.path(), &["audience", "add", "--help"]);
    for words in [
        "[default: NAME]",
        "[default: at+jwt]",
        "[default: id]",
        "[default: JWT_CLIENT_ID]",
        "[default: {}]",
        "every user gets tokens",
        "remaining life of the access token",
    ] {
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
        assert!(help.contains(words), "{words}: {help}");
    }
    assert!(said(folder.path(), &["audience", "--help"]).contains("Example: handstamp audience add dovecot"));
}

#[test]
fn whom_a_key_of_a_new_kind_stops_is_said_before_the_change_at_the_change_and_at_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let with = |algorithm: &'static str| [("JWT_ALGORITHM", algorithm)];
    let doctor = |algorithm| text(&handstamp(folder, &["doctor"], &with(algorithm)).output().unwrap().stdout);
    let rotate = |algorithm| {
        let output = run_with(folder, &["key", "rotate", "--now"], &with(algorithm), "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    Serving::start_with(folder, &with("ES256")).stop();
    assert!(doctor("ES256").contains("ok       readers     all that we tried accept ES256, except @hapi/jwt 3.2"));
    assert_eq!(rotate("ES256"), "", "all keys are of one kind");

    let before = doctor("EdDSA");
    assert!(
        before.contains("warning  readers     the next start changes the algorithm from ES256 to EdDSA"),
        "{before}"
    );
    assert!(before.contains("biscuit 0.8 cannot read a key set with a key for EdDSA"), "{before}");
    let (_, log) = Serving::start_with(folder, &with("EdDSA")).stop();
    let words = "The key set has keys of a new kind, which stops some services: biscuit 0.8";
    assert!(log.contains(words), "{log}");
    let (_, log) = Serving::start_with(folder, &with("EdDSA")).stop();
    assert!(!log.contains(words), "it is said once");
    let note = rotate("EdDSA");
    assert!(note.starts_with("The key set has keys of two kinds, which stops some services: biscuit 0.8"), "{note}");
}
