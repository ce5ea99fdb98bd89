//! Mutate: a configuration that somebody edited, well or badly.
//!
//! In: a good text and a seed. Out: the text with one to three edits, the same for the same seed:
//! most keep to the structure of tables, keys and values, some do not.

/// Values that stand where another was, of every type and of none.
const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "0.5",
    "2.0",
    "-0.25",
    "64",
    "480",
    "1e9",
    "1e999",
    "nan",
    "inf",
    "-0.0",
    "9999999999999999999999",
    "0x7fff_ffff_ffff_ffff",
    "true",
    "\"\"",
    "\"input\"",
    "\"output\"",
    "\"mute\"",
    "\"hold\"",
    "\"20ms\"",
    "\"1h\"",
    "[]",
    "[\"input\"]",
    "[\"input\", \"a\"]",
    "{}",
    "1979-05-27",
    "\"\\u0000\"",
    "",
];

/// Pieces of TOML, and of nonsense.
const PIECES: &[&str] = &[
    "[[stage]]\n",
    "[host]\n",
    "[stream]\nblock_frames = 64\n",
    "[plugins.require]\n",
    "[[tap]]\nid = \"tap\"\ncomponent = \"nobody.knows\"\n",
    "[[stage]]\nid = \"more\"\ncomponent = \"test.through\"\n",
    "[[stage]]\nid = \"later\"\ncomponent = \"test.late/long\"\n",
    "[[stage]]\nid = \"lost\"\ncomponent = \"nobody.knows/this\"\n",
    "after = [\"input\"]\n",
    "after = [\"c\"]\n",
    "on_error = \"mute\"\n",
    "swap = { fade = \"1ms\" }\n",
    "swap = { fade = \"0s\", state = \"fresh\" }\n",
    "restart = { attempts = 3 }\n",
    "\"\"\"",
    "[",
    "}",
    "=",
    "#",
    "\0",
    "\r",
    "\u{feff}",
    "\u{202e}",
    "音",
];

/// A text after some edits; which ones follows from the seed alone.
#[must_use]
pub fn mutate(text: &str, seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut text = text.to_owned();
    for _ in 0..=dice.below(3) {
        text = once(&text, &mut dice);
    }
    text
}

/// One edit.
fn once(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return (*dice.of(PIECES)).to_owned();
    }
    let at = dice.below(lines.len());
    match dice.below(12) {
        0..=3 => lines[at] = with_value(&lines[at], &lines[dice.below(lines.len())], dice),
        4 => drop(lines.remove(at)),
        5 => lines.insert(at, lines[dice.below(lines.len())].clone()),
        6 => {
            let line = lines.remove(at);
            lines.insert(dice.below(lines.len() + 1), line);
        }
        7 => lines[at] = with_key(&lines[at], dice),
        8 => lines.insert(at, (*dice.of(PIECES)).to_owned()),
        9 => return with_tables(text, dice),
        10 => return with_bytes(text, dice),
        _ => lines[at] = with_number(&lines[at], dice),
    }
    lines.concat()
}

/// A line with another value: one of the pool, or that of another line.
fn with_value(line: &str, other: &str, dice: &mut Dice) -> String {
    let Some((key, _)) = line.split_once('=') else {
        return line.to_owned();
    };
    let of_other = other.split_once('=').map(|(_, value)| value.trim());
    let value = match of_other {
        Some(value) if dice.below(2) == 0 => value,
        _ => dice.of(VALUES),
    };
    format!("{key}= {value}\n")
}

/// A line with a letter of its key lost, doubled or changed.
fn with_key(line: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = line.chars().collect();
    let key = line.chars().take_while(|letter| *letter != '=').count();
    let at = dice.below(key.max(1)).min(letters.len() - 1);
    match dice.below(3) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        _ => letters[at] = 'x',
    }
    letters.into_iter().collect()
}

/// A line with its first number made larger, smaller or negative.
fn with_number(line: &str, dice: &mut Dice) -> String {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let Some(from) = line.find(|letter: char| letter.is_ascii_digit()) else {
        return line.to_owned();
    };
    let length = line[from..].find(|letter| !is_part(letter));
    let end = length.map_or(line.len(), |length| from + length);
    let number: f64 = line[from..end].parse().unwrap_or(1.0);
    let number = match dice.below(4) {
        0 => number + 1.0,
        1 => number / 2.0,
        2 => -number,
        _ => number * 1_000.0,
    };
    format!("{}{number}{}", &line[..from], &line[end..])
}

/// Tables: one is left out, doubled or put elsewhere.
fn with_tables(text: &str, dice: &mut Dice) -> String {
    let mut tables: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match tables.last_mut() {
            Some(table) if !line.starts_with('[') => table.push_str(line),
            _ => tables.push(line.to_owned()),
        }
    }
    let at = dice.below(tables.len());
    match dice.below(3) {
        0 => drop(tables.remove(at)),
        1 => tables.insert(at, tables[dice.below(tables.len())].clone()),
        _ => {
            let table = tables.remove(at);
            tables.insert(dice.below(tables.len() + 1), table);
        }
    }
    tables.concat()
}

/// Letters: some are cut out, or copied over others; the rest of a file may be missing.
fn with_bytes(text: &str, dice: &mut Dice) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = dice.below(letters.len());
    let end = (at + 1 + dice.below(40)).min(letters.len());
    let (before, rest) = (&letters[..at], &letters[end..]);
    let from = dice.below(letters.len());
    let copied = &letters[from..(from + end - at).min(letters.len())];
    match dice.below(3) {
        0 => before.iter().chain(rest).collect(),
        1 => before.iter().chain(copied).chain(rest).collect(),
        _ => before.iter().collect(),
    }
}

/// A source of numbers that look like luck.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Others for every seed, the same for the same one.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below a bound, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        // Xorshift with Marsaglia's constants.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % bound as u64) as usize
    }

    /// One of these texts.
    pub fn of<'a>(&mut self, pool: &[&'a str]) -> &'a str {
        pool[self.below(pool.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[host]\nthreads = 1\n\n[[stage]]\nid = \"a\"\n[[stage]]\nid = \"b\"\n";

    #[test]
    fn a_seed_always_gives_the_same_text_and_seldom_that_of_another() {
        let texts: Vec<_> = (0..1_000).map(|seed| mutate(TEXT, seed)).collect();
        let again: Vec<_> = (0..1_000).map(|seed| mutate(TEXT, seed)).collect();
        assert_eq!(texts, again);
        let different: std::collections::BTreeSet<_> = texts.into_iter().collect();
        assert!(different.len() > 500, "{}", different.len());
    }

    #[test]
    fn nothing_is_too_short_to_be_edited() {
        for seed in 0..1_000 {
            for text in ["", "\n", "a", "=", "1", "[", "音", "a = 1"] {
                let _ = mutate(text, seed);
            }
        }
    }
}
