//! Administrators in the table `users`, on both databases: the first one and the last one. Called from the story in
//! `store.rs`.

use std::time::Duration;

use futures::future::join_all;
use handstamp::server::domain::ids::UserId;
use handstamp::server::domain::password::PasswordHash;
use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::store::administrators::{Administrators, Claimed};
use handstamp::server::store::sessions::Along;
use handstamp::server::store::users::Inserted;
use handstamp::server::store::{Store, StoreError};

use crate::harness::event;

const NOW: UnixTime = UnixTime(1_795_338_720);

fn user(number: u8, name: &str, roles: Roles) -> User {
    let id = UserId::from_random([number; 16]);
    User { id, username: Username::parse(name).unwrap(), roles, created_at: NOW, disabled_at: None }
}

fn hash() -> PasswordHash {
    PasswordHash::from_stored("a".to_owned())
}

async fn claim(store: &Store, round: i64, user: &User) -> Claimed {
    store.insert_first_administrator(round, user, &hash(), &event(EventKind::SignedUp)).await.unwrap()
}

/// A store with users and no administrator: of claims at once one wins.
pub async fn first_ones(store: &Store, other: &Store) {
    let somebody = user(70, "somebody", Roles::default());
    let added = store.insert_user(&somebody, &hash(), &event(EventKind::SignedUp)).await.unwrap();
    assert_eq!(added, Inserted::Yes);
    assert!(store.setup_is_open(0).await.unwrap(), "a user is no administrator");
    assert_eq!(claim(store, 0, &user(71, "somebody", Roles::admin())).await, Claimed::Taken);
    assert!(store.setup_is_open(0).await.unwrap(), "the code is still good");

    let (ada, bob) = (user(72, "ada", Roles::admin()), user(73, "bob", Roles::admin()));
    let (one, two) = tokio::join!(claim(store, 0, &ada), claim(other, 0, &bob));
    assert!([[Claimed::Yes, Claimed::Closed], [Claimed::Closed, Claimed::Yes]].contains(&[one, two]));

    assert_eq!(other.administrators().await.unwrap(), Administrators { all: 1, disabled: 0 });
    for round in [0, 1] {
        assert!(!store.setup_is_open(round).await.unwrap());
        assert_eq!(claim(other, round, &user(74, "eve", Roles::admin())).await, Claimed::Closed);
    }
}

/// Two administrators, and the same deed done to both at once through two processes: one is left.
pub async fn last_ones(store: &Store, other: &Store) {
    let deeds: [fn() -> Along; 3] = [|| Along::SetRoles(Roles::default()), || Along::Disable(NOW), || Along::Remove];
    for (index, deed) in deeds.into_iter().enumerate() {
        for round in 0..5 {
            let number = 80 + u8::try_from(index).unwrap() * 20 + round * 2;
            let pair = [number, number + 1].map(|number| user(number, &format!("admin{number}"), Roles::admin()));
            for administrator in &pair {
                store.insert_user(administrator, &hash(), &event(EventKind::SignedUp)).await.unwrap();
            }
            let others = store.list_users().await.unwrap();
            let others = others.iter().filter(|user| pair.iter().all(|kept| kept.id != user.id));
            for user in others.filter(|user| user.roles.is_admin()) {
                end(store, user.id, Along::Remove).await.unwrap();
            }

            let ends = [(store, &pair[0]), (other, &pair[1])].map(|(through, user)| end(through, user.id, deed()));
            let ended = join_all(ends).await;

            assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1, "{ended:?}");
            let refused = ended.iter().find_map(|end| end.as_ref().err()).unwrap();
            assert!(matches!(refused, StoreError::LastAdministrator), "{refused:?}");
            let Administrators { all, disabled } = store.administrators().await.unwrap();
            assert_eq!(all - disabled, 1);
        }
    }
}

async fn end(store: &Store, id: UserId, along: Along) -> Result<(), StoreError> {
    store.end_sessions_of(id, None, Duration::ZERO, &along, &event(EventKind::Removed)).await.map(|_| ())
}
