//! What is hidden from a role changes nothing that the role can see (security: non-interference).
//!
//! Two stores differ only in what is hidden from one role: rows that have expired or that no row policy lets it see, the recorded values
//! under masks, columns and tables that it has no right to, what other sessions do. Statements by chance, over the grammar, are put to both by that role, each server working with one thread: rows (in no
//! order), tags, notices, errors with all their fields, plans, the catalog and COPY's bytes must be the same. The hidden rows hold values
//! that only they have and that make expressions fail, so that whatever looks at one of them shows.
//!
//! `ANNALS_SEED` is the seed of the first statement, that of the n-th is n higher: a failure prints the one that runs its statement first.
//! `ANNALS_SOAK_STATEMENTS` says how many there are. A long run is put to a release build, which answers twice as many in the same time
//! (`ANNALS_TEST_PROGRAM`), with a seed a process and as many processes as there are processors to spare. The same is done with statements that
//! sqlsmith makes up from what the role's catalog tells it.

mod generate;
mod smith;
mod world;

use std::env;

use crate::harness::Chance;
use generate::{Act, acts};
use world::World;

/// Statements of a run that says nothing else.
const STATEMENTS: u64 = 2_000;
/// After so many a run says how far it has come.
const TOLD_EVERY: u64 = 10_000;

/// The first statement, by its seed, that two worlds answer differently to a role.
async fn first_difference(role: &str, seed: u64, statements: u64) -> Option<String> {
    let (left, right) = tokio::join!(World::left(), World::right());
    let (mut left, mut right) = (left.enter(role).await, right.enter(role).await);
    let (mut sent, mut answered) = (0_u64, 0_u64);
    for number in 0..statements {
        if number > 0 && number.is_multiple_of(TOLD_EVERY) {
            println!("{number} of {statements} from ANNALS_SEED={seed}: no difference");
        }
        let seed = seed.wrapping_add(number);
        for act in acts(&mut Chance::new(seed)) {
            let (one, other) = tokio::join!(left.answer(&act), right.answer(&act));
            sent += 1;
            answered += u64::from(one.error.is_none());
            if one != other {
                let Act { sql, .. } = &act;
                return Some(format!("ANNALS_SEED={seed}\n{sql}\n  one world:   {one:?}\n  the other:   {other:?}"));
            }
        }
    }
    println!("{answered} of {sent} statements were answered without an error");
    assert!(statements < 500 || answered > sent / 5, "most statements say nothing: {answered} of {sent} were answered");
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_from_a_role_changes_nothing_it_sees() {
    let (seed, _) = Chance::from_environment("ANNALS_SEED", 20_261_129);
    let statements = env::var("ANNALS_SOAK_STATEMENTS").map_or(STATEMENTS, |text| text.parse().expect("a number of statements"));
    println!("non-interference: {statements} statements from ANNALS_SEED={seed}");
    if let Some(different) = first_difference("reader", seed, statements).await {
        panic!("two worlds answer differently to a role from which their difference is hidden:\n{different}");
    }
}

/// Who may see a part of the difference does see it, soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_hidden_is_found() {
    let found = first_difference("annals", 1, 400).await.expect("the superuser reads what the worlds differ in");
    assert!(found.contains("ANNALS_SEED="), "{found}");
}

/// What a dashboard of the role asks again and again.
const ASKED: [&str; 9] = [
    "SELECT region, count(*), sum(amount) FROM events GROUP BY region ORDER BY region",
    "SELECT count(*), min(mail), max(bonus), max(details::text) FROM events WHERE occurred_at > '2020-01-01'",
    "SELECT id, amount FROM events WHERE id IN (3, 14, 9001) ORDER BY id",
    "SELECT * FROM regions ORDER BY region",
    "SELECT count(*), sum(amount) FROM of_owner",
    "SELECT count(*) FROM of_region('eu')",
    "SELECT * FROM desks ORDER BY id",
    "SELECT n, word FROM held ORDER BY n",
    "SELECT name FROM people ORDER BY id",
];

/// What changes in one world alone, and hidden from the role.
const HIDDEN: [&str; 5] = [
    "SELECT 1",
    "INSERT INTO events VALUES (now(), 800001, 'hq', 1, 'x', '{}', 's', 'm', 1)",
    "INSERT INTO barred VALUES (800002); INSERT INTO events VALUES (now(), 800002, 'us', 1, 'x', '{}', 's', 'm', 1)",
    "INSERT INTO desks VALUES (800003, 'other', 1, 'x')",
    "UPDATE people SET salary = salary + 1; INSERT INTO hidden VALUES (1, 'x'); INSERT INTO hr.salaries VALUES ('x', 1)",
];

/// Whether an answer was worked out anew or given again tells whether rows have come that the role does not see: nothing that is counted says
/// so, and neither does an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_an_answer_was_given_again_is_not_told() {
    let (left, right) = tokio::join!(World::left(), World::right());
    let (mut left, mut right) = (left.enter("reader").await, right.enter("reader").await);
    let counters = [
        "SELECT tup_returned, tup_fetched FROM pg_stat_database",
        "SELECT * FROM pg_stat_user_tables",
        "SELECT * FROM pg_stat_user_indexes",
        "SELECT * FROM pg_statio_user_indexes",
        "SELECT pg_relation_size('events_id_region_secret_idx'), pg_indexes_size('events'), pg_total_relation_size('events')",
        "SELECT * FROM annals.metrics",
    ];
    for hidden in HIDDEN {
        left.meanwhile(hidden).await;
        for sql in ASKED.iter().chain(&ASKED) {
            let mut told = Vec::new();
            for visit in [&mut left, &mut right] {
                let before = visit.answer(&Act::simple(counters[0])).await.rows;
                let answer = visit.answer(&Act::simple(*sql)).await;
                assert!(answer.error.is_none(), "{sql}: {answer:?}");
                let after = visit.answer(&Act::simple(counters[0])).await.rows;
                let number = |rows: &[Vec<Option<String>>]| rows[0][0].as_ref().map(|text| text.parse::<i64>().unwrap());
                told.push((answer, number(&after).unwrap() - number(&before).unwrap()));
            }
            assert_eq!(told[0], told[1], "{sql} after {hidden}");
        }
        for sql in &counters[1..] {
            let (one, other) = (left.answer(&Act::simple(*sql)).await, right.answer(&Act::simple(*sql)).await);
            assert_eq!(one, other, "{sql} after {hidden}");
        }
    }
    // They were given again, in one world oftener than in the other.
    let mut hits = Vec::new();
    for visit in [left, right] {
        hits.push(visit.counted("annals_result_cache_hits_total").await);
    }
    assert!(hits[0] > 0 && hits[0] < hits[1], "{hits:?}");
}
