//! Integers and G.711 codes against what Python's `audioop` makes of them; `data/make-audioop.py`
//! wrote the vectors.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use segue_media::io::fragment;
use segue_media::io::fragment::Width;

const VECTORS: &str = include_str!("../data/audioop.txt");

/// The four parts of every line: function, widths, input, output.
fn vectors() -> impl Iterator<Item = [&'static str; 4]> {
    VECTORS.lines().map(|line| {
        let parts: Vec<_> = line.splitn(4, ' ').collect();
        parts.try_into().unwrap()
    })
}

fn width(text: &str) -> Width {
    match text {
        "1" => Width::One,
        "2" => Width::Two,
        "3" => Width::Three,
        "4" => Width::Four,
        _ => panic!("{text} is no width"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks_exact(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// What a function of this module makes of a fragment.
fn converted(function: &str, widths: &str, fragment: &[u8]) -> Vec<u8> {
    let (from, into) = widths.split_once(',').unwrap_or((widths, widths));
    let (from, into) = (width(from), width(into));
    match function {
        "lin2lin" => fragment::linear(fragment, from, into).unwrap(),
        "lin2ulaw" => fragment::mu_law(fragment, from).unwrap(),
        "lin2alaw" => fragment::a_law(fragment, from).unwrap(),
        "ulaw2lin" => fragment::of_mu_law(fragment, into),
        "alaw2lin" => fragment::of_a_law(fragment, into),
        _ => panic!("{function} is unknown"),
    }
}

#[test]
fn fragments_become_what_audioop_makes_of_them() {
    let mut seen = 0;
    for [function, widths, input, output] in vectors().filter(|parts| parts[2] != "all") {
        let found = converted(function, widths, &bytes(input));
        assert_eq!(found, bytes(output), "{function} {widths}");
        seen += 1;
    }
    assert_eq!(seen, 4 * 4 + 4 * 4);
}

#[test]
fn all_65536_integers_have_the_codes_of_audioop() {
    let all: Vec<u8> = (i16::MIN..=i16::MAX).flat_map(i16::to_le_bytes).collect();
    let mut seen = 0;
    for [function, widths, _, steps] in vectors().filter(|parts| parts[2] == "all") {
        let mut expected = Vec::new();
        for step in steps.split(' ') {
            let (first, code) = step.split_once(':').unwrap();
            let first: i32 = first.parse().unwrap();
            let last = expected.last().copied().unwrap_or_default();
            expected.resize((first + 32_768) as usize, last);
            expected.push(bytes(code)[0]);
        }
        expected.resize(65_536, *expected.last().unwrap());
        assert!(converted(function, widths, &all) == expected, "{function}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn a_fragment_that_is_not_whole_samples_is_refused() {
    let expected = "the fragment has 4 bytes, expected a multiple of 3";
    let refused = [
        fragment::linear(&[0; 4], Width::Three, Width::One),
        fragment::mu_law(&[0; 4], Width::Three),
        fragment::a_law(&[0; 4], Width::Three),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
}

proptest! {
    #[test]
    fn wider_and_back_is_the_same(fragment in vec(any::<u8>(), 0..90), from in 1_usize..5, into in 1_usize..5) {
        let widths = [Width::One, Width::Two, Width::Three, Width::Four];
        let (from, into) = (widths[from.min(into) - 1], widths[from.max(into) - 1]);
        let fragment = &fragment[..fragment.len() / from.bytes() * from.bytes()];
        let wider = fragment::linear(fragment, from, into).unwrap();
        prop_assert_eq!(wider.len() / into.bytes(), fragment.len() / from.bytes());
        prop_assert_eq!(fragment::linear(&wider, into, from).unwrap(), fragment);
    }
}
