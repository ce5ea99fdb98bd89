//! Mutate: a good `plugins.toml` made a wrong one, or another good one, in its structure and in its
//! bytes.
//!
//! In: a text and a seed. Out: another text, always the same one for the same seed.
//!
//! Pure, and no part of the host: tests of this crate and of the workspace share it.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::config::limits::FILE_BYTES_MAX;

/// The most changes to one text.
const CHANGES_MAX: usize = 4;

/// Values that stand in the place of good ones: other types, other units, the ends of ranges.
const VALUES: [&str; 28] = [
    "0",
    "-1",
    "1e999",
    "nan",
    "-inf",
    "9223372036854775807",
    "-0.0",
    "0.5",
    "true",
    "\"\"",
    "\"input\"",
    "\"output\"",
    "\"10ms\"",
    "\"10m\"",
    "\"100h\"",
    "\"50%\"",
    "\"1KiB\"",
    "\"bypass\"",
    "\"fallback\"",
    "\"ring\"",
    "\"acme.none/at-all\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[{}]",
    "[\"input\", \"input\"]",
    "1979-05-27",
    "{ x = 1 }",
];

/// Keys that are put in the place of others, known ones among them.
const KEYS: [&str; 14] = [
    "id",
    "component",
    "after",
    "sidechain",
    "params",
    "settings",
    "on_error",
    "restart",
    "swap",
    "fade",
    "gain_db",
    "band",
    "retry",
    "x",
];

/// Pieces that are put anywhere.
const PIECES: [&str; 16] = [
    "[[stage]]\n",
    "[stage.params]\n",
    "[host]\n",
    "\n",
    "\"",
    "'''",
    "[",
    "}",
    "=",
    "#",
    "\\",
    "\0",
    "\r",
    "\u{feff}",
    "\u{202e}",
    "音",
];

/// Numbers that look random and are the same for the same seed: SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, less than `count`; 0 where that is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ (mixed >> 31)) % most).unwrap_or(0)
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }
}

/// The text with one to four changes. Two of three keep to its structure: values, keys and whole
/// tables swapped, removed, repeated, renamed, or of another type. The third is of bytes, cut,
/// copied, or put in, so that one text in three or so is no TOML any more.
#[must_use]
pub fn mutate(text: &str, seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut text = text.to_owned();
    for _ in 0..=dice.below(CHANGES_MAX) {
        let changed = match dice.below(6) {
            0 | 1 => bytes(&text, &mut dice),
            2 => blocks(&text, &mut dice),
            _ => structure(&text, &mut dice).unwrap_or_else(|| bytes(&text, &mut dice)),
        };
        text = changed;
        text.truncate(text.floor_char_boundary(FILE_BYTES_MAX));
    }
    text
}

/// A change of whole tables, with all that stands below their headers.
fn blocks(text: &str, dice: &mut Dice) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match blocks.last_mut() {
            Some(block) if !line.starts_with("[[") => block.push_str(line),
            _ => blocks.push(line.to_owned()),
        }
    }
    if blocks.is_empty() {
        return String::new();
    }
    let (one, other) = (dice.below(blocks.len()), dice.below(blocks.len()));
    match dice.below(3) {
        0 => blocks.swap(one, other),
        1 => drop(blocks.remove(one)),
        _ => blocks.insert(other, blocks[one].clone()),
    }
    // The last line may have had no end.
    let ended = blocks.into_iter().map(|block| match block.ends_with('\n') {
        true => block,
        false => block + "\n",
    });
    ended.collect()
}

/// A change of keys or values; `None` where the text is no TOML.
fn structure(text: &str, dice: &mut Dice) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut tables = 0;
    visit(document.as_item_mut(), &mut |_| tables += 1);
    let chosen = dice.below(tables);
    let mut at = 0;
    visit(document.as_item_mut(), &mut |table| {
        if at == chosen {
            change(table, dice);
        }
        at += 1;
    });
    Some(document.to_string())
}

/// Calls `each` with every table, outer ones after those within.
fn visit(item: &mut Item, each: &mut dyn FnMut(&mut dyn TableLike)) {
    if let Item::ArrayOfTables(tables) = item {
        for table in tables.iter_mut() {
            visit_table(table, each);
        }
    } else if let Some(table) = item.as_table_like_mut() {
        visit_table(table, each);
    } else if let Some(array) = item.as_array_mut() {
        for value in array.iter_mut() {
            if let Some(table) = value.as_inline_table_mut() {
                visit_table(table, each);
            }
        }
    }
}

fn visit_table(table: &mut dyn TableLike, each: &mut dyn FnMut(&mut dyn TableLike)) {
    for (_, item) in table.iter_mut() {
        visit(item, each);
    }
    each(table);
}

/// One change of one table; none where it is empty.
fn change(table: &mut dyn TableLike, dice: &mut Dice) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    if names.is_empty() {
        return;
    }
    let one = names[dice.below(names.len())].clone();
    let other = names[dice.below(names.len())].clone();
    match dice.below(6) {
        0 | 1 => {
            if let Ok(value) = dice.pick(&VALUES).parse::<Value>() {
                table.insert(&one, Item::Value(value));
            }
        }
        2 => drop(table.remove(&one)),
        3 => {
            if let Some(item) = table.get(&one).cloned() {
                table.insert(dice.pick(&KEYS), item);
            }
        }
        4 => {
            if let Some(item) = table.remove(&one) {
                table.insert(dice.pick(&KEYS), item);
            }
        }
        _ => {
            if let (Some(first), Some(second)) = (table.remove(&one), table.remove(&other)) {
                table.insert(&one, second);
                table.insert(&other, first);
            }
        }
    }
}

/// A change of bytes, whatever they mean.
fn bytes(text: &str, dice: &mut Dice) -> String {
    const PIECE_BYTES_MAX: usize = 40;
    let mut bytes = text.as_bytes().to_vec();
    let from = dice.below(bytes.len());
    let end = (from + dice.below(PIECE_BYTES_MAX)).min(bytes.len());
    let to = dice.below(bytes.len());
    match dice.below(4) {
        0 => drop(bytes.drain(from..end)),
        1 => {
            let piece = bytes[from..end].to_vec();
            let over = (to + piece.len()).min(bytes.len());
            bytes.splice(to..over, piece);
        }
        2 => {
            bytes.splice(to..to, dice.pick(&PIECES).bytes());
        }
        // What a program that writes the file has not got to yet.
        _ => bytes.truncate(to),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
