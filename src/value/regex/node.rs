//! A regular expression as a tree, what each part of it prefers, and how the `regex` crate would write it.

use super::class::Class;

/// What a place must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
    /// The start of a line.
    LineStart,
    /// The end of a line.
    LineEnd,
    WordStart,
    WordEnd,
    WordBoundary,
    NoWordBoundary,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Empty,
    One(Class),
    Place(Place),
    Look {
        inner: Box<Node>,
        ahead: bool,
        negated: bool,
    },
    Group {
        inner: Box<Node>,
        number: Option<usize>,
    },
    Concat(Vec<Node>),
    Either(Vec<Node>),
    /// `exact` is `{m}`, which leaves the preference to what is repeated, as `{m,m}` does not.
    Repeat {
        inner: Box<Node>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        exact: bool,
    },
    /// What a group has matched.
    Again(usize),
}

/// Which of several matches is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preference {
    Longest,
    Shortest,
}

impl Node {
    /// Whether it takes as much or as little as it can; `None` for what has no choice (section 9.7.3.5).
    pub(super) fn preference(&self) -> Option<Preference> {
        match self {
            Node::Empty | Node::One(_) | Node::Place(_) | Node::Look { .. } | Node::Again(_) => None,
            Node::Group { inner, .. } => inner.preference(),
            Node::Concat(parts) => parts.iter().find_map(Node::preference),
            Node::Either(_) => Some(Preference::Longest),
            Node::Repeat { inner, exact: true, .. } => inner.preference(),
            Node::Repeat { greedy, .. } => Some(if *greedy { Preference::Longest } else { Preference::Shortest }),
        }
    }

    /// Whether some part of it satisfies the test.
    pub(super) fn any(&self, test: &dyn Fn(&Node) -> bool) -> bool {
        test(self)
            || match self {
                Node::Empty | Node::One(_) | Node::Place(_) | Node::Again(_) => false,
                Node::Look { inner, .. } | Node::Group { inner, .. } | Node::Repeat { inner, .. } => inner.any(test),
                Node::Concat(parts) | Node::Either(parts) => parts.iter().any(|part| part.any(test)),
            }
    }

    /// Appends it in the syntax of the `regex` crate, which finds the same places; `None` where that has no equal.
    pub(super) fn translate(&self, out: &mut String) -> Option<()> {
        match self {
            Node::Empty => out.push_str("(?:)"),
            Node::One(class) => class.translate(out)?,
            Node::Place(place) => out.push_str(match place {
                Place::Start => "\\A",
                Place::End => "\\z",
                Place::LineStart => "(?m:^)",
                Place::LineEnd => "(?m:$)",
                // What a word is differs in small ways.
                Place::WordStart | Place::WordEnd | Place::WordBoundary | Place::NoWordBoundary => return None,
            }),
            Node::Look { .. } | Node::Again(_) => return None,
            Node::Group { inner, .. } => {
                out.push_str("(?:");
                inner.translate(out)?;
                out.push(')');
            }
            Node::Concat(parts) => parts.iter().try_for_each(|part| part.translate(out))?,
            Node::Either(parts) => {
                out.push_str("(?:");
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        out.push('|');
                    }
                    part.translate(out)?;
                }
                out.push(')');
            }
            Node::Repeat { inner, min, max, greedy, exact: _ } => {
                out.push_str("(?:");
                inner.translate(out)?;
                out.push(')');
                match (min, max) {
                    (0, None) => out.push('*'),
                    (1, None) => out.push('+'),
                    (0, Some(1)) => out.push('?'),
                    (min, None) => out.push_str(&format!("{{{min},}}")),
                    (min, Some(max)) => out.push_str(&format!("{{{min},{max}}}")),
                }
                if !greedy {
                    out.push('?');
                }
            }
        }
        Some(())
    }
}
