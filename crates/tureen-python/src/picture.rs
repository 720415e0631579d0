//! Pictures of promises: what each is made of, as boxes (values and results) and circles (calls), as dask draws them.
//! Knows what to draw; how it looks on the page is `tureen-draw`'s business, and files are `tureen._visualize`'s.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rustc_hash::FxHashMap;
use tureen_draw::{Color, Direction, DrawnBox, Picture, Shape, kind_color, order_color};
use tureen_engine::{Limits, OnFailure, Outcome, Schedule};

use crate::flatten::flatten;
use crate::identity::Identity;
use crate::key::key_of;
use crate::promise::{Promise, Work};
use crate::scan::{scan_computed, scan_shallow};

/// Pixels of a PNG for each unit of the picture: sharp on the screens of today.
const PNG_SCALE: f32 = 2.0;

/// Draw what promises are made of, as `svg`, `png` or `dot`.
///
/// `circles` and `boxes` say for keys how their calls and results look: `label`, `color`, `fillcolor`, `shape`.
/// With `collapse`, a call and its result are one circle; with `verbose`, boxes that would be empty have their key.
#[pyfunction]
#[pyo3(signature = (args, traverse, format, rankdir, collapse, verbose, circles, boxes))]
#[expect(clippy::too_many_arguments, reason = "they are dask's keywords, and Python names them")]
pub(crate) fn draw(
    args: &Bound<'_, PyTuple>,
    traverse: bool,
    format: &str,
    rankdir: &str,
    collapse: bool,
    verbose: bool,
    circles: &Bound<'_, PyDict>,
    boxes: &Bound<'_, PyDict>,
) -> PyResult<Vec<u8>> {
    let py = args.py();
    let direction = Direction::from_rankdir(rankdir).ok_or_else(|| {
        PyValueError::new_err(format!("`rankdir` is `TB`, `BT`, `LR` or `RL`, not `{rankdir}`"))
    })?;
    let arguments = if traverse { scan_computed(args)? } else { scan_shallow(args)? };
    let wanted: Vec<&Py<Promise>> = arguments.promises().collect();
    let mut drawing = Drawing {
        picture: Picture::new(direction),
        results: FxHashMap::default(),
        collapse,
        verbose,
        circles,
        boxes,
    };
    drawing.add_all(py, &wanted)?;
    color_by_function(&mut drawing.picture);
    match format {
        "svg" => Ok(tureen_draw::svg(&drawing.picture).into_bytes()),
        "dot" => Ok(tureen_draw::dot(&drawing.picture).into_bytes()),
        "png" => tureen_draw::png(&drawing.picture, PNG_SCALE)
            .map_err(|error| PyRuntimeError::new_err(format!("the picture could not be made: {error}"))),
        _ => Err(PyValueError::new_err(format!("`format` is `svg`, `png` or `dot`, not `{format}`"))),
    }
}

struct Drawing<'a, 'py> {
    picture: Picture,
    /// The box of each promise's result.
    results: FxHashMap<Identity, usize>,
    collapse: bool,
    verbose: bool,
    circles: &'a Bound<'py, PyDict>,
    boxes: &'a Bound<'py, PyDict>,
}

impl Drawing<'_, '_> {
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
        let key = key_of(py, promise)?.into_bound(py);
        let tooltip = Some(key.str()?.to_string());
        let label = promise.label(py);
        let result = DrawnBox {
            label: match box_label(py, promise)? {
                empty if empty.is_empty() && self.verbose => tooltip.clone().unwrap_or_default(),
                label => label,
            },
            shape: Shape::Box,
            group: Some(format!("{label} results")),
            tooltip: tooltip.clone(),
            ..DrawnBox::default()
        };
        let result = dressed(result, self.boxes.get_item(&key)?)?;
        let Some(call) = promise.call() else {
            let result = self.picture.add(result);
            self.results.insert(promise.identity(), result);
            return Ok(());
        };
        let circle = DrawnBox {
            label: label.clone(),
            shape: Shape::Circle,
            group: Some(label),
            tooltip,
            ..DrawnBox::default()
        };
        let circle = self.picture.add(dressed(circle, self.circles.get_item(&key)?)?);
        // An argument used twice is one arrow: two would only hide each other.
        let mut needs: Vec<usize> =
            call.arguments.promises().map(|need| self.results[&need.get().identity()]).collect();
        needs.sort_unstable();
        needs.dedup();
        needs.into_iter().for_each(|need| self.picture.connect(need, circle));
        let result = if self.collapse {
            circle
        } else {
            let result = self.picture.add(result);
            self.picture.connect(circle, result);
            result
        };
        self.results.insert(promise.identity(), result);
        Ok(())
    }
}

/// A box with the look that was asked for.
fn dressed(mut drawn: DrawnBox, look: Option<Bound<'_, PyAny>>) -> PyResult<DrawnBox> {
    let Some(look) = look else { return Ok(drawn) };
    for (attribute, value) in look.cast_into::<PyDict>()?.iter() {
        let (attribute, text) = (attribute.extract::<String>()?, value.str()?.to_string());
        match attribute.as_str() {
            "label" => drawn.label = text,
            "color" => drawn.color = Some(color(&text)?),
            "fillcolor" => drawn.fill = Some(color(&text)?),
            "shape" if ["circle", "ellipse", "oval"].contains(&text.as_str()) => drawn.shape = Shape::Circle,
            "shape" => drawn.shape = Shape::Box,
            _ => return Err(PyValueError::new_err(format!("no box has a `{attribute}`"))),
        }
    }
    Ok(drawn)
}

fn color(text: &str) -> PyResult<Color> {
    let wrong = || PyValueError::new_err(format!("a colour is written as `#rrggbb`, not `{text}`"));
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(wrong)?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes();
    Ok(Color::new(red, green, blue))
}

/// Give the colour for a number from 0 to 1: the higher, the darker.
#[pyfunction]
pub(crate) fn ramp_color(share: f64) -> String {
    const STEPS: usize = 1000;
    order_color((share.clamp(0.0, 1.0) * STEPS as f64) as usize, STEPS + 1).hex()
}

/// Gives the circles of each function a colour, unless they have one.
fn color_by_function(picture: &mut Picture) {
    let mut functions: FxHashMap<String, usize> = FxHashMap::default();
    for circle in picture.boxes.iter().filter(|drawn| drawn.shape == Shape::Circle) {
        let next = functions.len();
        functions.entry(circle.label.clone()).or_insert(next);
    }
    let plain =
        |drawn: &&mut DrawnBox| drawn.shape == Shape::Circle && (drawn.color, drawn.fill) == (None, None);
    for circle in picture.boxes.iter_mut().filter(plain) {
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

/// Give the keys of calls in the order in which they are made when nothing runs at the same time, and for each the places
/// in this list of those that it needs.
#[pyfunction]
pub(crate) fn run_order(args: &Bound<'_, PyTuple>, traverse: bool) -> PyResult<Vec<(Py<PyAny>, Vec<usize>)>> {
    let py = args.py();
    let arguments = if traverse { scan_computed(args)? } else { scan_shallow(args)? };
    let flat = flatten(py, arguments.promises().collect::<Vec<_>>().into_iter())?;
    let mut schedule = Schedule::new(flat.graph.clone(), Limits::cores(1), OnFailure::Stop)
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let mut place_of = vec![0; flat.promises.len()];
    let mut order = Vec::with_capacity(flat.promises.len());
    while let Some(task) = schedule.take() {
        place_of[task.index()] = order.len();
        let key = key_of(py, flat.promises[task.index()].get())?;
        let mut needs: Vec<usize> =
            flat.graph.needs(task).iter().map(|need| place_of[need.index()]).collect();
        needs.sort_unstable();
        needs.dedup();
        order.push((key, needs));
        schedule.end(task, Outcome::Done, &mut Vec::new(), |_, _| ());
    }
    Ok(order)
}
