//! `jsonb_agg`, `json_agg`, `jsonb_object_agg` and `json_object_agg`.
//!
//! DataFusion's `array_agg` gathers the values, in order, without repetition and partition by partition; what is ours is the text that
//! is made of them at the end. Lowering the plan binds a call to the type of its argument, and makes one text of a key and its value.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions_aggregate::array_agg::ArrayAgg;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, ScalarFunction};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, ExprSchemable, Signature, TypeSignature, Volatility,
};

use super::order::sort_key;
use crate::error::{Error, Kind};
use crate::query::errors::{unwrap, wrap};
use crate::query::functions::scalar::{Arguments, Definition};
use crate::query::functions::{operator, scalar};
use crate::value::json::canonicalise;
use crate::value::json::string::write_string;
use crate::value::{Formatter, SqlType, Style};

use datafusion::common::Result;

/// A key and its value as one text, and NULL for a key that is NULL; nobody types these names.
const MEMBER_JSON: &str = "member of json";
const MEMBER_JSONB: &str = "member of jsonb";

pub(super) static DEFINITIONS: [Definition; 2] = [
    Definition {
        name: MEMBER_JSON,
        volatility: Volatility::Stable,
        result: |_| Some(SqlType::Text),
        run: |given| member(given, " : "),
    },
    Definition {
        name: MEMBER_JSONB,
        volatility: Volatility::Stable,
        result: |_| Some(SqlType::Text),
        run: |given| member(given, ": "),
    },
];

fn member(given: &Arguments, colon: &str) -> crate::error::Result<ArrayRef> {
    let keys = given.texts(0)?;
    let values = given.formatter(1)?;
    let mut out = datafusion::arrow::array::StringViewBuilder::with_capacity(given.rows);
    for row in 0..given.rows {
        if keys.is_null(row) {
            out.append_null();
            continue;
        }
        let mut text = Vec::new();
        write_string(keys.value(row), &mut text);
        text.extend_from_slice(colon.as_bytes());
        values.write_json(row, &mut text);
        out.append_value(super::text_of(text)?);
    }
    Ok(Arc::new(out.finish()))
}

/// The aggregates of this room.
pub(in crate::query::functions) fn aggregates() -> Vec<AggregateUDF> {
    let all = [
        ("jsonb_agg", SqlType::Jsonb, false),
        ("json_agg", SqlType::Json, false),
        ("jsonb_object_agg", SqlType::Jsonb, true),
        ("json_object_agg", SqlType::Json, true),
    ];
    let make = |(name, result, object)| {
        let arguments = if object { 2 } else { 1 };
        let signature = Signature::one_of(vec![TypeSignature::Any(1), TypeSignature::Any(arguments)], Volatility::Stable);
        AggregateUDF::new_from_impl(JsonAggregate { name, result, object, bound: None, signature, gather: ArrayAgg::default() })
    };
    all.into_iter().map(make).collect()
}

/// What a call was bound to.
#[derive(Debug, Clone, PartialEq)]
struct Bound {
    element: SqlType,
    style: Style,
}

#[derive(Debug)]
struct JsonAggregate {
    name: &'static str,
    result: SqlType,
    object: bool,
    bound: Option<Bound>,
    signature: Signature,
    gather: ArrayAgg,
}

impl PartialEq for JsonAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.bound == other.bound
    }
}

impl Eq for JsonAggregate {}

impl Hash for JsonAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Binds a call of one of these aggregates; `None` for any other, or one that is bound.
///
/// # Errors
/// 42883 for a wrong number of arguments.
pub(in crate::query) fn bind(
    call: &AggregateFunction,
    schema: &DFSchema,
    style: &Style,
) -> Option<crate::error::Result<AggregateFunction>> {
    let aggregate = call.func.inner().downcast_ref::<JsonAggregate>()?;
    if aggregate.bound.is_some() {
        return None;
    }
    Some(bound(aggregate, call, schema, style))
}

fn bound(
    aggregate: &JsonAggregate,
    call: &AggregateFunction,
    schema: &DFSchema,
    style: &Style,
) -> crate::error::Result<AggregateFunction> {
    let AggregateFunctionParams { args, distinct, filter, mut order_by, null_treatment } = call.params.clone();
    let missing = || Error::new(Kind::UndefinedFunction, format!("function {} does not exist for these arguments", aggregate.name));
    let (argument, element) = if aggregate.object {
        let [_, _] = args.as_slice() else { return Err(missing()) };
        let name = if aggregate.result == SqlType::Jsonb { MEMBER_JSONB } else { MEMBER_JSON };
        let function = operator(name, style).ok_or_else(missing)?;
        let unbound = ScalarFunction::new_udf(Arc::new(function), args);
        let member = scalar::bind(&unbound, schema).transpose()?.ok_or_else(missing)?;
        (member, SqlType::Text)
    } else {
        let [only] = <[Expr; 1]>::try_from(args).map_err(|_| missing())?;
        let (_, field) = only.to_field(schema).map_err(unwrap)?;
        let element = SqlType::of_field(&field);
        (only, element)
    };
    if distinct && order_by.is_empty() {
        order_by.push(argument.clone().sort(true, false));
    }
    let bound = JsonAggregate {
        name: aggregate.name,
        result: aggregate.result.clone(),
        object: aggregate.object,
        bound: Some(Bound { element, style: style.clone() }),
        signature: aggregate.signature.clone(),
        gather: ArrayAgg::default(),
    };
    let params = AggregateFunctionParams { args: vec![argument], distinct, filter, order_by, null_treatment };
    Ok(AggregateFunction { func: Arc::new(AggregateUDF::new_from_impl(bound)), params })
}

impl AggregateUDFImpl for JsonAggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.result.arrow())
    }

    fn return_field(&self, _arg_fields: &[FieldRef]) -> Result<FieldRef> {
        Ok(Arc::new(self.result.field(self.name, true)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.gather.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let Some(bound) = self.bound.clone() else {
            return datafusion::common::internal_err!("{} is not bound to a type", self.name);
        };
        let Some(field) = args.expr_fields.first() else {
            return datafusion::common::internal_err!("{} has no argument", self.name);
        };
        let distinct = args.is_distinct;
        let gathered = self.gather.accumulator(AccumulatorArgs {
            return_field: Arc::new(Field::new("gathered", DataType::new_list(field.data_type().clone(), true), true)),
            schema: args.schema,
            ignore_nulls: args.ignore_nulls,
            order_bys: args.order_bys,
            is_reversed: args.is_reversed,
            name: args.name,
            is_distinct: args.is_distinct,
            exprs: args.exprs,
            expr_fields: args.expr_fields,
        })?;
        Ok(Box::new(Gathering { gathered, bound, result: self.result.clone(), object: self.object, distinct }))
    }
}

#[derive(Debug)]
struct Gathering {
    gathered: Box<dyn Accumulator>,
    bound: Bound,
    result: SqlType,
    object: bool,
    distinct: bool,
}

impl Accumulator for Gathering {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.gathered.update_batch(values)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.gathered.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.gathered.state()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.gathered.size()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let values = match self.gathered.evaluate()? {
            ScalarValue::List(list) if list.is_valid(0) => list.value(0),
            _ => return Ok(ScalarValue::Utf8View(None)),
        };
        let text = if self.object { self.members(&values) } else { self.elements(&values) };
        Ok(ScalarValue::Utf8View(Some(text.map_err(wrap)?)))
    }
}

impl Gathering {
    fn members(&self, values: &ArrayRef) -> crate::error::Result<String> {
        let texts = crate::value::to_text(values, &SqlType::Text, &self.bound.style)?;
        let mut members = Vec::with_capacity(texts.len());
        for text in &texts {
            members.push(text.ok_or_else(|| Error::new(Kind::InvalidParameterValue, "field name must not be null"))?);
        }
        if self.result == SqlType::Json {
            return Ok(format!("{{ {} }}", members.join(", ")));
        }
        self.canonical(&format!("{{{}}}", members.join(", ")))
    }

    fn elements(&self, values: &ArrayRef) -> crate::error::Result<String> {
        let formatter = Formatter::new(values, &self.bound.element, &self.bound.style)?;
        let mut texts = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            let mut text = Vec::new();
            formatter.write_json(row, &mut text);
            texts.push(super::text_of(text)?);
        }
        if self.distinct && self.bound.element == SqlType::Jsonb {
            // Their texts are sorted, and some are only written differently.
            let key = |text: &String| {
                let mut key = String::new();
                sort_key(text, &mut key);
                key
            };
            texts.sort_by_cached_key(key);
            texts.dedup_by_key(|text| key(text));
        }
        if self.result == SqlType::Jsonb {
            return self.canonical(&format!("[{}]", texts.join(", ")));
        }
        // An array or a row begins a line of its own, after the first.
        let nested = matches!(values.data_type(), DataType::List(_) | DataType::Struct(_));
        let mut out = String::from("[");
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                out.push_str(if nested && values.is_valid(at) { ", \n " } else { ", " });
            }
            out.push_str(text);
        }
        out.push(']');
        Ok(out)
    }

    fn canonical(&self, built: &str) -> crate::error::Result<String> {
        let mut canonical = String::with_capacity(built.len());
        canonicalise(built, &mut canonical)?;
        Ok(canonical)
    }
}
