//! Expressions of PostgreSQL's that sqlparser does not read, or reads with another extent, at the places where its dialect may look
//! ahead: behind an operand, and where an operand begins.
//!
//! Two of them have no place in sqlparser's tree, and stand in it as a call or a name that nobody can type, until
//! `plan::written` takes them out: `ORDER BY x USING >` as [`ORDERED_USING`], and a SELECT list without columns as [`NO_COLUMNS`].

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval,
    ObjectName, Value,
};
use datafusion::sql::sqlparser::dialect::{Dialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace, Word};

/// The call that stands for `x USING operator` in an ORDER BY: of the value and the operator's name.
pub(crate) const ORDERED_USING: &str = "\u{1}ordered using";

/// The one column of a SELECT list that has none.
pub(crate) const NO_COLUMNS: &str = "\u{1}no columns";

/// The function in FROM that `ROWS FROM (…)` is.
pub(crate) const ROWS_FROM: &str = "\u{1}rows from";

const DIVIDED_BY_FROM: [&str; 4] = ["extract", "substring", "trim", "overlay"];

type Read<T> = Result<T, ParserError>;

/// How strongly the next token binds, where sqlparser does not know it for an operator.
pub(super) fn precedence(parser: &Parser<'_>) -> Option<u8> {
    // Nothing else that follows a whole expression begins so.
    (keyword(parser, 0) == Keyword::USING && ordering_operator(&parser.peek_nth_token_ref(1).token).is_some()).then_some(1)
}

/// What follows an operand.
pub(super) fn infix(dialect: &dyn Dialect, parser: &mut Parser<'_>, operand: &Expr) -> Option<Read<Expr>> {
    let negated = keyword(parser, 0) == Keyword::NOT;
    let at = usize::from(negated);
    let (first, second) = (keyword(parser, at), keyword(parser, at + 1));
    match first {
        // A second COLLATE behind the first, which sqlparser looks for once only.
        Keyword::COLLATE => {
            parser.advance_token();
            let collated = |collation| Expr::Collate { expr: Box::new(operand.clone()), collation };
            Some(parser.parse_object_name(false).map(collated))
        }
        Keyword::BETWEEN if matches!(second, Keyword::SYMMETRIC | Keyword::ASYMMETRIC) => {
            skip(parser, at + 2);
            Some(between(dialect, parser, operand, negated, second == Keyword::SYMMETRIC))
        }
        Keyword::LIKE | Keyword::ILIKE if matches!(second, Keyword::ANY | Keyword::SOME | Keyword::ALL) => {
            skip(parser, at + 2);
            let op = match (first, negated) {
                (Keyword::LIKE, false) => BinaryOperator::PGLikeMatch,
                (Keyword::LIKE, true) => BinaryOperator::PGNotLikeMatch,
                (_, false) => BinaryOperator::PGILikeMatch,
                (_, true) => BinaryOperator::PGNotILikeMatch,
            };
            Some(of_many(parser, operand, op, second == Keyword::ALL))
        }
        Keyword::IS => distinct(dialect, parser, operand),
        Keyword::USING => {
            let operator = ordering_operator(&parser.peek_nth_token_ref(1).token)?;
            skip(parser, 2);
            let operator = Expr::value(Value::SingleQuotedString(operator.to_owned()));
            Some(Ok(call(ORDERED_USING, vec![operand.clone(), operator])))
        }
        _ => None,
    }
}

/// `CURRENT_ROLE`, which sqlparser does not know among the functions that are called without parentheses.
pub(super) fn current_role(parser: &mut Parser<'_>) -> Option<Expr> {
    let word = match &parser.peek_token_ref().token {
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("current_role") => word.clone(),
        _ => return None,
    };
    parser.advance_token();
    Some(Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(word.value)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::None,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    }))
}

/// What an operand begins with.
pub(super) fn prefix(parser: &mut Parser<'_>) -> Option<Expr> {
    precise_interval(parser).or_else(|| no_columns(parser))
}

/// `interval(2) '…'`, of which sqlparser drops the number.
fn precise_interval(parser: &mut Parser<'_>) -> Option<Expr> {
    if keyword(parser, 0) != Keyword::INTERVAL || parser.peek_nth_token_ref(1).token != Token::LParen {
        return None;
    }
    let (Token::Number(digits, _), Token::RParen, Token::SingleQuotedString(text)) =
        (&parser.peek_nth_token_ref(2).token, &parser.peek_nth_token_ref(3).token, &parser.peek_nth_token_ref(4).token)
    else {
        return None;
    };
    let (digits, text) = (digits.parse().ok()?, text.clone());
    skip(parser, 5);
    Some(Expr::Interval(Interval {
        value: Box::new(Expr::value(Value::SingleQuotedString(text))),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: Some(digits),
    }))
}

/// A SELECT list without columns, before which sqlparser looks for FROM only.
fn no_columns(parser: &Parser<'_>) -> Option<Expr> {
    let before = (0..=parser.get_current_index()).rev().map(|at| &parser.token_at(at).token);
    let before = before.into_iter().find(|token| !matches!(token, Token::Whitespace(_)));
    if !matches!(before, Some(Token::Word(word)) if word.keyword == Keyword::SELECT && word.quote_style.is_none()) {
        return None;
    }
    let over = match &parser.peek_token_ref().token {
        Token::EOF | Token::SemiColon | Token::RParen => true,
        // FROM behind an empty list sqlparser knows itself.
        Token::Word(word) => word.keyword != Keyword::FROM && goes_on(word.keyword),
        _ => false,
    };
    over.then(|| Expr::Identifier(Ident::with_quote('"', NO_COLUMNS)))
}

/// Whether a word begins what follows a SELECT list.
fn goes_on(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::WINDOW
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::OFFSET
            | Keyword::FETCH
            | Keyword::FOR
            | Keyword::INTO
    )
}

fn keyword(parser: &Parser<'_>, at: usize) -> Keyword {
    match &parser.peek_nth_token_ref(at).token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn skip(parser: &mut Parser<'_>, tokens: usize) {
    for _ in 0..tokens {
        parser.advance_token();
    }
}

fn ordering_operator(token: &Token) -> Option<&'static str> {
    Some(match token {
        Token::Lt => "<",
        Token::Gt => ">",
        Token::LtEq => "<=",
        Token::GtEq => ">=",
        Token::Eq => "=",
        Token::Neq => "<>",
        _ => return None,
    })
}

/// `x BETWEEN SYMMETRIC a AND b`, which is true between either pair of bounds; PostgreSQL's grammar makes the same of it.
fn between(dialect: &dyn Dialect, parser: &mut Parser<'_>, operand: &Expr, negated: bool, symmetric: bool) -> Read<Expr> {
    let binding = dialect.prec_value(Precedence::Between);
    let one = parser.parse_subexpr(binding)?;
    parser.expect_keyword(Keyword::AND)?;
    let other = parser.parse_subexpr(binding)?;
    let within = |low: &Expr, high: &Expr| Expr::Between {
        expr: Box::new(operand.clone()),
        negated,
        low: Box::new(low.clone()),
        high: Box::new(high.clone()),
    };
    if !symmetric {
        return Ok(within(&one, &other));
    }
    let op = if negated { BinaryOperator::And } else { BinaryOperator::Or };
    let either = Expr::BinaryOp { left: Box::new(within(&one, &other)), op, right: Box::new(within(&other, &one)) };
    Ok(Expr::Nested(Box::new(either)))
}

/// `x LIKE ANY (array)` and its like; a query there is read as one.
fn of_many(parser: &mut Parser<'_>, operand: &Expr, compare_op: BinaryOperator, all: bool) -> Read<Expr> {
    parser.expect_token(&Token::LParen)?;
    let right = if matches!(keyword(parser, 0), Keyword::SELECT | Keyword::WITH | Keyword::VALUES) {
        Expr::Subquery(parser.parse_query()?)
    } else {
        parser.parse_expr()?
    };
    parser.expect_token(&Token::RParen)?;
    let (left, right) = (Box::new(operand.clone()), Box::new(right));
    Ok(if all { Expr::AllOp { left, compare_op, right } } else { Expr::AnyOp { left, compare_op, right, is_some: false } })
}

/// `a IS [NOT] DISTINCT FROM b`, whose `b` ends before AND: sqlparser reads on as far as it can.
fn distinct(dialect: &dyn Dialect, parser: &mut Parser<'_>, operand: &Expr) -> Option<Read<Expr>> {
    let negated = keyword(parser, 1) == Keyword::NOT;
    let at = 1 + usize::from(negated);
    if keyword(parser, at) != Keyword::DISTINCT || keyword(parser, at + 1) != Keyword::FROM {
        return None;
    }
    skip(parser, at + 2);
    Some(parser.parse_subexpr(dialect.prec_value(Precedence::Is)).map(|other| {
        let (left, right) = (Box::new(operand.clone()), Box::new(other));
        if negated { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) }
    }))
}

/// Makes `ROWS FROM (` behind FROM, a comma or JOIN one function's name, as PostgreSQL's own scanner joins words that it must read
/// together. `rows FROM (SELECT` is a column's name before FROM.
pub(super) fn join_words(tokens: &mut [TokenWithSpan]) {
    let words: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_))).collect();
    let is = |token: &Token, keyword: Keyword| matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none());
    for run in words.windows(6) {
        let [before, rows, from, open, function, inner] = [0, 1, 2, 3, 4, 5].map(|at| &tokens[run[at]].token);
        let in_from =
            is(before, Keyword::FROM) || is(before, Keyword::JOIN) || is(before, Keyword::LATERAL) || *before == Token::Comma;
        let calls = matches!(function, Token::Word(word) if word.keyword != Keyword::SELECT)
            && matches!(inner, Token::LParen | Token::Period);
        if in_from && is(rows, Keyword::ROWS) && is(from, Keyword::FROM) && *open == Token::LParen && calls {
            tokens[run[1]].token =
                Token::Word(Word { value: ROWS_FROM.to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword });
            tokens[run[2]].token = Token::Whitespace(Whitespace::Space);
        }
    }
}

/// Leaves `FOR UPDATE` of `FOR NO KEY UPDATE`, and `FOR SHARE` of `FOR KEY SHARE`: whole tables are locked, so no lock is weaker.
pub(super) fn shorten_locks(tokens: &mut [TokenWithSpan]) {
    let words: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_))).collect();
    for at in 0..words.len() {
        let keyword = |further: usize| match words.get(at + further).map(|at| &tokens[*at].token) {
            Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
            Some(_) | None => Keyword::NoKeyword,
        };
        let left_out = match (keyword(0), keyword(1), keyword(2), keyword(3)) {
            (Keyword::FOR, Keyword::NO, Keyword::KEY, Keyword::UPDATE) => 2,
            (Keyword::FOR, Keyword::KEY, Keyword::SHARE, _) => 1,
            _ => continue,
        };
        for further in 1..=left_out {
            tokens[words[at + further]].token = Token::Whitespace(Whitespace::Space);
        }
    }
}

/// Writes the query `TABLE t` out as `SELECT * FROM t`, of which sqlparser reads the bare form only where nothing follows, and leaves out
/// ONLY in front of a table, which says nothing where no table has heirs.
pub(super) fn write_out_tables(tokens: &mut Vec<TokenWithSpan>) {
    let words: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_))).collect();
    let mut written = Vec::new();
    for (at, place) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[words[before]].token);
        let named = words.get(at + 1).is_some_and(|next| match &tokens[*next].token {
            // `SELECT 1 AS table FROM` is no query in a query.
            Token::Word(word) => word.quote_style.is_some() || !goes_on(word.keyword),
            _ => false,
        });
        match &tokens[*place].token {
            Token::Word(word) if named && word.quote_style.is_none() => match word.keyword {
                Keyword::TABLE if begins_query(before) || is_inserted(tokens, &words[..at]) => written.push((*place, true)),
                Keyword::ONLY if stands_before_table(before) => written.push((*place, false)),
                _ => {}
            },
            _ => {}
        }
    }
    for (place, query) in written.into_iter().rev() {
        let span = tokens[place].span;
        let word = |value: &str, keyword| Token::Word(Word { value: value.to_owned(), quote_style: None, keyword });
        let instead = match query {
            true => vec![word("SELECT", Keyword::SELECT), Token::Mul, word("FROM", Keyword::FROM)],
            false => vec![Token::Whitespace(Whitespace::Space)],
        };
        tokens.splice(place..=place, instead.into_iter().map(|token| TokenWithSpan { token, span }));
    }
}

/// Leaves out the `*` behind a table's name, which asks for the table's heirs, of which it has none.
pub(super) fn leave_out_stars(tokens: &mut [TokenWithSpan]) {
    let words: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_))).collect();
    let mut stars = Vec::new();
    for at in 0..words.len() {
        let token = |at: usize| words.get(at).map(|at| &tokens[*at].token);
        let keyword = |at: usize| match token(at) {
            Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
            Some(_) | None => Keyword::NoKeyword,
        };
        let before_table = match keyword(at) {
            // `a IS DISTINCT FROM b * c` and `extract(year FROM a * b)` multiply.
            Keyword::FROM => at.checked_sub(1).map(keyword) != Some(Keyword::DISTINCT) && !is_argument(tokens, &words[..at]),
            Keyword::JOIN | Keyword::UPDATE | Keyword::USING => true,
            _ => false,
        };
        let mut next = at + 1;
        while before_table && matches!(token(next), Some(Token::Word(_))) {
            next += 1;
            while token(next) == Some(&Token::Period) && matches!(token(next + 1), Some(Token::Word(_))) {
                next += 2;
            }
            if token(next) == Some(&Token::Mul) {
                stars.push(words[next]);
                next += 1;
            }
            // The next table of a list stands behind the alias of this one.
            next += usize::from(keyword(next) == Keyword::AS);
            next += usize::from(matches!(token(next), Some(Token::Word(_))));
            if token(next) != Some(&Token::Comma) {
                break;
            }
            next += 1;
        }
    }
    for star in stars {
        tokens[star].token = Token::Whitespace(Whitespace::Space);
    }
}

/// Whether what follows stands in the parentheses of a function whose arguments FROM divides.
fn is_argument(tokens: &[TokenWithSpan], before: &[usize]) -> bool {
    let mut closed = 0;
    for (at, place) in before.iter().enumerate().rev() {
        match &tokens[*place].token {
            Token::RParen => closed += 1,
            Token::LParen if closed == 0 => {
                let function = at.checked_sub(1).map(|function| &tokens[before[function]].token);
                return matches!(function, Some(Token::Word(word)) if DIVIDED_BY_FROM.iter().any(|name| word.value.eq_ignore_ascii_case(name)));
            }
            Token::LParen => closed -= 1,
            Token::SemiColon if closed == 0 => return false,
            _ => {}
        }
    }
    false
}

/// Whether a query may begin behind a token.
fn begins_query(before: Option<&Token>) -> bool {
    match before {
        None | Some(Token::SemiColon | Token::LParen | Token::RParen) => true,
        Some(Token::Word(word)) if word.quote_style.is_none() => matches!(
            word.keyword,
            Keyword::AS
                | Keyword::UNION
                | Keyword::INTERSECT
                | Keyword::EXCEPT
                | Keyword::ALL
                | Keyword::DISTINCT
                | Keyword::FOR
                | Keyword::EXPLAIN
                | Keyword::ANALYZE
                | Keyword::VERBOSE
        ),
        Some(_) => false,
    }
}

/// Whether what stands before is `INSERT INTO` with the table's name and no columns.
fn is_inserted(tokens: &[TokenWithSpan], before: &[usize]) -> bool {
    let mut before = before.iter().rev().map(|at| &tokens[*at].token);
    let is = |token: Option<&Token>, keyword: Keyword| matches!(token, Some(Token::Word(word)) if word.keyword == keyword && word.quote_style.is_none());
    if !matches!(before.next(), Some(Token::Word(_))) {
        return false;
    }
    let mut token = before.next();
    while token == Some(&Token::Period) {
        token = before.nth(1);
    }
    is(token, Keyword::INTO) && is(before.next(), Keyword::INSERT)
}

fn stands_before_table(before: Option<&Token>) -> bool {
    match before {
        Some(Token::Comma) => true,
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            matches!(word.keyword, Keyword::FROM | Keyword::JOIN | Keyword::UPDATE | Keyword::USING)
                || word.keyword == Keyword::TABLE
        }
        Some(_) | None => false,
    }
}

/// The call that stands for what sqlparser's tree has no place for.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::with_quote('"', name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: vec![] }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
