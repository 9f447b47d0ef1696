//! A web page in progress: headings, paragraphs, facts, tables, pictures.

use crate::insight::redact::Redactor;
use crate::report::ReportOptions;
use crate::report::markup::{Attribute, Markup};
use crate::report::picture::{Legend, PictureContext, SvgCanvas};
use crate::trace::Trace;
use crate::units::Nanos;

/// The page in progress, and what it is made from.
pub(super) struct HtmlPage<'a> {
    pub(super) context: PictureContext<'a>,
    pub(super) options: &'a ReportOptions,
    markup: Markup,
    pictures: usize,
    /// The main sections: identifier and title.
    sections: Vec<(String, String)>,
}

/// A cell of a table.
pub(super) struct HtmlCell {
    text: String,
    class: &'static str,
    /// The sort key, if it is not the text.
    sort: Option<u64>,
}

/// A table row: a class and the key of what it describes, and its cells, the first of which is its
/// header.
pub(super) struct HtmlRow {
    about: Option<(String, String)>,
    cells: Vec<HtmlCell>,
}

impl HtmlCell {
    /// Text.
    pub(super) fn words(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            class: "",
            sort: None,
        }
    }

    /// A number, aligned to the right.
    pub(super) fn figure(text: impl Into<String>, sort: Option<u64>) -> Self {
        Self {
            text: text.into(),
            class: "figure",
            sort,
        }
    }

    /// A duration, or a dash if it was not measured.
    pub(super) fn time(time: Option<Nanos>) -> Self {
        Self::figure(
            time.map_or_else(|| "\u{2014}".to_owned(), |time| time.to_string()),
            time.map(|time| time.0),
        )
    }

    /// Technical text: names, header fields, hashes.
    pub(super) fn code(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            class: "code",
            sort: None,
        }
    }
}

impl HtmlRow {
    /// A row.
    pub(super) const fn new(cells: Vec<HtmlCell>) -> Self {
        Self { about: None, cells }
    }

    /// A row about something that also appears in a picture; the script highlights both.
    pub(super) fn about(
        class: impl Into<String>,
        key: impl Into<String>,
        cells: Vec<HtmlCell>,
    ) -> Self {
        Self {
            about: Some((class.into(), key.into())),
            cells,
        }
    }
}

impl<'a> HtmlPage<'a> {
    pub(super) fn new(trace: &'a Trace, options: &'a ReportOptions) -> Self {
        let context = PictureContext {
            trace,
            redactor: options.redactor(),
        };
        Self {
            context,
            options,
            markup: Markup::default(),
            pictures: 0,
            sections: Vec::new(),
        }
    }

    pub(super) const fn trace(&self) -> &'a Trace {
        self.context.trace
    }

    pub(super) const fn redactor(&self) -> Redactor<'_> {
        self.context.redactor
    }

    /// The page so far, and its main sections.
    pub(super) fn finish(self) -> (String, Vec<(String, String)>) {
        (self.markup.finish(), self.sections)
    }

    /// Adds well-formed markup that was written separately.
    pub(super) fn add(&mut self, written: &str) {
        self.markup.raw(written);
    }

    /// Opens an element, which [`close`](Self::close) ends.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.markup.open(name, attributes);
    }

    pub(super) fn close(&mut self) {
        self.markup.close();
    }

    pub(super) fn element(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.markup.text_element(name, attributes, text);
    }

    /// Opens a section with a heading of level 2 to 4.
    pub(super) fn section(&mut self, id: &str, level: u8, title: &str) {
        if level <= 2 {
            self.sections.push((id.to_owned(), title.to_owned()));
        }
        let heading = format!("{id}-h");
        self.markup
            .open("section", &[("id", &id), ("aria-labelledby", &heading)]);
        let name = match level {
            0..=2 => "h2",
            3 => "h3",
            _ => "h4",
        };
        self.markup.text_element(name, &[("id", &heading)], title);
    }

    /// Adds a paragraph, unless the text is empty.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.markup.text_element("p", &[], text);
        }
    }

    /// Adds a bullet list.
    pub(super) fn list(&mut self, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.markup.open("ul", &[]);
        for sentence in sentences {
            self.markup.text_element("li", &[], sentence);
        }
        self.markup.close();
    }

    /// Adds a definition list, leaving out empty facts.
    pub(super) fn facts(&mut self, facts: &[(&str, String)]) {
        if facts.iter().all(|(_, fact)| fact.is_empty()) {
            return;
        }
        self.markup.open("dl", &[]);
        for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
            self.markup.open("div", &[]);
            self.markup.text_element("dt", &[], name);
            self.markup.text_element("dd", &[], fact);
            self.markup.close();
        }
        self.markup.close();
    }

    /// Adds a table with a caption, unless it has no rows. `class` may be `sortable`.
    pub(super) fn table(&mut self, class: &str, caption: &str, head: &[&str], rows: &[HtmlRow]) {
        if rows.is_empty() {
            return;
        }
        self.markup.open(
            "div",
            &[
                ("class", &"scroll"),
                ("tabindex", &0),
                ("role", &"region"),
                ("aria-label", &caption),
            ],
        );
        self.markup.open("table", &[("class", &class)]);
        self.markup.text_element("caption", &[], caption);
        self.markup.open("thead", &[]);
        self.markup.open("tr", &[]);
        let first = rows.first();
        for (n, name) in head.iter().enumerate() {
            let class = first
                .and_then(|row| row.cells.get(n))
                .map_or("", |cell| cell.class);
            let class = if class == "figure" { class } else { "" };
            self.markup
                .text_element("th", &[("scope", &"col"), ("class", &class)], name);
        }
        self.markup.close();
        self.markup.close();
        self.markup.open("tbody", &[]);
        for row in rows {
            self.row(row);
        }
        self.markup.close();
        self.markup.close();
        self.markup.close();
    }

    fn row(&mut self, row: &HtmlRow) {
        match &row.about {
            Some((class, key)) => self
                .markup
                .open("tr", &[("class", class), ("data-key", key)]),
            None => self.markup.open("tr", &[]),
        }
        for (n, cell) in row.cells.iter().enumerate() {
            let mut attributes: Vec<Attribute<'_>> = Vec::new();
            if !cell.class.is_empty() {
                attributes.push(("class", &cell.class));
            }
            if let Some(sort) = &cell.sort {
                attributes.push(("data-sort", sort));
            }
            if n == 0 {
                attributes.push(("scope", &"row"));
            }
            self.markup
                .text_element(if n == 0 { "th" } else { "td" }, &attributes, &cell.text);
        }
        self.markup.close();
    }

    /// Adds a picture with a caption. `class` selects what the script does with it.
    pub(super) fn picture(
        &mut self,
        class: &str,
        caption: &str,
        description: &str,
        draw: impl FnOnce(&PictureContext<'a>, &mut SvgCanvas, &mut Legend),
    ) {
        let mut canvas = SvgCanvas::new(format!("p{}", self.pictures), true);
        let mut legend = Legend::default();
        self.pictures += 1;
        draw(&self.context, &mut canvas, &mut legend);
        legend.draw(&mut canvas);
        self.markup.open("figure", &[("class", &class)]);
        self.markup.text_element("figcaption", &[], caption);
        self.markup.open(
            "div",
            &[
                ("class", &"scroll"),
                ("tabindex", &0),
                ("role", &"region"),
                ("aria-label", &caption),
            ],
        );
        self.markup.raw(&canvas.finish(caption, description, None));
        self.markup.close();
        self.markup.close();
    }
}
