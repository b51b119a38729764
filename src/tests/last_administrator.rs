//! The last administrator stays: neither the command line nor a page nor its owner can take it away. Only those count who
//! can sign in.

use handstamp::server::domain::user::Roles;
use handstamp::server::domain::username::Username;
use handstamp::server::flows::{self, Actor, Target};

use crate::commands::run_with;
use crate::harness::{Answer, PASSWORD, TestApp};
use crate::process::{sql, text};

const LAST: &str = "409 last_administrator The last administrator stays";

async fn enabled_administrators(app: &TestApp) -> i64 {
    let administrators = app.state.store.administrators().await.unwrap();
    administrators.all - administrators.disabled
}

async fn delete_own(app: &TestApp, token: &str) -> Answer {
    app.call("delete-account", Some(token), &format!("password={PASSWORD}")).await
}

/// The three deeds that leave one administrator fewer, done by the operator.
async fn operator_is_refused(app: &TestApp, name: &str) {
    let (state, target, by) = (&app.state, Target::Name(name), &Actor::Operator);
    for refused in [
        flows::set_admin(state, target, false, by).await,
        flows::disable_user(state, target, by).await,
        flows::remove_user(state, target, by).await,
    ] {
        let said = refused.unwrap_err().to_string();
        assert_eq!(said, "the last administrator stays; make another one first: handstamp user promote NAME");
    }
}

#[tokio::test]
async fn the_last_administrator_cannot_delete_the_own_account() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    app.add_user("ada").await;
    let token = app.login("root").await;

    let wrong = app.call("delete-account", Some(&token), "password=wrong").await;
    assert_eq!(wrong.error(), "401 bad_credentials Bad username or password", "nobody else is told");
    assert_eq!(delete_own(&app, &token).await.error(), LAST);
    assert_eq!(app.get_as("/api/admin/users", &token).await.status, 200, "the session has not ended");

    app.add_administrator("second").await;
    assert_eq!(delete_own(&app, &token).await.status, 200);
    assert_eq!(enabled_administrators(&app).await, 1);
}

#[tokio::test]
async fn the_operator_cannot_take_the_last_administrator_away_and_nothing_of_it_is_done() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    let token = app.login("root").await;

    operator_is_refused(&app, "root").await;

    assert_eq!(app.get_as("/api/admin/users", &token).await.status, 200);
    let events = app.get_as("/api/admin/events", &token).await.json();
    let kinds: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["signed_in", "signed_up"], "no event tells of what was not done");
    // What costs no administrator goes on.
    flows::set_admin(&app.state, Target::Name("root"), true, &Actor::Operator).await.unwrap();
    flows::change_password(&app.state, Target::Name("root"), PASSWORD.into(), &Actor::Operator).await.unwrap();
    flows::end_all_sessions(&app.state, Target::Name("root"), &Actor::Operator).await.unwrap();
}

#[tokio::test]
async fn an_administrator_who_is_disabled_does_not_count() {
    let app = TestApp::start().await;
    app.add_administrator("root").await;
    app.add_administrator("locked").await;
    flows::disable_user(&app.state, Target::Name("locked"), &Actor::Operator).await.unwrap();

    operator_is_refused(&app, "root").await;
    // A disabled administrator can be removed: as many as before can sign in.
    flows::set_admin(&app.state, Target::Name("locked"), false, &Actor::Operator).await.unwrap();
    flows::remove_user(&app.state, Target::Name("locked"), &Actor::Operator).await.unwrap();
    operator_is_refused(&app, "root").await;

    flows::add_user(&app.state, "heir", PASSWORD.into(), Roles::admin()).await.unwrap();
    flows::remove_user(&app.state, Target::Name("root"), &Actor::Operator).await.unwrap();
    operator_is_refused(&app, "heir").await;
}

#[tokio::test]
async fn of_two_administrators_who_take_the_role_from_each_other_one_is_left() {
    let app = TestApp::start().await;
    for (number, door) in ["admin/set-admin", "admin/disable-user", "admin/remove-user"].into_iter().enumerate() {
        for round in 0..5 {
            let names = [format!("ada{number}{round}"), format!("bob{number}{round}")];
            let mut tokens = Vec::new();
            for name in &names {
                app.add_administrator(name).await;
                tokens.push(app.login(name).await);
            }
            for name in app.state.store.list_users().await.unwrap() {
                if !names.iter().any(|kept| kept == name.username.as_str()) {
                    flows::remove_user(&app.state, Target::Name(name.username.as_str()), &Actor::Operator)
                        .await
                        .unwrap();
                }
            }
            let mut deeds = Vec::new();
            for name in &names {
                let name = Username::parse(name).unwrap();
                let id = app.state.store.find_user(&name).await.unwrap().unwrap().0.id;
                deeds.push(format!("id={id}&admin=false"));
            }

            let (one, other) =
                tokio::join!(app.call(door, Some(&tokens[0]), &deeds[1]), app.call(door, Some(&tokens[1]), &deeds[0]),);

            let done = [&one, &other].into_iter().filter(|answer| answer.status == 200).count();
            assert_eq!(done, 1, "{door}: {one:?} {other:?}");
            assert_eq!(enabled_administrators(&app).await, 1, "{door}");
        }
    }
}

#[tokio::test]
async fn a_disabled_administrator_stays_too_if_there_is_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| run_with(folder.path(), arguments, &[], input).status.success();
    assert!(run(&["user", "add", "root", "--admin", "--password-stdin"], PASSWORD));
    // Earlier versions let the last administrator be disabled.
    sql(folder.path(), "UPDATE users SET disabled_at = 1").await;
    for action in ["demote", "remove"] {
        assert!(!run(&["user", action, "root"], ""), "{action}");
    }
    assert!(run(&["user", "enable", "root"], ""));
}

#[test]
fn the_command_line_says_what_to_do_first() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| run_with(folder.path(), arguments, &[], input);
    let invited = || text(&run(&["user", "invite"], "").stderr);
    let before = "It works only after there is an administrator. Run: handstamp user promote NAME";
    assert!(invited().contains(before));
    assert!(run(&["user", "add", "root", "--admin", "--password-stdin"], PASSWORD).status.success());
    assert!(!invited().contains(before));
    for deed in ["demote", "disable", "remove"] {
        let output = run(&["user", deed, "root"], "");
        assert_eq!(output.status.code(), Some(1), "{deed}");
        let said = text(&output.stderr);
        assert_eq!(
            said,
            "handstamp: the last administrator stays; make another one first: handstamp user promote NAME\n"
        );
        assert!(output.stdout.is_empty(), "{deed}");
    }
    assert!(run(&["user", "add", "heir", "--password-stdin"], PASSWORD).status.success());
    assert!(run(&["user", "promote", "heir"], "").status.success());
    assert!(run(&["user", "remove", "root"], "").status.success());
}
