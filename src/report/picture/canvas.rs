//! The drawing surface: SVG, filled from top to bottom.

use std::fmt;

use super::axis::Axis;
use super::font::Font;
use crate::report::markup::{Attribute, Markup};
use crate::units::Moment;

/// A picture in progress. Its height is known at the end.
pub(in crate::report) struct SvgCanvas {
    markup: Markup,
    /// The y coordinate at which drawing continues.
    pub(in crate::report) y: f64,
    name: String,
    /// Whether items have attributes for the script: their time range, and what they belong to.
    interactive: bool,
}

/// A length in pixels, written with one decimal if it has any.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Pixels(pub(in crate::report) f64);

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// Converts a count for use in calculations.
pub(in crate::report) fn as_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// An item in the picture: its tooltip, and what it belongs to.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct PictureItem {
    /// The CSS class.
    pub(in crate::report) class: String,
    /// The tooltip.
    pub(in crate::report) description: String,
    /// A key that is the same wherever the item appears.
    pub(in crate::report) key: String,
    /// The key of the item that this is part of.
    pub(in crate::report) parent: String,
    /// The time range.
    pub(in crate::report) span: Option<(Moment, Moment)>,
}

impl SvgCanvas {
    /// The width of every picture.
    pub(in crate::report) const WIDTH: f64 = 960.0;
    /// The margin on both sides.
    pub(in crate::report) const MARGIN: f64 = 24.0;

    /// Creates an empty canvas. `name` makes identifiers unique among several pictures in one
    /// document.
    pub(in crate::report) fn new(name: impl Into<String>, live: bool) -> Self {
        Self {
            markup: Markup::default(),
            y: 0.0,
            name: name.into(),
            interactive: live,
        }
    }

    /// Returns true if the picture is part of a web page.
    pub(in crate::report) const fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Draws a rectangle.
    pub(in crate::report) fn rect(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
    ) {
        // Coordinates that can be zoomed need more precision.
        let exact = |number: f64| {
            if self.interactive {
                format!("{number:.3}")
            } else {
                Pixels(number).to_string()
            }
        };
        let x = exact(x);
        let y = Pixels(y);
        let width = exact(width);
        let height = Pixels(height);
        self.markup.empty_element(
            "rect",
            &[
                ("class", &class),
                ("x", &x),
                ("y", &y),
                ("width", &width),
                ("height", &height),
                ("rx", &1.5),
            ],
        );
    }

    /// Draws a hatched rectangle.
    pub(in crate::report) fn hatched_rect(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
    ) {
        let fill = format!("url(#{}-hatch)", self.name);
        let x = Pixels(x);
        let y = Pixels(y);
        let width = Pixels(width);
        let height = Pixels(height);
        self.markup.empty_element(
            "rect",
            &[
                ("class", &"machine"),
                ("fill", &fill),
                ("x", &x),
                ("y", &y),
                ("width", &width),
                ("height", &height),
            ],
        );
    }

    /// Draws a line.
    pub(in crate::report) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.path(
            class,
            &format!(
                "M{} {}L{} {}",
                Pixels(from.0),
                Pixels(from.1),
                Pixels(to.0),
                Pixels(to.1)
            ),
        );
    }

    /// Draws a path.
    pub(in crate::report) fn path(&mut self, class: &str, d: &str) {
        self.markup
            .empty_element("path", &[("class", &class), ("d", &d)]);
    }

    /// Draws text; `at` is the left end of its baseline.
    pub(in crate::report) fn text(&mut self, class: &str, font: Font, at: (f64, f64), text: &str) {
        self.draw_text("start", class, font, at, text);
    }

    /// Draws text that ends at a point.
    pub(in crate::report) fn text_ending_at(
        &mut self,
        class: &str,
        font: Font,
        at: (f64, f64),
        text: &str,
    ) {
        self.draw_text("end", class, font, at, text);
    }

    fn draw_text(
        &mut self,
        anchor: &'static str,
        class: &str,
        font: Font,
        (x, y): (f64, f64),
        text: &str,
    ) {
        let x = Pixels(x);
        let y = Pixels(y);
        let size = Pixels(font.size);
        let class = if font.bold {
            format!("{class} bold")
        } else {
            class.to_owned()
        };
        let mut attributes: Vec<Attribute<'_>> = vec![
            ("class", &class),
            ("x", &x),
            ("y", &y),
            ("font-size", &size),
        ];
        if anchor != "start" {
            attributes.push(("text-anchor", &anchor));
        }
        self.markup.text_element("text", &attributes, text);
    }

    /// Opens a group, with data attributes if the picture is interactive.
    pub(in crate::report) fn open_group(&mut self, class: &str, data: &[(&'static str, String)]) {
        let mut attributes: Vec<Attribute<'_>> = vec![("class", &class)];
        if self.interactive {
            attributes.extend(
                data.iter()
                    .map(|(name, value)| (*name, value as &dyn fmt::Display)),
            );
        }
        self.markup.open("g", &attributes);
    }

    /// Closes a group.
    pub(in crate::report) fn close_group(&mut self) {
        self.markup.close();
    }

    /// Opens a group for an item with a tooltip, up to [`close_group`](Self::close_group).
    pub(in crate::report) fn open_item(&mut self, thing: &PictureItem, axis: Option<&Axis>) {
        let instants = thing
            .span
            .zip(axis)
            .map(|((from, to), axis)| (axis.relative(from).0, axis.relative(to).0));
        let (from, to) = instants.unwrap_or_default();
        let mut attributes: Vec<Attribute<'_>> = vec![("class", &thing.class)];
        // Details are reached with the arrow keys, because hundreds of tab stops would make the
        // page hard to navigate.
        let tabindex: &dyn fmt::Display =
            if thing.parent.is_empty() && !thing.class.contains("packet") {
                &0
            } else {
                &-1
            };
        if self.interactive {
            attributes.extend([
                ("tabindex", tabindex),
                ("role", &"img"),
                ("aria-label", &thing.description),
            ]);
            attributes.push(("data-key", &thing.key));
            if !thing.parent.is_empty() {
                attributes.push(("data-of", &thing.parent));
            }
            if instants.is_some() {
                attributes.extend([("data-from", &from as &dyn fmt::Display), ("data-to", &to)]);
            }
        }
        self.markup.open("g", &attributes);
        self.markup.text_element("title", &[], &thing.description);
    }

    /// Returns the SVG element. `style` is embedded if the picture must be self-contained.
    pub(in crate::report) fn finish(
        self,
        title: &str,
        description: &str,
        style: Option<&str>,
    ) -> String {
        let width = Pixels(Self::WIDTH);
        let height = Pixels(self.y);
        let titled = format!("{}-title", self.name);
        let described = format!("{}-about", self.name);
        let hatch = format!("{}-hatch", self.name);
        let labels = format!("{titled} {described}");
        // A web page has its own margins.
        let (left, seen) = if self.interactive {
            (Self::MARGIN, Pixels(Self::WIDTH - 2.0 * Self::MARGIN))
        } else {
            (0.0, width)
        };
        let seen = format!("{} 0 {seen} {height}", Pixels(left));
        let role = if self.interactive { "group" } else { "img" };
        let mut svg = Markup::default();
        let mut attributes: Vec<Attribute<'_>> = vec![
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &seen),
            ("role", &role),
            ("aria-labelledby", &labels),
        ];
        if style.is_some() {
            attributes.extend([("width", &width as &dyn fmt::Display), ("height", &height)]);
        }
        svg.open("svg", &attributes);
        svg.text_element("title", &[("id", &titled)], title);
        svg.text_element("desc", &[("id", &described)], description);
        if let Some(style) = style {
            svg.open("style", &[]);
            svg.raw(style);
            svg.close();
        }
        svg.open("defs", &[]);
        svg.open(
            "pattern",
            &[
                ("id", &hatch),
                ("width", &5),
                ("height", &5),
                ("patternUnits", &"userSpaceOnUse"),
                ("patternTransform", &"rotate(45)"),
            ],
        );
        svg.empty_element(
            "rect",
            &[("class", &"stripe"), ("width", &2), ("height", &5)],
        );
        svg.close();
        svg.close();
        svg.empty_element(
            "rect",
            &[("class", &"paper"), ("width", &width), ("height", &height)],
        );
        svg.raw(&self.markup.finish());
        svg.finish()
    }
}
