//! How long a picture takes, from boxes and arrows to SVG text.

use tureen_draw::{DrawnBox, Picture, svg};

fn main() {
    divan::main();
}

/// Needs up to three of the boxes shortly before: long arrows and many crossings.
fn tangled(n_boxes: usize) -> Picture {
    let mut picture = Picture::default();
    let mut seed = 1_u64;
    for b in 0..n_boxes {
        picture.add(DrawnBox::new(format!("job {b}")));
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if let Some(need) = b.checked_sub(1 + (seed >> 33) as usize % (n_boxes / 5)) {
                picture.connect(need, b);
            }
        }
    }
    picture
}

/// Chains side by side that begin and end together, as workflows do.
fn chains(n_boxes: usize) -> Picture {
    let mut picture = Picture::default();
    let first = picture.add(DrawnBox::new("first"));
    let last = picture.add(DrawnBox::new("last"));
    for chain in 0..n_boxes / 10 {
        let mut before = first;
        for step in 0..10 {
            let next = picture.add(DrawnBox::new(format!("step {step}\nsample: {chain}")));
            picture.connect(before, next);
            before = next;
        }
        picture.connect(before, last);
    }
    picture
}

fn fan_in(n_boxes: usize) -> Picture {
    let mut picture = Picture::default();
    let sum = picture.add(DrawnBox::new("sum"));
    for _ in 1..n_boxes {
        let inc = picture.add(DrawnBox::new("inc"));
        picture.connect(inc, sum);
    }
    picture
}

#[divan::bench(args = [10, 200, 1_998])]
fn draw_tangled(bencher: divan::Bencher<'_, '_>, n_boxes: usize) {
    let picture = tangled(n_boxes);
    bencher.bench(|| svg(&picture));
}

#[divan::bench(args = [10, 200, 1_998])]
fn draw_chains(bencher: divan::Bencher<'_, '_>, n_boxes: usize) {
    let picture = chains(n_boxes);
    bencher.bench(|| svg(&picture));
}

/// From 2,000 boxes on these are grouped.
#[divan::bench(args = [200, 20_000, 200_000])]
fn draw_fan_in(bencher: divan::Bencher<'_, '_>, n_boxes: usize) {
    let picture = fan_in(n_boxes);
    bencher.bench(|| svg(&picture));
}
