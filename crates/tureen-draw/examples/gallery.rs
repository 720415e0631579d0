//! Draws the pictures one looks at after a change to the layout: `cargo run -p tureen-draw --example gallery DIR`.

use tureen_draw::{Direction, DrawnBox, Picture, Shape, Stroke, kind_color, order_color, png, svg};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("name a folder for the pictures")?);
    std::fs::create_dir_all(&folder)?;
    let pictures = [
        ("adds", adds()),
        ("mean", mean(10)),
        ("mean-100", mean(100)),
        ("peasoup", peasoup(Direction::TopDown)),
        ("peasoup-lr", peasoup(Direction::LeftRight)),
        ("books", books(42, Direction::TopDown)),
        ("books-lr", books(42, Direction::LeftRight)),
        ("random-200", random(200, Direction::TopDown)),
        ("random-30", random(30, Direction::TopDown)),
        ("tree", tree(16)),
        ("odd", odd()),
        ("huge", mean(98_000)),
        ("empty", Picture { title: Some("an empty picture".to_owned()), ..Picture::default() }),
    ];
    for (name, picture) in pictures {
        std::fs::write(folder.join(format!("{name}.svg")), svg(&picture))?;
        std::fs::write(folder.join(format!("{name}.png")), png(&picture, 1.5)?)?;
    }
    Ok(())
}

fn call(picture: &mut Picture, function: &str, arguments: &[usize]) -> usize {
    let circle = picture.add(DrawnBox { shape: Shape::Circle, ..DrawnBox::new(function) });
    let result = picture.add(DrawnBox { shape: Shape::Box, ..DrawnBox::new("") });
    for &argument in arguments {
        picture.connect(argument, circle);
    }
    picture.connect(circle, result);
    result
}

fn adds() -> Picture {
    let mut picture = Picture::new(Direction::BottomUp);
    let left = call(&mut picture, "add", &[]);
    let right = call(&mut picture, "add", &[]);
    call(&mut picture, "add", &[left, right]);
    picture
}

fn mean(n: usize) -> Picture {
    let mut picture = Picture::new(Direction::BottomUp);
    let sums: Vec<usize> = (0..n).map(|_| call(&mut picture, "add", &[])).collect();
    call(&mut picture, "mean", &sums);
    let n_boxes = picture.boxes.len();
    for (position, drawn) in picture.boxes.iter_mut().enumerate() {
        drawn.fill = Some(order_color(position, n_boxes));
    }
    picture
}

fn rules(direction: Direction, jobs: &[(&str, &[usize])]) -> Picture {
    let mut picture = Picture::new(direction);
    let mut names: Vec<&str> = jobs.iter().map(|job| job.0.lines().next().unwrap_or("")).collect();
    names.sort_unstable();
    names.dedup();
    for (label, needs) in jobs {
        let kind = names.binary_search(&label.lines().next().unwrap_or("")).unwrap_or(0);
        let job =
            picture.add(DrawnBox { color: Some(kind_color(kind, names.len())), ..DrawnBox::new(*label) });
        needs.iter().for_each(|need| picture.connect(*need, job));
    }
    picture
}

fn peasoup(direction: Direction) -> Picture {
    let mut picture = rules(
        direction,
        &[
            ("water", &[]),
            ("peas", &[]),
            ("mix", &[0, 1]),
            ("boil\nminutes: 90", &[2]),
            ("protosoup", &[3]),
            ("vegetables", &[]),
            ("chop\nvegetable: carrot", &[5]),
            ("pea_soup", &[4, 6]),
            ("all", &[7]),
        ],
    );
    picture.boxes[0].stroke = Stroke::Dashed;
    picture.boxes[1].stroke = Stroke::Dashed;
    picture
}

fn books(n: usize, direction: Direction) -> Picture {
    let mut jobs = vec![("fetch".to_owned(), vec![])];
    for book in 0..n {
        jobs.push((format!("clean\nbook: {book}"), vec![0]));
        jobs.push((format!("stem\nbook: {book}"), vec![2 * book + 1]));
    }
    jobs.push(("count".to_owned(), (0..n).map(|book| 2 * book + 2).collect()));
    let jobs: Vec<(&str, &[usize])> =
        jobs.iter().map(|(label, needs)| (label.as_str(), needs.as_slice())).collect();
    rules(direction, &jobs)
}

fn random(n: usize, direction: Direction) -> Picture {
    let names = ["align", "sort", "index", "call", "merge", "plot_coverage", "report"];
    let mut seed = 7_u64;
    let mut roll = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let jobs: Vec<(String, Vec<usize>)> = (0..n)
        .map(|job| {
            let n_needs = if job < n / 8 { 0 } else { 1 + roll(2) };
            let needs = (0..n_needs).map(|_| job - 1 - roll(job.min(n / 6))).collect();
            (format!("{}\nsample: s{job}", names[roll(names.len())]), needs)
        })
        .collect();
    let jobs: Vec<(&str, &[usize])> =
        jobs.iter().map(|(label, needs)| (label.as_str(), needs.as_slice())).collect();
    rules(direction, &jobs)
}

fn tree(n_leaves: usize) -> Picture {
    let mut picture = Picture::new(Direction::BottomUp);
    let mut level: Vec<usize> = (0..n_leaves).map(|_| call(&mut picture, "load", &[])).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| call(&mut picture, "add", pair)).collect();
    }
    picture
}

fn odd() -> Picture {
    let mut picture = Picture { title: Some("odd <things> & \"others\"".to_owned()), ..Picture::default() };
    let labels = [
        "a",
        "b",
        "c",
        "",
        "Ωμέγα суп",
        "x < y && \"z\"",
        "tab\tnul\u{0}esc\u{1b}",
        "results/a/very/long/path/to/some/file/that/nobody/reads/to/its/end.sorted.bam",
        "one\ntwo\nthree",
        "alone",
        "loop",
    ];
    for label in labels {
        picture.add(DrawnBox::new(label));
    }
    for (from, to) in
        [(0, 1), (1, 2), (2, 0), (3, 4), (4, 3), (5, 6), (6, 7), (5, 7), (5, 8), (5, 8), (10, 10), (10, 8)]
    {
        picture.connect(from, to);
    }
    picture.arrows[5].label = Some("needs".to_owned());
    picture.arrows[6].stroke = Stroke::Dashed;
    picture
}
