//! PostgreSQL does not answer, or its answer is lost: requests get 503, and whatever became of them, the same request is right
//! when it is repeated.

use std::sync::Mutex;

use handstamp::server::domain::throttle::PAIR;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use crate::databases;
use crate::harness::{Answer, PASSWORD, TestApp, Tokens, bearer, part};
use crate::process::eventually;

const UNAVAILABLE: &str = "503 unavailable Temporarily unavailable";
const REVOKED: &str = "401 token_revoked Token has been revoked";

/// What happens to what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    All,
    /// Nothing, in both directions: as if the network lost every packet, or the server was stopped.
    Nothing,
    /// Up to the next COMMIT, which does not arrive. Then all connections end.
    UntilCommit,
    /// Up to the answer to the next COMMIT, which does not arrive. Then all connections end.
    UntilCommitted,
}

/// A connection to PostgreSQL through a place where it can be held up or cut.
struct Link {
    passing: watch::Sender<Passing>,
    url: String,
}

impl Link {
    /// `None` without PostgreSQL.
    async fn new() -> Option<Self> {
        let (url, socket) = databases::new_on_postgres()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing = watch::Sender::new(Passing::All);
        let state = passing.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, socket.clone(), state.clone()));
            }
        });
        Some(Self { passing, url: url.replace("localhost", &format!("127.0.0.1:{port}")) })
    }

    fn set(&self, passing: Passing) {
        self.passing.send_replace(passing);
    }
}

async fn pass(mut client: TcpStream, socket: std::path::PathBuf, passing: watch::Sender<Passing>) {
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    let (mut asked, mut answered) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut changes = passing.subscribe();
    loop {
        let _ = changes.wait_for(|passing| *passing != Passing::Nothing).await;
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let _ = changes.wait_for(|passing| *passing != Passing::Nothing).await;
                let commits = asked[..length].windows(6).any(|word| word == b"COMMIT");
                let now = *passing.borrow();
                if commits && now == Passing::UntilCommit {
                    passing.send_replace(Passing::All);
                    return;
                }
                if server.write_all(&asked[..length]).await.is_err() { return }
                if commits && now == Passing::UntilCommitted {
                    let _ = server.read(&mut answered).await;
                    passing.send_replace(Passing::All);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                let _ = changes.wait_for(|passing| *passing != Passing::Nothing).await;
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

async fn start(link: &Link) -> TestApp {
    let app = TestApp::start_with(&[("DATABASE_URL", &link.url), ("DATABASE_TIMEOUT", "500ms")]).await;
    app.add_user("ada").await;
    app
}

/// Repeats a request while it is answered with 503.
async fn until_answered(request: impl AsyncFn() -> Answer) -> Answer {
    let answer = Mutex::new(None);
    eventually("PostgreSQL answers again", async || {
        let got = request().await;
        let answered = got.status != 503;
        *answer.lock().unwrap() = Some(got);
        answered
    })
    .await;
    answer.into_inner().unwrap().unwrap()
}

async fn refresh_until_answered(app: &TestApp, tokens: &Tokens) -> Tokens {
    until_answered(async || app.refresh(&tokens.refresh).await).await.tokens()
}

#[tokio::test]
async fn while_postgresql_does_not_answer_requests_get_503_and_no_refresh_token_is_consumed() {
    let Some(link) = Link::new().await else { return };
    let mut app = start(&link).await;
    let tokens = app.tokens("ada").await;

    link.set(Passing::Nothing);
    assert_eq!(app.refresh(&tokens.refresh).await.error(), UNAVAILABLE);
    assert_eq!(app.logout(&tokens.access).await.error(), UNAVAILABLE);
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    assert_eq!(app.post_json("/login", &login).await.error(), UNAVAILABLE);
    // What it has in memory is right, for as long as the bound allows.
    assert_eq!(app.protected(&tokens.access).await.status, 200);

    link.set(Passing::All);
    let next = refresh_until_answered(&app, &tokens).await;
    app.follow().await;
    assert_eq!(app.protected(&next.access).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_postgresql_did_not_answer_is_no_wrong_guess() {
    let Some(link) = Link::new().await else { return };
    let app = start(&link).await;
    let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);

    link.set(Passing::Nothing);
    // More than the attempts that one visitor has at one account, and at the first of them the outage is not known.
    for _ in 0..2 * PAIR.free {
        assert_eq!(app.post_json("/login", &login).await.error(), UNAVAILABLE);
    }

    link.set(Passing::All);
    let signed_in = until_answered(async || app.post_json("/login", &login).await).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.error());
}

#[tokio::test]
async fn a_refresh_whose_commit_or_its_answer_is_lost_can_be_repeated() {
    let Some(link) = Link::new().await else { return };
    let app = start(&link).await;
    for lost in [Passing::UntilCommit, Passing::UntilCommitted] {
        let tokens = app.tokens("ada").await;
        link.set(lost);
        assert_eq!(app.refresh(&tokens.refresh).await.error(), UNAVAILABLE, "{lost:?}");

        let next = refresh_until_answered(&app, &tokens).await;
        assert_eq!(app.protected(&next.access).await.status, 200, "{lost:?}");
        let after = app.refresh(&next.refresh).await.tokens();
        assert_eq!(app.protected(&after.access).await.status, 200, "{lost:?}");
        // One successor: the token that was used before them does not work any more.
        assert_eq!(app.refresh(&tokens.refresh).await.status, 401, "{lost:?}");
    }
}

#[tokio::test]
async fn a_sign_out_whose_commit_or_its_answer_is_lost_can_be_repeated_and_is_acknowledged_only_then() {
    let Some(link) = Link::new().await else { return };
    let app = start(&link).await;
    for lost in [Passing::UntilCommit, Passing::UntilCommitted] {
        let tokens = app.tokens("ada").await;
        link.set(lost);
        assert_eq!(app.logout(&tokens.access).await.error(), UNAVAILABLE, "{lost:?}");

        eventually("PostgreSQL answers again", async || app.logout(&tokens.access).await.status != 503).await;
        assert_eq!(app.logout(&tokens.access).await.status, 200, "{lost:?}");
        assert_eq!(app.protected(&tokens.access).await.error(), REVOKED, "{lost:?}");
        assert_eq!(app.refresh(&tokens.refresh).await.error(), REVOKED, "{lost:?}");
    }
}

#[tokio::test]
async fn a_sign_out_that_was_committed_and_not_acknowledged_is_found_when_the_table_is_read() {
    let Some(link) = Link::new().await else { return };
    let mut app = start(&link).await;
    let tokens = app.tokens("ada").await;
    link.set(Passing::UntilCommitted);
    assert_eq!(app.logout(&tokens.access).await.error(), UNAVAILABLE);

    let TestApp { follower, state, .. } = &mut app;
    eventually("the table can be read", async || follower.catch_up(state).await.is_ok()).await;

    assert_eq!(app.protected(&tokens.access).await.error(), REVOKED);
}

#[tokio::test]
async fn the_end_of_all_other_sessions_that_is_repeated_after_its_answer_was_lost_holds_when_it_is_acknowledged() {
    let Some(link) = Link::new().await else { return };
    let app = start(&link).await;
    for door in ["/sessions", "/sessions/one of them"] {
        let (asking, other) = (app.tokens("ada").await, app.tokens("ada").await);
        let path = door.replace("one of them", part(&other.access, 1)["sid"].as_str().unwrap());
        let end = async || app.send("DELETE", &path, &[("authorization", &bearer(&asking.access))], None).await.status;
        link.set(Passing::UntilCommitted);
        assert_eq!(end().await, 503, "{door}");

        // The second time, there is nothing left to end.
        let status = Mutex::new(503);
        eventually("PostgreSQL answers again", async || {
            let answered = end().await;
            *status.lock().unwrap() = answered;
            answered != 503
        })
        .await;

        assert_eq!(app.protected(&other.access).await.error(), REVOKED, "{door}: {status:?}");
        assert_eq!(app.protected(&asking.access).await.status, 200, "{door}");
    }
}
