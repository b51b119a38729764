//! Refresh: rotation, lost answers, many requests at once, and stolen refresh tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use handstamp::server::flows::{self, Actor, Target};
use secrecy::ExposeSecret as _;

use crate::harness::{MORNING, PASSWORD, TestApp, bearer, part};

const REVOKED: &str = "401 token_revoked Token has been revoked";
const EXPIRED: &str = "401 token_expired Token has expired";
const INVALID: &str = "401 invalid_token Invalid token";
const REUSED: &str = "401 refresh_token_reused Refresh token was used before; the session has ended";

async fn start_with_ada(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(settings).await;
    app.add_user("ada").await;
    app
}

#[tokio::test]
async fn a_refresh_gives_the_next_refresh_token_and_a_new_access_token() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    assert!(first.refresh.starts_with("hs_rt_"), "{first:?}");
    app.pass(Duration::from_mins(4));

    let answer = app.refresh(&first.refresh).await;

    let second = answer.tokens();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("set-cookie"), None);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 5, "{body}");
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &300.into()));
    assert_eq!(body["refresh_expires_in"], 14 * 24 * 3600);
    assert_ne!(second.refresh, first.refresh);
    let (old, new) = (part(&first.access, 1), part(&second.access, 1));
    assert_eq!((&old["sid"], &old["sub"]), (&new["sid"], &new["sub"]));
    assert_ne!(old["jti"], new["jti"]);
    app.pass(Duration::from_mins(2));
    assert_eq!(app.protected(&first.access).await.error(), EXPIRED);
    assert_eq!(app.protected(&second.access).await.status, 200);
}

#[tokio::test]
async fn it_comes_in_the_header_a_form_or_json() {
    let app = start_with_ada(&[]).await;
    let mut tokens = app.tokens("ada").await;
    tokens = app.post_form("/refresh", &format!("refresh_token={}", tokens.refresh)).await.tokens();
    tokens = app.post_json("/refresh", &format!(r#"{{"refresh_token":"{}"}}"#, tokens.refresh)).await.tokens();
    tokens = app.refresh(&tokens.refresh).await.tokens();
    // The form of an OAuth client.
    let grant = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    tokens = app.post_form("/refresh", &grant).await.tokens();
    assert_eq!(app.protected(&tokens.access).await.status, 200);

    let missing = "401 missing_token Missing Authorization Header";
    assert_eq!(app.send("POST", "/refresh", &[], None).await.error(), missing);
    assert_eq!(app.post_form("/refresh", "").await.error(), missing);
    assert_eq!(app.post_json("/refresh", "{}").await.error(), missing);
    assert_eq!(app.post_json("/refresh", "[]").await.error(), "400 invalid_request Malformed request");
    let basic = app.send("POST", "/refresh", &[("authorization", "Basic eDp5")], None).await;
    assert!(basic.error().starts_with("401 bad_authorization_header"), "{basic:?}");
}

#[tokio::test]
async fn a15_no_kind_of_token_is_accepted_for_another() {
    let app = start_with_ada(&[]).await;
    let tokens = app.tokens("ada").await;
    assert_eq!(app.refresh(&tokens.access).await.error(), INVALID);
    assert_eq!(app.protected(&tokens.refresh).await.error(), INVALID);
    for bent in [format!("{}A", tokens.refresh), tokens.refresh.replace("hs_rt_", "hs_at_"), "hs_rt_".into()] {
        assert_eq!(app.refresh(&bent).await.error(), INVALID, "{bent}");
    }
    // Another deployment, with another secret.
    let other = start_with_ada(&[("JWT_SECRET", "another secret, of another deployment, long enough")]).await;
    assert_eq!(other.refresh(&tokens.refresh).await.error(), INVALID);
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_does_not_end_the_session() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    let lost = app.refresh(&first.refresh).await.tokens();

    let again = app.refresh(&first.refresh).await.tokens();
    assert_eq!(again.refresh, lost.refresh, "the same successor, no new branch");
    // The token in the lost answer was never used: it may have been lost a night ago.
    app.pass(Duration::from_hours(9));
    let late = app.refresh(&first.refresh).await.tokens();
    assert_eq!(late.refresh, lost.refresh);
    assert_eq!(app.protected(&late.access).await.status, 200);
    assert_eq!(app.refresh(&late.refresh).await.status, 200);
}

#[tokio::test]
async fn using_a_token_from_a_repeated_refresh_counts_as_using_the_successor() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    app.refresh(&first.refresh).await.tokens();
    app.pass(Duration::from_mins(1));
    let again = app.refresh(&first.refresh).await.tokens();
    use_it(&app, &again.access).await;
    assert_eq!(app.refresh(&first.refresh).await.error(), REUSED);
}

#[tokio::test]
async fn a_tab_that_comes_late_within_the_grace_gets_the_same_successor_although_it_was_used() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    let second = app.refresh(&first.refresh).await.tokens();
    use_it(&app, &second.access).await;
    app.pass(Duration::from_secs(29));
    assert_eq!(app.refresh(&first.refresh).await.tokens().refresh, second.refresh);
}

#[tokio::test]
async fn a16_a_refresh_token_used_again_after_its_successor_was_used_ends_the_session() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    let other_device = app.tokens("ada").await;
    let second = app.refresh(&first.refresh).await.tokens();
    use_it(&app, &second.access).await;
    app.pass(Duration::from_secs(30));

    assert_eq!(app.refresh(&first.refresh).await.error(), REUSED);

    assert_eq!(app.protected(&second.access).await.error(), REVOKED);
    // The client gets the reason, also after a restart.
    assert_eq!(app.refresh(&second.refresh).await.error(), REUSED);
    let app = app.restart().await;
    assert_eq!(app.protected(&second.access).await.error(), REVOKED);
    assert_eq!(app.refresh(&second.refresh).await.error(), REUSED);
    let listed = app.get_as("/sessions", &other_device.access).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(app.refresh(&other_device.refresh).await.status, 200, "the other session lives on");
}

#[tokio::test]
async fn a16_a_refresh_token_that_is_two_generations_old_ends_the_session_at_once() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    let second = app.refresh(&first.refresh).await.tokens();
    let third = app.refresh(&second.refresh).await.tokens();
    assert_eq!(app.refresh(&first.refresh).await.error(), REUSED);
    for tokens in [first, second, third] {
        assert_eq!(app.protected(&tokens.access).await.error(), REVOKED);
        assert_eq!(app.refresh(&tokens.refresh).await.error(), REUSED);
    }
}

#[tokio::test]
async fn a_session_ends_when_it_lies_idle_and_at_its_end_whatever_happens() {
    let app = start_with_ada(&[("JWT_REFRESH_TOKEN_EXPIRES", "30d"), ("JWT_REFRESH_TOKEN_IDLE", "14d")]).await;
    let day = Duration::from_hours(24);

    let idle = app.tokens("ada").await;
    app.pass(14 * day);
    assert_eq!(app.refresh(&idle.refresh).await.error(), EXPIRED);

    let mut busy = app.tokens("ada").await;
    for _ in 0..29 {
        app.pass(day);
        busy = app.refresh(&busy.refresh).await.tokens();
    }
    app.pass(day.checked_sub(Duration::from_secs(100)).unwrap());
    let last = app.refresh(&busy.refresh).await;
    let body = last.json();
    assert_eq!((&body["expires_in"], &body["refresh_expires_in"]), (&100.into(), &100.into()), "no token outlives it");
    app.pass(Duration::from_secs(100));
    assert_eq!(app.refresh(&last.tokens().refresh).await.error(), EXPIRED);
    assert_eq!(app.protected(&last.tokens().access).await.error(), EXPIRED);
}

#[tokio::test]
async fn a_session_without_remember_ends_within_12_hours() {
    let app = start_with_ada(&[]).await;
    let brief = app.post_form("/login", &format!("username=ada&password={PASSWORD}")).await;
    assert_eq!(brief.json()["refresh_expires_in"], 12 * 3600);
    app.pass(Duration::from_hours(11));
    let tokens = app.refresh(&brief.tokens().refresh).await;
    assert_eq!(tokens.json()["refresh_expires_in"], 3600);
    app.pass(Duration::from_hours(1));
    assert_eq!(app.refresh(&tokens.tokens().refresh).await.error(), EXPIRED);
}

#[tokio::test]
async fn a_refreshed_token_is_fresh_only_as_long_as_the_password_was_typed_not_long_ago() {
    let app = start_with_ada(&[("FRESH_FOR", "10m")]).await;
    let first = app.tokens("ada").await;
    assert_eq!(part(&first.access, 1)["fresh"], MORNING + 600);
    app.pass(Duration::from_mins(4));
    let second = app.refresh(&first.refresh).await.tokens();
    assert_eq!(part(&second.access, 1)["fresh"], MORNING + 600);
    app.pass(Duration::from_mins(6));
    let third = app.refresh(&second.refresh).await.tokens();
    assert_eq!(part(&third.access, 1)["fresh"], false);
}

#[tokio::test]
async fn a_refresh_that_cannot_be_stored_leaves_the_token_valid() {
    let app = start_with_ada(&[]).await;
    let first = app.tokens("ada").await;
    let (break_it, mend_it) = if app.is_on_postgres() {
        (
            "ALTER TABLE sessions ADD CONSTRAINT broken CHECK (generation = 0)",
            "ALTER TABLE sessions DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    app.execute(break_it).await;

    let refused = app.refresh(&first.refresh).await;
    assert_eq!(refused.error(), "503 unavailable Temporarily unavailable");
    assert_eq!(app.protected(&first.access).await.status, 200);

    app.execute(mend_it).await;
    assert_eq!(app.refresh(&first.refresh).await.status, 200);
}

#[tokio::test]
async fn a20_a_refresh_at_the_same_time_as_a_sign_out_leaves_no_valid_token() {
    let app = start_with_ada(&[]).await;
    for round in 0..50 {
        let tokens = app.tokens("ada").await;
        let (refreshed, signed_out) = tokio::join!(app.refresh(&tokens.refresh), app.logout(&tokens.access));
        assert_eq!(signed_out.status, 200);
        assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED, "round {round}");
        if refreshed.status == 200 {
            let tokens = refreshed.tokens();
            assert_eq!(app.protected(&tokens.access).await.error(), REVOKED, "round {round}");
            assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED, "round {round}");
        } else {
            assert_eq!(refreshed.error(), REVOKED, "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_of_fifty_refreshes_at_once_one_rotates_and_all_get_its_successor() {
    let app = start_with_ada(&[]).await;
    let mut newest = app.tokens("ada").await.refresh;
    for round in 0..200 {
        let storm = (0..50).map(|_| {
            let (state, presented) = (app.state.clone(), newest.clone());
            tokio::spawn(async move { flows::refresh(&state, &presented, flows::Receiver::Machine).await.unwrap() })
        });
        let storm: Vec<_> = storm.collect();
        let mut successors = BTreeSet::new();
        for refreshed in storm {
            successors.insert(refreshed.await.unwrap().refresh_token.expose_secret().to_owned());
        }
        assert_eq!(successors.len(), 1, "round {round}");
        newest = successors.pop_first().unwrap();
        let read = app.state.refresh_key.read(&newest).unwrap();
        assert_eq!(read.generation.0, round + 1, "one rotation a round");
    }
    assert_eq!(app.refresh(&newest).await.status, 200, "no user was signed out");
}

#[tokio::test]
async fn a_storm_over_http_is_answered_with_one_successor_too() {
    let app = start_with_ada(&[]).await;
    let tokens = app.tokens("ada").await;
    let storm = futures::future::join_all((0..50).map(|_| app.refresh(&tokens.refresh))).await;
    let successors: BTreeSet<_> = storm.iter().map(|answer| answer.tokens().refresh).collect();
    assert_eq!(successors.len(), 1);
    for answer in storm {
        assert_eq!(app.protected(&answer.tokens().access).await.status, 200);
    }
}

#[tokio::test]
async fn a41_a_disabled_user_cannot_refresh() {
    let app = start_with_ada(&[]).await;
    let tokens = app.tokens("ada").await;

    flows::disable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.protected(&tokens.access).await.error(), REVOKED, "at the very next request");
    assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED);
    let login = app.post_form("/login", &format!("username=ada&password={PASSWORD}")).await;
    let wrong = app.post_form("/login", "username=ada&password=wrong").await;
    assert_eq!((login.status, login.body), (wrong.status, wrong.body), "the answer does not reveal the account");

    flows::enable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED, "what ended stays ended");
    let again = app.tokens("ada").await;
    flows::change_password(&app.state, Target::Name("ada"), "another long password".into(), &Actor::Operator)
        .await
        .unwrap();
    assert_eq!(app.refresh(&again.refresh).await.error(), REVOKED);
    flows::remove_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(app.refresh(&again.refresh).await.error(), REVOKED);
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_session() {
    let app = start_with_ada(&[]).await;
    let tokens = app.tokens("ada").await;
    assert_eq!(app.post_form("/revoke", &format!("token={}", tokens.refresh)).await.status, 200);
    assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED);
    assert_eq!(app.protected(&tokens.access).await.error(), REVOKED);
}

/// Uses an access token, and waits until the store has recorded that.
async fn use_it(app: &TestApp, access_token: &str) {
    assert_eq!(app.protected(access_token).await.status, 200);
    let id = flows::authenticate(&app.state, [bearer(access_token).as_bytes()]).unwrap().session_id;
    while app.state.store.find_session(id).await.unwrap().unwrap().rotation.unseen {
        tokio::task::yield_now().await;
    }
}
