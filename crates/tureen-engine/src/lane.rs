//! The ready tasks of a run in two lanes, for pullers that can't do each other's tasks.
//! Knows ranks; who pulls from which lane, and why a task is in one, is the executor's business.
//!
//! Nearly all runs have one lane only. The other one takes no memory until a run is divided.

use crate::ready::Ready;

/// One of the two lanes that a run may be divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lane {
    /// Where every task is until somebody says otherwise.
    #[default]
    Main,
    /// Tasks put aside for pullers of another kind.
    Aside,
}

/// The ready set of each lane, and which lane each rank belongs to.
#[derive(Debug)]
pub(crate) struct Lanes {
    main: Ready,
    aside: Option<Aside>,
    n_ranks: usize,
    n_resources: usize,
}

#[derive(Debug)]
struct Aside {
    ready: Ready,
    /// Whether each rank belongs here.
    is_here: Vec<bool>,
}

impl Lanes {
    pub(crate) fn new(n_ranks: usize, n_resources: usize) -> Self {
        Self { main: Ready::new(n_ranks, n_resources), aside: None, n_ranks, n_resources }
    }

    /// The ready set of a lane, if the lane was ever used.
    pub(crate) fn of(&self, lane: Lane) -> Option<&Ready> {
        match lane {
            Lane::Main => Some(&self.main),
            Lane::Aside => self.aside.as_ref().map(|aside| &aside.ready),
        }
    }

    /// The ready set that a rank belongs to.
    pub(crate) fn at(&mut self, rank: usize) -> &mut Ready {
        match &mut self.aside {
            Some(aside) if aside.is_here[rank] => &mut aside.ready,
            _ => &mut self.main,
        }
    }

    /// The lane that a rank belongs to.
    pub(crate) fn lane_of(&self, rank: usize) -> Lane {
        match &self.aside {
            Some(aside) if aside.is_here[rank] => Lane::Aside,
            _ => Lane::Main,
        }
    }

    /// Whether anything was ever put aside.
    pub(crate) fn are_divided(&self) -> bool {
        self.aside.is_some()
    }

    /// Says where a rank belongs. It must be in neither ready set.
    pub(crate) fn assign(&mut self, rank: usize, lane: Lane) {
        if lane == Lane::Main && self.aside.is_none() {
            return;
        }
        let (n_ranks, n_resources) = (self.n_ranks, self.n_resources);
        let aside = self.aside.get_or_insert_with(|| Aside {
            ready: Ready::new(n_ranks, n_resources),
            is_here: vec![false; n_ranks],
        });
        aside.is_here[rank] = lane == Lane::Aside;
    }
}
