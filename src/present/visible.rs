//! Text from models, tools and people, made safe to look at in a terminal or on a page: control and bidirectional characters are shown,
//! not obeyed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that could move the cursor, colour, hide or reorder text replaced by a visible form. Line feeds and
/// tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            // The control pictures: ␛ for escape and so on.
            '\0'..='\u{1f}' if is_dangerous(character) => {
                shown.extend(char::from_u32(0x2400 + u32::from(character)));
            }
            '\u{7f}' => shown.push('\u{2421}'),
            _ if is_dangerous(character) => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(character));
            }
            _ => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// As `visible`, on one line and at most `characters_max` long: for titles and cells.
#[must_use]
pub fn one_line(text: &str, characters_max: usize) -> String {
    let flat: String = visible(text).chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
    if flat.chars().count() <= characters_max {
        return flat;
    }
    let mut short: String = flat.chars().take(characters_max.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn is_dangerous(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        // Marks and overrides of direction, invisible joiners and spaces, line separators, byte-order mark, tags, fillers.
        '\u{061c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::{one_line, visible};

    #[test]
    fn ordinary_text_is_untouched() {
        assert_eq!(visible("Grüße, 世界\n\t🙂"), "Grüße, 世界\n\t🙂");
    }

    #[test]
    fn escapes_and_direction_are_shown() {
        assert_eq!(visible("\u{1b}[2Jpay\u{202e}kcab\u{0}\r\u{9b}31m"), "␛[2Jpay<U+202E>kcab␀␍<U+009B>31m");
        assert_eq!(visible("a\u{7f}\u{200b}\u{2066}"), "a␡<U+200B><U+2066>");
    }

    #[test]
    fn one_line_is_short_and_flat() {
        assert_eq!(one_line("one\ntwo\tthree", 80), "one two three");
        assert_eq!(one_line("abcdefgh", 5), "abcd…");
    }
}
