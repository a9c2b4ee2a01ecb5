//! Enums whose variants are told apart by a field (`{"event": "asked", …}`), read without a detour: what serde derives for
//! `#[serde(tag = …)]` keeps all fields in a general form until it has seen the tag, and builds the variant from that. We write the tag
//! first, so that the variant is known before its fields are read. JSON that has the tag elsewhere is read, too, and takes longer.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, VariantAccess, Visitor};
use serde::ser::{Error as _, Impossible, SerializeStruct, SerializeStructVariant, Serializer};
use serde_json::{Map, Value};

/// Writes and reads `$name` with the variant's name in the field `$tag`. The enum derives both traits with `#[serde(remote = "Self")]`;
/// its variants are units or have named fields.
macro_rules! tagged {
    ($name:ident, $tag:literal) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, $crate::machine::tagged::Writer { inner: serializer, tag: $tag })
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize($crate::machine::tagged::Reader { inner: deserializer, tag: $tag })
            }
        }
    };
}
pub(super) use tagged;

/// What a derive asks for that `tagged!` is not made for.
const NOT_TAGGED: &str = "only variants without or with named fields have a tag";

pub(super) struct Reader<D> {
    pub inner: D,
    pub tag: &'static str,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reader<D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(TagFirst { tag: self.tag, visitor })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom(NOT_TAGGED))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct TagFirst<V> {
    tag: &'static str,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for TagFirst<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the field `{}`", self.tag)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let Some(key) = map.next_key_seed(Key(self.tag))? else { return Err(A::Error::missing_field(self.tag)) };
        let Some(key) = key else { return self.visitor.visit_enum(Variant(map)) };
        let mut fields = Map::from_iter([(key, map.next_value::<Value>()?)]);
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
        }
        let Some(variant) = fields.remove(self.tag) else { return Err(A::Error::missing_field(self.tag)) };
        let ordered = std::iter::once((self.tag.to_owned(), variant)).chain(fields);
        let mut map = de::value::MapDeserializer::new(ordered);
        let read = map.next_key::<IgnoredAny>().and_then(|_| self.visitor.visit_enum(Variant(map)));
        read.map_err(|error: serde_json::Error| A::Error::custom(error))
    }
}

/// Reads a key: none if it is this one.
struct Key(&'static str);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Option<String>, E> {
        Ok((key != self.0).then(|| key.to_owned()))
    }
}

/// An object whose next value is the variant's name.
struct Variant<A>(A);

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Variant<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Self), A::Error> {
        Ok((self.0.next_value_seed(seed)?, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Variant<A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        while self.0.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, A::Error> {
        Err(A::Error::custom(NOT_TAGGED))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom(NOT_TAGGED))
    }
}

pub(super) struct Writer<S> {
    pub inner: S,
    pub tag: &'static str,
}

/// Everything that is not a variant.
macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok, S::Error> {
            Err(S::Error::custom(NOT_TAGGED))
        })*
    };
}

impl<S: Serializer> Serializer for Writer<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = Impossible<S::Ok, S::Error>;
    type SerializeStructVariant = Fields<S::SerializeStruct>;

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        let mut fields = self.inner.serialize_struct(name, 1)?;
        fields.serialize_field(self.tag, variant)?;
        fields.end()
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let mut fields = self.inner.serialize_struct(name, len + 1)?;
        fields.serialize_field(self.tag, variant)?;
        Ok(Fields(fields))
    }

    fn serialize_some<T: ?Sized>(self, _: &T) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(NOT_TAGGED))
    }

    fn serialize_newtype_struct<T: ?Sized>(self, _: &'static str, _: &T) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(NOT_TAGGED))
    }

    fn serialize_newtype_variant<T: ?Sized>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(NOT_TAGGED))
    }

    refused! {
        serialize_bool(bool) -> S::Ok;
        serialize_i8(i8) -> S::Ok;
        serialize_i16(i16) -> S::Ok;
        serialize_i32(i32) -> S::Ok;
        serialize_i64(i64) -> S::Ok;
        serialize_u8(u8) -> S::Ok;
        serialize_u16(u16) -> S::Ok;
        serialize_u32(u32) -> S::Ok;
        serialize_u64(u64) -> S::Ok;
        serialize_f32(f32) -> S::Ok;
        serialize_f64(f64) -> S::Ok;
        serialize_char(char) -> S::Ok;
        serialize_str(&str) -> S::Ok;
        serialize_bytes(&[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(&'static str) -> S::Ok;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
    }
}

/// The fields of a variant, behind its tag.
pub(super) struct Fields<F>(F);

impl<F: SerializeStruct> SerializeStructVariant for Fields<F> {
    type Ok = F::Ok;
    type Error = F::Error;

    fn serialize_field<T: serde::Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), F::Error> {
        self.0.serialize_field(key, value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), F::Error> {
        self.0.skip_field(key)
    }

    fn end(self) -> Result<F::Ok, F::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::{from_str, from_value, json, to_string};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(remote = "Self", rename_all = "snake_case")]
    enum Shape {
        Nothing,
        Round {
            radius: u32,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
        },
    }
    tagged!(Shape, "shape");

    /// The same, as serde derives it.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "shape", rename_all = "snake_case")]
    enum Derived {
        Nothing,
        Round {
            radius: u32,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
        },
    }

    #[test]
    fn it_is_written_as_serde_s_own_would_be() {
        let shapes = [Shape::Nothing, Shape::Round { radius: 3, name: None }, Shape::Round { radius: 3, name: Some("a".into()) }];
        let derived = [Derived::Nothing, Derived::Round { radius: 3, name: None }, Derived::Round { radius: 3, name: Some("a".into()) }];
        assert_eq!(to_string(&shapes).unwrap(), to_string(&derived).unwrap());
        assert_eq!(from_str::<[Shape; 3]>(&to_string(&derived).unwrap()).unwrap(), shapes);
    }

    #[test]
    fn the_tag_may_stand_anywhere() {
        let round = Shape::Round { radius: 3, name: None };
        for text in [
            r#"{"shape":"round","radius":3}"#,
            r#"{"radius":3,"shape":"round"}"#,
            r#"{"other":[{"shape":1}],"radius":3,"shape":"round"}"#,
            r#"{"shape":"round","other":[{"shape":1}],"radius":3}"#,
        ] {
            assert_eq!(from_str::<Shape>(text).unwrap(), round, "{text}");
            assert_eq!(from_value::<Shape>(from_str(text).unwrap()).unwrap(), round, "{text}");
        }
        assert_eq!(from_str::<Shape>(r#"{"shape":"nothing","other":1}"#).unwrap(), Shape::Nothing);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |value: serde_json::Value| from_value::<Shape>(value).unwrap_err().to_string();
        assert_eq!(wrong(json!({})), "missing field `shape`");
        assert_eq!(wrong(json!({"radius": 3})), "missing field `shape`");
        assert_eq!(wrong(json!({"shape": "round"})), "missing field `radius`");
        assert_eq!(wrong(json!({"shape": "square"})), "unknown variant `square`, expected `nothing` or `round`");
        assert_eq!(wrong(json!({"radius": "a", "shape": "round"})), "invalid type: string \"a\", expected u32");
        let twice = from_str::<Shape>(r#"{"radius":3,"shape":"round","radius":4}"#).unwrap_err().to_string();
        assert!(twice.starts_with("duplicate field `radius`"), "{twice}");
        assert_eq!(wrong(json!([1])), "invalid type: sequence, expected an object with the field `shape`");
    }
}
