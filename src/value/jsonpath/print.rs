//! Writes a path in the form that PostgreSQL's output function gives it.

use std::fmt;

use super::{Chain, LAST_LEVEL, Path, RegexFlags, Step};
use crate::value::json::string::write_string;

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        if !self.lax {
            out.push_str("strict ");
        }
        write_chain(&self.chain, true, &mut out);
        f.write_str(&out)
    }
}

/// How tightly the operator of a chain's first step binds.
fn priority(chain: &Chain) -> u8 {
    match chain.first() {
        Some(Step::Or(_)) => 0,
        Some(Step::And(_)) => 1,
        Some(Step::Compare(..) | Step::StartsWith(_)) => 2,
        Some(Step::Arithmetic(operator, _)) => match operator {
            super::Arithmetic::Add | super::Arithmetic::Subtract => 3,
            super::Arithmetic::Multiply | super::Arithmetic::Divide | super::Arithmetic::Modulo => 4,
        },
        Some(Step::Negate(_) | Step::Affirm(_)) => 5,
        Some(_) | None => 6,
    }
}

fn write_chain(chain: &Chain, brackets: bool, out: &mut String) {
    for (at, step) in chain.iter().enumerate() {
        let last = at + 1 == chain.len();
        // What follows the first step is an accessor, and never bracketed.
        write_step(step, at > 0, brackets || at > 0, last, out);
    }
}

fn write_binary(sides: &(Chain, Chain), operator: &str, own: u8, brackets: bool, out: &mut String) {
    if brackets {
        out.push('(');
    }
    write_chain(&sides.0, priority(&sides.0) <= own, out);
    out.push(' ');
    out.push_str(operator);
    out.push(' ');
    write_chain(&sides.1, priority(&sides.1) <= own, out);
    if brackets {
        out.push(')');
    }
}

fn write_unary(sign: char, operand: &Chain, brackets: bool, out: &mut String) {
    if brackets {
        out.push('(');
    }
    out.push(sign);
    write_chain(operand, priority(operand) <= 5, out);
    if brackets {
        out.push(')');
    }
}

fn write_step(step: &Step, accessor: bool, brackets: bool, last: bool, out: &mut String) {
    match step {
        Step::Null => out.push_str("null"),
        Step::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Step::Number(number) if last => out.push_str(number),
        Step::Number(number) => {
            out.push('(');
            out.push_str(number);
            out.push(')');
        }
        Step::String(text) => write_string(text, out),
        Step::Variable(name) => {
            out.push('$');
            write_string(name, out);
        }
        Step::Root => out.push('$'),
        Step::Current => out.push('@'),
        Step::Last => out.push_str("last"),
        Step::Compare(operator, sides) => write_binary(sides, operator.symbol(), 2, brackets, out),
        Step::And(sides) => write_binary(sides, "&&", 1, brackets, out),
        Step::Or(sides) => write_binary(sides, "||", 0, brackets, out),
        Step::StartsWith(sides) => write_binary(sides, "starts with", 2, brackets, out),
        Step::Arithmetic(operator, sides) => {
            let own = match operator {
                super::Arithmetic::Add | super::Arithmetic::Subtract => 3,
                super::Arithmetic::Multiply | super::Arithmetic::Divide | super::Arithmetic::Modulo => 4,
            };
            write_binary(sides, operator.symbol(), own, brackets, out);
        }
        Step::Negate(operand) => write_unary('-', operand, brackets, out),
        Step::Affirm(operand) => write_unary('+', operand, brackets, out),
        Step::Not(inner) => within("!(", inner, ")", out),
        Step::IsUnknown(inner) => within("(", inner, ") is unknown", out),
        Step::Exists(inner) => within("exists (", inner, ")", out),
        Step::Filter(inner) => within("?(", inner, ")", out),
        Step::LikeRegex { text, expression } => {
            if brackets {
                out.push('(');
            }
            write_chain(text, priority(text) <= 6, out);
            out.push_str(" like_regex ");
            write_string(&expression.written, out);
            write_flags(expression.flags, out);
            if brackets {
                out.push(')');
            }
        }
        Step::Key(name) => {
            if accessor {
                out.push('.');
            }
            write_string(name, out);
        }
        Step::AnyKey => out.push_str(".*"),
        Step::AnyElement => out.push_str("[*]"),
        Step::Elements(subscripts) => write_subscripts(subscripts, out),
        Step::AnyLevel { first, last } => write_levels(*first, *last, out),
        Step::Method(method) => {
            out.push('.');
            out.push_str(method.name());
            out.push_str("()");
        }
        Step::Datetime(template) => {
            out.push_str(".datetime(");
            if let Some(template) = template {
                write_string(template, out);
            }
            out.push(')');
        }
    }
}

fn within(before: &str, inner: &Chain, after: &str, out: &mut String) {
    out.push_str(before);
    write_chain(inner, false, out);
    out.push_str(after);
}

fn write_flags(flags: RegexFlags, out: &mut String) {
    if flags == RegexFlags::default() {
        return;
    }
    out.push_str(" flag \"");
    let letters =
        [(flags.ignore_case, 'i'), (flags.dot_all, 's'), (flags.multiline, 'm'), (flags.expanded, 'x'), (flags.quote, 'q')];
    for (set, letter) in letters {
        if set {
            out.push(letter);
        }
    }
    out.push('"');
}

fn write_subscripts(subscripts: &[(Chain, Option<Chain>)], out: &mut String) {
    out.push('[');
    for (at, (from, to)) in subscripts.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_chain(from, false, out);
        if let Some(to) = to {
            out.push_str(" to ");
            write_chain(to, false, out);
        }
    }
    out.push(']');
}

fn write_levels(first: u32, last: u32, out: &mut String) {
    out.push_str(".**");
    let level = |level: u32| if level == LAST_LEVEL { "last".to_owned() } else { level.to_string() };
    if (first, last) == (0, LAST_LEVEL) {
        return;
    }
    if first == last {
        out.push_str(&format!("{{{}}}", level(first)));
    } else {
        out.push_str(&format!("{{{} to {}}}", level(first), level(last)));
    }
}
