//! The checks that need the value itself: JSON text no longer shows that a null was a NaN.

use super::JsonError;
use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use std::{cell::RefCell, fmt::Display, io};

/// Carries the reason past serde, whose errors are only text.
#[derive(Default)]
pub(super) struct Fault(RefCell<Option<JsonError>>);

impl Fault {
    /// Remembers the first reason; the returned error only stops the writing.
    pub(super) fn set(&self, error: JsonError) -> io::Error {
        let stop = io::Error::other(error.to_string());
        self.0.borrow_mut().get_or_insert(error);
        stop
    }

    pub(super) fn take(&self) -> Option<JsonError> {
        self.0.borrow_mut().take()
    }

    fn refuse<T, E: Error>(&self, error: JsonError) -> Result<T, E> {
        Err(E::custom(self.set(error)))
    }
}

/// A value, a serializer or a part of one, with every float and wide integer inside it checked.
pub(super) struct Checked<'a, T> {
    inner: T,
    fault: &'a Fault,
}

impl<'a, T> Checked<'a, T> {
    pub(super) fn new(inner: T, fault: &'a Fault) -> Self {
        Self { inner, fault }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(Checked::new(serializer, self.fault))
    }
}

/// Passes calls on as they are.
macro_rules! pass {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($arg: $type),*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($arg),*)
        }
    )*};
}

/// Passes on calls that open a compound, and wraps what they open.
macro_rules! open {
    ($($method:ident($($arg:ident: $type:ty),*) -> $compound:ident;)*) => {$(
        fn $method(self, $($arg: $type),*) -> Result<Self::$compound, S::Error> {
            Ok(Checked::new(self.inner.$method($($arg),*)?, self.fault))
        }
    )*};
}

impl<'a, S: Serializer> Serializer for Checked<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Checked<'a, S::SerializeSeq>;
    type SerializeTuple = Checked<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Checked<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Checked<'a, S::SerializeTupleVariant>;
    type SerializeMap = Checked<'a, S::SerializeMap>;
    type SerializeStruct = Checked<'a, S::SerializeStruct>;
    type SerializeStructVariant = Checked<'a, S::SerializeStructVariant>;

    fn serialize_f32(self, v: f32) -> Result<S::Ok, S::Error> {
        if v.is_finite() { self.inner.serialize_f32(v) } else { self.fault.refuse(JsonError::NotFinite) }
    }

    fn serialize_f64(self, v: f64) -> Result<S::Ok, S::Error> {
        if v.is_finite() { self.inner.serialize_f64(v) } else { self.fault.refuse(JsonError::NotFinite) }
    }

    fn serialize_i128(self, v: i128) -> Result<S::Ok, S::Error> {
        match i64::try_from(v) {
            Ok(v) => self.inner.serialize_i64(v),
            Err(_) => match u64::try_from(v) {
                Ok(v) => self.inner.serialize_u64(v),
                Err(_) => self.fault.refuse(JsonError::WideInteger { value: v.to_string() }),
            },
        }
    }

    fn serialize_u128(self, v: u128) -> Result<S::Ok, S::Error> {
        match u64::try_from(v) {
            Ok(v) => self.inner.serialize_u64(v),
            Err(_) => self.fault.refuse(JsonError::WideInteger { value: v.to_string() }),
        }
    }

    pass! {
        serialize_bool(v: bool);
        serialize_i8(v: i8);
        serialize_i16(v: i16);
        serialize_i32(v: i32);
        serialize_i64(v: i64);
        serialize_u8(v: u8);
        serialize_u16(v: u16);
        serialize_u32(v: u32);
        serialize_u64(v: u64);
        serialize_char(v: char);
        serialize_str(v: &str);
        serialize_bytes(v: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    open! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Checked::new(value, self.fault))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Checked::new(value, self.fault))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &Checked::new(value, self.fault))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The parts of a compound: each value inside is checked in its turn.
macro_rules! parts {
    ($($compound:ident: $($method:ident($($key:ident)?)),+;)*) => {$(
        impl<S: $compound> $compound for Checked<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;
            $(parts!(@ $method $($key)?);)+

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
    (@ $method:ident) => {
        fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
            self.inner.$method(&Checked::new(value, self.fault))
        }
    };
    (@ $method:ident $key:ident) => {
        fn $method<T: Serialize + ?Sized>(&mut self, $key: &'static str, value: &T) -> Result<(), S::Error> {
            self.inner.$method($key, &Checked::new(value, self.fault))
        }
    };
}

parts! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(key);
    SerializeStructVariant: serialize_field(key);
}
