//! Codes that nobody has asked for yet: what a dashboard counts by it soon counts by over other times, too.

use std::sync::{Arc, Weak};

use super::counted::{Counting, blocking, external};
use crate::store::Segment;

/// Begins to read, behind the statement, what it counts by of the segments of other times, the newest first. In a store this is done for one
/// counting at a time, while a few others wait, and only while nothing else has to go for it.
pub(super) fn read(counting: &Counting) {
    let is_known = |segment: &Segment| {
        counting.coded.iter().all(|coded| coded.is_known(segment))
            && counting.minuted().is_none_or(|time| segment.knows_minutes(time))
    };
    let mut unknown: Vec<&Arc<Segment>> = counting.others.iter().filter(|segment| !is_known(segment)).collect();
    let Some(place) = unknown.first().and_then(|segment| segment.ahead()) else { return };
    unknown.sort_by_key(|segment| std::cmp::Reverse(segment.time_max));
    // A segment that is gone meanwhile is of no use to anybody.
    let unknown: Vec<Weak<Segment>> = unknown.into_iter().map(Arc::downgrade).collect();
    let (coded, minuted) = (counting.coded.clone(), counting.minuted().cloned());
    tokio::spawn(async move {
        let Some(turn) = place.turn().await else { return };
        for segment in unknown.into_iter().filter_map(|segment| segment.upgrade()) {
            let (coded, minuted) = (coded.clone(), minuted.clone());
            let read = move || {
                segment.ensure_verified().map_err(external)?;
                for coded in &coded {
                    coded.codes(&segment)?;
                }
                minuted.map(|time| segment.minutes(&time)).transpose().map_err(external)
            };
            if !turn.has_room() {
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
