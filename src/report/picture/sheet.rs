//! What is drawn on: SVG, from top to bottom.

use std::fmt;

use super::axis::Axis;
use super::lettering::Lettering;
use crate::report::markup::{Attribute, Markup};
use crate::units::Moment;

/// A picture that is being drawn. Its height is known when it is done.
pub(in crate::report) struct Sheet {
    markup: Markup,
    /// Where the next thing goes.
    pub(in crate::report) y: f64,
    name: String,
    /// Things tell a script when they were and what belongs together.
    live: bool,
}

/// A number of pixels, with one decimal where it has some.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Px(pub(in crate::report) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// A count, to calculate with.
pub(in crate::report) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// What a thing in the picture is: what it says when it is pointed at, and what it belongs to.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Thing {
    /// Its class.
    pub(in crate::report) class: String,
    /// Its facts.
    pub(in crate::report) says: String,
    /// A name that is the same wherever the same thing is drawn.
    pub(in crate::report) key: String,
    /// The name of what it is a part of.
    pub(in crate::report) of: String,
    /// From when to when it was.
    pub(in crate::report) span: Option<(Moment, Moment)>,
}

impl Sheet {
    /// All pictures are so wide.
    pub(in crate::report) const WIDTH: f64 = 960.0;
    /// Blank on both sides.
    pub(in crate::report) const MARGIN: f64 = 24.0;

    /// An empty one. `name` keeps its identifiers apart from those of other pictures in one
    /// document.
    pub(in crate::report) fn new(name: impl Into<String>, live: bool) -> Self {
        Self {
            markup: Markup::default(),
            y: 0.0,
            name: name.into(),
            live,
        }
    }

    /// Whether it is part of a page.
    pub(in crate::report) const fn is_live(&self) -> bool {
        self.live
    }

    /// A rectangle.
    pub(in crate::report) fn rect(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
    ) {
        // What can be zoomed has to be more exact than what is seen at first.
        let exact = |number: f64| {
            if self.live {
                format!("{number:.3}")
            } else {
                Px(number).to_string()
            }
        };
        let (x, y, width, height) = (exact(x), Px(y), exact(width), Px(height));
        self.markup.leaf(
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

    /// A rectangle that is hatched.
    pub(in crate::report) fn hatched(&mut self, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let fill = format!("url(#{}-hatch)", self.name);
        let (x, y, width, height) = (Px(x), Px(y), Px(width), Px(height));
        self.markup.leaf(
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

    /// A line.
    pub(in crate::report) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.path(
            class,
            &format!("M{} {}L{} {}", Px(from.0), Px(from.1), Px(to.0), Px(to.1)),
        );
    }

    /// Any shape.
    pub(in crate::report) fn path(&mut self, class: &str, d: &str) {
        self.markup.leaf("path", &[("class", &class), ("d", &d)]);
    }

    /// Text, its baseline's left end given.
    pub(in crate::report) fn text(
        &mut self,
        class: &str,
        lettering: Lettering,
        at: (f64, f64),
        text: &str,
    ) {
        self.set("start", class, lettering, at, text);
    }

    /// Text that ends at a point.
    pub(in crate::report) fn text_to(
        &mut self,
        class: &str,
        lettering: Lettering,
        at: (f64, f64),
        text: &str,
    ) {
        self.set("end", class, lettering, at, text);
    }

    fn set(
        &mut self,
        anchor: &'static str,
        class: &str,
        lettering: Lettering,
        (x, y): (f64, f64),
        text: &str,
    ) {
        let (x, y, size) = (Px(x), Px(y), Px(lettering.size));
        let class = if lettering.bold {
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
        self.markup.with_text("text", &attributes, text);
    }

    /// A group of a class, with attributes for a script where there may be one.
    pub(in crate::report) fn open_group(&mut self, class: &str, data: &[(&'static str, String)]) {
        let mut attributes: Vec<Attribute<'_>> = vec![("class", &class)];
        if self.live {
            attributes.extend(
                data.iter()
                    .map(|(name, value)| (*name, value as &dyn fmt::Display)),
            );
        }
        self.markup.open("g", &attributes);
    }

    /// Ends a group.
    pub(in crate::report) fn close_group(&mut self) {
        self.markup.close();
    }

    /// A thing of several shapes that can be pointed at. What is drawn until
    /// [`close_group`](Self::close_group) is it.
    pub(in crate::report) fn open_thing(&mut self, thing: &Thing, axis: Option<&Axis>) {
        let instants = thing
            .span
            .zip(axis)
            .map(|((from, to), axis)| (axis.relative(from).0, axis.relative(to).0));
        let (from, to) = instants.unwrap_or_default();
        let mut attributes: Vec<Attribute<'_>> = vec![("class", &thing.class)];
        // Parts are reached from their neighbours; hundreds of stops for the tabulator key help
        // nobody.
        let tabindex: &dyn fmt::Display = if thing.of.is_empty() && !thing.class.contains("packet")
        {
            &0
        } else {
            &-1
        };
        if self.live {
            attributes.extend([
                ("tabindex", tabindex),
                ("role", &"img"),
                ("aria-label", &thing.says),
            ]);
            attributes.push(("data-key", &thing.key));
            if !thing.of.is_empty() {
                attributes.push(("data-of", &thing.of));
            }
            if instants.is_some() {
                attributes.extend([("data-from", &from as &dyn fmt::Display), ("data-to", &to)]);
            }
        }
        self.markup.open("g", &attributes);
        self.markup.with_text("title", &[], &thing.says);
    }

    /// The whole as an element. `style` goes into it where it shall stand on its own.
    pub(in crate::report) fn finish(
        self,
        title: &str,
        description: &str,
        style: Option<&str>,
    ) -> String {
        let (width, height) = (Px(Self::WIDTH), Px(self.y));
        let (titled, described, hatch) = (
            format!("{}-title", self.name),
            format!("{}-about", self.name),
            format!("{}-hatch", self.name),
        );
        let labels = format!("{titled} {described}");
        // A page has margins of its own.
        let (left, seen) = if self.live {
            (Self::MARGIN, Px(Self::WIDTH - 2.0 * Self::MARGIN))
        } else {
            (0.0, width)
        };
        let seen = format!("{} 0 {seen} {height}", Px(left));
        let role = if self.live { "group" } else { "img" };
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
        svg.with_text("title", &[("id", &titled)], title);
        svg.with_text("desc", &[("id", &described)], description);
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
        svg.leaf(
            "rect",
            &[("class", &"stripe"), ("width", &2), ("height", &5)],
        );
        svg.close();
        svg.close();
        svg.leaf(
            "rect",
            &[("class", &"paper"), ("width", &width), ("height", &height)],
        );
        svg.raw(&self.markup.finish());
        svg.finish()
    }
}
