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

impl Layout {
    /// The header's length in bits.
    pub fn bits(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.start + slot.bits)
    }

    /// The diagram as RFCs print it: 32 bits a row, a scale above. Where a label does not fit, it stands as a number
    /// and the legend below tells. `value` gives a field's value to print with its name, or `None` for names alone.
    pub fn diagram(&self, mut value: impl FnMut(&Slot) -> Option<String>) -> String {
        let mut out = String::new();
        let scale = |f: &dyn Fn(usize) -> char| (0..ROW).map(|bit| format!(" {}", f(bit))).collect::<String>();
        out.push_str(scale(&|bit| if bit % 10 == 0 { char::from(b'0' + (bit / 10) as u8) } else { ' ' }).trim_end());
        out.push('\n');
        out.push_str(&scale(&|bit| char::from(b'0' + (bit % 10) as u8)));
        out.push('\n');
        let total = self.bits();
        let mut legend = Vec::new();
        // The borders between rows break where a field goes on from one row to the next and fills both.
        let mut row_start = 0;
        while row_start < total {
            let row_end = (row_start + ROW).min(total);
            if row_start == 0 || !self.continues(row_start) {
                out.push_str(&border(row_end.max(row_start.min(total)) - row_start, row_start, total));
            } else {
                // The inside of a tall field: no ruled line.
                out.push_str(&format!("+{}+\n", " ".repeat((row_end - row_start) * CELL - 1)));
            }
            // A field of many rows is drawn with three of them at most.
            if let Some(slot) = self.slots.iter().find(|s| s.start == row_start && s.bits > 4 * ROW) {
                let label = fit(slot, value(slot), ROW * CELL - 1, &mut legend);
                out.push_str(&format!("|{:^width$}|\n", label, width = ROW * CELL - 1));
                out.push_str(&format!(
                    "{:^width$}\n",
                    format!("... {} bytes in all ...", slot.bits / 8),
                    width = ROW * CELL
                ));
                row_start = slot.start + slot.bits;
                continue;
            }
            out.push('|');
            for slot in self.slots.iter().filter(|s| s.start < row_end && s.start + s.bits > row_start) {
                let (from, to) = (slot.start.max(row_start), (slot.start + slot.bits).min(row_end));
                let width = (to - from) * CELL - 1;
                // A field over several rows has its label in the first.
                let label =
                    if slot.start >= row_start { fit(slot, value(slot), width, &mut legend) } else { String::new() };
                out.push_str(&format!("{label:^width$}|"));
            }
            out.push('\n');
            row_start = row_end;
        }
        let last = if total.is_multiple_of(ROW) { ROW } else { total % ROW };
        out.push_str(&border(last, total - last, total));
        for (key, text) in legend {
            out.push_str(&format!("  {key}  {text}\n"));
        }
        out
    }

    /// Whether one field stands on both sides of bit `bit`.
    fn continues(&self, bit: usize) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.start + ROW <= bit && slot.start + slot.bits >= bit + 1 && slot.start % ROW == 0)
    }
}

fn border(bits: usize, _row_start: usize, _total: usize) -> String {
    format!("+{}\n", "-+".repeat(bits))
}

/// The longest form of the label that fits into `width` characters; a letter with a line in the legend otherwise.
fn fit(slot: &Slot, value: Option<String>, width: usize, legend: &mut Vec<(String, String)>) -> String {
    let name = slot.field.name;
    let long = value.as_ref().map_or(name.to_owned(), |value| format!("{name}: {value}"));
    if long.chars().count() <= width {
        return long;
    }
    if value.is_none() && slot.bits == 1 && width == 1 {
        // One bit: the first letter, as RFC 9293 stacks its flags; the legend spells it out.
        let key = name.chars().next().unwrap_or('?').to_string();
        let bit = slot.start % ROW;
        legend.push((format!("bit {bit:>2} {key}"), name.to_owned()));
        return key;
    }
    if let (1, Some(value)) = (slot.bits, &value) {
        let bit = slot.start % ROW;
        let key = value.chars().next().unwrap_or('?').to_string();
        legend.push((format!("bit {bit:>2} {key}"), format!("{name}: {value}")));
        return key;
    }
    let key = char::from(b'a' + (legend.len() % 26) as u8).to_string();
    legend.push((format!("{:>8}", format!("({key})")), long));
    if width >= 3 { format!("({key})") } else { key }
}
