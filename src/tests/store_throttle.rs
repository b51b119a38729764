//! The tables of attempts and of known networks: part of the spec in `store.rs`, so that it runs on both databases.

use std::time::Duration;

use handstamp::server::domain::ids::ThrottleKey;
use handstamp::server::domain::throttle::{LONGEST_LIFE, LONGEST_WAIT};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::store::Store;
use handstamp::server::store::throttle::{KeptBucket, TryCount};

const NOW: UnixTime = UnixTime(1_795_338_720);
const FADE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

const fn key(number: u8) -> ThrottleKey {
    ThrottleKey::from_random([number; 16])
}

fn after(seconds: i64) -> UnixTime {
    UnixTime(NOW.0 + seconds)
}

fn tried(number: u8, next_at: UnixTime) -> TryCount {
    TryCount { key: key(number), fade: FADE, next_at }
}

/// Counts an attempt in one bucket. Returns when the bucket will be empty.
async fn count(store: &Store, number: u8, next_at: UnixTime, now: UnixTime) -> UnixTime {
    let empty_at = store.count_try(vec![tried(number, next_at)], None, now).await.unwrap();
    assert_eq!(empty_at.len(), 1);
    empty_at[0]
}

/// `other` is a second process on the same database.
pub async fn tries(store: &Store, other: &Store) {
    // Counts of several processes add up.
    assert_eq!(count(store, 1, after(1), NOW).await, after(60));
    assert_eq!(count(other, 1, after(2), NOW).await, after(120));
    assert_eq!(count(store, 2, NOW, NOW).await, after(60));
    let parallel = (0..20).map(async |number| {
        let store = if number % 2 == 0 { store } else { other };
        count(store, 3, NOW, NOW).await
    });
    let last = futures::future::join_all(parallel).await.into_iter().max();
    assert_eq!(last, Some(after(20 * 60)));

    let kept = |number, empty_at, next_at| KeptBucket { key: key(number), empty_at, next_at };
    let all = [kept(3, after(1200), NOW), kept(1, after(120), after(2)), kept(2, after(60), NOW)];
    assert_eq!(other.list_tries(NOW).await.unwrap(), all);
    assert_eq!(other.list_tries(after(60)).await.unwrap(), all[..2]);

    // Old attempts do not count any more. Times from a clock far ahead count at most as much as a rule allows.
    assert_eq!(count(store, 1, after(3600), after(3600)).await, after(3660));
    let future = NOW.plus(HOUR * 1000);
    count(store, 4, future, future).await;
    count(store, 5, future, future).await;
    assert_eq!(count(store, 4, after(9), NOW).await, NOW.plus(LONGEST_LIFE));
    let mended = store.list_tries(NOW).await.unwrap().into_iter().find(|kept| kept.key == key(5)).unwrap();
    assert_eq!((mended.empty_at, mended.next_at), (NOW.plus(LONGEST_LIFE), NOW.plus(LONGEST_WAIT)));

    // An attempt in several buckets returns times in their order.
    let both = store.count_try(vec![tried(7, NOW), tried(1, after(9))], None, NOW).await.unwrap();
    assert_eq!(both, [after(60), after(3720)]);
    store.note_forgotten(key(7));

    // Notes are written in order, before later writes with a waiting caller.
    store.note_forgotten(key(4));
    store.note_try(vec![tried(6, NOW)], NOW);
    count(store, 2, NOW, NOW).await;
    let left: Vec<_> = other.list_tries(NOW).await.unwrap().into_iter().map(|kept| kept.key).collect();
    assert_eq!(left, [key(5), key(1), key(3), key(2), key(6)]);

    assert_eq!(store.purge_tries(after(120), 100, 1).await.unwrap(), 1);
    assert_eq!(store.purge_tries(after(120), 100, 10).await.unwrap(), 1);
    assert_eq!(store.purge_tries(after(120), 1, 10).await.unwrap(), 2, "no more than one may stay");
    let left: Vec<_> = other.list_tries(NOW).await.unwrap().into_iter().map(|kept| kept.key).collect();
    assert_eq!(left, [key(5)], "the one that lasts longest");
}

pub async fn familiar_networks(store: &Store, other: &Store) {
    store.note_familiar(key(1), NOW);
    store.note_familiar(key(2), NOW.plus(HOUR));
    store.note_familiar(key(1), NOW.plus(HOUR * 25));
    // Written by then.
    count(store, 9, NOW, NOW).await;
    assert!(!other.is_familiar(key(3), UnixTime(0)).await.unwrap());
    assert!(other.is_familiar(key(1), NOW.plus(HOUR * 24)).await.unwrap());
    assert!(!other.is_familiar(key(2), NOW.plus(HOUR)).await.unwrap());

    assert_eq!(store.purge_familiar(NOW.plus(HOUR), 10).await.unwrap(), 1);
    assert!(!other.is_familiar(key(2), UnixTime(0)).await.unwrap());
    assert!(other.is_familiar(key(1), UnixTime(0)).await.unwrap());
}
