//! Statements for many rows. Each statement is a message to SQLite's thread, or to PostgreSQL, and back: that takes longer
//! than its work. So one statement writes up to 64 rows.

use std::fmt::Write as _;
use std::iter::repeat_n;

/// A statement's texts for the [`SIZES`]. Each is parsed once and kept. To write a row twice in it must have no effect.
pub(super) struct ManyRows([String; SIZES.len()]);

/// So few, that a connection keeps all.
const SIZES: [usize; 10] = [1, 2, 4, 8, 12, 16, 24, 32, 48, MOST];
const MOST: usize = 64;

impl ManyRows {
    /// Puts rows like `($1, $2), ($3, $4)` between `before` and `after`. `columns`: the parameters of a row.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        Self(SIZES.map(|rows| {
            let mut text = before.to_owned();
            for parameter in 0..columns * rows {
                let separator = match parameter {
                    0 => "(",
                    _ if parameter.is_multiple_of(columns) => "), (",
                    _ => ", ",
                };
                // Cannot fail: the target is a string.
                let _ = write!(text, "{separator}${}", parameter + 1);
            }
            text + ")" + after
        }))
    }

    /// Returns the text for a part and the rows to bind: those of the part, and then its last one until the text is full.
    pub(super) fn of<'r, T>(&self, part: &'r [T]) -> (&str, impl Iterator<Item = &'r T>) {
        let size = SIZES.partition_point(|size| *size < part.len()).min(SIZES.len() - 1);
        let missing = SIZES[size].saturating_sub(part.len());
        (&self.0[size], part.iter().chain(part.last().into_iter().flat_map(move |last| repeat_n(last, missing))))
    }
}

/// Divides rows into parts that a statement can have.
pub(super) fn parts<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    rows.chunks(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_the_parameters_of_all_its_rows() {
        let insert = ManyRows::new("INSERT INTO t (a, b) VALUES ", 2, " ON CONFLICT DO NOTHING");
        let text = |rows: usize| insert.of(&vec![0; rows]).0.to_owned();
        assert_eq!(text(1), "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        assert_eq!(text(2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert_eq!(ManyRows::new("VALUES ", 1, "").of(&[0; 3]).0, "VALUES ($1), ($2), ($3), ($4)");
        assert!(text(50).ends_with(", ($127, $128) ON CONFLICT DO NOTHING"));
    }

    #[test]
    fn the_rows_of_all_parts_are_the_rows_and_the_last_of_each_fills_it() {
        let statement = ManyRows::new("VALUES ", 1, "");
        for number in 1..300 {
            let rows: Vec<_> = (0..number).collect();
            assert_eq!(parts(&rows).collect::<Vec<_>>().concat(), rows);
            for part in parts(&rows) {
                let (text, bound) = statement.of(part);
                let bound: Vec<_> = bound.copied().collect();
                assert_eq!(text.matches('$').count(), bound.len());
                assert!(bound.len() < 2 * part.len(), "{} for {}", bound.len(), part.len());
                assert!(bound.starts_with(part) && bound[part.len()..].iter().all(|row| Some(row) == part.last()));
            }
        }
    }
}
