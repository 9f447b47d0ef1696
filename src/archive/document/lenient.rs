//! Values as programs write them that do not take a format's word for it: a number in quotes, text
//! that is a number, `null` for nothing. What makes no sense is nothing, and never a reason not to
//! read the rest.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A number, where it is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::archive) struct Number(pub(in crate::archive) Option<f64>);

/// Text, where it is some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::archive) struct Text(pub(in crate::archive) Option<String>);

impl Number {
    /// A time in milliseconds as nanoseconds; `None` for what is negative, and so says that there
    /// was none.
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

    /// A count; `None` for what is negative.
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

impl Text {
    /// The text, unless there is none or it is empty.
    pub(in crate::archive) fn some(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Scalar)
            .map(|scalar| match scalar {
                Found::Number(number) => Self(Some(number)),
                Found::Text(text) => Self(
                    text.trim()
                        .parse()
                        .ok()
                        .filter(|number: &f64| number.is_finite()),
                ),
                Found::Nothing => Self(None),
            })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Scalar)
            .map(|scalar| match scalar {
                Found::Number(number) => Self(Some(number.to_string())),
                Found::Text(text) => Self(Some(text)),
                Found::Nothing => Self(None),
            })
    }
}

/// A value of one piece.
enum Found {
    Number(f64),
    Text(String),
    Nothing,
}

struct Scalar;

#[expect(clippy::cast_precision_loss, reason = "times and sizes below 2^53")]
impl<'de> Visitor<'de> for Scalar {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found, E> {
        Ok(Found::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        Ok(Found::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found, E> {
        Ok(Found::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Found, E> {
        Ok(Found::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Found, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Nothing)
    }
}

/// An object of a kind, or nothing where there is something else.
#[derive(Clone, Debug)]
pub(in crate::archive) struct Object<T>(pub(in crate::archive) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A list of a kind, of which so many are kept; what is no list is an empty one.
#[derive(Clone, Debug)]
pub(in crate::archive) struct List<T, const MOST: usize> {
    pub(in crate::archive) items: Vec<T>,
    /// How many more there were.
    pub(in crate::archive) beyond: u64,
}

impl<T, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            beyond: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Whole::<T>(PhantomData))
            .map(Self)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Listed::<T, MOST>(PhantomData))
    }
}

/// Answers everything that is not wanted with nothing.
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

struct Whole<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Whole<T> {
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

struct Listed<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Listed<T, MOST> {
    type Value = List<T, MOST>;

    nothing_else!(List::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T, MOST>, A::Error> {
        let mut found = List::default();
        loop {
            if found.items.len() < MOST {
                match list.next_element_seed(Item::<T>(PhantomData))? {
                    Some(item) => found.items.extend(item.0),
                    None => return Ok(found),
                }
            } else if list.next_element::<IgnoredAny>()?.is_some() {
                found.beyond += 1;
            } else {
                return Ok(found);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<List<T, MOST>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List::default())
    }
}

struct Item<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Item<T> {
    type Value = Object<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object<T>, D::Error> {
        Object::deserialize(deserializer)
    }
}
