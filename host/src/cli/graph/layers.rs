//! Layers: where the boxes of a drawing stand, and by which points its arrows go.
//!
//! In: the widths of the boxes and which box an arrow leads from and to, without a cycle. Out: for
//! each box its layer, counted from the top, and its centre from left to right; for each arrow a
//! centre in every layer that it passes. Boxes of one layer never overlap.
//!
//! Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system
//! structures (IEEE Trans. SMC 11, 1981): longest-path layers, long arrows cut into steps of one
//! layer, an order within layers by barycentres. The places within a layer are the nearest to the
//! wished ones that keep their distance: isotonic regression by pooling neighbours (R. Barlow and
//! others, Statistical inference under order restrictions, 1972, section 1.2).
//!
//! Pure.

use std::collections::BTreeMap;

/// Space between neighbours of one layer, in pixels.
const GAP: f64 = 28.0;

/// An arrow that passes a layer takes so much room there, in pixels.
const PASSAGE: f64 = 12.0;

/// Sweeps down and up again; after this many nothing moves any more that a person would see.
const SWEEPS: usize = 8;

/// Where everything stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LayerPlaces {
    /// For each box, its layer and its centre.
    pub(super) boxes: Vec<(usize, f64)>,
    /// For each arrow, its centres in the layers between its two boxes, from the top.
    pub(super) passages: Vec<Vec<f64>>,
    /// How many layers there are.
    pub(super) layers: usize,
    /// From the leftmost edge, at 0, to the rightmost.
    pub(super) width: f64,
}

/// Something with a place: a box, or the passage of an arrow.
struct LayerSpot {
    layer: usize,
    width: f64,
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Finds places for boxes of these widths.
pub(super) fn places(widths: &[f64], arrows: &[(usize, usize)]) -> LayerPlaces {
    let depths = depths(widths.len(), arrows);
    let spot = |(width, layer): (&f64, &usize)| LayerSpot {
        layer: *layer,
        width: *width,
        x: 0.0,
        above: Vec::new(),
        below: Vec::new(),
    };
    let mut spots: Vec<LayerSpot> = widths.iter().zip(&depths).map(spot).collect();
    let ways: Vec<Vec<usize>> = arrows.iter().map(|arrow| way(*arrow, &mut spots)).collect();
    let mut rows = rows(&spots);
    for _ in 0..SWEEPS {
        (0..rows.len()).for_each(|row| arrange(&mut rows[row], &mut spots, NeighbourSide::Above));
        let upwards = (0..rows.len()).rev();
        upwards.for_each(|row| arrange(&mut rows[row], &mut spots, NeighbourSide::Below));
    }
    (0..rows.len()).for_each(|row| arrange(&mut rows[row], &mut spots, NeighbourSide::Above));
    let left = spots.iter().map(|spot| spot.x - spot.width / 2.0);
    let left = left.fold(f64::INFINITY, f64::min);
    let right = spots.iter().map(|spot| spot.x + spot.width / 2.0);
    let right = right.fold(left, f64::max);
    let at = |spot: &usize| spots[*spot].x - left;
    LayerPlaces {
        boxes: (0..widths.len())
            .map(|one| (depths[one], at(&one)))
            .collect(),
        passages: ways
            .iter()
            .map(|way| way.iter().map(at).collect())
            .collect(),
        layers: rows.len(),
        width: right - left,
    }
}

/// For each box, how many steps the longest way to it has.
fn depths(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut depths = vec![0; count];
    // Without a cycle no way is longer than there are boxes.
    for _ in 0..count {
        for (from, to) in arrows {
            depths[*to] = depths[*to].max((depths[*from] + 1).min(count - 1));
        }
    }
    depths
}

/// Connects two boxes, by a passage in every layer between them; returns these.
fn way((from, to): (usize, usize), spots: &mut Vec<LayerSpot>) -> Vec<usize> {
    let (first, last) = (spots[from].layer + 1, spots[to].layer);
    let passages: Vec<usize> = (first..last)
        .map(|layer| {
            spots.push(LayerSpot {
                layer,
                width: PASSAGE,
                x: 0.0,
                above: Vec::new(),
                below: Vec::new(),
            });
            spots.len() - 1
        })
        .collect();
    let mut before = from;
    for after in passages.iter().copied().chain([to]) {
        spots[before].below.push(after);
        spots[after].above.push(before);
        before = after;
    }
    passages
}

/// The spots of each layer, in the order in which they came.
fn rows(spots: &[LayerSpot]) -> Vec<Vec<usize>> {
    let mut rows = BTreeMap::<usize, Vec<usize>>::new();
    for (index, spot) in spots.iter().enumerate() {
        rows.entry(spot.layer).or_default().push(index);
    }
    rows.into_values().collect()
}

/// Which neighbours a spot looks at.
#[derive(Clone, Copy)]
enum NeighbourSide {
    Above,
    Below,
}

/// Orders a row by the wishes of its spots, and gives each the nearest place that is free.
fn arrange(row: &mut [usize], spots: &mut [LayerSpot], side: NeighbourSide) {
    let wish = |spot: usize| {
        let one = &spots[spot];
        let neighbours = match side {
            NeighbourSide::Above => &one.above,
            NeighbourSide::Below => &one.below,
        };
        match neighbours.len() {
            0 => one.x,
            count => neighbours.iter().map(|at| spots[*at].x).sum::<f64>() / count as f64,
        }
    };
    let mut wishes: Vec<(usize, f64)> = row.iter().map(|spot| (*spot, wish(*spot))).collect();
    wishes.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut offset = 0.0;
    let offsets: Vec<f64> = wishes
        .iter()
        .map(|(spot, _)| {
            let half = spots[*spot].width / 2.0;
            let centre = offset + half;
            offset = centre + half + GAP;
            centre
        })
        .collect();
    let wanted: Vec<f64> = wishes
        .iter()
        .zip(&offsets)
        .map(|(wish, offset)| wish.1 - offset)
        .collect();
    let found = pooled(&wanted);
    for (index, (spot, _)) in wishes.iter().enumerate() {
        row[index] = *spot;
        spots[*spot].x = found[index] + offsets[index];
    }
}

/// The non-decreasing numbers that are nearest to these, by the sum of squares.
fn pooled(wanted: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wanted.len());
    for one in wanted {
        let mut pool = (*one, 1);
        while let Some(before) = pools.last().copied().filter(|before| before.0 > pool.0) {
            let count = before.1 + pool.1;
            let mean = (before.0 * before.1 as f64 + pool.0 * pool.1 as f64) / count as f64;
            pool = (mean, count);
            pools.pop();
        }
        pools.push(pool);
    }
    let spread = |(mean, count): &(f64, usize)| std::iter::repeat_n(*mean, *count);
    pools.iter().flat_map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_chain_is_a_straight_line() {
        let found = places(&[100.0, 60.0, 200.0], &[(0, 1), (1, 2)]);
        assert_eq!(found.boxes, [(0, 100.0), (1, 100.0), (2, 100.0)]);
        assert_eq!((found.layers, found.width), (3, 200.0));
    }

    #[test]
    fn an_arrow_past_a_box_has_a_way_beside_it() {
        let found = places(&[50.0, 50.0, 50.0], &[(0, 1), (1, 2), (0, 2)]);
        let (passage, middle) = (found.passages[2][0], found.boxes[1].1);
        assert!(
            (passage - middle).abs() >= 25.0 + PASSAGE / 2.0,
            "{found:?}"
        );
    }

    proptest! {
        /// Arrows lead downwards, neighbours keep their distance, and everything is inside.
        #[test]
        fn boxes_of_a_layer_never_overlap(
            widths in vec(10.0..300.0_f64, 1..24),
            pairs in vec((0..24_usize, 0..24_usize), 0..40),
        ) {
            let arrows: Vec<_> = pairs
                .into_iter()
                .filter(|(from, to)| from < to && *to < widths.len())
                .collect();
            let found = places(&widths, &arrows);
            for (from, to) in &arrows {
                prop_assert!(found.boxes[*from].0 < found.boxes[*to].0);
            }
            for (one, (layer, x)) in found.boxes.iter().enumerate() {
                prop_assert!(x - widths[one] / 2.0 > -1e-6);
                prop_assert!(x + widths[one] / 2.0 < found.width + 1e-6);
                for (other, (beside, y)) in found.boxes.iter().enumerate().take(one) {
                    let apart = (x - y).abs() - (widths[one] + widths[other]) / 2.0;
                    prop_assert!(layer != beside || apart > GAP - 1e-6);
                }
            }
        }

        /// Pooling keeps the sum, gives an order, and leaves alone what is in order.
        #[test]
        fn pooling_gives_the_order_that_was_asked_for(wanted in vec(-1e3..1e3_f64, 0..20)) {
            let found = pooled(&wanted);
            prop_assert!(found.is_sorted());
            prop_assert!((found.iter().sum::<f64>() - wanted.iter().sum::<f64>()).abs() < 1e-6);
            prop_assert_eq!(pooled(&found.clone()), found);
        }
    }
}
