//! Codes that nobody has asked for yet: what a dashboard counts by it soon counts by over other times, too.

use std::sync::{Arc, Weak};

use datafusion::arrow::datatypes::FieldRef;

use super::counted::{Coded, Counting, blocking, external};
use crate::store::Segment;

/// Begins to read, behind the statement, what it counts by of the segments of other times, the newest first. In a store this is done for one
/// counting at a time, while a few others wait, and only while nothing else has to go for it.
pub(super) fn read(counting: &Counting) {
    let (coded, minuted) = (counting.coded.clone(), counting.minuted().cloned());
    let others = counting.others.iter();
    let mut unknown: Vec<&Arc<Segment>> = others.filter(|segment| !is_known(segment, &coded, minuted.as_ref())).collect();
    let Some(place) = unknown.first().and_then(|segment| segment.ahead()) else { return };
    unknown.sort_by_key(|segment| std::cmp::Reverse(segment.time_max));
    // A segment that is gone meanwhile is of no use to anybody.
    let unknown: Vec<Weak<Segment>> = unknown.into_iter().map(Arc::downgrade).collect();
    tokio::spawn(async move {
        let _turn = place.turn().await;
        let left = unknown.into_iter().filter_map(|segment| segment.upgrade());
        // Whoever had the turn before may have read the same.
        for segment in left.filter(|segment| !is_known(segment, &coded, minuted.as_ref())) {
            let (coded, minuted) = (coded.clone(), minuted.clone());
            let read = move || {
                segment.ensure_verified().map_err(external)?;
                for coded in &coded {
                    coded.codes(&segment)?;
                }
                minuted.map(|time| segment.minutes(&time)).transpose().map_err(external)
            };
            if !place.has_room() {
                return;
            }
            // Who asks for them is told.
            if let Err(error) = blocking(read).await {
                tracing::debug!(%error, "codes could not be read ahead");
                return;
            }
        }
    });
}

/// Whether nothing is left to read of a segment.
fn is_known(segment: &Segment, coded: &[Coded], minuted: Option<&FieldRef>) -> bool {
    coded.iter().all(|coded| coded.is_known(segment)) && minuted.is_none_or(|time| segment.knows_minutes(time))
}
