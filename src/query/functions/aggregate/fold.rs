//! How values are folded into the state of their group: one implementation for hash aggregation, for a query without groups, and for
//! windows. A [`Fold`] says what one state is and what a value does to it.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// A way to fold values.
pub(super) trait Fold: Debug + Clone + Send + Sync + 'static {
    /// What one row gives.
    type Input: Copy + Debug + Send + Sync;
    /// What a group has come to; the default is that of no rows.
    type State: Clone + Default + Debug + Send + Sync;

    /// Whether a value can be taken out again without a trace of it, as it can not of a rounded sum.
    const INVERTIBLE: bool;

    /// Hands on the input of each row that counts.
    fn scan(&self, columns: &[ArrayRef], rows: &Rows, sink: impl FnMut(usize, Self::Input)) -> Result<()>;

    fn add(state: &mut Self::State, input: Self::Input);

    /// Takes a value out again; called for invertible folds alone.
    fn remove(state: &mut Self::State, input: Self::Input);

    fn merge(state: &mut Self::State, other: &Self::State);

    /// The columns that states are kept in between the phases of a query.
    fn state_types() -> Vec<DataType>;

    fn write(states: &[Self::State]) -> Result<Vec<ArrayRef>>;

    fn read(columns: &[ArrayRef], sink: impl FnMut(usize, Self::State)) -> Result<()>;

    /// The answers of groups.
    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef>;
}

/// The rows of a batch that count.
pub(super) struct Rows {
    count: usize,
    /// Those that are not NULL and not filtered out; `None` where all count.
    valid: Option<NullBuffer>,
}

impl Rows {
    /// Rows of which no column is NULL, and which the filter leaves.
    pub(super) fn of(columns: &[ArrayRef], filter: Option<&BooleanArray>) -> Rows {
        let count = columns.first().map_or(0, |column| column.len());
        let mut valid = filter.map(|filter| {
            let chosen = match filter.nulls() {
                Some(nulls) => filter.values() & nulls.inner(),
                None => filter.values().clone(),
            };
            NullBuffer::new(chosen)
        });
        for column in columns {
            valid = NullBuffer::union(valid.as_ref(), column.logical_nulls().as_ref());
        }
        Rows { count, valid: valid.filter(|valid| valid.null_count() > 0) }
    }

    pub(super) fn visit(&self, mut sink: impl FnMut(usize)) {
        match &self.valid {
            None => (0..self.count).for_each(sink),
            Some(valid) => valid.valid_indices().for_each(&mut sink),
        }
    }

    /// Which rows count, as a filter.
    pub(super) fn chosen(&self) -> Option<BooleanArray> {
        self.valid.as_ref().map(|valid| BooleanArray::new(valid.inner().clone(), None))
    }
}

/// The states of all groups of a hash aggregation.
#[derive(Debug)]
pub(super) struct Grouped<F: Fold> {
    pub(super) fold: F,
    pub(super) states: Vec<F::State>,
}

impl<F: Fold> Grouped<F> {
    pub(super) fn new(fold: F) -> Self {
        Grouped { fold, states: vec![] }
    }
}

impl<F: Fold> GroupsAccumulator for Grouped<F> {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.states.resize(total, F::State::default());
        let states = &mut self.states;
        self.fold.scan(values, &Rows::of(values, filter), |row, input| F::add(&mut states[groups[row]], input))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.fold.finish(&emit_to.take_needed(&mut self.states))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        F::write(&emit_to.take_needed(&mut self.states))
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.states.resize(total, F::State::default());
        let states = &mut self.states;
        F::read(values, |row, other| F::merge(&mut states[groups[row]], &other))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut states = vec![F::State::default(); values.first().map_or(0, |column| column.len())];
        self.fold.scan(values, &Rows::of(values, filter), |row, input| F::add(&mut states[row], input))?;
        F::write(&states)
    }

    fn size(&self) -> usize {
        self.states.capacity() * size_of::<F::State>()
    }
}

/// The state of a query without groups, or of a window.
#[derive(Debug)]
pub(super) struct Alone<F: Fold> {
    fold: F,
    state: F::State,
    /// Whether values may leave again, as they do a window that moves.
    sliding: bool,
    /// How many values a moving window has.
    count: usize,
    /// The values of a moving window, where they cannot be taken out of the state.
    kept: VecDeque<F::Input>,
}

impl<F: Fold> Alone<F> {
    pub(super) fn new(fold: F, sliding: bool) -> Self {
        Alone { fold, state: F::State::default(), sliding, count: 0, kept: VecDeque::new() }
    }
}

impl<F: Fold> Accumulator for Alone<F> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (state, kept, count, keeps) = (&mut self.state, &mut self.kept, &mut self.count, self.sliding && !F::INVERTIBLE);
        self.fold.scan(values, &Rows::of(values, None), |_, input| {
            *count += 1;
            if keeps {
                kept.push_back(input);
            } else {
                F::add(state, input);
            }
        })
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (state, kept, count) = (&mut self.state, &mut self.kept, &mut self.count);
        self.fold.scan(values, &Rows::of(values, None), |_, input| {
            *count = count.saturating_sub(1);
            if F::INVERTIBLE {
                F::remove(state, input);
            } else {
                kept.pop_front();
            }
        })
    }

    fn supports_retract_batch(&self) -> bool {
        self.sliding
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let state = &mut self.state;
        F::read(states, |_, other| F::merge(state, &other))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = F::write(std::slice::from_ref(&self.state))?;
        columns.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut state = match (self.sliding, self.count) {
            (true, 0) => F::State::default(),
            (true, _) | (false, _) => self.state.clone(),
        };
        self.kept.iter().for_each(|input| F::add(&mut state, *input));
        let answer = self.fold.finish(std::slice::from_ref(&state))?;
        ScalarValue::try_from_array(&answer, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.kept.capacity() * size_of::<F::Input>()
    }
}

/// Reads a column of a state as an Arrow array.
pub(super) fn column<A: Array + Clone + 'static>(columns: &[ArrayRef], at: usize) -> Result<A> {
    let column = columns.get(at).and_then(|column| column.as_any().downcast_ref::<A>());
    column.cloned().ok_or_else(|| datafusion::common::internal_datafusion_err!("an aggregate's state lacks column {at}"))
}

/// An array as one that is shared.
pub(super) fn shared(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}
