//! How many standbys must have a commit before it counts, as the operator of PostgreSQL configured it.

/// Returns how many standbys `synchronous_standby_names` demands: 0 if it is empty. `FIRST 2 (a, b, c)`, `ANY 2 (a, b, c)`,
/// `2 (a, b, c)`, or a list, which demands one (PostgreSQL, "Replication", `synchronous_standby_names`).
#[must_use]
pub fn demanded(setting: &str) -> i64 {
    let setting = setting.trim();
    if setting.is_empty() {
        return 0;
    }
    let Some((before, _)) = setting.split_once('(') else { return 1 };
    // `FIRST` and `ANY` are key words only before a number.
    before.split_whitespace().next_back().and_then(|number| number.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_setting_says_how_many_standbys_it_demands() {
        let cases = [
            ("", 0),
            ("  ", 0),
            ("*", 1),
            ("s1", 1),
            ("s1, s2, s3", 1),
            ("FIRST 2 (s1, s2, s3)", 2),
            ("first 3 (*)", 3),
            ("ANY 2 (s1, s2, s3)", 2),
            ("2 (s1, s2, s3)", 2),
            ("2(s1,s2)", 2),
            (r#""first", any"#, 1),
        ];
        for (setting, number) in cases {
            assert_eq!(demanded(setting), number, "{setting}");
        }
    }
}
