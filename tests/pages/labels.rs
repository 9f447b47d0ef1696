//! Where the labels of a picture lie.

use roxmltree::Node;

/// A label, about as wide as a common font sets it.
struct Label<'a> {
    text: &'a str,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Labels that lie on another one or outside of the picture, in words.
pub(crate) fn wrong(picture: Node<'_, '_>) -> Vec<String> {
    let view: Vec<f64> = picture
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|part| part.parse().unwrap())
        .collect();
    let labels: Vec<Label<'_>> = picture
        .descendants()
        .filter(|node| node.tag_name().name() == "text")
        .map(label)
        .collect();
    let mut wrong = Vec::new();
    for (n, one) in labels.iter().enumerate() {
        if one.left < view[0]
            || one.right > view[0] + view[2]
            || one.top < view[1]
            || one.bottom > view[1] + view[3]
        {
            wrong.push(format!("{:?} leaves the picture", one.text));
        }
        for other in labels.iter().skip(n + 1) {
            if one.left < other.right
                && other.left < one.right
                && one.top < other.bottom
                && other.top < one.bottom
            {
                wrong.push(format!("{:?} lies on {:?}", one.text, other.text));
            }
        }
    }
    wrong
}

fn label<'a>(node: Node<'a, '_>) -> Label<'a> {
    let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let (x, y, size) = (number("x"), number("y"), number("font-size"));
    let text = node.text().unwrap_or_default();
    let wide =
        f64::from(u32::try_from(unicode_width::UnicodeWidthStr::width(text)).unwrap()) * size * 0.5;
    let left = if node.attribute("text-anchor") == Some("end") {
        x - wide
    } else {
        x
    };
    Label {
        text,
        left,
        right: left + wide,
        top: y - size * 0.75,
        bottom: y + size * 0.2,
    }
}
