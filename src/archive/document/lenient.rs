//! Lenient deserialization for programs that deviate from the format: numbers in quotes, numeric
//! text, `null` for nothing. Invalid values become absent and never prevent the rest from being
//! read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A number, or `None` for anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::archive) struct LenientNumber(pub(in crate::archive) Option<f64>);

/// A text, or `None` for anything else. It is borrowed from the parsed bytes unless it contains
/// escapes or the parser reads from a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::archive) struct LenientText<'a>(pub(in crate::archive) Option<Cow<'a, str>>);

impl LenientNumber {
    /// Converts milliseconds to nanoseconds; `None` for negative values, which mean that something
    /// did not happen.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within bounds"
    )]
    pub(in crate::archive) fn nanos(self) -> Option<u64> {
        const MOST: f64 = 1e15;
        self.0
            .map(|millis| (millis * 1e6).round())
            .filter(|nanos| (0.0..=MOST).contains(nanos))
            .map(|nanos| nanos as u64)
    }

    /// The value as a count; `None` if it is negative.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be within bounds"
    )]
    pub(in crate::archive) fn count(self) -> Option<u64> {
        const MOST: f64 = 9e15;
        self.0
            .filter(|count| (0.0..=MOST).contains(count))
            .map(|count| count as u64)
    }
}

impl LenientText<'_> {
    /// The text; `None` if it is absent or empty.
    pub(in crate::archive) fn non_empty(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for LenientNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ScalarVisitor)
            .map(|scalar| match scalar {
                ScalarValue::Number(number) => Self(Some(number)),
                ScalarValue::Text(text) => Self(
                    text.trim()
                        .parse()
                        .ok()
                        .filter(|number: &f64| number.is_finite()),
                ),
                ScalarValue::Nothing => Self(None),
            })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for LenientText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ScalarVisitor)
            .map(|scalar| match scalar {
                ScalarValue::Number(number) => Self(Some(number.to_string().into())),
                ScalarValue::Text(text) => Self(Some(text)),
                ScalarValue::Nothing => Self(None),
            })
    }
}

/// A scalar value.
enum ScalarValue<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    Nothing,
}

struct ScalarVisitor;

#[expect(clippy::cast_precision_loss, reason = "times and sizes below 2^53")]
impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = ScalarValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Nothing)
    }

    fn visit_i64<E>(self, number: i64) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<ScalarValue<'de>, E> {
        Ok(ScalarValue::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ScalarValue<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ScalarValue::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<ScalarValue<'de>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(ScalarValue::Nothing)
    }
}

/// An object of a given type, or `None` for anything else.
#[derive(Clone, Debug)]
pub(in crate::archive) struct LenientObject<T>(pub(in crate::archive) Option<T>);

impl<T> Default for LenientObject<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A list of a given type, cut to a maximum length; anything else is an empty list.
#[derive(Clone, Debug)]
pub(in crate::archive) struct LenientList<T, const MOST: usize> {
    pub(in crate::archive) items: Vec<T>,
    /// The number of omitted items.
    pub(in crate::archive) omitted: u64,
}

impl<T, const MOST: usize> Default for LenientList<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            omitted: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for LenientObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ObjectVisitor::<T>(PhantomData))
            .map(Self)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for LenientList<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor::<T, MOST>(PhantomData))
    }
}

/// Visitor methods that accept unwanted values as nothing.
macro_rules! nothing_else {
    ($nothing:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    nothing_else!(None);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(object)).map(Some)
    }
}

struct ListVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
    type Value = LenientList<T, MOST>;

    nothing_else!(LenientList::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LenientList<T, MOST>, A::Error> {
        let mut found = LenientList::default();
        loop {
            if found.items.len() < MOST {
                match list.next_element_seed(ItemSeed::<T>(PhantomData))? {
                    Some(item) => found.items.extend(item.0),
                    None => return Ok(found),
                }
            } else if list.next_element::<IgnoredAny>()?.is_some() {
                found.omitted += 1;
            } else {
                return Ok(found);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<LenientList<T, MOST>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(LenientList::default())
    }
}

struct ItemSeed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ItemSeed<T> {
    type Value = LenientObject<T>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<LenientObject<T>, D::Error> {
        LenientObject::deserialize(deserializer)
    }
}
