//! The work on columns, one file for each family of `str`'s methods. Each kernel does what CPython does, row by row.

pub(crate) mod affix;
pub(crate) mod case;
pub(crate) mod class;
pub(crate) mod compare;
pub(crate) mod find;
pub(crate) mod int;
pub(crate) mod join;
pub(crate) mod pad;
pub(crate) mod position;
pub(crate) mod replace;
pub(crate) mod slice;
pub(crate) mod split;
pub(crate) mod split_lines;
pub(crate) mod stem;
pub(crate) mod strip;
pub(crate) mod translate;
