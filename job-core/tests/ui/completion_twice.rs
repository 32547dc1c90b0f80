//! The right to complete is used up by completing.

use job_core::Completion;

fn complete(completion: Completion) {
    let _first = completion.parts();
    let _second = completion.parts();
}

fn main() {}
