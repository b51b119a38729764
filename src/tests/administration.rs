//! What only administrators can do.

use std::time::Duration;

use handstamp::server::domain::user::Roles;
use handstamp::server::flows;
use serde_json::Value;

use crate::harness::{Answer, PASSWORD, TestApp};

const READING: &[&str] = &["admin/users", "admin/events", "admin/keys"];
const CHANGING: &[&str] = &[
    "admin/invite",
    "admin/disable-user",
    "admin/enable-user",
    "admin/end-sessions",
    "admin/set-admin",
    "admin/remove-user",
    "admin/rotate-keys",
];

impl TestApp {
    async fn administrator(&self) -> String {
        self.add_administrator("root").await;
        self.login("root").await
    }

    async fn id_of(&self, name: &str) -> String {
        let name = handstamp::server::domain::username::Username::parse(name).unwrap();
        self.state.store.find_user(&name).await.unwrap().unwrap().0.id.to_string()
    }

    async fn names(&self, token: &str, query: &str) -> (Vec<String>, Value) {
        let answer = self.get_as(&format!("/api/admin/users{query}"), token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        let users = json["users"].as_array().unwrap();
        (users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect(), json["next"].clone())
    }

    async fn sign_up_with(&self, invitation: &str, name: &str) -> Answer {
        let body = serde_json::json!({ "username": name, "password": PASSWORD, "invitation": invitation });
        self.post_json("/signup", &body.to_string()).await
    }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a40_every_door_of_administrators_is_closed_to_others() {
    let app = TestApp::start_with(&[("FRESH_FOR", "2m")]).await;
    let (root, ada) = (app.administrator().await, app.somebody("ada").await);
    let id = app.id_of("ada").await;
    let body = format!("id={id}&admin=true");

    for door in READING {
        let path = format!("/api/{door}");
        assert_eq!(app.get(&path).await.error(), "401 missing_token Missing Authorization Header", "{door}");
        assert_eq!(code(&app.get_as(&path, &ada).await), (403, "insufficient_scope".to_owned()), "{door}");
        assert_eq!(app.get_as(&path, &root).await.status, 200, "{door}");
    }
    for door in CHANGING {
        let stranger = app.call(door, None, &body).await;
        assert_eq!(stranger.error(), "401 missing_token Missing Authorization Header", "{door}");
        let user = app.call(door, Some(&ada), &body).await;
        assert_eq!(code(&user), (403, "insufficient_scope".to_owned()), "{door}");
    }
    app.pass(Duration::from_mins(2));
    for door in CHANGING {
        let stale = app.call(door, Some(&root), &body).await;
        assert_eq!(stale.error(), "401 fresh_token_required Fresh token required", "{door}");
    }
    assert_eq!(app.protected(&ada).await.status, 200, "nothing was done");

    // The lists above are complete.
    let doors = handstamp::server::http::doors();
    let admin = doors.iter().filter(|door| door.contains("/api/admin/")).count();
    assert_eq!(admin, READING.len() + CHANGING.len());
}

#[tokio::test]
async fn a_disabled_or_removed_user_is_refused_at_the_very_next_request() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_user("ada").await;
    let id = app.id_of("ada").await;
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let bad = "401 bad_credentials Bad username or password";

    let tokens = app.tokens("ada").await;
    assert_eq!(app.call("admin/disable-user", Some(&root), &format!("id={id}")).await.status, 200);
    assert_eq!(app.protected(&tokens.access).await.status, 401);
    assert_eq!(app.refresh(&tokens.refresh).await.status, 401);
    assert_eq!(app.post_json("/login", &login).await.error(), bad);
    assert_eq!(app.call("admin/enable-user", Some(&root), &format!("id={id}")).await.status, 200);
    assert_eq!(app.protected(&tokens.access).await.status, 401, "what has ended stays ended");

    let tokens = app.tokens("ada").await;
    assert_eq!(app.call("admin/end-sessions", Some(&root), &format!("id={id}")).await.status, 200);
    assert_eq!(app.protected(&tokens.access).await.status, 401);

    let tokens = app.tokens("ada").await;
    assert_eq!(app.call("admin/remove-user", Some(&root), &format!("id={id}")).await.status, 200);
    assert_eq!(app.protected(&tokens.access).await.status, 401);
    assert_eq!(app.post_json("/login", &login).await.error(), bad);
    let gone = app.call("admin/enable-user", Some(&root), &format!("id={id}")).await;
    assert_eq!(gone.error(), "404 not_found Not found");

    let events = app.get_as("/api/admin/events", &root).await.json();
    let by: Vec<_> = events["events"].as_array().unwrap().iter().filter(|event| event["by"] == "root").collect();
    assert_eq!(by.len(), 4);
    assert!(by.iter().all(|event| event["username"] == "ada" && event["ip"] == "127.0.0.1"));
}

#[tokio::test]
async fn a_role_that_was_removed_gives_no_access() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    app.add_user("ada").await;
    let id = app.id_of("ada").await;
    let set = async |admin: bool| {
        let body = format!("id={id}&admin={admin}");
        assert_eq!(app.call("admin/set-admin", Some(&root), &body).await.status, 200);
    };

    set(true).await;
    let ada = app.login("ada").await;
    assert_eq!(app.get_as("/api/admin/users", &ada).await.status, 200);
    set(false).await;

    assert_eq!(app.get_as("/api/admin/users", &ada).await.error(), "401 token_revoked Token has been revoked");
    let ada = app.login("ada").await;
    assert_eq!(app.get_as("/api/admin/users", &ada).await.status, 403);
}

#[tokio::test]
async fn administrators_cannot_lock_themselves_out() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let id = app.id_of("root").await;
    for door in ["admin/disable-user", "admin/set-admin", "admin/remove-user", "admin/enable-user"] {
        let answer = app.call(door, Some(&root), &format!("id={id}&admin=false")).await;
        assert_eq!(answer.error(), "409 own_account Not possible with one's own account", "{door}");
    }
    assert_eq!(app.get_as("/api/admin/users", &root).await.status, 200);
}

#[tokio::test]
async fn users_are_searched_and_turned_page_by_page() {
    let app = TestApp::start().await;
    let root = app.administrator().await;
    let (name, hash) = (|number: u32| format!("user{number:03}"), app.state.dummy_hash.clone());
    for number in 0..120 {
        let user = handstamp::server::domain::user::User {
            id: handstamp::server::domain::ids::UserId::from_random(u128::from(number).to_be_bytes()),
            username: handstamp::server::domain::username::Username::parse(&name(number)).unwrap(),
            roles: Roles::default(),
            created_at: app.state.world.now(),
            disabled_at: None,
        };
        let event = crate::harness::event(handstamp::server::domain::security_event::EventKind::SignedUp);
        app.state.store.insert_user(&user, &hash, &event).await.unwrap();
    }
    app.add_user("per_cent").await;
    app.tokens("per_cent").await;

    let (first, next) = app.names(&root, "").await;
    let (second, next) = app.names(&root, &format!("?after={}", next.as_str().unwrap())).await;
    let (third, last) = app.names(&root, &format!("?after={}", next.as_str().unwrap())).await;
    assert_eq!((first.len(), second.len(), third.len(), last), (50, 50, 22, Value::Null));
    let all = [first, second, third].concat();
    assert!(all.is_sorted() && all.contains(&"per_cent".to_owned()) && all.contains(&"root".to_owned()));

    assert_eq!(app.names(&root, "?search=USER01").await.0.len(), 10);
    assert_eq!(app.names(&root, "?search=r_c").await.0, ["per_cent"], "an underscore is an underscore");
    assert_eq!(app.names(&root, "?search=%25").await.0, Vec::<String>::new(), "a percent sign is one");
    assert_eq!(app.names(&root, "?search=%27%20OR%201=1").await.0, Vec::<String>::new());

    let found = app.get_as("/api/admin/users?search=per_cent", &root).await.json();
    assert_eq!((found["users"][0]["sessions"].as_i64(), found["users"][0]["own"].as_bool()), (Some(1), Some(false)));
    app.pass(Duration::from_hours(15 * 24));
    let (root, idle) = (app.login("root").await, "14 days without a refresh");
    let found = app.get_as("/api/admin/users?search=per_cent", &root).await.json();
    assert_eq!(found["users"][0]["sessions"], 0, "{idle}");
}

#[tokio::test]
async fn an_invitation_makes_one_account_where_sign_up_is_closed() {
    let app = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    let root = app.administrator().await;
    let invitation = app.call("admin/invite", Some(&root), "").await.json();
    let link = invitation["link"].as_str().unwrap();
    let (page, code) = link.split_once('#').unwrap();
    assert_eq!(page, format!("{}/signup", app.state.config.public_url));
    assert_eq!(invitation["expires_at"].as_i64().unwrap(), app.state.world.now().0 + 72 * 60 * 60);

    let bad = "403 bad_invitation Invitation is not valid";
    assert_eq!(app.sign_up_with("AAAAAAAAAAAAAAAAAAAAAA", "eve").await.error(), bad);
    // An attempt that failed for another reason has not used it.
    assert_eq!(app.sign_up_with(code, "root").await.error(), "409 username_taken Username is taken");
    assert_eq!(app.sign_up_with(code, "ada").await.status, 201);
    assert_eq!(app.sign_up_with(code, "eve").await.error(), bad);

    let link = flows::invite(&app.state, &flows::Actor::Operator).await.unwrap().link;
    let code = secrecy::ExposeSecret::expose_secret(&link).split_once('#').unwrap().1.to_owned();
    let (one, other) = tokio::join!(app.sign_up_with(&code, "bob"), app.sign_up_with(&code, "cyd"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);
}

#[tokio::test]
async fn an_invitation_expires() {
    let app = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    app.add_administrator("root").await;
    let link = flows::invite(&app.state, &flows::Actor::Operator).await.unwrap().link;
    let code = secrecy::ExposeSecret::expose_secret(&link).split_once('#').unwrap().1.to_owned();

    app.pass(Duration::from_hours(72));

    assert_eq!(app.sign_up_with(&code, "eve").await.error(), "403 bad_invitation Invitation is not valid");
}

#[tokio::test]
async fn an_invitation_is_valid_only_while_its_maker_is_an_administrator() {
    let app = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    let root = app.administrator().await;
    let invitation = async |token: &str| {
        let invitation = app.call("admin/invite", Some(token), "").await.json();
        invitation["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
    };
    let of_another = invitation(&root).await;
    for (door, name) in [("admin/set-admin", "ada"), ("admin/disable-user", "bob"), ("admin/remove-user", "cyd")] {
        app.add_administrator(name).await;
        let code = invitation(&app.login(name).await).await;
        let body = format!("id={}&admin=false", app.id_of(name).await);

        assert_eq!(app.call(door, Some(&root), &body).await.status, 200, "{door}");

        let answer = app.sign_up_with(&code, "eve").await;
        assert_eq!(answer.error(), "403 bad_invitation Invitation is not valid", "{door}");
    }
    assert_eq!(app.sign_up_with(&of_another, "eve").await.status, 201);
}

#[tokio::test]
async fn an_administrators_action_without_a_target_is_listed_for_that_administrator() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    app.pass(Duration::from_mins(5));
    let root = app.administrator().await;
    for door in ["admin/invite", "admin/rotate-keys"] {
        assert_eq!(app.call(door, Some(&root), "").await.status, 200, "{door}");
    }
    // The command line has no account.
    flows::invite(&app.state, &flows::Actor::Operator).await.unwrap();
    flows::rotate_keys(&app.state, true, &flows::Actor::Operator).await.unwrap();

    let told = app.get_as("/api/admin/events", &root).await.json();

    let told = told["events"].as_array().unwrap();
    let kinds: Vec<_> = told.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["keys_rotated", "invited", "signed_in", "signed_up"]);
    let own = |event: &Value| event["username"] == "root" && event["by"] == "" && event["ip"] == "127.0.0.1";
    assert!(told[..2].iter().all(own), "{told:?}");
}

#[tokio::test]
async fn keys_are_shown_without_what_is_secret_and_rotated() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "EdDSA")]).await;
    let root = app.administrator().await;
    let keys = async || app.get_as("/api/admin/keys", &root).await;
    let states = async || -> Vec<String> {
        let json = keys().await.json();
        let mut states: Vec<_> = json.as_array().unwrap().iter().map(|key| key["state"].to_string()).collect();
        states.sort();
        states
    };
    assert_eq!(states().await, [r#""active""#, r#""next""#]);
    let members: Vec<_> = keys().await.json()[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["algorithm", "created_at", "id", "state", "verifies_until"]);

    let early = app.call("admin/rotate-keys", Some(&root), "").await;
    assert_eq!(early.error(), "409 next_key_too_new Next key was published too short a time ago");
    app.pass(Duration::from_secs(299));
    let root = app.login("root").await;
    app.pass(Duration::from_secs(1));
    assert_eq!(app.call("admin/rotate-keys", Some(&root), "").await.status, 200);

    let json = app.get_as("/api/admin/keys", &root).await.json();
    let mut states: Vec<_> = json.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["active", "next", "retired"]);
}
