//! Users as XML 1.0.

use super::users::User;

/// A list of users.
pub(super) fn users_document<'a>(users: impl Iterator<Item = &'a User>) -> String {
    let rows: String = users.map(user_element).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<users>{rows}</users>\n")
}

/// One user.
pub(super) fn user_document(user: &User) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
        user_element(user)
    )
}

fn user_element(user: &User) -> String {
    let name = escape_xml(&user.name);
    let email = escape_xml(&user.email);
    let field = escape_xml(&user.field);
    format!(
        "<user id=\"{}\"><name>{name}</name><email>{email}</email><field>{field}</field></user>",
        user.id
    )
}

/// Escapes markup, and replaces characters that XML 1.0 §2.2 forbids.
fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                escaped.push(character);
            }
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let user = User {
            id: 7,
            name: "<b>&\u{0}".to_owned(),
            email: "a@lab.test".to_owned(),
            field: String::new(),
        };
        assert!(user_document(&user).contains(
            "<user id=\"7\"><name>&lt;b&gt;&amp;\u{fffd}</name>\
            <email>a@lab.test</email><field></field></user>"
        ));
    }
}
