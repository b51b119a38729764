//! Blocklists: exact, compact, and safe to ask while others write.

use std::fs::read_to_string;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::Blocklist;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Different ids for different numbers.
fn id(number: u64) -> String {
    let high = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    URL_SAFE_NO_PAD.encode([high.to_be_bytes(), number.to_be_bytes()].concat())
}

#[test]
fn exactly_the_ids_that_were_added_are_blocked() {
    let blocklist = Blocklist::default();
    assert_eq!(blocklist.len(), 0);
    (0..50_000).for_each(|number| blocklist.add(&id(number), 100));
    assert!((0..50_000).all(|number| blocklist.contains(&id(number))));
    assert!(!(50_000..100_000).any(|number| blocklist.contains(&id(number))));
    assert_eq!(blocklist.len(), 50_000);
}

#[test]
fn an_id_of_another_spelling_is_another_and_ids_of_another_form_are_blocked_too() {
    let blocklist = Blocklist::default();
    let good = "AAAAAAAAAAAAAAAAAAAAAA";
    let others = [
        "AAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAA=",
        "",
        "é",
    ];
    blocklist.add(good, 100);
    for other in others {
        assert!(!blocklist.contains(other), "{other}");
        blocklist.add(other, 100);
        assert!(blocklist.contains(other), "{other}");
    }
    assert_eq!(blocklist.len(), 1 + others.len());
    blocklist.sweep(101, 64);
    assert_eq!(blocklist.len(), 0);
}

#[test]
fn an_entry_stays_until_its_time_and_one_that_comes_twice_until_the_later_one() {
    let blocklist = Blocklist::default();
    let [brief, longer, past, distant] = [1, 2, 3, 4].map(id);
    for (id, until) in
        [(&brief, 100), (&longer, 100), (&longer, 200), (&longer, 150), (&past, -5), (&distant, i64::MAX)]
    {
        blocklist.add(id, until);
    }
    for (now, expected) in [(100, [true, true]), (101, [false, true]), (200, [false, true]), (201, [false, false])] {
        blocklist.sweep(now, 64);
        assert_eq!([&brief, &longer].map(|id| blocklist.contains(id)), expected, "at {now}");
        assert_eq!([&past, &distant].map(|id| blocklist.contains(id)), [false, true], "at {now}");
    }
}

#[test]
fn a_reader_misses_nothing_while_others_add_and_sweep() {
    let (blocklist, done) = (Blocklist::default(), AtomicBool::new(false));
    (0..5_000).for_each(|number| blocklist.add(&id(number), 100));
    thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1..=5 {
                (0..20_000).for_each(|number| blocklist.add(&id(round * 1_000_000 + number), 1));
                blocklist.sweep(50, 64);
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            assert!((0..5_000).all(|number| blocklist.contains(&id(number))));
        }
    });
    assert_eq!(blocklist.len(), 5_000);
}

#[test]
fn a_million_entries_need_at_most_64_bytes_each() {
    const MILLION: u32 = 1_000_000;
    let resident = || {
        let status = read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    };
    let (before, blocklist) = (resident(), Blocklist::default());
    (0..u64::from(MILLION)).for_each(|number| blocklist.add(&id(number), 2_000_000_000));
    let each = (resident() - before) / f64::from(MILLION);
    println!("rust: {each:.1} bytes of the process for an entry, at {} entries", blocklist.len());
    assert!(each <= 64.0);
}
