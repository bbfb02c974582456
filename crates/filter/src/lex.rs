//! From characters to tokens, each with its column.

use crate::FilterError;

/// A word, a text in quotes, or a sign.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Kind {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

/// A token and the column where it starts, from 1.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub column: usize,
}

/// Longest first: `<=` before `<`.
const SIGNS: [&str; 15] = ["==", "!=", "<=", ">=", "&&", "||", "..", "(", ")", "{", "}", ",", "!", "<", ">"];

pub(crate) fn wrong(column: usize, message: impl Into<String>) -> FilterError {
    FilterError { column, message: message.into(), remedy: None }
}

pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let column = at + 1;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if c == '"' {
            let (content, len) = quoted(&chars[at + 1..])
                .ok_or_else(|| wrong(column, "the text that begins here has no closing quote"))?;
            at += 1 + len;
            out.push(Token { kind: Kind::Quoted(content), column });
            continue;
        }
        let sign = SIGNS.iter().find(|sign| sign.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c)));
        if let Some(sign) = sign {
            at += sign.len();
            out.push(Token { kind: Kind::Sign(sign), column });
            continue;
        }
        let word = word(&chars[at..]);
        if word.is_empty() {
            let hint = if c == '=' { "; equality is `==`" } else { "" };
            return Err(wrong(column, format!("`{c}` means nothing here{hint}")));
        }
        at += word.chars().count();
        out.push(Token { kind: Kind::Word(word), column });
    }
    Ok(out)
}

/// What stands before the closing quote, and how many characters that takes with the quote.
fn quoted(chars: &[char]) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut at = 0;
    loop {
        match chars.get(at)? {
            '"' => return Some((content, at + 1)),
            '\\' if chars.get(at + 1).is_some() => {
                content.extend(chars.get(at + 1));
                at += 1;
            }
            c => content.push(*c),
        }
        at += 1;
    }
}

/// The longest word: letters, digits and what stands inside names, numbers and addresses, but not the two dots of a range.
fn word(chars: &[char]) -> String {
    let mut word = String::new();
    for (i, c) in chars.iter().enumerate() {
        let range = *c == '.' && chars.get(i + 1) == Some(&'.');
        if range || !(c.is_alphanumeric() || "._-:/".contains(*c)) {
            break;
        }
        word.push(*c);
    }
    word
}
