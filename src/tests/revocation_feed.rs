//! The feed of the blocklist for other services, `GET /revocations`: snapshots, and changes by a cursor.
//! `revocation_followers.rs` has services that follow it for a while.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use handstamp::server::http::{self, Limits};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::databases::numbered_id;
use crate::harness::{Answer, Client, TestApp, part, send_to};

const EXPIRED: &str = "410 cursor_expired Cursor expired; fetch a snapshot";
/// Far longer than a spec takes: an earlier answer means that something has happened.
const WAIT: (&str, &str) = ("prefer", "respond-async, wait=60");

impl TestApp {
    /// `query`: with its question mark.
    pub async fn revocations(&self, client: &Client, query: &str, headers: &[(&str, &str)]) -> Answer {
        let basic = basic(client);
        let headers: Vec<_> = headers.iter().copied().chain([("authorization", basic.as_str())]).collect();
        self.send("GET", &format!("/revocations{query}"), &headers, None).await
    }

    /// Waits for news, like others before. Returns when the server waits too.
    async fn wait_for_news(&self, client: &Client, query: &str, tag: &str) -> JoinHandle<Answer> {
        let (origin, path, basic, tag) =
            (self.origin.clone(), format!("/revocations{query}"), basic(client), tag.to_owned());
        let others = self.state.news.released.receiver_count();
        let waiting = tokio::spawn(async move {
            let headers = [("authorization", &*basic), ("if-none-match", &tag), WAIT];
            send_to(&origin, "GET", &path, &headers, None).await
        });
        while self.state.news.released.receiver_count() == others {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        waiting
    }

    /// Adds rows with new numbers, as if another process had written them.
    pub async fn add_rows(&self, number: usize) {
        let fill = format!(
            "WITH RECURSIVE rows (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM rows WHERE i < {number}) \
             INSERT INTO blocklist SELECT {}, 'session', 4000000000, value + i \
             FROM rows, counters WHERE name = 'blocklist'; \
             UPDATE counters SET value = value + {number} WHERE name = 'blocklist'",
            numbered_id("(value + i)")
        );
        self.execute(&fill).await;
    }
}

pub fn basic(client: &Client) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", client.name, client.secret)))
}

/// The ids of an answer's entries.
pub fn ids(answer: &Answer) -> Vec<String> {
    let entries = answer.json()["entries"].as_array().unwrap().clone();
    let id = |entry: &serde_json::Value| entry["sid"].as_str().or(entry["jti"].as_str()).unwrap().to_owned();
    entries.iter().map(id).collect()
}

pub fn cursor(answer: &Answer) -> String {
    answer.json()["cursor"].as_str().unwrap().to_owned()
}

pub fn sid(token: &str) -> String {
    part(token, 1)["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_snapshot_has_all_live_entries_and_with_its_cursor_only_news_comes() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    let empty = app.revocations(&client, "", &[]).await;
    let begin = cursor(&empty);
    assert_eq!(empty.body, format!(r#"{{"cursor":"{begin}","entries":[]}}"#));

    let (session, single) = (app.somebody("ada").await, app.login("ada").await);
    app.logout(&session).await;
    app.follow().await;
    let middle = app.revocations(&client, &format!("?after={begin}"), &[]).await;
    app.post_form("/revoke", &format!("token={single}")).await;
    app.follow().await;

    let snapshot = app.revocations(&client, "", &[]).await;
    let since = app.revocations(&client, &format!("?after={begin}"), &[]).await;
    assert_eq!(snapshot.body, since.body, "the same form");
    let entries = snapshot.json()["entries"].clone();
    assert_eq!(entries[0]["sid"], part(&session, 1)["sid"]);
    assert_eq!(entries[1]["jti"], part(&single, 1)["jti"]);
    for (entry, token) in [(&entries[0], &session), (&entries[1], &single)] {
        assert!(entry["exp"].as_i64() >= part(token, 1)["exp"].as_i64(), "{entry}");
        assert_eq!(entry.as_object().unwrap().len(), 2);
    }
    let later = app.revocations(&client, &format!("?after={}", cursor(&middle)), &[]).await;
    assert_eq!((ids(&middle), ids(&later)), (vec![sid(&session)], ids(&snapshot)[1..].to_vec()));
    let newest = cursor(&snapshot);
    let none = app.revocations(&client, &format!("?after={newest}"), &[]).await;
    assert_eq!(none.body, format!(r#"{{"cursor":"{newest}","entries":[]}}"#));
    // After its time, an entry is removed: no service needs it any more.
    app.pass(Duration::from_hours(2));
    assert_eq!(ids(&app.revocations(&client, "", &[]).await), Vec::<String>::new());
}

#[tokio::test]
async fn an_etag_avoids_sending_the_same_snapshot_again() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    let empty = app.revocations(&client, "", &[]).await;
    let token = app.somebody("ada").await;
    app.logout(&token).await;
    app.follow().await;
    let news = app.revocations(&client, "", &[("if-none-match", empty.header("etag").unwrap())]).await;
    assert_eq!((news.status, ids(&news)), (200, vec![sid(&token)]));
    let tag = news.header("etag").unwrap();
    let none = app.revocations(&client, "", &[("if-none-match", tag)]).await;
    assert_eq!((none.status, none.body.as_str(), none.header("etag")), (304, "", Some(tag)));
}

#[tokio::test]
async fn services_that_wait_get_a_sign_out_at_once_with_a_cursor_or_an_etag() {
    let mut app = TestApp::start().await;
    let (client, token) = (app.client("billing").await, app.somebody("ada").await);
    let snapshot = app.revocations(&client, "", &[]).await;
    let by_cursor = app.wait_for_news(&client, &format!("?after={}", cursor(&snapshot)), "").await;
    let by_tag = app.wait_for_news(&client, "", snapshot.header("etag").unwrap()).await;

    app.logout(&token).await;
    app.follow().await;

    for waiting in [by_cursor, by_tag] {
        assert_eq!(ids(&waiting.await.unwrap()), [sid(&token)]);
    }
}

#[tokio::test]
async fn a_wait_without_news_ends_with_no_entries_and_the_same_cursor() {
    let app = TestApp::start().await;
    let client = app.client("billing").await;
    let begin = cursor(&app.revocations(&client, "", &[]).await);
    let (begun, prefer) = (Instant::now(), [("prefer", "wait=1")]);
    let end = app.revocations(&client, &format!("?after={begin}"), &prefer).await;
    assert_eq!(end.body, format!(r#"{{"cursor":"{begin}","entries":[]}}"#));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn services_that_wait_get_an_answer_when_the_server_stops() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    let snapshot = app.revocations(&client, "", &[]).await;
    let by_cursor = app.wait_for_news(&client, &format!("?after={}", cursor(&snapshot)), "").await;
    let by_tag = app.wait_for_news(&client, "", snapshot.header("etag").unwrap()).await;
    app.stop().await;
    assert_eq!(by_cursor.await.unwrap().body, snapshot.body);
    assert_eq!(by_tag.await.unwrap().status, 304);
}

#[tokio::test]
async fn a_wrong_secret_gets_nothing_whatever_the_cursor() {
    let app = TestApp::start().await;
    let client = app.client("billing").await;
    let begin = cursor(&app.revocations(&client, "", &[]).await);
    let wrong = Client { name: client.name, secret: "x".into() };
    for query in [String::new(), format!("?after={begin}"), "?after=x".into()] {
        let answer = app.revocations(&wrong, &query, &[WAIT]).await;
        assert_eq!(answer.error(), "401 invalid_client Client authentication failed");
    }
}

#[tokio::test]
async fn a_cursor_of_another_store_or_a_malformed_one_has_expired() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let [client, theirs] = [app.client("billing").await, other.client("billing").await];
    let foreign = cursor(&other.revocations(&theirs, "", &[]).await);
    let own = cursor(&app.revocations(&client, "", &[]).await);
    let (store, _) = own.split_once('.').unwrap();
    // The third is from before an older backup was restored.
    for bad in [&foreign, "x", &format!("{store}.7"), "", &format!("{own}&after={own}"), &format!("{store}.-1"), "%00"]
    {
        let answer = app.revocations(&client, &format!("?after={bad}"), &[WAIT]).await;
        assert_eq!(answer.error(), EXPIRED, "{bad}");
    }
    assert_eq!(app.revocations(&client, &format!("?after={own}"), &[]).await.status, 200);
}

#[tokio::test]
async fn a_cursor_has_expired_when_more_has_come_since_than_a_feed_holds() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    let begin = cursor(&app.revocations(&client, "", &[]).await);
    app.add_rows(60_000).await;
    app.follow().await;
    let middle = app.revocations(&client, &format!("?after={begin}"), &[]).await;
    assert_eq!(ids(&middle).len(), 60_000);
    app.add_rows(10_000).await;
    app.follow().await;
    for round in ["kept in memory", "read from the table after a restart"] {
        let answer = app.revocations(&client, &format!("?after={begin}"), &[]).await;
        assert_eq!(answer.error(), EXPIRED, "{round}");
        let since = app.revocations(&client, &format!("?after={}", cursor(&middle)), &[]).await;
        assert_eq!(ids(&since).len(), 10_000, "{round}");
        app = app.restart().await;
    }
}

#[tokio::test]
async fn a_large_snapshot_is_compressed_for_those_who_accept_it_and_a_small_one_is_not() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    for (rows, packs) in [(10, false), (490, true), (20_000, true)] {
        app.add_rows(rows).await;
        app.follow().await;
        let plain = app.revocations(&client, "", &[]).await;
        let request = axum::http::Request::get("/revocations").header("authorization", basic(&client));
        let request = request.header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        let answer = http::router(&app.state, Limits::default()).oneshot(request).await.unwrap();
        let coding = answer.headers().get("content-encoding").cloned();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!((coding.is_some_and(|coding| coding == "gzip"), plain.header("content-encoding")), (packs, None));
        assert!(!packs || body.len() < plain.body.len() / 2, "{} of {}", body.len(), plain.body.len());
        let body = if packs { unpacked(&body) } else { body.to_vec() };
        assert_eq!(String::from_utf8(body).unwrap(), plain.body);
    }
    assert_eq!(ids(&app.revocations(&client, "", &[]).await).len(), 20_500);
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    output.stdout
}
