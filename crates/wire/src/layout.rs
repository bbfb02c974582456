//! The bit diagram that RFCs draw, from the declaration that the stack reads.

use crate::Field;

/// Where the fields of a fixed header stand.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The header as a group: its id, name, RFC and meaning.
    pub group: &'static Field,
    /// Its fields, in order; they tile the header.
    pub slots: &'static [Slot],
}

/// One field's place in a header.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The field.
    pub field: &'static Field,
    /// Its first bit.
    pub start: usize,
    /// Its width in bits.
    pub bits: usize,
}

/// Bits a row of the diagram (RFC 791 §3.1 and all after it).
const ROW: usize = 32;
/// Characters a bit: a digit of the scale and the gap before it.
const CELL: usize = 2;

/// Lines that a cell's text may take before it moves to the legend.
const MAX_LINES: usize = 4;

impl Layout {
    /// The header's length in bits.
    pub fn bits(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.start + slot.bits)
    }

    /// The diagram as RFCs print it: 32 bits a row with a scale above, flags spelled downwards. `value` gives a field's
    /// value to print below its name, or `None` for the name alone. What does not fit into its cell becomes a letter, and
    /// a legend below the diagram tells.
    pub fn diagram(&self, mut value: impl FnMut(&Slot) -> Option<String>) -> String {
        let mut out = scale();
        let mut legend = Vec::new();
        let total = self.bits();
        let mut row = 0;
        while row < total {
            let end = (row + ROW).min(total);
            let inside = self.slots.iter().any(|slot| slot.start < row && slot.start + slot.bits >= end);
            if inside {
                out.push_str(&format!("+{}+\n", " ".repeat((end - row) * CELL - 1)));
            } else {
                out.push_str(&format!("+{}\n", "-+".repeat(end - row)));
            }
            let cells = self.slots.iter().filter(|slot| slot.start < end && slot.start + slot.bits > row);
            let cells: Vec<(usize, Vec<String>)> = cells
                .map(|slot| {
                    let (from, to) = (slot.start.max(row), (slot.start + slot.bits).min(end));
                    let width = (to - from) * CELL - 1;
                    let text =
                        if widest_row(slot) == row { label(slot, value(slot), width, &mut legend) } else { Vec::new() };
                    (width, text)
                })
                .collect();
            let height = cells.iter().map(|(_, text)| text.len()).max().unwrap_or(0).max(1);
            for line in 0..height {
                out.push('|');
                for (width, text) in &cells {
                    let above = (height - text.len()) / 2;
                    let text = line.checked_sub(above).and_then(|at| text.get(at)).map_or("", String::as_str);
                    out.push_str(&format!("{text:^width$}|"));
                }
                out.push('\n');
            }
            row = end;
            // Of a very tall field (DHCP's names) the first row stands for all.
            if let Some(tall) =
                self.slots.iter().find(|slot| slot.start < end && slot.start + slot.bits > end + 2 * ROW)
            {
                let text = format!("... {} bytes in all ...", tall.bits / 8);
                out.push_str(&format!("{text:^width$}\n", width = ROW * CELL + 1));
                row = tall.start + tall.bits;
            }
        }
        let last = if total.is_multiple_of(ROW) { ROW } else { total % ROW };
        out.push_str(&format!("+{}\n", "-+".repeat(last)));
        for (key, text) in legend {
            out.push_str(&format!(" {key}  {text}\n"));
        }
        out
    }
}

/// The row where a field of several rows is widest, the first of those: its text stands there.
fn widest_row(slot: &Slot) -> usize {
    let first = slot.start - slot.start % ROW;
    let width = |row: usize| (slot.start + slot.bits).min(row + ROW) - slot.start.max(row);
    if slot.start + slot.bits > first + ROW && width(first + ROW) > width(first) { first + ROW } else { first }
}

/// The scale above the diagram: tens, then units of the bit number.
fn scale() -> String {
    let line = |f: &dyn Fn(usize) -> char| (0..ROW).map(|bit| format!(" {}", f(bit))).collect::<String>();
    let digit = |n: usize| char::from(b'0' + n as u8);
    let tens = line(&|bit| if bit % 10 == 0 { digit(bit / 10) } else { ' ' });
    format!("{}\n{}\n", tens.trim_end(), line(&|bit| digit(bit % 10)))
}

/// The lines of a cell: the name, wrapped (letter by letter where there is room for one alone), and the value below.
fn label(slot: &Slot, value: Option<String>, width: usize, legend: &mut Vec<(String, String)>) -> Vec<String> {
    let name = slot.field.name;
    let mut lines = if width == 1 { name.chars().map(String::from).collect() } else { wrap(name, width) };
    if let Some(value) = &value {
        lines.push(value.clone());
    }
    let fits = lines.len() <= MAX_LINES && lines.iter().all(|line| line.chars().count() <= width);
    if fits {
        return lines;
    }
    // The name alone, or else a letter; the legend has the rest.
    let key = char::from(b'a' + (legend.len() % 26) as u8).to_string();
    let text = value.map_or(name.to_owned(), |value| format!("{name}: {value}"));
    legend.push((key.clone(), text));
    vec![key]
}

/// Breaks `text` at its blanks into lines of at most `width` characters where that is possible.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_udp_header_is_drawn_as_rfc_768_means_it() {
        let expected = " 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|          Source port          |       Destination port        |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|            Length             |           Checksum            |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
";
        assert_eq!(crate::udp::Header::LAYOUT.diagram(|_| None), expected);
    }

    #[test]
    fn flags_are_spelled_downwards_and_every_line_is_as_wide_as_the_scale() {
        let drawing = crate::tcp::Header::LAYOUT.diagram(|_| None);
        assert!(drawing.contains("|C|E|U|A|P|R|S|F|"), "{drawing}");
        assert!(drawing.lines().skip(2).filter(|l| l.starts_with(['+', '|'])).all(|l| l.len() == 65), "{drawing}");
    }
}
