//! What the checking serializer accepts reads back equal; what it refuses, it refuses with a clear error.

use job_core::{Json, JsonError, JsonLimits};
use proptest::prelude::*;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Any JSON, NUL and deep nesting included.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |it| it.is_finite()).prop_map(Value::from),
        proptest::collection::vec(any::<char>(), 0..8)
            .prop_map(|it| Value::from(it.into_iter().collect::<String>())),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((".{0,6}", inner), 0..6)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(key, it)| key.contains('\0') || has_nul(it)),
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_accepted_reads_back_equal(value in any_value()) {
        match Json::of(&value) {
            Ok(json) => {
                prop_assert!(!has_nul(&value));
                prop_assert_eq!(json.decode::<Value>().unwrap(), value);
            }
            Err(JsonError::Nul) => prop_assert!(has_nul(&value)),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn floats_keep_every_bit(float in any::<f64>()) {
        match Json::of(&float) {
            Ok(json) => prop_assert_eq!(json.decode::<f64>().unwrap().to_bits(), float.to_bits()),
            Err(error) => prop_assert!(matches!(error, JsonError::NotFinite) && !float.is_finite()),
        }
    }
}

fn nested(depth: usize) -> Value {
    (0..depth)
        .fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
}

#[derive(Serialize)]
enum Shape {
    Tuple(f32, Option<f64>),
    Struct { inner: Vec<BTreeMap<String, f64>> },
    Newtype(f64),
}

/// Serializes a float as a map's key.
struct FloatKey(f64);

impl Serialize for FloatKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(&self.0, &1)?;
        map.end()
    }
}

#[test]
fn a_float_that_is_not_finite_is_refused_wherever_it_hides() {
    let map = BTreeMap::from([("x".to_owned(), f64::NEG_INFINITY)]);
    assert!(matches!(Json::of(&f64::NAN), Err(JsonError::NotFinite)));
    assert!(matches!(Json::of(&Some(f32::INFINITY)), Err(JsonError::NotFinite)));
    assert!(matches!(Json::of(&Shape::Tuple(0.0, Some(f64::NAN))), Err(JsonError::NotFinite)));
    assert!(matches!(Json::of(&Shape::Struct { inner: vec![map] }), Err(JsonError::NotFinite)));
    assert!(matches!(Json::of(&Shape::Newtype(f64::NAN)), Err(JsonError::NotFinite)));
    assert!(matches!(Json::of(&FloatKey(f64::NAN)), Err(JsonError::NotFinite)));
    assert_eq!(Json::of(&Shape::Tuple(1.5, None)).unwrap().as_str(), r#"{"Tuple":[1.5,null]}"#);
}

#[test]
fn nul_is_refused_in_strings_and_in_keys() {
    assert!(matches!(Json::of("a\0b"), Err(JsonError::Nul)));
    assert!(matches!(Json::of(&json!({ "a\0": 1 })), Err(JsonError::Nul)));
    assert_eq!(
        Json::of(r"\u0000").unwrap().decode::<String>().unwrap(),
        r"\u0000",
        "an escaped text is no NUL"
    );
}

#[test]
fn integers_beyond_64_bits_are_refused() {
    assert!(matches!(Json::of(&u128::MAX), Err(JsonError::WideInteger { .. })));
    assert!(matches!(Json::of(&(i128::from(i64::MIN) - 1)), Err(JsonError::WideInteger { .. })));
    assert_eq!(Json::of(&i128::from(i64::MIN)).unwrap().as_str(), i64::MIN.to_string());
    assert_eq!(Json::of(&u128::from(u64::MAX)).unwrap().as_str(), u64::MAX.to_string());
}

#[test]
fn depth_64_is_accepted_and_65_refused() {
    let deepest = nested(64);
    assert_eq!(Json::of(&deepest).unwrap().decode::<Value>().unwrap(), deepest);
    assert!(matches!(Json::of(&nested(65)), Err(JsonError::TooDeep { most: 64 })));
    let loose = JsonLimits { depth: 1000, ..JsonLimits::default() };
    assert!(matches!(Json::within(&loose, &nested(65)), Err(JsonError::TooDeep { most: 64 })));
    assert!(Json::of(&vec![nested(63); 3]).is_ok(), "siblings do not add up");
}

#[test]
fn one_mebibyte_is_accepted_and_a_byte_more_refused() {
    let most = JsonLimits::default().bytes;
    let fits = "x".repeat(most - 2);
    assert_eq!(Json::of(&fits).unwrap().decode::<String>().unwrap(), fits);
    assert!(matches!(Json::of(&"x".repeat(most - 1)), Err(JsonError::TooLong { .. })));
    let tight = JsonLimits { bytes: 4, ..JsonLimits::default() };
    assert!(Json::within(&tight, "ab").is_ok() && Json::within(&tight, "abc").is_err());
}

#[test]
fn what_is_no_json_says_what_serde_said() {
    let keyed_by_list = BTreeMap::from([(vec![1], 2)]);
    let error = Json::of(&keyed_by_list).unwrap_err();
    assert!(matches!(error, JsonError::NotJson { .. }), "{error}");
    let error = Json::stored("{broken").decode::<Value>().unwrap_err().to_string();
    assert!(error.starts_with("the stored JSON does not decode: "), "{error}");
}
