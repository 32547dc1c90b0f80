//! Aligned columns.

use unicode_width::UnicodeWidthStr;

/// A column's title, and whether its text may be cut where the line is too long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) may_shrink: bool,
}

const GAP: usize = 2;
/// A column is not cut to less than this.
const NARROWEST: usize = 8;

/// The lines of a table: the titles, then the rows, in columns. They are as wide as their text needs; where that is
/// more than `width`, columns that may shrink do, the widest first.
pub(super) fn lines<const N: usize>(
    columns: [Column; N],
    rows: &[[String; N]],
    width: Option<usize>,
) -> Vec<String> {
    let titles = columns.map(|it| it.title.to_owned());
    let mut widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.chain([titles[column].width()]).max().unwrap_or(0)
    });
    if let Some(width) = width {
        shrink(&columns, &mut widths, width);
    }
    let all = std::iter::once(&titles).chain(rows);
    all.map(|row| line(row, &widths)).collect()
}

fn shrink<const N: usize>(columns: &[Column; N], widths: &mut [usize; N], to: usize) {
    let gaps = GAP * N.saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > to {
        let shrinkable = (0..N).filter(|it| columns[*it].may_shrink && widths[*it] > NARROWEST);
        match shrinkable.max_by_key(|it| widths[*it]) {
            Some(widest) => widths[widest] -= 1,
            None => return,
        }
    }
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let cell = cut(cell, *width);
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + GAP));
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text, or its beginning and `…`, in at most `width` columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    // As a whole: what some characters add depends on those before them.
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if kept.width() + 1 > width {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "ID", may_shrink: false },
        Column { title: "TYPE", may_shrink: true },
        Column { title: "TARGET", may_shrink: true },
    ];

    fn row(cells: [&str; 3]) -> [String; 3] {
        cells.map(str::to_owned)
    }

    #[test]
    fn columns_are_aligned_and_lines_end_in_no_spaces() {
        let rows = [row(["1", "generate-diff", ""]), row(["22", "mail", "提案 7"])];
        assert_eq!(
            lines(COLUMNS, &rows, None),
            ["ID  TYPE           TARGET", "1   generate-diff", "22  mail           提案 7"]
        );
    }

    #[test]
    fn a_terminal_is_never_overrun_by_what_may_shrink() {
        let rows = [row(["0123456789ab", &"t".repeat(100), &"提案".repeat(60)])];
        for width in 40..200 {
            for line in lines(COLUMNS, &rows, Some(width)) {
                assert!(line.width() <= width, "{width}: {line}");
                assert!(!line.starts_with('…'));
            }
        }
        assert!(lines(COLUMNS, &rows, Some(80))[1].starts_with("0123456789ab  ttt"));
    }

    #[test]
    fn characters_that_are_wider_together_are_cut_like_all_others() {
        for text in ["aaaaaa❤️bbbbbbbb", "aaaaaaa❤️bbbbbbbb", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "🇪🇺🇪🇺🇪🇺🇪🇺🇪🇺"]
        {
            for width in 1..20 {
                assert!(cut(text, width).width() <= width, "{text} in {width}");
            }
            assert_eq!(lines(COLUMNS, &[row(["1", "mail", text])], Some(20)).len(), 2);
        }
    }

    #[test]
    fn what_must_not_shrink_is_whole_however_narrow_the_terminal() {
        let rows = [row(["0123456789ab", "mail", "x"])];
        assert!(lines(COLUMNS, &rows, Some(5))[1].starts_with("0123456789ab  mail"));
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let long = "x".repeat(500);
        let rows = [row(["1", "mail", &long])];
        assert!(lines(COLUMNS, &rows, None)[1].ends_with(&long));
    }
}
