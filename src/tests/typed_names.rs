//! White space around a username: ignored wherever one is typed or sent (contract, section 9.1). And the spaces in a
//! password, which count.

use handstamp::server::domain::throttle::PAIR;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows;
use percent_encoding::percent_encode_byte;
use serde_json::{Value, json};

use crate::commands::run_with;
use crate::harness::{Answer, PASSWORD, TestApp};
use crate::process::{Serving, text};

/// As keyboards, spreadsheets and copied lines add it.
const TYPED: [&str; 7] =
    ["ada ", " ada", "\tAda\t", "ada\r\n", "\u{a0}ada\u{a0}", "\u{3000}ａｄａ\u{3000}", "\u{2003}ADA \u{2029}"];
const NOTHING: [&str; 5] = ["", " ", "\t\r\n", "\u{a0}", "\u{3000}\u{2003} "];
const MISSING: &str = "400 missing_username Missing username parameter";

async fn send(app: &TestApp, path: &str, name: &str, password: &str) -> Answer {
    app.post_json(path, &json!({ "username": name, "password": password }).to_string()).await
}

/// Percent-encoded for a form.
fn encoded(text: &str) -> String {
    text.bytes().map(percent_encode_byte).collect()
}

#[tokio::test]
async fn white_space_around_a_username_is_ignored_at_every_door() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    app.add_user("ada").await;
    for typed in TYPED {
        let name = encoded(typed);
        let form = format!("username={name}&password={PASSWORD}");
        for answer in [
            send(&app, "/login", typed, PASSWORD).await,
            app.post_form("/login", &form).await,
            app.call("login", None, &form).await,
        ] {
            assert_eq!(answer.status, 200, "{typed:?}: {answer:?}");
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            assert_eq!(app.get_as("/me", &token).await.json()["username"], "ada", "{typed:?}");
        }
        // The sign-up gets the name without it, and that name is taken.
        for answer in [send(&app, "/signup", typed, PASSWORD).await, app.call("signup", None, &form).await] {
            assert_eq!(answer.error(), "409 username_taken Username is taken", "{typed:?}");
        }
    }
    let made = send(&app, "/signup", "\u{a0} Grace ", PASSWORD).await;
    assert_eq!((made.status, &made.json()["username"]), (201, &json!("grace")), "{made:?}");
    for nothing in NOTHING {
        let form = format!("username={}&password={PASSWORD}", encoded(nothing));
        for answer in [
            send(&app, "/login", nothing, PASSWORD).await,
            send(&app, "/signup", nothing, PASSWORD).await,
            app.call("login", None, &form).await,
            app.call("signup", None, &form).await,
        ] {
            assert_eq!(answer.error(), MISSING, "{nothing:?}");
        }
    }
    // Inside the name it still makes another name, which no account has.
    assert_eq!(send(&app, "/login", "a da", PASSWORD).await.status, 401);
    assert!(send(&app, "/signup", "a da", PASSWORD).await.error().starts_with("400 invalid_username"));
}

#[tokio::test]
async fn the_first_account_has_the_name_without_white_space() {
    let app = TestApp::start().await;
    let code = app.state.setup_code.as_ref().unwrap().to_string();
    let setup = |name: &str| format!("code={code}&username={}&password={PASSWORD}", encoded(name));
    assert_eq!(app.call("setup", None, &setup("\u{3000}")).await.error(), MISSING);
    let made = app.call("setup", None, &setup(" Ada\u{a0}")).await;
    assert_eq!(made.status, 200, "{made:?}");
    let me = app.get_as("/me", made.json()["access_token"].as_str().unwrap()).await.json();
    assert_eq!((&me["username"], &me["roles"]), (&json!("ada"), &json!(["admin"])));
}

#[tokio::test]
async fn tries_are_counted_for_the_name_however_much_white_space_is_around_it() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let tries = usize::try_from(PAIR.free).unwrap();
    for typed in TYPED.iter().cycle().take(tries) {
        assert_eq!(send(&app, "/login", typed, "wrong").await.status, 401, "{typed:?}");
    }
    for typed in TYPED.iter().chain(&["ada"]) {
        assert_eq!(send(&app, "/login", typed, PASSWORD).await.status, 429, "{typed:?}");
    }
}

#[tokio::test]
async fn an_administrator_finds_a_user_by_what_was_typed() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    flows::add_user(&app.state, "root", PASSWORD.into(), Roles::admin()).await.unwrap();
    let root = app.login("root").await;
    for typed in TYPED.iter().chain(&["\u{a0}ad", " DA "]) {
        let found = app.get_as(&format!("/api/admin/users?search={}", encoded(typed)), &root).await.json();
        let names: Vec<_> = found["users"].as_array().unwrap().iter().map(|user| &user["username"]).collect();
        assert_eq!(names, ["ada"], "{typed:?}");
    }
    let all = app.get_as(&format!("/api/admin/users?search={}", encoded("\u{3000} ")), &root).await.json();
    assert_eq!(all["users"].as_array().unwrap().len(), 2, "nothing was searched for");
}

#[test]
fn white_space_around_a_username_is_ignored_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| {
        let output = run_with(folder.path(), arguments, &[], input);
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let does = |arguments: &[&str], input: &str| {
        let (done, out, err) = run(arguments, input);
        assert!(done, "{arguments:?}: {err}");
        out
    };
    let password = format!("{PASSWORD}\n");
    assert_eq!(does(&["user", "add", "\u{a0}Ada ", "--password-stdin"], &password), "Added ada\n");
    // Another administrator, so that ada is not the last one.
    does(&["user", "add", "root", "--admin", "--password-stdin"], &password);
    for typed in TYPED {
        assert!(does(&["user", "list", "--search", typed], "").starts_with("ada "), "{typed:?}");
    }
    for command in [
        &["user", "promote", " ada"][..],
        &["user", "demote", "ada\t"],
        &["user", "disable", "\u{3000}ada"],
        &["user", "enable", "ada\u{a0}"],
        &["user", "passwd", " ada ", "--password-stdin"],
        &["user", "events", "ada "],
        &["session", "list", " ada"],
        &["session", "end", "--user", "ada\n"],
        &["user", "remove", "\tada"],
    ] {
        does(command, &password);
    }
    for nothing in NOTHING {
        let (done, _, err) = run(&["user", "add", nothing, "--password-stdin"], &password);
        assert!(!done && err.contains("no username"), "{nothing:?}: {err}");
        let (done, _, err) = run(&["user", "disable", nothing], "");
        assert!(!done && err.contains("there is no such user"), "{nothing:?}: {err}");
    }
}

#[tokio::test]
async fn spaces_of_other_keyboards_are_the_same_in_a_password_and_none_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let chosen = "  caf\u{e9}\u{a0}mauve\u{3000}orchid to go\u{2003}";
    let added = run_with(folder.path(), &["user", "add", "ada", "--password-stdin"], &[], &format!("{chosen}\n"));
    assert!(added.status.success(), "{}", text(&added.stderr));
    let serving = Serving::start(folder.path());
    let login = async |password: &str| {
        let body = json!({ "username": "ada", "password": password }).to_string();
        let json = [("content-type", "application/json")];
        crate::harness::send_to(&serving.origin, "POST", "/login", &json, Some(&body)).await
    };
    for right in
        [chosen, "  cafe\u{301} mauve orchid to go ", "\u{2000}\u{205f}caf\u{e9} mauve\u{1680}orchid\u{202f}to go "]
    {
        let answer = login(right).await;
        assert_eq!(answer.status, 200, "{right:?}: {answer:?}");
    }
    for wrong in [chosen.trim(), " caf\u{e9} mauve orchid to go ", "  caf\u{e9}\tmauve orchid to go "] {
        let refused: Value = login(wrong).await.json();
        assert_eq!(refused["code"], "bad_credentials", "{wrong:?}");
    }
}
