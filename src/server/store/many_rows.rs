//! Statements for many rows. Each statement is a message to SQLite's thread, or to PostgreSQL, and back: that takes longer
//! than its work. So one statement writes up to 64 rows.

use std::fmt::Write as _;

/// A statement's texts for 1, 2, 4 … 64 rows. So few, because each is parsed once and kept.
pub(super) struct ManyRows([String; SIZES]);

const SIZES: usize = 7;
const MOST: usize = 1 << (SIZES - 1);

impl ManyRows {
    /// Puts rows like `($1, $2), ($3, $4)` between `before` and `after`. `columns`: the parameters of a row.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        Self(std::array::from_fn(|size| {
            let mut text = before.to_owned();
            for parameter in 0..columns << size {
                let separator = if parameter == 0 {
                    "("
                } else if parameter % columns == 0 {
                    "), ("
                } else {
                    ", "
                };
                // Cannot fail: the target is a string.
                let _ = write!(text, "{separator}${}", parameter + 1);
            }
            text + ")" + after
        }))
    }

    /// Returns the text for this number of rows, which is that of one of the [`parts`].
    pub(super) fn text(&self, rows: usize) -> &str {
        &self.0[rows.ilog2() as usize]
    }
}

/// Divides rows into parts, each with as many rows as a statement can have.
pub(super) fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let number = 1 << rows.len().min(MOST).checked_ilog2()?;
        let (part, rest) = rows.split_at(number);
        rows = rest;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_the_parameters_of_all_its_rows() {
        let insert = ManyRows::new("INSERT INTO t (a, b) VALUES ", 2, " ON CONFLICT DO NOTHING");
        assert_eq!(insert.text(1), "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        assert_eq!(insert.text(2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert_eq!(ManyRows::new("VALUES ", 1, "").text(4), "VALUES ($1), ($2), ($3), ($4)");
        assert!(insert.text(64).ends_with(", ($127, $128) ON CONFLICT DO NOTHING"));
    }

    #[test]
    fn parts_are_all_rows_in_order() {
        for number in 0..300 {
            let rows: Vec<_> = (0..number).collect();
            assert_eq!(parts(&rows).collect::<Vec<_>>().concat(), rows);
            assert!(parts(&rows).all(|part| part.len().is_power_of_two() && part.len() <= MOST));
        }
    }
}
