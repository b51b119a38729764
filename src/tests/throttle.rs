//! Guessing passwords: the limits for unknown clients, and that an attacker cannot lock a user out.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use handstamp::server::domain::throttle::LONGEST_WAIT;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows::{self, Actor, Target};

use crate::harness::{Answer, PASSWORD, TestApp};

/// A server behind a proxy on this machine, so that a spec can use any address.
async fn behind_a_proxy() -> TestApp {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1"), ("HASH_QUEUE", "1000")]).await;
    app.add_user("ada").await;
    app
}

async fn attempt(app: &TestApp, name: &str, password: &str, address: &str) -> Answer {
    let body = serde_json::json!({ "username": name, "password": password }).to_string();
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
    app.send("POST", "/login", &headers, Some(&body)).await
}

async fn guess(app: &TestApp, name: &str, address: &str) -> u16 {
    attempt(app, name, "wrong", address).await.status
}

/// Returns the seconds of a refusal, and checks its form.
pub fn retry_after(answer: &Answer) -> u64 {
    assert_eq!(answer.error(), "429 too_many_attempts Too many attempts");
    answer.header("retry-after").unwrap().parse().unwrap()
}

/// Signs in as a browser, and returns its cookies.
pub async fn browser(app: &TestApp, name: &str, cookie: &str, password: &str) -> Answer {
    let body = format!("username={name}&password={}&remember=true", password.replace(' ', "+"));
    app.call_with_cookie("login", None, cookie, &body).await
}

pub fn device_cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str());
    let device = set.clone().find(|cookie| cookie.starts_with("handstamp_device=")).unwrap();
    assert!(device.contains("; HttpOnly; SameSite=Strict; Path=/"), "{device}");
    device.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn after_five_wrong_passwords_each_further_one_waits_twice_as_long() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for _ in 0..5 {
        assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await.status, 401);
    }
    for expected in [1, 2, 4, 8, 16] {
        let right = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
        let wait = retry_after(&app.post_json("/login", &right).await);
        assert_eq!(wait, expected, "a right password is not looked at, either");
        app.pass(Duration::from_secs(wait));
        assert_eq!(app.post_json("/login", r#"{"username":"Ada","password":"wrong"}"#).await.status, 401);
    }
    app.pass(Duration::from_secs(32));
    app.login("ada").await;
    // A right password resets the counts.
    for _ in 0..5 {
        assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await.status, 401);
    }
}

#[tokio::test]
async fn a_page_is_told_how_long_to_wait_and_a_form_without_the_program_comes_back_with_the_code() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for _ in 0..5 {
        assert_eq!(app.call("login", None, "username=ada&password=wrong").await.status, 401);
    }
    let answer = app.call("login", None, "username=ada&password=wrong").await;
    assert_eq!(retry_after(&answer), 1);
    assert_eq!(answer.header("set-cookie"), None);

    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
    ];
    let form = app.send("POST", "/api/login", &headers, Some("username=ada&password=wrong")).await;
    assert_eq!((form.status, form.header("location")), (303, Some("/login?error=too_many_attempts")));
    assert!(app.get("/login?error=too_many_attempts").await.body.contains("Too many attempts"));
}

#[tokio::test]
async fn a22_a_throttled_answer_does_not_tell_who_has_an_account() {
    let app = behind_a_proxy().await;
    flows::add_user(&app.state, "disabled", PASSWORD.into(), Roles::default()).await.unwrap();
    flows::disable_user(&app.state, Target::Name("disabled"), &Actor::Operator).await.unwrap();
    let mut answers = Vec::new();
    for (number, name) in ["ada", "disabled", "nobody", "not a name"].into_iter().enumerate() {
        let address = format!("192.0.2.{number}");
        let mut story = Vec::new();
        for _ in 0..8 {
            let answer = attempt(&app, name, "wrong", &address).await;
            let mut headers = answer.headers;
            headers.retain(|(name, _)| !["date", "x-request-id", "content-security-policy"].contains(&name.as_str()));
            story.push((answer.status, headers, answer.body));
        }
        let statuses: Vec<_> = story.iter().map(|(status, ..)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429], "{name}");
        answers.push(story);
    }
    assert!(answers.iter().all(|story| *story == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn a22_an_overlong_password_is_refused_alike_for_every_name() {
    let app = behind_a_proxy().await;
    for name in ["ada", "nobody"] {
        let answer = attempt(&app, name, &"x".repeat(1025), "192.0.2.1").await;
        assert_eq!(answer.error(), "400 password_too_long Password too long", "{name}");
    }
    assert!(app.state.throttle.is_empty(), "nothing was tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_a_hundred_parallel_guesses_are_counted_before_any_is_hashed() {
    let app = behind_a_proxy().await;
    let statuses = join_all((0..100).map(|_| guess(&app, "ada", "192.0.2.1"))).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 95);
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a23_two_hundred_guesses_from_fifty_addresses_get_fewer_than_a_hundred_through_and_the_owner_in() {
    let app = behind_a_proxy().await;
    let addresses: Vec<_> = (0..200).map(|number| format!("198.51.100.{}", number % 50)).collect();
    let statuses = join_all(addresses.iter().map(|address| guess(&app, "ada", address))).await;
    let evaluated = statuses.iter().filter(|status| **status == 401).count();
    assert!((50..100).contains(&evaluated), "{evaluated}");
    assert_eq!(statuses.len(), evaluated + statuses.iter().filter(|status| **status == 429).count());

    // P8: from an address without earlier attempts.
    assert_eq!(attempt(&app, "ada", PASSWORD, "203.0.113.7").await.status, 200);
}

#[tokio::test]
async fn a23_a_forged_forwarded_address_changes_no_limit() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let mut statuses = Vec::new();
    for number in 0..7 {
        statuses.push(guess(&app, "ada", &format!("198.51.100.{number}")).await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);

    let app = behind_a_proxy().await;
    statuses.clear();
    for number in 0..7 {
        // The proxy appends the true address; the visitor wrote the part to the left.
        statuses.push(guess(&app, "ada", &format!("10.0.0.{number}, 198.51.100.1")).await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn a23_all_addresses_of_an_ipv6_network_are_one_visitor() {
    let app = behind_a_proxy().await;
    let mut statuses = Vec::new();
    for number in 0..7 {
        statuses.push(guess(&app, "ada", &format!("2001:db8:1:2::{number}")).await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    assert_eq!(guess(&app, "ada", "2001:db8:1:3::1").await, 401);
}

#[tokio::test]
async fn a23_one_password_at_many_accounts_from_one_address_is_slowed_and_a_sign_in_of_ones_own_clears_nothing() {
    let app = behind_a_proxy().await;
    let mut evaluated = 0;
    for number in 0..150 {
        if number % 30 == 0 {
            assert_eq!(attempt(&app, "ada", PASSWORD, "192.0.2.1").await.status, 200);
        }
        let status = guess(&app, &format!("user{number}"), "192.0.2.1").await;
        evaluated += u32::from(status == 401);
        if status == 429 {
            break;
        }
    }
    assert_eq!(evaluated, 100);
    assert_eq!(attempt(&app, "ada", PASSWORD, "192.0.2.1").await.status, 429);
    assert_eq!(guess(&app, "user150", "192.0.2.2").await, 401, "another user's address");
}

#[tokio::test]
async fn a24_an_attacker_cannot_lock_a_user_out_of_a_known_device_or_network() {
    let app = behind_a_proxy().await;
    let cookie = device_cookie(&browser(&app, "ada", "", PASSWORD).await);
    assert_eq!(attempt(&app, "ada", PASSWORD, "203.0.113.7").await.status, 200);

    // Unknown clients use up their limit, also from the user's own addresses.
    for number in 0..80 {
        guess(&app, "ada", &format!("198.51.100.{number}")).await;
    }
    for _ in 0..7 {
        guess(&app, "ada", "127.0.0.1").await;
    }
    assert_eq!(attempt(&app, "ada", PASSWORD, "198.51.100.200").await.status, 429, "a stranger's first try");
    assert_eq!(attempt(&app, "ada", PASSWORD, "127.0.0.1").await.status, 429, "beside the browser, without its cookie");

    assert_eq!(attempt(&app, "ada", PASSWORD, "203.0.113.7").await.status, 200, "the network is familiar");
    for _ in 0..3 {
        assert_eq!(browser(&app, "ada", &cookie, PASSWORD).await.status, 200, "the device is known");
    }
    // Known to this account alone.
    app.add_user("bob").await;
    for _ in 0..5 {
        guess(&app, "bob", "127.0.0.1").await;
    }
    assert_eq!(browser(&app, "bob", &cookie, PASSWORD).await.status, 429);
}

#[tokio::test]
async fn a_known_device_has_few_attempts_and_none_after_the_password_has_changed() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let cookie = device_cookie(&browser(&app, "ada", "", PASSWORD).await);
    for _ in 0..10 {
        assert_eq!(browser(&app, "ada", &cookie, "wrong").await.status, 401);
    }
    assert_eq!(retry_after(&browser(&app, "ada", &cookie, "wrong").await), 1);
    // Its guesses were counted separately from those of unknown clients.
    assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await.status, 401);

    flows::change_password(&app.state, Target::Name("ada"), "violets under a tin roof".into(), &Actor::Operator)
        .await
        .unwrap();
    for _ in 0..4 {
        assert_eq!(browser(&app, "ada", &cookie, "wrong").await.status, 401, "a stranger, with four tries left");
    }
    assert_eq!(browser(&app, "ada", &cookie, "wrong").await.status, 429);
}

#[tokio::test]
async fn a_restart_resets_no_count_of_wrong_passwords() {
    let app = behind_a_proxy().await;
    for _ in 0..5 {
        guess(&app, "ada", "192.0.2.1").await;
    }
    app.pass(Duration::from_secs(1));
    guess(&app, "ada", "192.0.2.1").await;
    assert_eq!(attempt(&app, "ada", PASSWORD, "203.0.113.7").await.status, 200);

    let app = app.restart().await;
    let answer = attempt(&app, "ada", PASSWORD, "192.0.2.1").await;
    assert_eq!(retry_after(&answer), 2);
    app.pass(Duration::from_secs(2));
    assert_eq!(guess(&app, "ada", "192.0.2.1").await, 401);
    assert_eq!(retry_after(&attempt(&app, "ada", PASSWORD, "192.0.2.1").await), 4);
}

#[tokio::test]
async fn a_success_leaves_nothing_for_a_restart_to_remember() {
    let app = behind_a_proxy().await;
    for _ in 0..4 {
        guess(&app, "ada", "192.0.2.1").await;
    }
    assert_eq!(attempt(&app, "ada", PASSWORD, "192.0.2.1").await.status, 200);
    let app = app.restart().await;
    for _ in 0..5 {
        assert_eq!(guess(&app, "ada", "192.0.2.1").await, 401);
    }
}

#[tokio::test]
async fn setting_the_clock_neither_lifts_a_wait_nor_makes_it_longer() {
    let day = 24 * 3600;
    for step in [day, -day, -50 * 365 * day] {
        let app = behind_a_proxy().await;
        for _ in 0..5 {
            guess(&app, "ada", "192.0.2.1").await;
        }
        app.clock.fetch_add(step, Ordering::SeqCst);
        assert_eq!(retry_after(&attempt(&app, "ada", PASSWORD, "192.0.2.1").await), 1, "{step}");
        for expected in [2, 4] {
            app.pass(Duration::from_secs(expected / 2));
            assert_eq!(guess(&app, "ada", "192.0.2.1").await, 401, "{step}");
            assert_eq!(retry_after(&attempt(&app, "ada", PASSWORD, "192.0.2.1").await), expected, "{step}");
        }
    }
    // The clock was set back while the server was down: the rules limit times in the future.
    let app = behind_a_proxy().await;
    for _ in 0..5 {
        guess(&app, "ada", "192.0.2.1").await;
    }
    app.clock.fetch_sub(1000 * day, Ordering::SeqCst);
    let app = app.restart().await;
    let wait = retry_after(&attempt(&app, "ada", PASSWORD, "192.0.2.1").await);
    // That of the strictest rule: the table does not say which rule a row is of.
    assert!(wait <= LONGEST_WAIT.as_secs(), "{wait}");
    let app = app.restart().await;
    app.pass(Duration::from_secs(wait));
    assert_eq!(attempt(&app, "ada", PASSWORD, "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn a_refusal_by_a_full_hashing_queue_counts_no_attempt() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    app.add_user("ada").await;
    let taken = app.state.hash_pool.place().unwrap();
    for _ in 0..20 {
        assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await.status, 503);
    }
    assert!(app.state.throttle.is_empty());
    drop(taken);
    app.login("ada").await;
}

#[tokio::test]
async fn guesses_of_the_setup_code_are_limited_for_each_visitor_alone() {
    let app = TestApp::start_with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let setup = async |code: &str, address: &str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", address),
        ];
        let body = format!("code={code}&username=ada&password={}", PASSWORD.replace(' ', "+"));
        app.send("POST", "/api/setup", &headers, Some(&body)).await
    };
    for _ in 0..100 {
        assert_eq!(setup("wrong", "192.0.2.1").await.status, 403);
    }
    let code = app.state.setup_code.as_ref().unwrap().to_string();
    assert_eq!(retry_after(&setup(&code, "192.0.2.1").await), 1);
    assert_eq!(setup(&code, "192.0.2.2").await.status, 200);
}

#[tokio::test]
async fn empty_buckets_are_purged_from_memory_and_table() {
    let app = behind_a_proxy().await;
    guess(&app, "ada", "192.0.2.1").await;
    assert_eq!(app.state.throttle.len(), 3);
    app.pass(Duration::from_hours(3));
    flows::purge_expired(&app.state).await.unwrap();
    assert!(app.state.throttle.is_empty());
    assert_eq!(app.state.store.list_tries(handstamp::server::domain::unix_time::UnixTime(0)).await.unwrap(), []);
}

#[tokio::test]
async fn another_process_learns_of_failed_attempts_when_it_counts_its_own() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (other, _) = app.another_process().await;
    let visitor = flows::Visitor::default();
    for _ in 0..4 {
        flows::admit(&app.state, "ada", &visitor, None).await.unwrap().failed(None).await.unwrap();
    }
    // It knows nothing yet. Its own failed attempt makes it load the four.
    flows::admit(&other, "ada", &visitor, None).await.unwrap().failed(None).await.unwrap();
    flows::admit(&other, "ada", &visitor, None).await.unwrap().failed(None).await.unwrap();
    assert!(flows::admit(&other, "ada", &visitor, None).await.is_err());
}

#[tokio::test]
async fn a_client_that_hangs_up_before_the_answer_is_counted() {
    let app = TestApp::start().await;
    let visitor = flows::Visitor::default();
    for _ in 0..5 {
        drop(flows::admit(&app.state, "ada", &visitor, None).await.unwrap());
    }
    assert!(flows::admit(&app.state, "ada", &visitor, None).await.is_err());
    // A write with a waiting caller comes after the notes.
    flows::admit(&app.state, "bob", &visitor, None).await.unwrap().failed(None).await.unwrap();
    let (other, _) = app.another_process().await;
    assert!(flows::admit(&other, "ada", &visitor, None).await.is_err());
}
