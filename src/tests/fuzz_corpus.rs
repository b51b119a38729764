//! Calls the fuzzed functions with all inputs found so far (`fuzz/corpus`, which `make fuzz-keep` extends): attack A11.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/entries.rs"]
mod entries;

/// Calls a target with its whole corpus. Returns the names of the files that it accepted.
fn replay(target: &str, entry: impl Fn(&[u8]) -> bool) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let yes = files.filter(|file| entry(&fs::read(file).unwrap()));
    let mut names: Vec<_> = yes.map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a11_no_header_form_or_cookie_of_the_corpus_gives_access() {
    for (target, entry) in [
        ("authorization_header", entries::authorization_header as fn(&[u8])),
        ("login_form", entries::login_form),
        ("cookie", entries::cookie),
        ("forwarded_for", entries::forwarded_for),
    ] {
        replay(target, |bytes| {
            entry(bytes);
            true
        });
    }
}

#[test]
fn a11_a_sign_in_leads_on_to_no_address_that_a_browser_would_take_for_another_sites() {
    let accepted = replay("next", entries::next);
    for own in ["page", "redirects", "nested", "at", "escaped_slashes", "unicode"] {
        assert!(accepted.contains(&own.to_owned()), "{own}: {accepted:?}");
    }
    for elsewhere in ["two_slashes", "backslash", "tab", "newline", "dots", "escaped_dots", "scheme", "script", "space"]
    {
        assert!(!accepted.contains(&elsewhere.to_owned()), "{elsewhere}");
    }
}

#[test]
fn a11_of_the_corpus_only_the_valid_tokens_are_accepted() {
    // The valid seeds. If they were rejected, a fuzzer would never get past the first check.
    let accepted = replay("token", entries::token);
    for honest in ["honest", "honest_parts", "additional_claims"] {
        assert!(accepted.contains(&honest.to_owned()), "{honest}: {accepted:?}");
    }
    for forged in ["twice", "escaped_twice", "none", "crit", "float", "huge", "aud_list", "arrays"] {
        assert!(!accepted.contains(&forged.to_owned()), "{forged}");
    }
    let accepted = replay("refresh_token", entries::refresh_token);
    for honest in ["honest", "last_generation"] {
        assert!(accepted.contains(&honest.to_owned()), "{honest}: {accepted:?}");
    }
    for forged in ["padded", "short", "prefix", "std_alphabet"] {
        assert!(!accepted.contains(&forged.to_owned()), "{forged}");
    }
}

#[test]
fn a11_no_passkey_of_the_corpus_is_accepted_and_what_a_browser_wrote_is_read() {
    let read = replay("passkey", entries::passkey);
    // Chromium 156 wrote these.
    for honest in ["registration", "sign_in", "second", "object", "client_data"] {
        assert!(read.contains(&format!("chromium_{honest}")), "{honest}: {read:?}");
    }
    assert!(read.contains(&"stored".to_owned()));
    for broken in ["object_cut", "object_nested", "object_indefinite", "object_long", "object_twice", "sign_in_array"] {
        assert!(!read.contains(&broken.to_owned()), "{broken}");
    }
}

#[test]
fn a11_of_the_corpus_only_cursors_as_the_server_writes_them_are_accepted() {
    assert_eq!(replay("cursor", entries::cursor), ["first", "honest"]);
}
