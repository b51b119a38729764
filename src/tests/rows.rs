//! Every row of the security requirements (P, H) and every attack (A) is tried by a test that has its number: as the
//! first words of a spec's name (`a13_h10_…`), or in brackets at the end of a browser test's title (`… (A32)`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rows of the requirements on passwords, of those on HTTP, and attacks.
const ROWS: [(char, u32); 3] = [('p', 14), ('h', 20), ('a', 46)];

/// What no test of the suite can try, and who tries it instead.
const ELSEWHERE: &[(&str, &str)] =
    &[("h17", "TLS is the proxy's: README, deploying"), ("h18", "advisories are news: `make audit`")];

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
    // Of a number that no list has, the row is another than whoever wrote it believes.
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
    // The numbers stand first, those of rows on tokens among them.
    let of_specs = names.flat_map(|(name, _)| name.split('_').take_while(|word| is_row(word) || is_token_row(word)));
    let of_specs = of_specs.filter(|word| is_row(word)).map(str::to_owned);
    let titles = texts(&root.join("end2end/tests"), "ts");
    let lines = titles.iter().flat_map(|text| text.lines());
    let bracketed = lines.filter(|line| line.trim_start().starts_with("test(")).flat_map(|line| line.split(['(', ')']));
    let of_titles = bracketed.flat_map(|words| words.split(", ")).map(str::to_lowercase).filter(|word| is_row(word));
    of_specs.chain(of_titles).collect()
}

/// The texts of a folder's files.
fn texts(folder: &Path, extension: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|found| found == extension));
    files.map(|file| fs::read_to_string(file).unwrap()).collect()
}

fn is_row(word: &str) -> bool {
    is_number(word.strip_prefix(['p', 'h', 'a']))
}

fn is_token_row(word: &str) -> bool {
    is_number(word.strip_prefix('t'))
}

fn is_number(digits: Option<&str>) -> bool {
    digits.is_some_and(|digits| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
