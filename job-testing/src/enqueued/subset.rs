//! Whether JSON has at least what a part of it says.

use job_core::Json;
use serde_json::Value;

/// Whether `args` have all that is in `part`.
pub(super) fn holds(part: &Value, args: &Json) -> bool {
    serde_json::from_str(args.as_str()).is_ok_and(|args| is_part(part, &args))
}

/// Of an object, members may be left out, at any depth; all else is equal, and an array is as long.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (part, whole) => part == whole,
    }
}
