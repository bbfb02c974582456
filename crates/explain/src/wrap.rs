//! Text broken into lines.

/// The narrowest width that anything is wrapped to.
const MIN_WIDTH: usize = 24;

/// `text` in lines of at most `width` characters (longer words stand alone), every line but the first of a paragraph
/// behind `indent` blanks. Paragraphs are separated by an empty line; lines of a paragraph that begin with two blanks
/// or more, as tables do, stay as they are.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let width = width.max(MIN_WIDTH + indent);
    let mut out = String::new();
    for (i, paragraph) in text.split("\n\n").enumerate() {
        if i > 0 {
            out.push_str("\n\n");
        }
        if paragraph.lines().all(|line| line.starts_with("  ")) {
            let lines: Vec<String> = paragraph.lines().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
            out.push_str(&lines.join("\n"));
            continue;
        }
        let mut used = 0;
        for (n, word) in paragraph.split_whitespace().enumerate() {
            let len = word.chars().count();
            if n == 0 {
                out.push_str(&" ".repeat(indent));
                used = indent;
            } else if used + 1 + len > width {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                used = indent;
            } else {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += len;
        }
    }
    out
}

/// `text` wrapped behind `head`, whose width is `indent`: a definition list.
pub(crate) fn hang(head: &str, text: &str, width: usize, indent: usize) -> String {
    let body = wrap(text, width, indent);
    let len = head.chars().count();
    if len < indent {
        format!("{head}{}{}", " ".repeat(indent - len), body.trim_start())
    } else {
        format!("{head}\n{body}")
    }
}
