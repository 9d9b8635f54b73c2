//! `aggregate(DISTINCT x)`: each value of a group counts once.
//!
//! One hash table holds the values of all groups, where DataFusion makes one for each group, which takes some kilobytes however few
//! values it gets: grouping by a hundred thousand users filled a gigabyte. The state of a group is the list of its values, so a hash
//! aggregation that runs out of memory spills them, and answers group by group afterwards.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, UInt64Array, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{concat, filter, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::fold::{Rows, shared};

/// The column of a state that holds values of a type.
pub(super) fn state_type(values: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(values.clone(), true)))
}

/// The values of all groups, and what they have come to.
pub(super) struct Distinct {
    types: Vec<DataType>,
    /// Group and value of everything that has been counted.
    seen: Box<dyn GroupValues>,
    inner: Box<dyn GroupsAccumulator>,
    groups: usize,
}

impl fmt::Debug for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Distinct").field("types", &self.types).field("groups", &self.groups).finish_non_exhaustive()
    }
}

fn table(types: &[DataType]) -> Result<Box<dyn GroupValues>> {
    let group = Field::new("group", DataType::UInt64, false);
    let values = types.iter().map(|of| Field::new("value", of.clone(), true));
    new_group_values(Arc::new(Schema::new(std::iter::once(group).chain(values).collect::<Vec<_>>())), &GroupOrdering::None)
}

impl Distinct {
    pub(super) fn new(types: Vec<DataType>, inner: Box<dyn GroupsAccumulator>) -> Result<Self> {
        Ok(Distinct { seen: table(&types)?, types, inner, groups: 0 })
    }

    /// Takes the first groups out: their columns, group and values.
    fn taken(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let columns = self.seen.emit(EmitTo::All)?;
        self.seen = table(&self.types)?;
        let EmitTo::First(count) = emit_to else { return Ok(columns) };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let Some(groups) = columns.first().map(|groups| groups.as_primitive::<UInt64Type>().clone()) else { return Ok(columns) };
        let first: BooleanArray = groups.values().iter().map(|group| Some(*group < count)).collect();
        let rest: BooleanArray = groups.values().iter().map(|group| Some(*group >= count)).collect();
        let chosen = |by: &BooleanArray| columns.iter().map(|column| filter(column, by)).collect::<Result<Vec<_>, _>>();
        let mut staying = chosen(&rest)?;
        if let Some(groups) = staying.first_mut() {
            *groups = shared(groups.as_primitive::<UInt64Type>().unary::<_, UInt64Type>(|group| group - count));
        }
        self.seen.intern(&staying, &mut vec![])?;
        Ok(chosen(&first)?)
    }

    /// How many groups are given out.
    fn given(&mut self, emit_to: EmitTo) -> usize {
        let given = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(count) => count,
        };
        self.groups -= given.min(self.groups);
        given
    }
}

/// Columns of values as lists, one a group.
fn lists(columns: &[ArrayRef], count: usize) -> Result<Vec<ArrayRef>> {
    let Some((groups, values)) = columns.split_first() else { return Ok(vec![]) };
    let groups = groups.as_primitive::<UInt64Type>();
    let place = |group: &u64| usize::try_from(*group).unwrap_or(usize::MAX);
    let mut lengths = vec![0_usize; count];
    groups.values().iter().for_each(|group| lengths[place(group)] += 1);
    let mut next = Vec::with_capacity(count);
    let mut start = 0;
    for length in &lengths {
        next.push(start);
        start += length;
    }
    let mut order = vec![0_u32; groups.len()];
    for (row, group) in (0_u32..).zip(groups.values()) {
        let at = &mut next[place(group)];
        order[*at] = row;
        *at += 1;
    }
    let order = UInt32Array::from(order);
    let list = |values: &ArrayRef| {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let values = take(values, &order, None)?;
        Ok(shared(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths.iter().copied()), values, None)?))
    };
    values.iter().map(list).collect()
}

impl GroupsAccumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], chosen: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.groups = total;
        let number = |group: usize| u64::try_from(group).unwrap_or(u64::MAX);
        let group_column: ArrayRef = shared(UInt64Array::from_iter_values(groups.iter().map(|group| number(*group))));
        let mut columns: Vec<ArrayRef> = std::iter::once(group_column).chain(values.iter().cloned()).collect();
        if let Some(chosen) = Rows::of(values, chosen).chosen() {
            columns = columns.iter().map(|column| filter(column, &chosen)).collect::<Result<_, _>>()?;
        }
        let before = self.seen.len();
        let mut ids = Vec::with_capacity(groups.len());
        self.seen.intern(&columns, &mut ids)?;
        // The first row of each new id: ids need not come in the order of rows.
        let mut new = vec![true; self.seen.len() - before];
        let firsts = ids.iter().map(|id| Some(id.checked_sub(before).is_some_and(|new_id| std::mem::take(&mut new[new_id]))));
        let firsts: BooleanArray = firsts.collect();
        let columns = columns.iter().map(|column| filter(column, &firsts)).collect::<Result<Vec<_>, _>>()?;
        let Some((group_column, values)) = columns.split_first() else { return Ok(()) };
        let places = group_column.as_primitive::<UInt64Type>().values().iter();
        let groups: Vec<usize> = places.map(|group| usize::try_from(*group).unwrap_or(usize::MAX)).collect();
        self.inner.update_batch(values, &groups, None, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.taken(emit_to)?;
        self.given(emit_to);
        self.inner.evaluate(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let columns = self.taken(emit_to)?;
        let count = self.given(emit_to);
        self.inner.state(emit_to)?;
        lists(&columns, count)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let mut values = Vec::with_capacity(states.len());
        let mut owners = vec![];
        for (at, column) in states.iter().enumerate() {
            let lists = column.as_list::<i32>();
            if at == 0 {
                for (row, group) in groups.iter().enumerate() {
                    let length = if lists.is_valid(row) { lists.value(row).len() } else { 0 };
                    owners.extend(std::iter::repeat_n(*group, length));
                }
            }
            let parts: Vec<ArrayRef> = (0..lists.len()).filter(|row| lists.is_valid(*row)).map(|row| lists.value(row)).collect();
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            values.push(if parts.is_empty() { new_empty_array(&lists.value_type()) } else { concat(&parts)? });
        }
        self.update_batch(&values, &owners, None, total)
    }

    fn convert_to_state(&self, values: &[ArrayRef], chosen: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let chosen = Rows::of(values, chosen).chosen();
        let list = |column: &ArrayRef| {
            let item = Arc::new(Field::new_list_field(column.data_type().clone(), true));
            let (kept, lengths): (ArrayRef, Vec<usize>) = match &chosen {
                None => (column.clone(), vec![1; column.len()]),
                Some(chosen) => (filter(column, chosen)?, chosen.values().iter().map(usize::from).collect()),
            };
            Ok(shared(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), kept, None)?))
        };
        values.iter().map(list).collect()
    }

    fn size(&self) -> usize {
        self.seen.size() + self.inner.size()
    }
}

/// The same for a query without groups. Accumulators must be shareable, which the table is not without a lock.
#[derive(Debug)]
pub(super) struct Ungrouped(Mutex<Distinct>);

impl Ungrouped {
    pub(super) fn new(mut distinct: Distinct) -> Result<Self> {
        let nothing: Vec<ArrayRef> = distinct.types.iter().map(new_empty_array).collect();
        distinct.update_batch(&nothing, &[], None, 1)?;
        Ok(Ungrouped(Mutex::new(distinct)))
    }

    fn inner(&mut self) -> &mut Distinct {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accumulator for Ungrouped {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |column| column.len());
        self.inner().update_batch(values, &vec![0; rows], None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |column| column.len());
        self.inner().merge_batch(states, &vec![0; rows], 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = self.inner().state(EmitTo::All)?;
        columns.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let answer = self.inner().evaluate(EmitTo::All)?;
        ScalarValue::try_from_array(&answer, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.lock().unwrap_or_else(PoisonError::into_inner).size()
    }
}
