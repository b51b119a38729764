//! Guessing, with a clock that the tests move.

use super::*;

const NOW: Duration = Duration::from_hours(1);

/// Every number gives a different key.
fn key(number: u32) -> ThrottleKey {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ThrottleKey::from_random(bytes)
}

/// An unknown client at this address, at the one account of these specs.
fn stranger(address: u32) -> StrangerKeys {
    StrangerKeys {
        pair: key(1_000_000 + address),
        address: key(2_000_000 + address),
        first_tries: key(1),
        more_tries: key(2),
    }
}

fn pair(throttle: &Throttle, now: Duration) -> Result<Vec<Counted>, Refused> {
    throttle.count(&[(key(1), PAIR)], now)
}

#[test]
fn after_five_tries_every_further_one_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
    let throttle = Throttle::default();
    let mut now = NOW;
    for _ in 0..5 {
        pair(&throttle, now).unwrap();
    }
    let mut waits = Vec::new();
    for _ in 0..12 {
        let refused = pair(&throttle, now).unwrap_err();
        assert!(!refused.by_others);
        waits.push(refused.wait.as_secs());
        // A moment earlier it is still refused, and changes nothing.
        let early = now + refused.wait.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!(pair(&throttle, early).unwrap_err().wait, Duration::from_millis(1));
        now += refused.wait;
        pair(&throttle, now).unwrap();
    }
    // A quarter of an hour has passed by then, and the first attempt has left the bucket.
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 900]);
}

#[test]
fn a_bucket_empties_with_time_unless_attempts_go_on() {
    let throttle = Throttle::default();
    for _ in 0..5 {
        pair(&throttle, NOW).unwrap();
    }
    assert!(pair(&throttle, NOW).is_err());
    throttle.purge(NOW + PAIR.fade * 5);
    assert!(throttle.is_empty());
    for _ in 0..5 {
        pair(&throttle, NOW + PAIR.fade * 5).unwrap();
    }

    // A client that uses every chance gets one attempt in each quarter of an hour, plus the free ones at the beginning.
    let (mut now, end) = (NOW * 10, NOW * 10 + Duration::from_hours(24));
    let mut tries = 0_u32;
    while now < end {
        match throttle.count(&[(key(2), PAIR)], now) {
            Ok(_) => tries += 1,
            Err(refused) => now += refused.wait,
        }
    }
    assert!((96..=96 + 16).contains(&tries), "{tries}");
}

#[test]
fn unknown_clients_get_a_hundred_attempts_an_hour_at_one_account_from_all_addresses() {
    for each in [1, 2, 4, 50] {
        let throttle = Throttle::default();
        // Every second for three hours, always from a new address.
        let mut evaluated = Vec::new();
        for second in 0..3 * 3600_u32 {
            let now = NOW + Duration::from_secs(second.into());
            for _ in 0..each {
                if throttle.count_stranger(&stranger(second), now).is_ok() {
                    evaluated.push(second);
                }
            }
        }
        let most =
            evaluated.iter().map(|begin| evaluated.iter().filter(|at| (*begin..begin + 3600).contains(*at)).count());
        assert!(most.clone().max() <= Some(100), "{each} from each address: {:?}", most.max());
        assert!(evaluated.len() >= 55, "{each}");
    }
}

#[test]
fn fifty_addresses_that_try_four_times_each_leave_a_first_try_to_the_fifty_first() {
    let throttle = Throttle::default();
    let attempts = (0..200).map(|number| throttle.count_stranger(&stranger(number % 50), NOW));
    let evaluated = attempts.flatten().count();
    assert!(evaluated < 100, "{evaluated}");
    throttle.count_stranger(&stranger(50), NOW).unwrap();

    // When these are used up, the refusal says who used them up.
    let refused = (51..100).find_map(|number| throttle.count_stranger(&stranger(number), NOW).err()).unwrap();
    assert!(refused.by_others);
    assert_eq!(refused.wait, FIRST_TRIES.fade);
    // A refused attempt is counted nowhere: its own buckets have not changed.
    let len = throttle.len();
    throttle.count_stranger(&stranger(101), NOW).unwrap_err();
    assert_eq!(throttle.len(), len);
}

#[test]
fn a_success_is_given_back_and_clears_nothing_for_another_account() {
    let throttle = Throttle::default();
    let (own, address) = ((key(1), PAIR), (key(3), ADDRESS));
    // At the limit of the address, through attempts at other accounts.
    for other in 0..ADDRESS.free - 1 {
        throttle.count(&[(key(100 + other), PAIR), address], NOW).unwrap();
    }
    for _ in 0..1000 {
        let counted = throttle.count(&[own, address], NOW).unwrap();
        assert!(!throttle.forget(&counted[0], NOW), "it was the only one");
        throttle.give_back(&counted[1..], NOW);
    }
    throttle.count(&[(key(4), PAIR), address], NOW).unwrap();
    assert!(throttle.count(&[(key(5), PAIR), address], NOW).is_err(), "the address stays at its limit");
}

#[test]
fn giving_back_takes_no_wait_from_a_try_that_came_between() {
    let throttle = Throttle::default();
    let address = (key(3), ADDRESS);
    let mut now = NOW;
    for _ in 0..ADDRESS.free + 5 {
        if let Err(refused) = throttle.count(&[address], now) {
            now += refused.wait;
            throttle.count(&[address], now).unwrap();
        }
    }
    now += throttle.count(&[address], now).unwrap_err().wait;
    let right = throttle.count(&[address], now).unwrap();
    throttle.give_back(&right, now);
    let refused = throttle.count(&[address], now).unwrap_err();
    assert!(refused.wait >= Duration::from_secs(8), "{refused:?}");
}

#[test]
fn of_parallel_tries_only_the_free_ones_get_through() {
    let throttle = Throttle::default();
    let through = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..100).map(|_| scope.spawn(|| pair(&throttle, NOW).is_ok())).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).filter(|through| *through).count()
    });
    assert_eq!(through, 5);
}

#[test]
fn memory_is_bounded_and_the_most_active_guessers_are_kept_longest() {
    let throttle = Throttle::default();
    for _ in 0..5 {
        throttle.count(&[(key(0), PAIR)], NOW).unwrap();
    }
    for number in 1..=u32::try_from(MAX_BUCKETS).unwrap() + 10 {
        throttle.count(&[(key(number), PAIR)], NOW).unwrap();
        assert!(throttle.len() <= MAX_BUCKETS);
    }
    assert!(throttle.count(&[(key(0), PAIR)], NOW).is_err());
}

#[test]
fn loaded_counts_are_added_and_never_lower_a_count() {
    let throttle = Throttle::default();
    let counted = pair(&throttle, NOW).unwrap();
    let known = Bucket { empty_at: NOW + PAIR.fade * 4, next_at: NOW };
    throttle.learn(counted[0].key, known, NOW);
    pair(&throttle, NOW).unwrap();
    assert!(pair(&throttle, NOW).is_err(), "another process has counted three more");
    throttle.learn(counted[0].key, Bucket { empty_at: NOW, next_at: NOW }, NOW);
    assert!(pair(&throttle, NOW).is_err());
}

#[test]
fn no_rule_holds_longer_than_the_bounds_for_what_a_store_says() {
    for rule in [PAIR, ADDRESS, DEVICE, FIRST_TRIES, MORE_TRIES, SECOND_FACTOR, SECOND_FACTOR_ON_DEVICE] {
        let throttle = Throttle::default();
        let mut now = NOW;
        for _ in 0..rule.free + 50 {
            match throttle.count(&[(key(1), rule)], now) {
                Ok(counted) => {
                    assert!(counted[0].bucket.empty_at <= now + LONGEST_LIFE, "{rule:?}");
                    assert!(counted[0].bucket.next_at <= now + LONGEST_WAIT, "{rule:?}");
                }
                Err(refused) => now += refused.wait,
            }
        }
    }
}

#[test]
fn an_attempt_that_read_the_clock_first_and_is_counted_last_is_not_too_early() {
    let throttle = Throttle::default();
    let a_moment = Duration::from_micros(1);
    throttle.count_stranger(&stranger(1), NOW).unwrap();

    throttle.count_stranger(&stranger(2), NOW.saturating_sub(a_moment)).unwrap();

    let counted = throttle.count_stranger(&stranger(3), NOW).unwrap();
    throttle.give_back(&counted, NOW + a_moment);
    throttle.count_stranger(&stranger(4), NOW).unwrap();
}
