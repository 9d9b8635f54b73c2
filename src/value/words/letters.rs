//! What a character is to the parser of words, and what it is folded to.
//!
//! PostgreSQL asks its C library; these are the answers of glibc's `C.UTF-8`. A character of a Unicode version that the library does
//! not know yet is none of a word there and may be one here.

use unicode_normalization::char::is_combining_mark;

/// Digits of other scripts than ours, which glibc counts among the letters: the zero of each ten.
const ZEROS: [u32; 65] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0,
    0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Whether a character beyond ASCII is a letter.
pub(super) fn is_letter(letter: char) -> bool {
    letter.is_alphabetic() || letter.is_numeric() && is_digit_of_another_script(letter)
}

fn is_digit_of_another_script(letter: char) -> bool {
    let code = u32::from(letter);
    let at = ZEROS.partition_point(|zero| *zero <= code);
    at.checked_sub(1).and_then(|at| ZEROS.get(at)).is_some_and(|zero| code - zero < 10)
}

/// Whether a character beyond ASCII that is no letter goes on with a word that has begun: accents and signs put to letters.
pub(super) fn is_mark(letter: char) -> bool {
    is_combining_mark(letter)
}

/// Whether a character is white space; the blanks that forbid a line's end are none to glibc.
pub(crate) fn is_space(letter: char) -> bool {
    letter.is_whitespace() && !matches!(letter, '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// A character in lower case as `lower()` of PostgreSQL gives it: one character for one, wherever it stands in a word.
pub(crate) fn folded(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    // Its two lower letters, of which the second is an accent, are one to the library.
    if letter == '\u{130}' {
        return 'i';
    }
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ => letter,
    }
}

/// Appends a text in lower case.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let from = out.len();
        out.push_str(text);
        if let Some(appended) = out.get_mut(from..) {
            appended.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().map(folded));
    }
}

/// Whether a character is of a script that is written without blanks between words, or with endings grown on to them, so that a part
/// of a run of letters is what a reader looks for: Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese, Tibetan.
pub(crate) fn is_unspaced(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x0e01..=0x0eff | 0x0f40..=0x0fbc | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17d3
            | 0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303c
            | 0x3041..=0x318f | 0x31a0..=0x31bf | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
            | 0xa000..=0xa48c | 0xa960..=0xa97c | 0xac00..=0xd7fb | 0xf900..=0xfaff | 0xff66..=0xffdc
            | 0x1aff0..=0x1b16f | 0x20000..=0x323af
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_glibc() {
        for letter in ['é', 'ß', '支', '٣', '𝟗', 'Ⅳ', 'ª'] {
            assert!(is_letter(letter), "{letter}");
        }
        for other in ['²', '½', '①', '—', '🙂', '\u{301}', '\u{a0}'] {
            assert!(!is_letter(other), "{other}");
        }
        assert!(is_mark('\u{301}') && is_mark('\u{fe0f}') && !is_mark('\u{200d}'));
    }

    #[test]
    fn one_letter_is_folded_to_one() {
        assert_eq!("İIΣςẞK".chars().map(folded).collect::<String>(), "iiσςßk");
        let mut out = String::from("A");
        fold_into("BÉ", &mut out);
        assert_eq!(out, "Abé");
    }
}
