//! A graph cut into pieces: groups of tasks that somebody far away does as one, so that what is sent is paid for by what is done.
//! Knows what each task is expected to take; not what tasks do, nor who does the pieces. Pure, and linear in tasks and needs.
//!
//! Pieces never wait for each other in a circle, and are numbered so that each needs only earlier ones. A task joins a piece
//! only if that makes the piece wait for nothing that it did not wait for before, so no piece starts later than its own tasks
//! would; what is lost of the graph's parallelism is bounded by the size of a piece. Then small pieces of one level (none
//! can need another) are put together as long as enough are left side by side, levels that are worth nothing by
//! themselves become one, and so do chains of pieces.

use std::collections::HashMap;

use crate::graph::{Graph, TaskId};

/// How large pieces are to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// Seconds: a piece takes no more, unless one task alone does, or the piece is a chain that nobody could help with
    /// (then up to [`Sizes::CHAIN`] times this).
    pub most: f64,
    /// Seconds that are not worth a piece of their own.
    pub least: f64,
    /// So many pieces of one level are left side by side, as long as they are worth it.
    pub n_wide: usize,
}

impl Sizes {
    /// How many times [`Sizes::most`] a chain of pieces may be.
    pub const CHAIN: f64 = 10.0;
}

/// What becomes of a task in a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It goes into a piece, with others.
    Inside,
    /// It is a piece of its own.
    Alone,
    /// It is in no piece: its result is there, or somebody is at it already.
    Outside,
}

/// The tasks of each piece.
#[derive(Debug)]
pub struct Pieces {
    piece_of: Vec<u32>,
    /// `tasks[ends[i - 1]..ends[i]]` are the tasks of piece `i`, each after those it needs.
    ends: Vec<u32>,
    tasks: Vec<TaskId>,
}

/// The number of no piece.
const NONE: u32 = u32::MAX;

impl Pieces {
    /// Cuts a graph. `seconds` is what a task is expected to take, and more than 0.
    pub fn cut(
        graph: &Graph,
        seconds: impl Fn(TaskId) -> f64,
        place: impl Fn(TaskId) -> Place,
        sizes: Sizes,
    ) -> Self {
        let (grown, piece_of) = grow(graph, &seconds, &place, sizes);
        let levels = Levels::of(&grown);
        let mut into = merge_levels(&grown, &levels, sizes);
        fuse_chains(&grown, &levels, &mut into, sizes);
        Self::number(&levels, &into, piece_of)
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no piece.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tasks of a piece, each after those it needs.
    pub fn tasks(&self, piece: usize) -> &[TaskId] {
        let first = if piece == 0 { 0 } else { self.ends[piece - 1] as usize };
        &self.tasks[first..self.ends[piece] as usize]
    }

    /// The piece that a task is in.
    pub fn piece_of(&self, task: TaskId) -> Option<usize> {
        Some(self.piece_of[task.index()]).filter(|piece| *piece != NONE).map(|piece| piece as usize)
    }

    /// Numbers the pieces by level, and lists their tasks. `into` says which grown piece became part of which.
    fn number(levels: &Levels, into: &[u32], mut piece_of: Vec<u32>) -> Self {
        let mut number = vec![NONE; into.len()];
        let mut n_pieces = 0_u32;
        for &piece in &levels.order {
            let root = into[piece as usize] as usize;
            if number[root] == NONE {
                number[root] = n_pieces;
                n_pieces += 1;
            }
        }
        let mut ends = vec![0_u32; n_pieces as usize];
        for piece in &mut piece_of {
            if *piece != NONE {
                *piece = number[into[*piece as usize] as usize];
                ends[*piece as usize] += 1;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            // For the moment, where each list starts; filling the lists moves it to where they end.
            (*end, total) = (total, total + *end);
        }
        let mut tasks = vec![TaskId::from_index(0); total as usize];
        for (index, piece) in piece_of.iter().enumerate() {
            if *piece != NONE {
                let end = &mut ends[*piece as usize];
                tasks[*end as usize] = TaskId::from_index(index);
                *end += 1;
            }
        }
        Self { piece_of, ends, tasks }
    }
}

/// A piece in the making.
struct Grown {
    seconds: f64,
    /// Those of the tasks that could all have begun with it, somewhere else.
    side_by_side: f64,
    /// The longest way to it over other pieces.
    level: u32,
    /// The pieces that it waits for, in order. Never more than when it was begun.
    needs: Box<[u32]>,
    is_open: bool,
    /// Nothing may be put together with it.
    is_alone: bool,
    /// It was closed before it was full: others wait for what it has.
    is_awaited: bool,
}

/// Puts tasks into pieces, in their order, by what they need.
fn grow(
    graph: &Graph,
    seconds: &impl Fn(TaskId) -> f64,
    place: &impl Fn(TaskId) -> Place,
    sizes: Sizes,
) -> (Vec<Grown>, Vec<u32>) {
    let mut grown: Vec<Grown> = Vec::new();
    let mut piece_of = vec![NONE; graph.len()];
    // The last piece that was begun with these needs: brothers of one piece, and tasks that need nothing.
    let mut by_needs: HashMap<Box<[u32]>, u32> = HashMap::new();
    let mut needed: Vec<u32> = Vec::new();
    let rows = Rows::of(graph, seconds);
    for task in graph.tasks() {
        let place = place(task);
        if place == Place::Outside {
            continue;
        }
        needed.clear();
        needed.extend(graph.needs(task).iter().map(|need| piece_of[need.index()]));
        needed.retain(|piece| *piece != NONE);
        needed.sort_unstable();
        needed.dedup();
        let its_seconds = seconds(task);
        let has_room = |piece: u32| {
            let piece: &Grown = &grown[piece as usize];
            piece.is_open && piece.seconds + its_seconds <= sizes.most
        };
        let highest = needed.iter().copied().max_by_key(|piece| grown[*piece as usize].level);
        let mut is_brother = false;
        let joined = if place == Place::Alone {
            None
        } else {
            highest
                .filter(|&piece| {
                    let others = needed.iter().filter(|other| **other != piece);
                    has_room(piece) && is_part(others, &grown[piece as usize].needs)
                })
                .or_else(|| {
                    let most = (rows.seconds_beside(task) / sizes.n_wide.max(1) as f64).max(sizes.least);
                    let fits = |piece: u32| grown[piece as usize].side_by_side + its_seconds <= most;
                    is_brother = true;
                    let brother = by_needs.get(needed.as_slice()).copied();
                    brother.filter(|piece| has_room(*piece) && fits(*piece))
                })
        };
        let piece = joined.unwrap_or_else(|| {
            let piece = u32::try_from(grown.len()).expect("no more pieces than tasks");
            let is_alone = place == Place::Alone;
            grown.push(Grown {
                seconds: 0.0,
                side_by_side: 0.0,
                level: highest.map_or(0, |highest| grown[highest as usize].level + 1),
                needs: needed.as_slice().into(),
                is_open: !is_alone,
                is_alone,
                is_awaited: false,
            });
            if !is_alone {
                by_needs.insert(needed.as_slice().into(), piece);
            }
            piece
        });
        piece_of[task.index()] = piece;
        let piece = &mut grown[piece as usize];
        piece.seconds += its_seconds;
        if is_brother {
            piece.side_by_side += its_seconds;
        }
        let users = graph.users(task);
        if users.len() > 1 && piece.is_open {
            let waiting: f64 = users.iter().map(|user| seconds(*user)).sum();
            if piece.seconds + waiting > sizes.most {
                // Its users are to start elsewhere, too, and not only when the first of them are done here.
                piece.is_open = false;
                piece.is_awaited = piece.seconds < sizes.most / 2.0;
            }
        }
    }
    (grown, piece_of)
}

/// The tasks by how many are before them on the longest way: none of a row can need another.
struct Rows {
    row_of: Vec<u32>,
    seconds: Vec<f64>,
}

impl Rows {
    fn of(graph: &Graph, seconds: &impl Fn(TaskId) -> f64) -> Self {
        let mut rows = Self { row_of: Vec::with_capacity(graph.len()), seconds: Vec::new() };
        for task in graph.tasks() {
            let below = graph.needs(task).iter().map(|need| rows.row_of[need.index()] + 1);
            let row = below.max().unwrap_or(0);
            rows.row_of.push(row);
            if row as usize == rows.seconds.len() {
                rows.seconds.push(0.0);
            }
            rows.seconds[row as usize] += seconds(task);
        }
        rows
    }

    /// Seconds of all tasks in the row of this one.
    fn seconds_beside(&self, task: TaskId) -> f64 {
        self.seconds[self.row_of[task.index()] as usize]
    }
}

/// Whether all these are among the others, which are in order.
fn is_part<'a>(mut some: impl Iterator<Item = &'a u32>, others: &[u32]) -> bool {
    some.all(|one| others.binary_search(one).is_ok())
}

/// The pieces by level.
struct Levels {
    /// All pieces, those of the lowest level first.
    order: Vec<u32>,
    /// `order[ends[i - 1]..ends[i]]` are those of level `i`.
    ends: Vec<usize>,
}

impl Levels {
    fn of(grown: &[Grown]) -> Self {
        let n_levels = grown.iter().map(|piece| piece.level as usize + 1).max().unwrap_or(0);
        let mut ends = vec![0_usize; n_levels];
        grown.iter().for_each(|piece| ends[piece.level as usize] += 1);
        let mut total = 0;
        for end in &mut ends {
            (*end, total) = (total, total + *end);
        }
        let mut order = vec![0_u32; grown.len()];
        for (index, piece) in grown.iter().enumerate() {
            let end = &mut ends[piece.level as usize];
            order[*end] = u32::try_from(index).expect("no more pieces than tasks");
            *end += 1;
        }
        Self { order, ends }
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.order[start..*end])
    }
}

/// A piece that others are put into, as long as there is room.
#[derive(Default)]
struct Group {
    root: Option<u32>,
    seconds: f64,
}

impl Group {
    /// The piece that this one becomes part of: itself, if it begins a new group.
    fn take(&mut self, piece: u32, seconds: f64, most: f64) -> u32 {
        match self.root {
            Some(root) if self.seconds + seconds <= most => {
                self.seconds += seconds;
                root
            }
            _ => {
                *self = Self { root: Some(piece), seconds };
                piece
            }
        }
    }
}

/// Puts small pieces of a level together, and levels that are small as a whole. Says which piece became part of which.
fn merge_levels(grown: &[Grown], levels: &Levels, sizes: Sizes) -> Vec<u32> {
    let mut into: Vec<u32> = (0..grown.len()).map(|index| index as u32).collect();
    let mut band = Group::default();
    for level in levels.iter() {
        let of = |piece: &u32| &grown[*piece as usize];
        let total: f64 = level.iter().map(|piece| of(piece).seconds).sum();
        if level.iter().any(|piece| of(piece).is_alone) {
            // What stands alone may lie between two levels.
            band = Group::default();
        } else if total <= sizes.least {
            let root = band.take(level[0], total, sizes.least);
            level.iter().for_each(|piece| into[*piece as usize] = root);
            continue;
        } else {
            band = Group::default();
        }
        let goal = (total / sizes.n_wide.max(1) as f64).max(sizes.least).min(sizes.most);
        let (mut others, mut awaited) = (Group::default(), Group::default());
        for &index in level {
            let piece = of(&index);
            if piece.is_alone {
                continue;
            }
            into[index as usize] = if piece.is_awaited {
                awaited.take(index, piece.seconds, sizes.least.min(sizes.most))
            } else {
                others.take(index, piece.seconds, goal)
            };
        }
    }
    into
}

/// Makes one of two pieces if the second needs only the first, and nobody else does.
fn fuse_chains(grown: &[Grown], levels: &Levels, into: &mut [u32], sizes: Sizes) {
    const MANY: u32 = NONE - 1;
    // For each root: the one root that it needs or that uses it, NONE, or MANY.
    let mut need = vec![NONE; grown.len()];
    let mut user = vec![NONE; grown.len()];
    let mut seconds = vec![0.0; grown.len()];
    let note = |known: &mut u32, root: u32| {
        *known = if *known == NONE || *known == root { root } else { MANY };
    };
    for (index, piece) in grown.iter().enumerate() {
        let root = into[index];
        seconds[root as usize] += piece.seconds;
        for below in &piece.needs {
            let below = into[*below as usize];
            if below != root {
                note(&mut need[root as usize], below);
                note(&mut user[below as usize], root);
            }
        }
    }
    let is_fusable = |root: u32| !grown[root as usize].is_alone;
    // For each root, where its chain begins.
    let mut begins: Vec<u32> = (0..grown.len()).map(|index| index as u32).collect();
    for &root in &levels.order {
        let below = need[root as usize];
        if into[root as usize] != root || below >= MANY || user[below as usize] != root {
            continue;
        }
        let first = begins[below as usize];
        let together = seconds[first as usize] + seconds[root as usize];
        if is_fusable(below) && is_fusable(root) && together <= sizes.most * Sizes::CHAIN {
            begins[root as usize] = first;
            seconds[first as usize] = together;
        }
    }
    into.iter_mut().for_each(|root| *root = begins[*root as usize]);
}
