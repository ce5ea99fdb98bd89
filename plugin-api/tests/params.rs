//! Params: what `#[derive(Params)]` declares, and how values reach the fields.

use segue_plugin::declare::{
    GroupDecl, ParamChange, ParamDecl, ParamItem, ParamLimit, param_count,
};
use segue_plugin::params::{Choices, Params, Smoothed};

#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Shape {
    HighPass,
    Peak,
    #[choice("low-shelf-2")]
    Shelf,
}

const GAIN_DB_MAX: f64 = 24.0;

/// One filter of several.
#[derive(Params)]
struct Band {
    /// What the filter does.
    #[param(default = Shape::Peak, reactivates)]
    r#type: Shape,
    #[param(unit = "dB", range = -GAIN_DB_MAX..=GAIN_DB_MAX, default = 0.0, smooth_ms = 10.0)]
    gain_db: Smoothed,
    notes: Vec<u8>,
}

#[derive(Params)]
struct Equalizer<const BANDS: usize> {
    /// How much of it,
    /// all told.
    ///
    /// See the manual.
    #[param(range = 0.0..=1.0, default = 0.25)]
    mix: f64,
    /// The filters.
    #[param(group, id = "band")]
    bands: [Band; BANDS],
    #[param(range = 1..=8, default = 2)]
    order: u8,
    #[param(id = "bypass")]
    off: bool,
    #[param(default = true)]
    linear: bool,
    #[param(range = -1.0..=1.0, default = 0.5, below_half_rate)]
    pan: f32,
    history: [f32; 4],
}

type Eq3 = Equalizer<3>;

const PLAIN: ParamDecl = ParamDecl {
    id: "",
    doc: "",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.0,
    choices: &[],
    smooth_ms: 0.0,
    change: ParamChange::Live,
    limit: ParamLimit::Range,
};

const BAND: [ParamItem; 2] = [
    ParamItem::One(ParamDecl {
        id: "type",
        doc: "What the filter does.",
        max: 2.0,
        default: 1.0,
        choices: &["high-pass", "peak", "low-shelf-2"],
        change: ParamChange::Reactivates,
        limit: ParamLimit::Range,
        ..PLAIN
    }),
    ParamItem::One(ParamDecl {
        id: "gain_db",
        unit: "dB",
        min: -24.0,
        max: 24.0,
        smooth_ms: 10.0,
        ..PLAIN
    }),
];

#[test]
fn fields_are_declared_in_order_with_their_documentation() {
    assert_eq!(Band::PARAMS, BAND);
    let switch = ParamDecl {
        choices: &["off", "on"],
        ..PLAIN
    };
    let expected = [
        ParamItem::One(ParamDecl {
            id: "mix",
            doc: "How much of it, all told.\nSee the manual.",
            default: 0.25,
            ..PLAIN
        }),
        ParamItem::Group(GroupDecl {
            id: "band",
            doc: "The filters.",
            count: 3,
            members: &BAND,
        }),
        ParamItem::One(ParamDecl {
            id: "order",
            min: 1.0,
            max: 8.0,
            default: 2.0,
            ..PLAIN
        }),
        ParamItem::One(ParamDecl {
            id: "bypass",
            ..switch
        }),
        ParamItem::One(ParamDecl {
            id: "linear",
            default: 1.0,
            ..switch
        }),
        ParamItem::One(ParamDecl {
            id: "pan",
            min: -1.0,
            default: 0.5,
            limit: ParamLimit::BelowHalfRate,
            ..PLAIN
        }),
    ];
    assert_eq!(Eq3::PARAMS, expected);
    assert_eq!(param_count(Eq3::PARAMS), 11);
}

#[test]
fn everything_starts_at_its_default() {
    let eq = Eq3::with_defaults();
    let values: Vec<f64> = (0..11).map(|index| eq.param(index)).collect();
    assert_eq!(
        values,
        [0.25, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 2.0, 0.0, 1.0, 0.5]
    );
    assert!(eq.param(11).is_nan());
    assert_eq!(eq.bands[2].r#type, Shape::Peak);
    assert_eq!(eq.bands[0].notes, [0_u8; 0]);
    assert_eq!((eq.linear, eq.off, eq.history), (true, false, [0.0; 4]));
}

#[test]
fn each_index_reaches_its_own_field() {
    for index in 0..11 {
        let mut eq = Eq3::with_defaults();
        let before: Vec<f64> = (0..11).map(|index| eq.param(index)).collect();
        // Within every range, and no default.
        let value = if before[index as usize] == 1.0 {
            0.0
        } else {
            1.0
        };
        eq.set_param(index, value);
        for other in 0..11 {
            let expected = if other == index {
                value
            } else {
                before[other as usize]
            };
            assert_eq!(eq.param(other), expected, "{other} after setting {index}");
        }
    }
}

#[test]
fn values_are_clamped_and_rounded_and_noise_changes_nothing() {
    let mut eq = Eq3::with_defaults();
    let mut check = |index, value, expected| {
        eq.set_param(index, value);
        assert_eq!(eq.param(index), expected, "{index} set to {value}");
    };
    check(0, f64::INFINITY, 1.0);
    check(0, -3.0, 0.0);
    check(0, f64::NAN, 0.0);
    check(2, -99.0, -24.0);
    check(3, 1.6, 2.0);
    check(3, 99.0, 2.0);
    check(3, -99.0, 0.0);
    check(7, 7.4, 7.0);
    check(7, 6.6, 7.0);
    check(7, 5.6, 6.0);
    check(7, 0.0, 1.0);
    check(8, 0.7, 1.0);
    eq.set_param(11, 1.0);
    eq.set_param(u32::MAX, 1.0);
    assert_eq!(eq.bands[1].r#type, Shape::HighPass);
    assert!(eq.off);
}

#[test]
fn what_is_set_before_activation_does_not_glide() {
    let mut eq = Eq3::with_defaults();
    eq.set_param(2, 12.0);
    eq.prepare_params(48_000.0, 8);
    assert_eq!(eq.bands[0].gain_db.values(&(0..8)), [12.0; 8]);
    eq.set_param(2, 6.0);
    assert!(eq.bands[0].gain_db.values(&(8..16))[0] > 11.0);
    eq.reset_params();
    assert_eq!(eq.bands[0].gain_db.values(&(16..24)), [6.0; 8]);
}

#[test]
fn a_struct_without_parameters_has_none() {
    #[derive(Params)]
    struct Unit;
    #[derive(Params)]
    struct Own {
        counter: u64,
    }
    let (mut unit, mut own) = (Unit::with_defaults(), Own::with_defaults());
    unit.set_param(0, 1.0);
    own.set_param(0, 1.0);
    assert_eq!(own.counter, 0);
    assert!(unit.param(0).is_nan());
    assert_eq!(Own::PARAMS, []);
}

#[test]
fn every_choice_goes_to_its_place_and_back() {
    assert_eq!(Shape::LABELS, ["high-pass", "peak", "low-shelf-2"]);
    for (index, shape) in [Shape::HighPass, Shape::Peak, Shape::Shelf]
        .into_iter()
        .enumerate()
    {
        assert_eq!(shape.index() as usize, index);
        assert_eq!(Shape::from_index(index as u32), Some(shape));
    }
    assert_eq!(Shape::from_index(3), None);
}
