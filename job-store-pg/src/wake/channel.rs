//! The channels on which runners are told of work: one for each queue of a schema.

use crate::statement::schema::Schema;
use job_core::QueueName;

/// The channel of `queue`.
///
/// A channel's name has at most 63 bytes and a queue's up to 100, so it is a hash. Two queues that share one wake each
/// other's runners, who look and find nothing.
pub(crate) fn channel(schema: &Schema, queue: &QueueName) -> String {
    // FNV-1a: the same in every process and version, which the standard library's hashes are not.
    let bytes = schema.name().bytes().chain([0]).chain(queue.as_str().bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("job_{hash:016x}")
}

/// The channels of `queues`.
pub(crate) fn channels<'a>(schema: &Schema, queues: impl IntoIterator<Item = &'a QueueName>) -> Vec<String> {
    queues.into_iter().map(|it| channel(schema, it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_stays_the_same_for_ever() {
        // Programs of different versions meet on it.
        assert_eq!(channel(&Schema::default(), &QueueName::default()), "job_f041c189e9a304f0");
    }

    #[test]
    fn schemas_and_queues_have_channels_of_their_own() {
        let mail = QueueName::new("mail").unwrap();
        let other = Schema::new("other").unwrap();
        assert_ne!(channel(&Schema::default(), &mail), channel(&Schema::default(), &QueueName::default()));
        assert_ne!(channel(&Schema::default(), &mail), channel(&other, &mail));
    }
}
