//! A picture as PNG: its SVG drawn on white, with the embedded typeface. Needs no fonts on the machine;
//! it looks for some only when the text has characters that the embedded one lacks (Chinese, emoji).

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::picture::Picture;
use crate::svg::svg;
use crate::text_size;

/// A picture with more pixels is drawn smaller: 100 million take 400 MB while they are drawn.
const MAX_PIXELS: f64 = 100e6;
/// Most viewers refuse longer sides.
const MAX_SIDE: f64 = 30_000.0;

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The scale isn't a positive number.
    #[error("cannot draw a picture at scale {0}\nhint: 1 draws it in its natural size, 2 twice as large")]
    Scale(f32),
    /// The picture could not be drawn or packed.
    #[error("cannot draw the picture as png: {0}\nhint: svg always works")]
    Draw(String),
}

/// Draws a picture as a PNG file, on white. At scale 1 a pixel is a CSS pixel; 2 is good for screens and
/// slides. A picture that would have more than 100 million pixels, or a side longer than 30,000, is drawn
/// smaller.
///
/// # Errors
/// [`PngError::Scale`] if the scale isn't a positive, finite number.
///
/// ```
/// use tureen_draw::{DrawnBox, Picture, png};
/// let mut picture = Picture::default();
/// picture.add(DrawnBox::new("pea soup"));
/// assert!(png(&picture, 2.0)?.starts_with(b"\x89PNG"));
/// # Ok::<(), tureen_draw::PngError>(())
/// ```
pub fn png(picture: &Picture, scale: f32) -> Result<Vec<u8>, PngError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(PngError::Scale(scale));
    }
    let text = svg(picture);
    let fontdb = if text_size::can_show(&text) { embedded_font() } else { all_fonts() };
    let options = Options { fontdb, font_family: "Noto Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(&text, &options).map_err(|error| PngError::Draw(error.to_string()))?;
    let (width, height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale =
        f64::from(scale).min((MAX_PIXELS / (width * height)).sqrt()).min(MAX_SIDE / width.max(height));
    let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
    let mut canvas = Pixmap::new(pixels(width), pixels(height))
        .ok_or_else(|| PngError::Draw("there is no room for its pixels".to_owned()))?;
    canvas.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut canvas.as_mut());
    canvas.encode_png().map_err(|error| PngError::Draw(error.to_string()))
}

fn embedded_font() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
        fonts.set_sans_serif_family("Noto Sans");
        Arc::new(fonts)
    });
    Arc::clone(fonts)
}

/// The embedded typeface, and behind it those of the machine.
fn all_fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = Database::clone(&embedded_font());
        fonts.load_system_fonts();
        fonts.set_sans_serif_family("Noto Sans");
        Arc::new(fonts)
    });
    Arc::clone(fonts)
}
