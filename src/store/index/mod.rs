//! Which pages of a segment can hold what is looked for? An index prunes and never decides: with or without it every answer is the same.

pub mod text;
