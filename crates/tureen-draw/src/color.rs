//! Colours: the type, tints and contrast, and the two scales pictures are coloured by.
//! Knows nothing of what is coloured.

/// A colour, as red, green and blue from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

pub(crate) const INK: Color = Color { red: 0x1f, green: 0x29, blue: 0x33 };
const BLACK: Color = Color { red: 0, green: 0, blue: 0 };
pub(crate) const WHITE: Color = Color { red: 255, green: 255, blue: 255 };

impl Color {
    /// The colour with these parts.
    pub const fn new(red: u8, green: u8, blue: u8) -> Color {
        Color { red, green, blue }
    }

    /// As CSS, Graphviz and Mermaid write it.
    ///
    /// ```
    /// assert_eq!(tureen_draw::Color::new(255, 160, 0).hex(), "#ffa000");
    /// ```
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// A dark or light colour for text on this one: always at least the contrast of 4.5 that
    /// WCAG 2 asks for.
    pub fn text_color(self) -> Color {
        if contrast(self, INK) >= 4.5 {
            INK
        } else if contrast(self, WHITE) >= contrast(self, BLACK) {
            WHITE
        } else {
            BLACK
        }
    }

    /// This colour with a share of another: 0 is this one, 1 the other.
    pub(crate) fn mixed(self, other: Color, share: f64) -> Color {
        let mix =
            |mine: u8, its: u8| (f64::from(mine) * (1.0 - share) + f64::from(its) * share).round() as u8;
        Color::new(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }
}

/// The colour of the `position`th of `total` things that follow one another: from pale yellow over green
/// to deep blue, in steps that look equally large (lightness falls evenly in the Oklab colour space).
///
/// ```
/// use tureen_draw::order_color;
/// assert_ne!(order_color(0, 10), order_color(9, 10));
/// ```
pub fn order_color(position: usize, total: usize) -> Color {
    let share = if total < 2 { 0.0 } else { position.min(total - 1) as f64 / (total - 1) as f64 };
    let lightness = 0.95 - 0.55 * share;
    let hue = (102.0 + 178.0 * share).to_radians();
    let chroma = 0.125 - 0.02 * (1.0 - share);
    from_oklab(lightness, chroma * hue.cos(), chroma * hue.sin())
}

/// The colour of the `position`th of `total` kinds of things: hues spread evenly round the circle,
/// as Snakemake colours its rules.
///
/// ```
/// use tureen_draw::{Color, kind_color};
/// assert_eq!(kind_color(0, 3), Color::new(0xd9, 0x57, 0x57));
/// ```
pub fn kind_color(position: usize, total: usize) -> Color {
    hue_color(position as f64 / total.max(1) as f64)
}

/// The colour of a hue from 0 (red) round to 1, in the strength of [`kind_color`].
pub fn hue_color(hue: f64) -> Color {
    let hue = hue * 6.0;
    let (saturation, value) = (0.6, 0.85);
    let part = |shift: f64| {
        let k = (shift + hue) % 6.0;
        let level = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
        (level * 255.0).round() as u8
    };
    Color::new(part(5.0), part(3.0), part(1.0))
}

/// How well one colour can be told from the other, from 1 (not at all) to 21, as WCAG 2 reckons.
fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: Color) -> f64 {
    0.2126 * to_linear(color.red) + 0.7152 * to_linear(color.green) + 0.0722 * to_linear(color.blue)
}

fn to_linear(level: u8) -> f64 {
    let level = f64::from(level) / 255.0;
    if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
}

fn from_linear(level: f64) -> u8 {
    let level = level.clamp(0.0, 1.0);
    let level = if level <= 0.003_130_8 { level * 12.92 } else { 1.055 * level.powf(1.0 / 2.4) - 0.055 };
    (level * 255.0).round() as u8
}

/// Oklab to sRGB; the constants are those of <https://bottosson.github.io/posts/oklab/>.
fn from_oklab(lightness: f64, a: f64, b: f64) -> Color {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    Color::new(
        from_linear(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short),
        from_linear(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short),
        from_linear(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_colors_get_darker_in_even_steps_and_carry_text() {
        let colors: Vec<Color> = (0..20).map(|position| order_color(position, 20)).collect();
        for pair in colors.windows(2) {
            assert!(luminance(pair[0]) > luminance(pair[1]), "{pair:?}");
        }
        for color in colors {
            assert!(contrast(color, color.text_color()) >= 4.5, "{color:?}");
        }
        assert_eq!(order_color(0, 0), order_color(0, 1));
        assert_eq!(order_color(99, 3), order_color(2, 3));
    }

    #[test]
    fn kind_colors_are_snakemakes() {
        // `colorsys.hsv_to_rgb(position / total, 0.6, 0.85)`
        assert_eq!(kind_color(1, 3).hex(), "#57d957");
        assert_eq!(kind_color(1, 4).hex(), "#98d957");
        assert_eq!(kind_color(5, 6).hex(), "#d957d9");
        assert_eq!(kind_color(0, 0).hex(), "#d95757");
    }

    #[test]
    fn mixing_goes_from_one_to_the_other() {
        assert_eq!(INK.mixed(WHITE, 0.0), INK);
        assert_eq!(INK.mixed(WHITE, 1.0), WHITE);
    }
}
