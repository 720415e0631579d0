//! Pictures of graphs: boxes and arrows in; SVG, PNG, DOT and Mermaid out, with no other program needed.
//! Knows boxes and arrows only: not what they stand for, no files, no terminal.
//!
//! The way of a picture, file by file:
//!
//! ```text
//! picture -> group -> label (text_size) -> layout -> svg -> png
//!                                            |
//!                     links -> rank (fold) -> layers -> order -> place -> route
//! picture -> dot, mermaid
//! ```
#![warn(missing_docs)]

mod color;
mod dot;
mod fold;
mod group;
mod label;
mod layers;
mod layout;
mod links;
mod mermaid;
mod order;
mod picture;
mod place;
mod png;
mod rank;
mod route;
mod svg;
mod text_size;

pub use color::{Color, hue_color, kind_color, order_color};
pub use dot::dot;
pub use mermaid::mermaid;
pub use picture::{Arrow, Direction, DrawnBox, Picture, Shape, Stroke};
pub use png::{PngError, png};
pub use svg::svg;
