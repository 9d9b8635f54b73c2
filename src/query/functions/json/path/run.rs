//! Runs a path over a document, as PostgreSQL's `jsonpath_exec.c` does: which errors are forgiven, where arrays are unwrapped and
//! wrapped, and when a search may end early all show in the answers.

use crate::error::{Error, Kind};
use crate::value::Zone;
use crate::value::decimal::Decimal;
use crate::value::json::scan::Shape;
use crate::value::jsonpath::{Arithmetic, Chain, LAST_LEVEL, Method, Path, Step};

use super::item::{Item, Part};
use super::moment::{Moment, Template};
use super::{layout, test};

/// What ends a search: an error that `silent` and predicates forgive, or one that nothing does.
#[derive(Debug)]
pub(super) enum Fault {
    Soft(Error),
    Hard(Error),
}

impl Fault {
    pub(super) fn into_error(self) -> Error {
        match self {
            Fault::Soft(error) | Fault::Hard(error) => error,
        }
    }
}

pub(super) fn soft<T>(kind: Kind, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Soft(Error::new(kind, message)))
}

/// Whether anything was found.
pub(super) type Found = Result<bool, Fault>;

/// Where what is found goes; without one the search ends at the first.
pub(super) type Sink<'s> = Option<&'s mut Vec<Item>>;

/// What `id` counts within: the document, the variables, or an object that `.keyvalue()` made.
#[derive(Clone)]
struct Base {
    id: u64,
    source: Part,
}

/// Ids of different bases are so far apart.
const BASE_DISTANCE: u64 = 10_000_000_000;

pub(super) struct Run {
    root: Item,
    current: Item,
    /// `None` for the operators, to which every variable is null.
    variables: Option<Part>,
    base: Base,
    next_base: u64,
    /// How many elements the array has that is subscripted.
    array_size: Option<i64>,
    pub(super) lax: bool,
    forgiving: bool,
    /// The session's zone, where the caller allows to use it.
    pub(super) zone: Option<Zone>,
}

/// The next step's sink, borrowed again.
fn again<'s>(found: &'s mut Sink<'_>) -> Sink<'s> {
    found.as_mut().map(|items| &mut **items)
}

impl Run {
    pub(super) fn new(path: &Path, document: &str, variables: Option<&str>, zone: Option<Zone>) -> Run {
        let whole = Part::whole(document);
        Run {
            root: Item::Json(whole.clone()),
            current: Item::Json(whole.clone()),
            variables: variables.map(Part::whole),
            base: Base { id: 0, source: whole },
            next_base: 2,
            array_size: None,
            lax: path.lax,
            forgiving: path.lax,
            zone,
        }
    }

    /// Everything that the path finds, and the error that ended the search.
    pub(super) fn query(&mut self, path: &Path) -> (Vec<Item>, Option<Fault>) {
        let mut found = Vec::new();
        let root = self.root.clone();
        let fault = self.steps(&path.chain, &root, &mut Some(&mut found)).err();
        (found, fault)
    }

    /// Whether the path finds anything.
    pub(super) fn exists(&mut self, path: &Path) -> Found {
        // A strict path must be followed to its end, in case there is an error.
        if !path.lax {
            return match self.query(path) {
                (_, Some(fault)) => Err(fault),
                (found, None) => Ok(!found.is_empty()),
            };
        }
        let root = self.root.clone();
        self.steps(&path.chain, &root, &mut None)
    }

    pub(super) fn steps(&mut self, chain: &[Step], item: &Item, found: &mut Sink<'_>) -> Found {
        self.steps_unwrapping(chain, item, found, self.lax)
    }

    /// The steps behind the first, or the end of the chain.
    fn next(&mut self, rest: &[Step], item: Item, found: &mut Sink<'_>) -> Found {
        if !rest.is_empty() {
            return self.steps(rest, &item, found);
        }
        if let Some(items) = found {
            items.push(item);
        }
        Ok(true)
    }

    /// Applies the chain to each element of an array.
    fn unwrapped(&mut self, chain: &[Step], elements: &[Part], found: &mut Sink<'_>) -> Found {
        self.each(chain, elements, found, false)
    }

    fn each(&mut self, chain: &[Step], parts: &[Part], found: &mut Sink<'_>, unwrap: bool) -> Found {
        let mut any = false;
        for part in parts {
            let item = Item::Json(part.clone());
            let hit =
                if chain.is_empty() { self.next(chain, item, found) } else { self.steps_unwrapping(chain, &item, found, unwrap) };
            any = hit?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        Ok(any)
    }

    fn structural(&self, kind: Kind, message: impl Into<String>) -> Found {
        if self.forgiving { Ok(false) } else { soft(kind, message) }
    }

    fn steps_unwrapping(&mut self, chain: &[Step], item: &Item, found: &mut Sink<'_>, unwrap: bool) -> Found {
        let Some((step, rest)) = chain.split_first() else { return Ok(false) };
        // Whether something is found here is known without looking at it.
        let enough = rest.is_empty() && found.is_none();
        match step {
            Step::Compare(..)
            | Step::And(_)
            | Step::Or(_)
            | Step::Not(_)
            | Step::IsUnknown(_)
            | Step::Exists(_)
            | Step::StartsWith(_)
            | Step::LikeRegex { .. } => {
                let truth = test::truth(self, step, item)?;
                self.next(rest, Item::of(truth.json()), found)
            }
            Step::Null => self.next(rest, Item::of("null"), found),
            Step::Bool(value) => self.next(rest, Item::of(if *value { "true" } else { "false" }), found),
            Step::Number(number) => self.next(rest, Item::of(number), found),
            Step::String(text) => self.next(rest, Item::string(text), found),
            Step::Variable(name) => self.variable(name, rest, found),
            Step::Root => {
                let root = self.root.clone();
                self.next(rest, root, found)
            }
            Step::Current => {
                let current = self.current.clone();
                self.next(rest, current, found)
            }
            Step::Last => match self.array_size {
                Some(size) => self.next(rest, Item::number(&Decimal::from_integer(size - 1)), found),
                None => Err(Fault::Hard(Error::internal("evaluating jsonpath LAST outside of array subscript"))),
            },
            Step::Arithmetic(operator, sides) => self.arithmetic(*operator, sides, rest, item, found),
            Step::Negate(operand) => self.signed(operand, true, rest, item, found),
            Step::Affirm(operand) => self.signed(operand, false, rest, item, found),
            Step::Key(key) => self.key(key, chain, item, found, unwrap),
            Step::AnyKey => match (item.as_object(), item.as_array()) {
                (Some(object), _) => self.each_next(rest, &object.children(), found),
                (None, Some(elements)) if unwrap => self.unwrapped(chain, &elements, found),
                _ => self
                    .structural(Kind::SqlJsonObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object"),
            },
            Step::AnyElement => match item.as_array() {
                Some(elements) => self.each_next(rest, &elements, found),
                None if self.lax => self.next(rest, item.clone(), found),
                None => {
                    self.structural(Kind::SqlJsonArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
                }
            },
            Step::Elements(subscripts) => self.elements(subscripts, rest, item, found),
            Step::AnyLevel { first, last } => self.levels(*first, *last, rest, item, found),
            Step::Filter(predicate) => match item.as_array() {
                Some(elements) if unwrap => self.unwrapped(chain, &elements, found),
                _ if self.holds(predicate, item)? => self.next(rest, item.clone(), found),
                _ => Ok(false),
            },
            Step::Method(method) => self.method(*method, chain, item, enough, found, unwrap),
            Step::Datetime(template) => match item.as_array() {
                Some(elements) if unwrap => self.unwrapped(chain, &elements, found),
                _ => {
                    let moment = moment(template.as_deref(), item)?;
                    self.next(rest, Item::Moment(moment), found)
                }
            },
        }
    }

    /// A method of the first step; `chain` begins with it.
    fn method(&mut self, method: Method, chain: &[Step], item: &Item, enough: bool, found: &mut Sink<'_>, unwrap: bool) -> Found {
        let rest = chain.get(1..).unwrap_or_default();
        match method {
            Method::Type => self.next(rest, Item::string(item.type_name()), found),
            Method::Size => match item.as_array() {
                Some(elements) => {
                    let size = i64::try_from(elements.len()).unwrap_or(i64::MAX);
                    self.next(rest, Item::number(&Decimal::from_integer(size)), found)
                }
                None if self.lax => self.next(rest, Item::of("1"), found),
                None => self.structural(Kind::SqlJsonArrayNotFound, "jsonpath item method .size() can only be applied to an array"),
            },
            Method::Abs | Method::Floor | Method::Ceiling | Method::Double => match item.as_array() {
                Some(elements) if unwrap => self.unwrapped(chain, &elements, found),
                _ => {
                    let number = if method == Method::Double { doubled(item)? } else { measured(method, item)? };
                    self.next(rest, Item::number(&number), found)
                }
            },
            Method::KeyValue => match item.as_array() {
                Some(elements) if unwrap => self.unwrapped(chain, &elements, found),
                _ => self.pairs(rest, item, enough, found),
            },
        }
    }

    /// Each of these goes on with the next steps.
    fn each_next(&mut self, rest: &[Step], parts: &[Part], found: &mut Sink<'_>) -> Found {
        self.each(rest, parts, found, self.lax)
    }

    fn variable(&mut self, name: &str, rest: &[Step], found: &mut Sink<'_>) -> Found {
        let Some(variables) = self.variables.clone() else { return self.next(rest, Item::of("null"), found) };
        let Some(value) = variables.member(name) else {
            return Err(Fault::Hard(Error::new(Kind::UndefinedObject, format!("could not find jsonpath variable \"{name}\""))));
        };
        let before = std::mem::replace(&mut self.base, Base { id: 1, source: variables });
        let hit = self.next(rest, Item::Json(value), found);
        self.base = before;
        hit
    }

    fn key(&mut self, key: &str, chain: &[Step], item: &Item, found: &mut Sink<'_>, unwrap: bool) -> Found {
        let rest = chain.get(1..).unwrap_or_default();
        if let Some(object) = item.as_object() {
            return match object.member(key) {
                Some(value) => self.next(rest, Item::Json(value), found),
                None => self.structural(Kind::SqlJsonMemberNotFound, format!("JSON object does not contain key \"{key}\"")),
            };
        }
        match item.as_array() {
            Some(elements) if unwrap => self.unwrapped(chain, &elements, found),
            _ => self.structural(Kind::SqlJsonMemberNotFound, "jsonpath member accessor can only be applied to an object"),
        }
    }

    fn elements(&mut self, subscripts: &[(Chain, Option<Chain>)], rest: &[Step], item: &Item, found: &mut Sink<'_>) -> Found {
        let elements: Vec<Item> = match item.as_array() {
            Some(elements) => elements.into_iter().map(Item::Json).collect(),
            None if self.lax => vec![item.clone()],
            None => {
                return self.structural(Kind::SqlJsonArrayNotFound, "jsonpath array accessor can only be applied to an array");
            }
        };
        let before = self.array_size.replace(i64::try_from(elements.len()).unwrap_or(i64::MAX));
        let hit = self.subscripted(subscripts, rest, item, &elements, found);
        self.array_size = before;
        hit
    }

    fn subscripted(
        &mut self,
        subscripts: &[(Chain, Option<Chain>)],
        rest: &[Step],
        item: &Item,
        elements: &[Item],
        found: &mut Sink<'_>,
    ) -> Found {
        let size = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let own_size = self.array_size;
        let mut any = false;
        for (from, to) in subscripts {
            let from = self.index(from, item)?;
            let to = match to {
                Some(to) => self.index(to, item)?,
                None => from,
            };
            if !self.forgiving && (from < 0 || from > to || to >= size) {
                return soft(Kind::InvalidSqlJsonSubscript, "jsonpath array subscript is out of bounds");
            }
            any = false;
            for at in from.max(0)..=to.min(size - 1) {
                let Some(element) = usize::try_from(at).ok().and_then(|at| elements.get(at)) else { continue };
                any = self.next(rest, element.clone(), found)?;
                self.array_size = own_size;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(any)
    }

    fn index(&mut self, chain: &Chain, item: &Item) -> Result<i64, Fault> {
        let mut found = Vec::new();
        self.steps(chain, item, &mut Some(&mut found))?;
        let number = match found.as_slice() {
            [only] => only.as_number(),
            _ => None,
        };
        let Some(number) = number else {
            return soft(Kind::InvalidSqlJsonSubscript, "jsonpath array subscript is not a single numeric value");
        };
        match number.to_i32() {
            Some(index) => Ok(i64::from(index)),
            None => soft(Kind::InvalidSqlJsonSubscript, "jsonpath array subscript is out of integer range"),
        }
    }

    fn levels(&mut self, first: u32, last: u32, rest: &[Step], item: &Item, found: &mut Sink<'_>) -> Found {
        let mut any = false;
        if first == 0 {
            let before = std::mem::replace(&mut self.forgiving, true);
            let hit = self.next(rest, item.clone(), found);
            self.forgiving = before;
            any = hit?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        match item {
            Item::Json(part) if matches!(part.shape(), Shape::Array | Shape::Object) => {
                self.deeper(part, rest, 1, (first, last), found)
            }
            Item::Json(_) | Item::Moment(_) => Ok(any),
        }
    }

    fn deeper(&mut self, part: &Part, rest: &[Step], level: u32, (first, last): (u32, u32), found: &mut Sink<'_>) -> Found {
        let mut any = false;
        if level > last {
            return Ok(false);
        }
        for child in part.children() {
            let nested = matches!(child.shape(), Shape::Array | Shape::Object);
            if level >= first || (first == LAST_LEVEL && last == LAST_LEVEL && !nested) {
                let before = std::mem::replace(&mut self.forgiving, true);
                let hit = self.each_next(rest, std::slice::from_ref(&child), found);
                self.forgiving = before;
                any = hit?;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
            if level < last && nested {
                any = self.deeper(&child, rest, level + 1, (first, last), found)?;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(any)
    }

    /// What a chain finds, with arrays replaced by their elements in lax mode.
    pub(super) fn operand(&mut self, chain: &Chain, item: &Item, unwrap: bool) -> Result<Vec<Item>, Fault> {
        let mut found = Vec::new();
        self.steps(chain, item, &mut Some(&mut found))?;
        if !(unwrap && self.lax) {
            return Ok(found);
        }
        let mut flat = Vec::with_capacity(found.len());
        for item in found {
            match item.as_array() {
                Some(elements) => flat.extend(elements.into_iter().map(Item::Json)),
                None => flat.push(item),
            }
        }
        Ok(flat)
    }

    /// Whether a filter's predicate is true of an item, which is `@` in it.
    fn holds(&mut self, predicate: &Chain, item: &Item) -> Result<bool, Fault> {
        let before = std::mem::replace(&mut self.current, item.clone());
        let truth = test::chain_truth(self, predicate, item);
        self.current = before;
        truth.map(|truth| truth == test::Truth::True)
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        sides: &(Chain, Chain),
        rest: &[Step],
        item: &Item,
        found: &mut Sink<'_>,
    ) -> Found {
        let left = self.operand(&sides.0, item, true)?;
        let right = self.operand(&sides.1, item, true)?;
        let single = |items: &[Item], side: &str| match items {
            [only] if only.as_number().is_some() => Ok(only.as_number().unwrap_or_else(|| Decimal::from_integer(0))),
            _ => soft(
                Kind::SingletonSqlJsonItemRequired,
                format!("{side} operand of jsonpath operator {} is not a single numeric value", operator.symbol()),
            ),
        };
        let left = single(&left, "left")?;
        let right = single(&right, "right")?;
        let answer = match operator {
            Arithmetic::Add => left.add(&right),
            Arithmetic::Subtract => left.subtract(&right),
            Arithmetic::Multiply => left.multiply(&right),
            Arithmetic::Divide => left.divide(&right),
            Arithmetic::Modulo => left.modulo(&right),
        };
        self.next(rest, Item::number(&answer.map_err(Fault::Soft)?), found)
    }

    fn signed(&mut self, operand: &Chain, negative: bool, rest: &[Step], item: &Item, found: &mut Sink<'_>) -> Found {
        let mut any = false;
        for value in self.operand(operand, item, true)? {
            let enough = rest.is_empty() && found.is_none();
            let Some(number) = value.as_number() else {
                if enough {
                    continue;
                }
                let sign = if negative { '-' } else { '+' };
                return soft(
                    Kind::SqlJsonNumberNotFound,
                    format!("operand of unary jsonpath operator {sign} is not a numeric value"),
                );
            };
            let number = if negative { number.negated() } else { number };
            if self.next(rest, Item::number(&number), found)? {
                any = true;
                if found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(any)
    }

    /// `.keyvalue()`: an object for each member.
    fn pairs(&mut self, rest: &[Step], item: &Item, enough: bool, found: &mut Sink<'_>) -> Found {
        let Some(object) = item.as_object() else {
            return soft(Kind::SqlJsonObjectNotFound, "jsonpath item method .keyvalue() can only be applied to an object");
        };
        let members = object.members();
        if members.is_empty() || enough {
            return Ok(!members.is_empty());
        }
        let inside = std::sync::Arc::ptr_eq(&object.source, &self.base.source.source);
        let offset = if inside { layout::offset(&object.source, object.start()) } else { None };
        let id = self.base.id * BASE_DISTANCE + u64::try_from(offset.unwrap_or(0)).unwrap_or(0);
        let mut any = false;
        for (key, value) in members {
            let pair = Part::whole(&format!("{{\"id\": {id}, \"key\": {key}, \"value\": {}}}", value.text()));
            let base = Base { id: self.next_base, source: pair.clone() };
            self.next_base += 1;
            let before = std::mem::replace(&mut self.base, base);
            let hit = self.next(rest, Item::Json(pair), &mut again(found));
            self.base = before;
            any = hit?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        Ok(any)
    }
}

fn measured(method: Method, item: &Item) -> Result<Decimal, Fault> {
    let Some(number) = item.as_number() else {
        return soft(
            Kind::NonNumericSqlJsonItem,
            format!("jsonpath item method .{}() can only be applied to a numeric value", method.name()),
        );
    };
    let answer = match method {
        Method::Abs => Ok(number.absolute()),
        Method::Floor => number.floor(),
        Method::Ceiling => number.ceiling(),
        Method::Size | Method::Type | Method::Double | Method::KeyValue => Ok(number),
    };
    answer.map_err(Fault::Soft)
}

/// `.double()`: a number stays what it is if a `double precision` can hold it; a string is read as one.
fn doubled(item: &Item) -> Result<Decimal, Fault> {
    if let Some(number) = item.as_number() {
        return match crate::value::read_double(&number.to_string()) {
            Ok(_) => Ok(number),
            Err(_) => soft(
                Kind::NonNumericSqlJsonItem,
                "numeric argument of jsonpath item method .double() is out of range for type double precision",
            ),
        };
    }
    let Some(text) = item.as_string() else {
        return soft(
            Kind::NonNumericSqlJsonItem,
            "jsonpath item method .double() can only be applied to a string or numeric value",
        );
    };
    let read = crate::value::read_double(&text).ok().filter(|value| value.is_finite());
    let number = read.and_then(|value| {
        let mut canonical = String::new();
        crate::value::json::canonicalise(&crate::value::double_digits(value), &mut canonical).ok()?;
        Decimal::parse(&canonical)
    });
    match number {
        Some(number) => Ok(number),
        None => soft(
            Kind::NonNumericSqlJsonItem,
            "string argument of jsonpath item method .double() is not a valid representation of a double precision number",
        ),
    }
}

fn moment(template: Option<&str>, item: &Item) -> Result<Moment, Fault> {
    let Some(text) = item.as_string() else {
        return soft(Kind::InvalidSqlJsonDatetime, "jsonpath item method .datetime() can only be applied to a string");
    };
    if let Some(template) = template {
        // A template that is none is never forgiven, a text that does not follow it is where errors are.
        let template = Template::new(template).map_err(Fault::Hard)?;
        return Moment::read(&text, &template).map_err(Fault::Soft);
    }
    Moment::parse(&text).ok_or_else(|| {
        Fault::Soft(
            Error::new(Kind::InvalidSqlJsonDatetime, format!("datetime format is not recognized: \"{text}\""))
                .with_hint("Use a datetime template argument to specify the input data format."),
        )
    })
}
