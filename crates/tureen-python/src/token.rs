//! A hash of Python objects by content, the same in every process for plain data.
//! Knows no promise but its identity.
//!
//! Never made from a `repr`: that of an array leaves out its middle, that of an object tells nothing of it. What we can't
//! read as data goes by what it says of itself (`__dask_tokenize__`), its importable name, or its pickle; failing these,
//! or where the content does not matter, it goes by its address: the promise holds the object, so none takes its place.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PySlice,
    PyString, PyTuple,
};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use crate::identity::Identity;
use crate::promise::Promise;

/// Deeper than this, containers go by their address: the hash is recursive, and stacks are finite.
const DEEPEST: usize = 200;

/// Collects what a promise is made of.
pub(crate) struct Hasher<'py> {
    py: Python<'py>,
    bytes: Vec<u8>,
    depth: usize,
    /// Hashes of containers, by address, so that what is shared is read once.
    known: FxHashMap<usize, u128>,
    /// Objects made on the way, held so that no address in `known` is used again.
    held: Vec<Bound<'py, PyAny>>,
    by_address: bool,
    /// Whether an address went into the hash.
    has_address: bool,
}

impl<'py> Hasher<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self {
            py,
            bytes: Vec::new(),
            depth: 0,
            known: FxHashMap::default(),
            held: Vec::new(),
            by_address: false,
            has_address: false,
        }
    }

    /// Text of ours that tells one sort of promise from another.
    pub(crate) fn text(&mut self, text: &str) {
        self.tagged(b't', text.as_bytes());
    }

    /// An object by its content, reading whatever it takes.
    pub(crate) fn content(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        self.object(object)
    }

    /// An object by its content if it is plain data, or else by its address.
    pub(crate) fn cheaply(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        self.by_address = true;
        let done = self.object(object);
        self.by_address = false;
        done
    }

    pub(crate) fn identity(&mut self, identity: Identity) {
        self.has_address |= identity.is_local();
        self.tagged(b'P', &identity.bytes());
    }

    pub(crate) fn finish(&self) -> Identity {
        Identity::of_hash(xxh3_128(&self.bytes), self.has_address)
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend((bytes.len() as u64).to_le_bytes());
        self.bytes.extend(bytes);
    }

    fn object(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if object.is_none() {
            self.tagged(b'N', &[]);
        } else if let Ok(value) = object.cast_exact::<PyBool>() {
            self.tagged(b'B', &[u8::from(value.is_true())]);
        } else if let Ok(value) = object.cast_exact::<PyInt>() {
            match value.extract::<i64>() {
                Ok(small) => self.tagged(b'i', &small.to_le_bytes()),
                // `str` refuses numbers of many digits; hexadecimal ones may have any number.
                Err(_) => self
                    .tagged(b'I', value.call_method1("__format__", ("x",))?.extract::<String>()?.as_bytes()),
            }
        } else if let Ok(value) = object.cast_exact::<PyString>() {
            match value.to_str() {
                Ok(text) => self.tagged(b's', text.as_bytes()),
                // Lone surrogates.
                Err(_) => {
                    let bytes = value.call_method1("encode", ("utf-32", "surrogatepass"))?;
                    self.tagged(b'S', bytes.cast::<PyBytes>()?.as_bytes());
                }
            }
        } else if let Ok(value) = object.cast_exact::<PyFloat>() {
            self.tagged(b'f', &value.value().to_bits().to_le_bytes());
        } else if let Ok(value) = object.cast_exact::<PyComplex>() {
            self.tagged(b'c', &value.real().to_bits().to_le_bytes());
            self.tagged(b'c', &value.imag().to_bits().to_le_bytes());
        } else if let Ok(value) = object.cast_exact::<PyBytes>() {
            self.tagged(b'b', value.as_bytes());
        } else if let Ok(value) = object.cast_exact::<PyByteArray>() {
            self.tagged(b'a', &value.to_vec());
        } else if let Ok(promise) = object.cast_exact::<Promise>() {
            self.identity(promise.get().identity());
        } else if object.is_exact_instance_of::<PySlice>() {
            self.tagged(b'x', &[]);
            for bound in ["start", "stop", "step"] {
                self.object(&object.getattr(bound)?)?;
            }
        } else if is_container(object) {
            self.container(object)?;
        } else if self.by_address {
            self.address(object);
        } else {
            self.other(object)?;
        }
        Ok(())
    }

    fn address(&mut self, object: &Bound<'py, PyAny>) {
        self.has_address = true;
        self.tagged(b'@', &(object.as_ptr() as usize as u64).to_le_bytes());
    }

    fn container(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let address = object.as_ptr() as usize;
        if let Some(hash) = self.known.get(&address) {
            let hash = hash.to_le_bytes();
            self.tagged(b'=', &hash);
            return Ok(());
        }
        if self.depth == DEEPEST {
            self.address(object);
            return Ok(());
        }
        // Until it is known, it goes by its address: that is what it finds when it contains itself.
        self.known.insert(address, address as u128);
        self.depth += 1;
        let outer = std::mem::take(&mut self.bytes);
        let parts = self.parts(object);
        let inner = std::mem::replace(&mut self.bytes, outer);
        self.depth -= 1;
        let hash = xxh3_128(&inner);
        self.known.insert(address, hash);
        self.held.push(object.clone());
        self.tagged(b'=', &hash.to_le_bytes());
        parts
    }

    fn parts(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if let Ok(list) = object.cast_exact::<PyList>() {
            self.tagged(b'l', &(list.len() as u64).to_le_bytes());
            list.iter().try_for_each(|part| self.object(&part))
        } else if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            self.tagged(b'u', &(tuple.len() as u64).to_le_bytes());
            tuple.iter().try_for_each(|part| self.object(&part))
        } else if let Ok(dict) = object.cast_exact::<PyDict>() {
            self.text("dict");
            self.unordered(dict.items().iter())
        } else {
            self.text(if object.is_exact_instance_of::<PySet>() { "set" } else { "frozenset" });
            self.unordered(object.try_iter()?.collect::<PyResult<Vec<_>>>()?.into_iter())
        }
    }

    /// Parts whose order does not count: by their hashes, in the order of these.
    fn unordered(&mut self, parts: impl Iterator<Item = Bound<'py, PyAny>>) -> PyResult<()> {
        let mut hashes = Vec::new();
        for part in parts {
            let outer = std::mem::take(&mut self.bytes);
            let done = self.object(&part);
            let inner = std::mem::replace(&mut self.bytes, outer);
            self.held.push(part);
            done?;
            hashes.push(xxh3_128(&inner));
        }
        hashes.sort_unstable();
        for hash in hashes {
            self.tagged(b'h', &hash.to_le_bytes());
        }
        Ok(())
    }

    fn other(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        if self.depth == DEEPEST {
            self.address(object);
            return Ok(());
        }
        let told = py.import(pyo3::intern!(py, "tureen._tokens"))?.getattr("describe")?.call1((object,))?;
        if told.is_none() {
            self.address(object);
            return Ok(());
        }
        self.tagged(b'o', &[]);
        self.depth += 1;
        let done = self.object(&told);
        self.depth -= 1;
        self.held.push(told);
        done
    }
}

fn is_container(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PySet>()
        || object.is_exact_instance_of::<PyFrozenSet>()
}
