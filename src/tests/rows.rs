//! Every row of the security requirements (T, S, P, H) and every attack (A) has a test with its number: as the first
//! words of a spec's name (`a13_h10_…`), or in brackets at the end of a browser test's title (`… (A32)`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rows of the requirements on tokens, sessions, passwords and HTTP, and attacks.
const ROWS: [(char, u32); 5] = [('t', 23), ('s', 18), ('p', 14), ('h', 20), ('a', 46)];

/// Rows on sessions that a test with another number, or without one, covers.
const AS_WELL: &[(&str, &str)] = &[
    ("s3", "a16_a_refresh_token_used_again_after_its_successor_was_used_ends_the_session"),
    ("s4", "a_lost_answer_does_not_end_the_session"),
    ("s5", "a17_of_fifty_refreshes_at_once_one_rotates_and_all_get_its_successor"),
    ("s6", "a_refresh_that_cannot_be_stored_leaves_the_token_valid"),
    ("s7", "a_session_ends_when_it_lies_idle_and_at_its_end_whatever_happens"),
    ("s9", "a_new_sign_in_ends_the_session_that_this_browser_held"),
    ("s10", "ending_all_other_sessions_needs_a_fresh_token"),
    ("s11", "p11_a_changed_password_ends_all_other_sessions_and_not_this_one"),
    ("s12", "a19_a_sign_in_in_the_same_second_after_all_sessions_ended_works"),
    ("s13", "a40_a_user_can_end_only_own_sessions"),
];

/// Rows that no test of the suite can cover, with the reason, or with what covers them instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("t18", "no signature shows how its randomness was made: docs/tokens.md, choosing an algorithm"),
    ("s16", "it serves on SQLite alone and asks memory about a token: there is no PostgreSQL to lose"),
    ("s17", "for later: no token is bound to a key of its holder"),
    ("s18", "the page clears its storage: `Clear-Site-Data` would take known-device cookie and sign-out marker along"),
    ("h17", "TLS is the proxy's: docs/deploying.md"),
    ("h18", "advisories are news: `make audit`"),
];

#[test]
fn every_row_has_a_test_of_its_number() {
    let tried = tried();
    for (letter, last) in ROWS {
        for number in 1..=last {
            let row = format!("{letter}{number}");
            let elsewhere = ELSEWHERE.iter().any(|(known, _)| *known == row);
            assert_ne!(tried.contains(&row), elsewhere, "{row}: one test or one reason");
        }
    }
    // A number that is in no list is a mistake in the name of the test.
    let listed = |row: &str| {
        let (letter, number) = row.split_at(1);
        ROWS.iter()
            .any(|(known, last)| letter.starts_with(*known) && (1..=*last).contains(&number.parse::<u32>().unwrap()))
    };
    assert!(tried.iter().all(|row| listed(row)), "{tried:?}");
}

fn tried() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let specs = texts(&root.join("src/tests"), "rs");
    let names = specs.iter().flat_map(|text| text.split("fn ").skip(1)).filter_map(|rest| rest.split_once('('));
    let names: BTreeSet<&str> = names.map(|(name, _)| name).collect();
    let of_specs = names.iter().flat_map(|name| name.split('_').take_while(|word| is_row(word))).map(str::to_owned);
    let as_well = AS_WELL.iter().map(|(row, spec)| {
        assert!(names.contains(spec), "{row}: there is no spec {spec}");
        (*row).to_owned()
    });
    let titles = texts(&root.join("end2end/tests"), "ts");
    let lines = titles.iter().flat_map(|text| text.lines());
    let bracketed = lines.filter(|line| line.trim_start().starts_with("test(")).flat_map(|line| line.split(['(', ')']));
    let of_titles = bracketed.flat_map(|words| words.split(", ")).map(str::to_lowercase).filter(|word| is_row(word));
    of_specs.chain(as_well).chain(of_titles).collect()
}

/// Returns the texts of the files in a folder.
fn texts(folder: &Path, extension: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|found| found == extension));
    files.map(|file| fs::read_to_string(file).unwrap()).collect()
}

fn is_row(word: &str) -> bool {
    let digits = word.strip_prefix(ROWS.map(|(letter, _)| letter));
    digits.is_some_and(|digits| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
