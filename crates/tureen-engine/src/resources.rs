//! Amounts that tasks hold while they run, and the limits a run has.
//! Knows no task: a demand and a limit are named numbers.

use std::collections::BTreeMap;
use std::fmt;

use crate::graph::TaskId;

/// What a task holds while it runs: cores, and any named amounts (units are the caller's).
///
/// ```
/// use tureen_engine::Demand;
/// let demand = Demand::cores(2).with("mem_mb", 500);
/// assert_eq!(demand.amount("mem_mb"), 500);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Demand {
    cores: u64,
    named: BTreeMap<String, u64>,
}

impl Demand {
    /// A demand for `n` cores (0 is allowed: a task that only gathers) and nothing else.
    pub fn cores(n: u64) -> Self {
        Self { cores: n, named: BTreeMap::new() }
    }

    /// The same demand with `amount` of the resource `name`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, amount: u64) -> Self {
        self.named.insert(name.into(), amount);
        self
    }

    /// What both demands hold together.
    ///
    /// ```
    /// use tureen_engine::Demand;
    /// let both = Demand::cores(2).plus(&Demand::cores(1).with("gpu", 1));
    /// assert_eq!((both.n_cores(), both.amount("gpu")), (3, 1));
    /// ```
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.cores = self.cores.saturating_add(other.cores);
        for (name, amount) in &other.named {
            let own = self.named.entry(name.clone()).or_insert(0);
            *own = own.saturating_add(*amount);
        }
        self
    }

    /// How many cores are asked for.
    pub fn n_cores(&self) -> u64 {
        self.cores
    }

    /// How much of `name` is asked for; 0 if it is not mentioned.
    pub fn amount(&self, name: &str) -> u64 {
        self.named.get(name).copied().unwrap_or(0)
    }
}

impl Default for Demand {
    /// One core.
    fn default() -> Self {
        Self::cores(1)
    }
}

/// How much of each resource a run may hold at once. A resource that is not named is unlimited.
///
/// ```
/// use tureen_engine::Limits;
/// let limits = Limits::cores(4).with("mem_mb", 8000);
/// # let _ = limits;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    cores: Option<u64>,
    named: BTreeMap<String, u64>,
}

impl Limits {
    /// At most `n` cores.
    pub fn cores(n: u64) -> Self {
        Self { cores: Some(n), named: BTreeMap::new() }
    }

    /// No limit on cores.
    pub fn unlimited() -> Self {
        Self { cores: None, named: BTreeMap::new() }
    }

    /// The same limits with at most `amount` of the resource `name`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, amount: u64) -> Self {
        self.named.insert(name.into(), amount);
        self
    }

    /// The limited amounts as a dense vector; [`Limits::amounts_of`] gives demands in the same order.
    pub(crate) fn amounts(&self) -> Vec<u64> {
        self.cores.iter().chain(self.named.values()).copied().collect()
    }

    /// What `demand` asks of each limited resource.
    pub(crate) fn amounts_of(&self, demand: &Demand) -> Vec<u64> {
        let cores = self.cores.map(|_| demand.cores);
        cores.into_iter().chain(self.named.keys().map(|name| demand.amount(name))).collect()
    }

    /// The first resource of which `demand` wants more than there is.
    pub(crate) fn exceeded_by(&self, task: TaskId, demand: &Demand) -> Option<DoesNotFit> {
        let cores = self.cores.map(|limit| ("cores", demand.cores, limit));
        let named = self.named.iter().map(|(name, &limit)| (name.as_str(), demand.amount(name), limit));
        cores
            .into_iter()
            .chain(named)
            .find(|&(_, wanted, limit)| wanted > limit)
            .map(|(name, wanted, limit)| DoesNotFit { task, resource: name.to_owned(), wanted, limit })
    }
}

/// A task asks for more of a resource than the run will ever have, so it could never start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoesNotFit {
    /// The task.
    pub task: TaskId,
    /// The resource, `cores` or a name given to [`Demand::with`].
    pub resource: String,
    /// How much the task asks for.
    pub wanted: u64,
    /// How much the run has.
    pub limit: u64,
}

impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, resource, wanted, limit } = self;
        write!(f, "task {} wants {wanted} of `{resource}`, but the run has only {limit}", task.index())
    }
}

impl std::error::Error for DoesNotFit {}
