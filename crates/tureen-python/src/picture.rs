//! Pictures of promises: what each is made of, as boxes (values and results) and circles (calls), as dask draws them.
//! Knows what to draw; how it looks on the page is `tureen-draw`'s business, and files are `tureen._visualize`'s.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rustc_hash::FxHashMap;
use tureen_draw::{Direction, DrawnBox, Picture, Shape, kind_color, order_color};
use tureen_engine::{Limits, OnFailure, Outcome, Schedule, TaskId};

use crate::flatten::flatten;
use crate::identity::Identity;
use crate::key::key_of;
use crate::promise::{Promise, Work};
use crate::scan::{scan, scan_shallow};

/// Pixels of a PNG for each unit of the picture: sharp on the screens of today.
const PNG_SCALE: f32 = 2.0;

/// Draw what promises are made of, as `svg`, `png` or `dot`. With `by_order`, colours tell in which order calls are made.
#[pyfunction]
#[pyo3(signature = (args, traverse, format, rankdir, by_order))]
pub(crate) fn draw(
    args: &Bound<'_, PyTuple>,
    traverse: bool,
    format: &str,
    rankdir: &str,
    by_order: bool,
) -> PyResult<Vec<u8>> {
    let py = args.py();
    let direction = Direction::from_rankdir(rankdir).ok_or_else(|| {
        PyValueError::new_err(format!("`rankdir` is `TB`, `BT`, `LR` or `RL`, not `{rankdir}`"))
    })?;
    let arguments = if traverse { scan(args, None)? } else { scan_shallow(args)? };
    let wanted: Vec<&Py<Promise>> = arguments.promises().collect();
    let mut drawing =
        Drawing { picture: Picture::new(direction), results: FxHashMap::default(), places: None };
    if by_order {
        drawing.places = Some(places(py, &wanted)?);
    }
    drawing.add_all(py, &wanted)?;
    if !by_order {
        color_by_function(&mut drawing.picture);
    }
    match format {
        "svg" => Ok(tureen_draw::svg(&drawing.picture).into_bytes()),
        "dot" => Ok(tureen_draw::dot(&drawing.picture).into_bytes()),
        "png" => tureen_draw::png(&drawing.picture, PNG_SCALE)
            .map_err(|error| PyRuntimeError::new_err(format!("the picture could not be made: {error}"))),
        _ => Err(PyValueError::new_err(format!("`format` is `svg`, `png` or `dot`, not `{format}`"))),
    }
}

struct Drawing {
    picture: Picture,
    /// The box of each promise's result.
    results: FxHashMap<Identity, usize>,
    /// When each call is made, if colours are to tell it.
    places: Option<FxHashMap<Identity, usize>>,
}

impl Drawing {
    /// Adds promises and all they need: a box for each after those of its needs.
    fn add_all(&mut self, py: Python<'_>, wanted: &[&Py<Promise>]) -> PyResult<()> {
        let mut stack: Vec<(&Py<Promise>, bool)> =
            wanted.iter().rev().map(|promise| (*promise, false)).collect();
        while let Some((promise, needs_are_there)) = stack.pop() {
            let this = promise.get();
            if self.results.contains_key(&this.identity()) {
                continue;
            }
            match this.call() {
                Some(call) if !needs_are_there => {
                    stack.push((promise, true));
                    stack.extend(call.arguments.promises().rev().map(|need| (need, false)));
                }
                _ => self.add(py, this)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, py: Python<'_>, promise: &Promise) -> PyResult<()> {
        let color = self.places.as_ref().and_then(|places| {
            places.get(&promise.identity()).map(|place| order_color(*place, places.len()))
        });
        let key = key_of(py, promise)?.bind(py).str()?.to_string();
        let label = promise.label(py);
        let result = DrawnBox {
            label: box_label(py, promise)?,
            shape: Shape::Box,
            fill: color,
            group: Some(format!("{label} results")),
            tooltip: Some(key.clone()),
            ..DrawnBox::default()
        };
        if let Some(call) = promise.call() {
            let circle = DrawnBox {
                label: label.clone(),
                shape: Shape::Circle,
                fill: color,
                group: Some(label),
                tooltip: Some(key),
                ..DrawnBox::default()
            };
            let circle = self.picture.add(circle);
            // An argument used twice is one arrow: two would only hide each other.
            let mut needs: Vec<usize> =
                call.arguments.promises().map(|need| self.results[&need.get().identity()]).collect();
            needs.sort_unstable();
            needs.dedup();
            needs.into_iter().for_each(|need| self.picture.connect(need, circle));
            let result = self.picture.add(result);
            self.picture.connect(circle, result);
            self.results.insert(promise.identity(), result);
        } else {
            let result = self.picture.add(result);
            self.results.insert(promise.identity(), result);
        }
        Ok(())
    }
}

/// Gives the circles of each function a colour.
fn color_by_function(picture: &mut Picture) {
    let mut functions: FxHashMap<String, usize> = FxHashMap::default();
    for circle in picture.boxes.iter().filter(|drawn| drawn.shape == Shape::Circle) {
        let next = functions.len();
        functions.entry(circle.label.clone()).or_insert(next);
    }
    for circle in picture.boxes.iter_mut().filter(|drawn| drawn.shape == Shape::Circle) {
        circle.color = Some(kind_color(functions[&circle.label], functions.len()));
    }
}

/// What stands in a box: the name that the user gave, or the value if it is there. Results are not there yet.
fn box_label(py: Python<'_>, promise: &Promise) -> PyResult<String> {
    if let Some(name) = promise.name() {
        return Ok(name.bind(py).str()?.to_string());
    }
    match promise.work() {
        Work::Value { value, .. } => {
            py.import("tureen._failure")?.getattr("short_repr")?.call1((value.bind(py),))?.extract()
        }
        Work::Call(_) => Ok(String::new()),
    }
}

/// In which order the calls are made when nothing runs at the same time.
fn places(py: Python<'_>, wanted: &[&Py<Promise>]) -> PyResult<FxHashMap<Identity, usize>> {
    let flat = flatten(py, wanted.iter().copied())?;
    let mut schedule = Schedule::new(flat.graph.clone(), Limits::cores(1), OnFailure::Stop)
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let mut order: Vec<TaskId> = Vec::with_capacity(flat.promises.len());
    while let Some(task) = schedule.take() {
        order.push(task);
        schedule.end(task, Outcome::Done, &mut Vec::new(), |_, _| ());
    }
    Ok(order
        .iter()
        .enumerate()
        .map(|(place, task)| (flat.promises[task.index()].get().identity(), place))
        .collect())
}
