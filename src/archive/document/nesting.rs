//! Detection of the end of a JSON value.

/// Follows a value block by block until it ends. Brackets are counted but not matched: the parser
/// will find mismatches.
#[derive(Debug, Default)]
pub(super) struct JsonNesting {
    kind: JsonValueKind,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum JsonValueKind {
    #[default]
    Unknown,
    /// An object, a list or a string, which has a closing delimiter.
    Delimited,
    /// A number or a word, which ends before the next delimiter.
    Bare,
}

impl JsonNesting {
    /// The number of bytes of a block that belong to the value, if it ends there.
    pub(super) fn end_in(&mut self, block: &[u8]) -> Option<usize> {
        if self.kind == JsonValueKind::Unknown {
            let is_closed = matches!(block.first()?, b'{' | b'[' | b'"');
            self.kind = if is_closed {
                JsonValueKind::Delimited
            } else {
                JsonValueKind::Bare
            };
        }
        if self.kind == JsonValueKind::Bare {
            return block.iter().position(|byte| {
                matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
            });
        }
        let mut at = 0;
        while let Some(rest) = block.get(at..).filter(|rest| !rest.is_empty()) {
            let (used, closed) = if self.in_string {
                self.skip_string(rest)
            } else {
                self.skip_structure(rest)
            };
            at += used;
            if closed && self.depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// Skips a string, or the rest of it in this block.
    fn skip_string(&mut self, rest: &[u8]) -> (usize, bool) {
        if std::mem::take(&mut self.escaped) {
            return (1, false);
        }
        match memchr::memchr2(b'"', b'\\', rest) {
            None => (rest.len(), false),
            Some(at) if rest.get(at) == Some(&b'\\') => {
                self.escaped = true;
                (at + 1, false)
            }
            Some(at) => {
                self.in_string = false;
                (at + 1, true)
            }
        }
    }

    /// Skips everything outside of strings, up to the next string or a closing bracket.
    fn skip_structure(&mut self, rest: &[u8]) -> (usize, bool) {
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                b'"' => {
                    self.in_string = true;
                    return (at + 1, false);
                }
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ => {}
            }
        }
        (rest.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_does_however_it_is_cut_into_blocks() {
        let values = [
            r#"{"a":"]}\"","b":[1,{"c":"\\"}]}"#,
            "[]",
            r#""x\"y""#,
            "-1.5e3",
            "null",
            r#"{"é":"🦀\\\""}"#,
            "{]",
            "}",
        ];
        for value in values {
            let text = format!("{value} , {{}}]");
            let wanted = if value == "}" { 0 } else { value.len() };
            for cut in 1..text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut nesting = JsonNesting::default();
                let end = nesting
                    .end_in(first)
                    .or_else(|| Some(cut + nesting.end_in(second)?));
                assert_eq!(end, Some(wanted), "{value} cut at {cut}");
            }
        }
    }
}
