//! Two servers on one SQLite file, by mistake: each keeps the promise, rejects what the other has ended, and of many
//! refreshes through both, one rotates. With settings that must be alike and are not, the second does not start.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::flows::{self, AuthenticateError};
use handstamp::server::world::World;
use secrecy::ExposeSecret as _;

use crate::algorithms::with_key_file;
use crate::databases::numbered_id;
use crate::harness::{Answer, SECRET, TestApp, bearer, part};
use crate::process::{Serving, Tokens, add_ada, eventually, expect_intact, handstamp, sql};

const WRITERS: usize = 32;
const ROUNDS: usize = 3;
/// Refreshes at once, and how often.
const STORM: usize = 50;
const STORMS: u32 = 20;

#[tokio::test]
async fn thirty_two_writers_through_two_processes_meet_no_error_and_no_token_outlives_its_sign_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let behind_a_proxy = [("TRUSTED_PROXIES", "127.0.0.1")];
    let servers = [Serving::start_with(folder, &behind_a_proxy), Serving::start_with(folder, &behind_a_proxy)];

    let writers = (0..WRITERS).map(async |writer| {
        for round in 0..ROUNDS {
            let one = &servers[(writer + round) % 2];
            let other = &servers[(writer + round + 1) % 2];
            // Each from its own address: so many at once from one address would be slowed.
            let session = one.login_from(&format!("192.0.2.{writer}")).await;
            assert!(one.lets_in(&session).await && other.lets_in(&session).await);

            let answer = one.logout(&session).await;

            assert_eq!(answer.status, 200, "{answer:?}");
            one.expect_ended(&session).await;
            // The other reads when it is told, or after a while. How long that takes depends on the machine.
            eventually("the other refuses what was ended elsewhere", async || !other.lets_in(&session).await).await;
            other.expect_ended(&session).await;
        }
    });
    join_all(writers).await;

    expect_intact(folder).await;
}

#[tokio::test]
async fn of_fifty_refreshes_at_once_through_two_processes_one_rotates() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let servers = [Serving::start_with(folder, &[]), Serving::start_with(folder, &[])];
    let mut newest = servers[0].login().await;
    for round in 1..=STORMS {
        let storm = join_all((0..STORM).map(|number| servers[number % 2].refresh(&newest))).await;
        let refreshed: Vec<_> = storm.iter().map(refreshed).collect();
        let successors: BTreeSet<_> = refreshed.iter().map(|tokens| tokens.refresh.as_str()).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        newest = refreshed[0].clone();
        assert_eq!(generation(&newest), round, "one rotation a round");
    }
    for server in &servers {
        assert!(server.lets_in(&newest).await, "no user was signed out");
    }
    assert_eq!(servers[1].refresh(&newest).await.status, 200);
    expect_intact(folder).await;
}

fn refreshed(answer: &Answer) -> Tokens {
    assert_eq!(answer.status, 200, "{answer:?}");
    Tokens::of(&answer.json())
}

/// Returns how often a session was refreshed, from its refresh token: after the sixteen bytes of the session's id.
fn generation(tokens: &Tokens) -> u32 {
    let said = URL_SAFE_NO_PAD.decode(tokens.refresh.strip_prefix("hs_rt_").unwrap()).unwrap();
    u32::from_be_bytes(said[16..20].try_into().unwrap())
}

/// Starts a server and answers the line with which it is refused.
fn refusal(folder: &Path, settings: &[(&str, &str)]) -> String {
    let Err(refused) = Serving::spawn(handstamp(folder, &[], settings)) else { panic!("it listens") };
    assert_eq!(refused.status.code(), Some(1), "{}", refused.log);
    refused.log.lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_second_server_with_another_algorithm_does_not_start_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let first = Serving::start_with(folder, &[("JWT_ALGORITHM", "ES256")]);
    let tokens = first.login().await;
    let keys = sql(folder, "SELECT id || state FROM signing_keys ORDER BY id").await;

    for other in ["HS256", "EdDSA"] {
        let line = refusal(folder, &[("JWT_ALGORITHM", other)]);
        let names = format!("with JWT_ALGORITHM=ES256, and here it is JWT_ALGORITHM={other}; ");
        assert!(
            line.starts_with("handstamp: another server runs on this database ") && line.contains(&names),
            "{line}"
        );
    }

    assert_eq!(sql(folder, "SELECT id || state FROM signing_keys ORDER BY id").await, keys);
    assert!(first.lets_in(&tokens).await);
    // With the same one it starts, and each takes the tokens of the other.
    let second = Serving::start_with(folder, &[("JWT_ALGORITHM", "ES256")]);
    assert!(second.lets_in(&tokens).await && first.lets_in(&second.login().await).await);
    assert!(first.stop().0.success());
    let line = refusal(folder, &[("JWT_ALGORITHM", "EdDSA")]);
    assert!(line.contains("JWT_ALGORITHM"), "the second still runs: {line}");
}

#[tokio::test]
async fn when_all_servers_have_ended_whatever_ended_them_the_next_one_may_have_another_algorithm_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let servers = [Serving::start_with(folder, &[]), Serving::start_with(folder, &[])];
    for server in servers {
        server.kill();
    }
    let changed = Serving::start_with(folder, &[("JWT_ALGORITHM", "HS512")]);
    let tokens = changed.login().await;
    assert!(changed.stop().0.success());
    let back = Serving::start(folder);
    assert!(back.lets_in(&tokens).await, "a change of algorithm is a rotation");
}

#[tokio::test]
async fn a_second_server_with_another_key_file_does_not_take_the_ring_either() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _) = with_key_file(folder.path(), Algorithm::ES256).await;
    let token = app.somebody("ada").await;
    let other = World::system().new_key(Algorithm::ES256);
    let path = folder.path().join("other.pem");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    file.write_all(other.kept().expose_secret()).unwrap();
    let another = [("JWT_PRIVATE_KEY_FILE", path.to_str().unwrap())];

    let refused = app.start_another_with(&another).await.err().unwrap();

    let names = format!("JWT_PRIVATE_KEY_FILE=(key id {})", other.id);
    assert!(refused.starts_with("another server runs on this database") && refused.contains(&names), "{refused}");
    assert_eq!(app.protected(&token).await.status, 200);
    app.state.presence.leave().await;
    assert_eq!(app.start_another_with(&another).await.unwrap().keys.load().active().id, other.id);
}

#[tokio::test]
async fn of_two_servers_that_start_at_once_with_different_algorithms_never_both_run() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let start = |algorithm| {
            let settings = [("JWT_ALGORITHM", algorithm), ("JWT_SECRET", SECRET)];
            Serving::spawn(handstamp(folder.path(), &[], &settings))
        };
        let (one, other) = std::thread::scope(|scope| {
            let starts = ["HS256", "ES256"].map(|algorithm| scope.spawn(move || start(algorithm)));
            let [one, other] = starts.map(|start| start.join().unwrap());
            (one, other)
        });
        let refused = match (one, other) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            (one, other) => panic!("{:?} {:?}", one.err(), other.err()),
        };
        assert!(refused.log.contains("another server runs on this database with JWT_ALGORITHM="), "{}", refused.log);
    }
}

#[tokio::test]
async fn however_many_rows_the_blocklist_has_and_whatever_their_numbers_a_start_reads_them_all() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let session = part(&token, 1)["sid"].as_str().unwrap().to_owned();
    // Two rows with the same number, as when all sessions of a user end at once, and a number far from the others.
    let fill = format!(
        "WITH RECURSIVE rows (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM rows WHERE i < 40000) \
         INSERT INTO blocklist SELECT {}, 'token', 4000000000 + i, i / 2 FROM rows WHERE i > 1; \
         INSERT INTO blocklist VALUES ('{session}', 'session', 4000000000, 1000000000000)",
        numbered_id("i"),
    );
    app.execute(&fill).await;

    let (other, mut follower) = app.another_process().await;

    assert_eq!(other.blocklist.len(), 40_000);
    let entries = other.store.list_blocked_since(0).await.unwrap();
    assert!(entries.is_sorted_by_key(|entry| entry.seq));
    for (index, i) in (2..=40_000).enumerate().step_by(1111) {
        assert_eq!((entries[index].keep_until.0, entries[index].seq), (4_000_000_000 + i, i / 2));
    }
    let headers = [bearer(&token)];
    let authenticated = flows::authenticate(&other, headers.iter().map(String::as_bytes));
    assert_eq!(authenticated, Err(AuthenticateError::Revoked));

    // And later rows, none of them twice.
    follower.catch_up(&other).await.unwrap();
    assert_eq!(other.blocklist.len(), 40_000);
}
