//! The rows of the security requirements on passwords and names (P1 to P14), over HTTP; and the attacks A22, A28, A29, A30.

use handstamp::server::domain::throttle::SIGN_UP;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows::{self, Actor, Target};
use serde_json::json;

use crate::harness::{Answer, PASSWORD, TestApp};

const WRONG: &str = "401 bad_credentials Bad username or password";
const TOO_LONG: &str = "400 password_too_long Password too long";

async fn signup(app: &TestApp, name: &str, password: &str) -> Answer {
    if !app.state.store.has_administrator().await.unwrap() {
        app.add_administrator("root").await;
    }
    // Few enough from one address that they are not slowed.
    app.pass(SIGN_UP.fade);
    app.post_json("/signup", &json!({ "username": name, "password": password }).to_string()).await
}

async fn login(app: &TestApp, name: &str, password: &str) -> Answer {
    app.post_json("/login", &json!({ "username": name, "password": password }).to_string()).await
}

#[tokio::test]
async fn p1_a_password_has_fifteen_code_points_or_what_the_operator_says() {
    let app = TestApp::start().await;
    for (password, status) in [("mauve orchid t", 400), ("mauve orchid to", 201)] {
        let name = format!("ada{}", password.len());
        let answer = signup(&app, &name, password).await;
        assert_eq!(answer.status, status, "{password}: {answer:?}");
        if status == 400 {
            assert_eq!(answer.error(), "400 password_too_short Password too short");
        }
    }
    let longer = TestApp::start_with(&[("PASSWORD_MIN_LENGTH", "20")]).await;
    assert_eq!(signup(&longer, "ada", "mauve orchid to go.").await.status, 400);
    assert_eq!(signup(&longer, "ada", "mauve orchid to go..").await.status, 201);
}

#[tokio::test]
async fn p2_a30_a_password_is_never_cut_and_one_that_is_too_long_costs_no_hash() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    let lengthy = |bytes: usize| "mauve orchid to go, ".chars().cycle().take(bytes).collect::<String>();
    for bytes in [64, 72, 73, 1024] {
        let (name, password) = (format!("ada{bytes}"), lengthy(bytes));
        assert_eq!(signup(&app, &name, &password).await.status, 201, "{bytes}");
        assert_eq!(login(&app, &name, &password).await.status, 200, "{bytes}");
        // Equal in all bytes except the last, or in all of its bytes.
        let last = format!("{}#", &password[..bytes - 1]);
        assert_eq!(login(&app, &name, &last).await.error(), WRONG, "{bytes}");
        assert_eq!(login(&app, &name, &password[..bytes - 1]).await.error(), WRONG, "{bytes}");
    }

    // The only place for a hash is taken: a request that needs a hash would get `overloaded`.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let pool = app.state.hash_pool.clone();
    let (taken, is_taken) = tokio::sync::oneshot::channel();
    let occupied = tokio::spawn(async move {
        pool.run(move || {
            taken.send(()).unwrap();
            released.recv().unwrap();
        })
        .await
    });
    is_taken.await.unwrap();
    assert_eq!(login(&app, "ada64", PASSWORD).await.error(), "503 overloaded Overloaded");
    assert_eq!(login(&app, "ada64", &lengthy(1025)).await.error(), TOO_LONG);
    assert_eq!(login(&app, "nobody", &lengthy(1025)).await.error(), TOO_LONG);
    assert_eq!(signup(&app, "bob", &lengthy(1025)).await.error(), TOO_LONG);
    // `oversize.rs` tests a megabyte, whose answer a client may miss because it is still sending.
    assert_eq!(login(&app, "ada64", &lengthy(20_000)).await.error(), "413 too_large Request too large");
    release.send(()).unwrap();
    occupied.await.unwrap().unwrap();
}

#[tokio::test]
async fn p3_a30_every_character_counts_and_two_keyboards_write_the_same() {
    let app = TestApp::start().await;
    // All kinds, in an order that is on no word list.
    let printing: String = (0..95).map(|index| char::from_u32(32 + index * 37 % 95).unwrap()).collect();
    let decomposed = "  cafe\u{301} mauve, orchid \u{1f511} ";
    let composed = "  caf\u{e9} mauve, orchid \u{1f511} ";
    for (name, chosen, typed, wrong) in [
        ("ascii", printing.as_str(), printing.as_str(), &printing[1..]),
        ("marks", decomposed, composed, composed.trim()),
        ("back", composed, decomposed, "  cafe mauve, orchid \u{1f511} "),
        ("spaces", "   mauve   orchid   ", "   mauve   orchid   ", "mauve orchid"),
        ("nul", "mauve orchid\0to go", "mauve orchid\0to go", "mauve orchid"),
        ("case", "Mauve Orchid to go", "Mauve Orchid to go", "mauve orchid to go"),
    ] {
        flows::add_user(&app.state, name, chosen.into(), Roles::default()).await.unwrap();
        assert_eq!(login(&app, name, typed).await.status, 200, "{name}");
        assert_eq!(login(&app, name, wrong).await.error(), WRONG, "{name}");
    }
    // Bytes that are not UTF-8 are refused, and are no user's password.
    for body in ["username=ascii&password=%FF%FE+au+lait+mauve", "username=%FF&password=mauve+orchid+to+go"] {
        let answer = app.post_form("/login", body).await;
        assert!([400, 401].contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test]
async fn p4_no_rule_says_of_which_kinds_of_characters_a_password_is_made() {
    let app = TestApp::start().await;
    for (name, password) in [
        ("letters", "mauve orchids drift slowly home"),
        ("capitals", "MAUVE ORCHIDS DRIFT SLOWLY HOME"),
        ("digits", "8051 7392 6640 1187 3959"),
        ("greek", "μωβ ορχιδέες πάνε αργά σπίτι"),
    ] {
        assert_eq!(signup(&app, name, password).await.status, 201, "{password}");
    }
}

#[tokio::test]
async fn p6_what_is_kept_of_a_password_is_argon2id_with_a_salt_of_its_own() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    app.add_user("bob").await;
    let hashes = app.sql("SELECT password_hash FROM users").await;
    for hash in &hashes {
        let parts: Vec<_> = hash.split('$').collect();
        assert_eq!(parts[1..4], ["argon2id", "v=19", "m=19456,t=2,p=1"], "{hash}");
        // In base64: 16 bytes of salt, 32 of hash.
        assert_eq!((parts[4].len(), parts[5].len()), (22, 43));
    }
    assert_ne!(hashes[0].split('$').nth(4), hashes[1].split('$').nth(4), "the same password, another salt");
}

#[tokio::test]
async fn p9_a22_an_answer_does_not_tell_who_has_an_account() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    app.add_user("gone").await;
    app.add_user("locked").await;
    flows::remove_user(&app.state, Target::Name("gone"), &Actor::Operator).await.unwrap();
    flows::disable_user(&app.state, Target::Name("locked"), &Actor::Operator).await.unwrap();
    let plain = |answer: Answer| {
        let named = |(name, value): (String, String)| match &*name {
            // A new one each time, for every user; its length is the same.
            "x-request-id" | "content-security-policy" => (name, value.len().to_string()),
            "date" => (name, String::new()),
            _ => (name, value),
        };
        (answer.status, answer.body, answer.headers.into_iter().map(named).collect::<Vec<_>>())
    };
    let expected = plain(login(&app, "ada", "wrong").await);
    assert_eq!(expected.0, 401);
    let overlong = "x".repeat(300);
    for (name, password) in [
        ("nobody", "wrong"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("locked", PASSWORD),
        ("locked", "wrong"),
        ("not a name", "wrong"),
        ("ada\u{200b}", PASSWORD),
        (&overlong, "wrong"),
    ] {
        assert_eq!(plain(login(&app, name, password).await), expected, "{name}");
    }
    // The same for the pages' door: neither its answer nor a cookie shows more.
    let page = async |name: &str| plain(app.call("login", None, &format!("username={name}&password=wrong")).await);
    let expected = page("ada").await;
    for name in ["nobody", "gone", "locked", "not+a+name"] {
        assert_eq!(page(name).await, expected, "{name}");
    }
}

#[tokio::test]
async fn p10_if_sign_up_is_closed_the_answer_does_not_show_which_names_are_taken() {
    let app = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    app.add_user("ada").await;
    let answers = [signup(&app, "ada", PASSWORD).await, signup(&app, "nobody", PASSWORD).await];
    assert_eq!(answers[0].error(), "403 signup_closed Sign-up is closed");
    assert_eq!((answers[0].status, &answers[0].body), (answers[1].status, &answers[1].body));
}

#[tokio::test]
async fn p12_there_is_no_default_account() {
    let app = TestApp::start().await;
    for name in ["admin", "root", "handstamp", "test", "user"] {
        for password in [name, "admin", "password", "changeme", "handstamp"] {
            assert_eq!(login(&app, name, password).await.error(), WRONG, "{name}");
        }
    }
    assert_eq!(app.sql("SELECT id FROM users").await, Vec::<String>::new());
}

#[tokio::test]
async fn p13_a28_a29_of_all_names_that_look_alike_one_can_be_had() {
    let app = TestApp::start().await;
    for name in ["admin", "straße", "k", "istanbul", "zoë", "ace"] {
        assert_eq!(signup(&app, name, PASSWORD).await.status, 201, "{name}");
    }
    let taken = "409 username_taken Username is taken";
    for twin in [
        "Admin",
        "ADMIN",
        "\u{ff41}dmin", // fullwidth
        "zoe\u{308}",   // decomposed
        "ZO\u{cb}",
        "admin ",
        "\u{a0}admin",
        "STRA\u{1e9e}E", // capital sharp s
        "ISTANBUL",
    ] {
        assert_eq!(signup(&app, twin, PASSWORD).await.error(), taken, "{twin:?}");
        // The look-alike signs in to the one existing account: no other user can have that name.
        assert_eq!(login(&app, twin, PASSWORD).await.status, 200, "{twin:?}");
    }
    for refused in [
        "\u{212a}",      // Kelvin sign
        "\u{430}dmin",   // Cyrillic
        "admin\u{200b}", // zero width
        "ad\u{200d}min",
        "admin\u{ad}", // soft hyphen
        "ad min",
        "admin\r\nINFO Signed in user `root`",
        "admin\x1b[2Kroot", // a terminal's escape
        "\u{202e}nimda",    // right to left
        "\u{2066}admin",
        "admin\0",
        "<script>alert(1)</script>",
        "",
    ] {
        let answer = signup(&app, refused, PASSWORD).await;
        let code = if refused.is_empty() { "missing_username" } else { "invalid_username" };
        assert!(answer.error().starts_with(&format!("400 {code} ")), "{refused:?}: {answer:?}");
    }
    for twin in [
        "adm\u{131}n", // without its dot
        "\u{131}stanbul",
        "\u{130}stanbul",        // with a dot on its dot
        "\u{430}\u{441}\u{435}", // Cyrillic ace
        "zoe\u{308}\u{308}",     // two marks, one on the other
    ] {
        assert_eq!(signup(&app, twin, PASSWORD).await.error(), taken, "{twin:?}");
        // It is still another name, which no user has.
        assert_eq!(login(&app, twin, PASSWORD).await.error(), WRONG, "{twin:?}");
    }
    // Without its dot it is another Turkish letter, and a normal name for the first user who takes it.
    for (first, twin) in [("\u{131}zmir", "izmir"), ("\u{440}\u{430}\u{443}", "pay")] {
        assert_eq!(signup(&app, first, PASSWORD).await.status, 201, "{first:?}");
        assert_eq!(signup(&app, twin, PASSWORD).await.error(), taken, "{twin:?}");
    }
    // People choose such ASCII names in good faith.
    for name in ["adam1", "adaml", "modern", "modem"] {
        assert_eq!(signup(&app, name, PASSWORD).await.status, 201, "{name}");
    }
    let huge = "x".repeat(15_000);
    assert!(signup(&app, &huge, PASSWORD).await.error().starts_with("400 invalid_username "));
    assert_eq!(
        app.state.store.list_users().await.unwrap().iter().filter(|user| user.username.as_str() == "admin").count(),
        1
    );
}

#[tokio::test]
async fn p14_a42_a_damaged_hash_is_an_error_that_says_nothing() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for damaged in ["", "nonsense", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA", "$2b$12$abcdefghijklmnopqrstuv"] {
        app.sql(&format!("UPDATE users SET password_hash = '{damaged}' RETURNING id")).await;
        let answer = login(&app, "ada", PASSWORD).await;
        assert_eq!(answer.error(), "500 internal Internal error", "{damaged}");
    }
}
