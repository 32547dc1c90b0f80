//! Strategies for histories: how often each operation comes, and from how few values.

use super::{
    deed::Deed,
    op::{ClaimPlan, FilterPlan, Insertion, NotePlan, Op, Prune},
};
use proptest::{
    bool,
    collection::vec,
    option::{of, weighted},
    prelude::{Just, Strategy, any, prop_oneof},
};

/// Histories of up to 100 operations.
pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(op(), 1..100)
}

fn op() -> impl Strategy<Value = Op> {
    // The first hand is looked into often; what the second holds grows old.
    let hand = || prop_oneof![3 => Just(0_usize), 1 => Just(1)];
    let limit = || 1..5_u8;
    prop_oneof![
        6 => vec(insertion(), 1..5).prop_map(Op::Insert),
        1 => any::<usize>().prop_map(Op::InsertAgain),
        10 => claim().prop_map(Op::Claim),
        12 => hand().prop_map(Op::Look),
        12 => (hand(), 0..3_u8, vec(deed(), 1..6)).prop_map(|(hand, by, deeds)| Op::Act { hand, by, deeds }),
        1 => any::<usize>().prop_map(Op::ActAgain),
        4 => (hand(), vec(deed(), 0..5), claim())
            .prop_map(|(hand, deeds, claim)| Op::Exchange { hand, deeds, claim }),
        3 => (hand(), vec(place(), 0..5), 0..30_u8, any::<u8>())
            .prop_map(|(hand, jobs, lease, progress)| Op::Renew { hand, jobs, lease, progress }),
        7 => prop_oneof![4 => 1..20_i8, 1 => -5..1_i8].prop_map(Op::Tick),
        1 => limit().prop_map(Op::Lapsed),
        3 => (filter(), 0..3_u8, limit())
            .prop_map(|(filter, order, limit)| Op::List { filter, order, limit }),
        1 => (filter(), 0..6_u8).prop_map(|(filter, cap)| Op::Count { filter, cap }),
        1 => vec(0..20_usize, 0..3).prop_map(Op::Delete),
        2 => prune().prop_map(Op::Prune),
        2 => (0..2_u8, 0..3_u8, prop_oneof![1 => Just(0_u8), 2 => 1..20_u8])
            .prop_map(|(name, by, lease)| Op::Lock { name, by, lease }),
        2 => (any::<u8>(), bool::weighted(0.3)).prop_map(|(which, on)| Op::Switch { which, on }),
        1 => vec(note(), 0..4).prop_map(Op::Append),
        1 => (of(note()), of(0..4_u8), of(0..10_usize), limit())
            .prop_map(|(about, kind, below, limit)| Op::Notes { about, kind, below, limit }),
    ]
}

fn insertion() -> impl Strategy<Value = Insertion> {
    let names = (0..3_u8, prop_oneof![3 => Just(0_u8), 1 => Just(1)], -1..2_i16);
    let start = (prop_oneof![2 => Just(0_u8), 1 => 1..3_u8], 0..15_u8);
    let key = weighted(0.7, (0..2_u8, 0..3_u8));
    let turn = prop_oneof![2 => Just(0_u8), 2 => Just(1), 1 => 2..4_u8];
    let labels = (of(0..2_u8), 0..4_u8, 0..3_u8);
    (names, start, key, turn, labels, weighted(0.05, 0..20_usize)).prop_map(
        |((type_name, queue, priority), start, unique, turn, (target, tags, max_retries), id_of)| Insertion {
            type_name,
            queue,
            priority,
            start,
            unique,
            turn,
            target,
            tags,
            max_retries,
            id_of,
        },
    )
}

fn claim() -> impl Strategy<Value = ClaimPlan> {
    let types = prop_oneof![3 => Just(7_u8), 1 => 0..8_u8];
    let queue = prop_oneof![3 => Just(0_u8), 1 => Just(1)];
    (0..3_u8, queue, types, 1..4_u8, 0..30_u8, weighted(0.2, -10..10_i8)).prop_map(
        |(by, queue, types, limit, lease, due_by)| ClaimPlan { by, queue, types, limit, lease, due_by },
    )
}

fn deed() -> impl Strategy<Value = Deed> {
    let guards = (any::<bool>(), bool::weighted(0.1), bool::weighted(0.3), bool::weighted(0.2));
    (place(), bool::weighted(0.2), 0..9_usize, 0..20_u8, guards).prop_map(
        |(job, waiting, verb, argument, (supersede, if_lapsed, note, delete))| Deed {
            job,
            waiting,
            verb,
            argument,
            supersede,
            if_lapsed,
            note,
            delete,
        },
    )
}

/// A place in a hand: rather one of the first, which run if any does.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0..5_usize, 1 => 0..20_usize]
}

fn filter() -> impl Strategy<Value = FilterPlan> {
    fn part<T: Strategy>(values: T) -> impl Strategy<Value = Option<T::Value>> {
        weighted(0.2, values)
    }
    let ids = (part(vec(0..20_usize, 0..6)), part((0..20_usize, 0..20_usize)));
    let names = (part(0..8_u8), part(0..4_u8), part(0..64_u8));
    (ids, names, part(0..2_u8), part(0..2_u8), part(-5..10_i8)).prop_map(
        |((ids, id_range), (types, queues, statuses), target, tag, ready_at)| FilterPlan {
            ids,
            id_range,
            types,
            queues,
            statuses,
            target,
            tag,
            ready_at,
        },
    )
}

fn prune() -> impl Strategy<Value = Prune> {
    (-20..5_i8, any::<u8>(), weighted(0.3, 0..8_u8), 1..4_u8, weighted(0.6, 1..3_u8)).prop_map(
        |(before, statuses, types, limit, keep_newest)| Prune { before, statuses, types, limit, keep_newest },
    )
}

fn note() -> impl Strategy<Value = NotePlan> {
    (0..4_u8, 0..20_usize, any::<u8>()).prop_map(|(about, job, body)| NotePlan { about, job, body })
}
