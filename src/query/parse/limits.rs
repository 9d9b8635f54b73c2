//! Limits that are checked on tokens, before a parser recurses: a flat chain of thousands of operators builds a tree whose clone and
//! drop overflow the stack, which aborts the whole process, not only the statement.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::{Error, Kind, Result};

/// Binary operators in one chain: between two commas, semicolons or at one depth of parentheses. DataFusion writes the name of each link
/// out anew to find the type of the next, so planning n links takes n³ steps.
pub(super) const CHAIN_MAX: usize = 300;
/// Tokens of one text. Bulk data belongs into COPY.
pub(super) const TOKENS_MAX: usize = 1_000_000;
/// UNION, INTERSECT and EXCEPT in one statement.
pub(super) const SET_OPERATIONS_MAX: usize = 200;
/// `NAMEDATALEN` less the byte that ends it.
const NAME_BYTES_MAX: usize = 63;
/// CASE expressions inside one another.
const CASES_MAX: usize = 100;
/// Open parentheses at one place.
pub(super) const PARENTHESES_MAX: usize = 400;

/// Refuses a text whose tree would be too deep or too large.
///
/// # Errors
/// 54001 naming the limit.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Result<()> {
    if tokens.len() > TOKENS_MAX {
        return Err(too_complex(format!("a statement may hold at most {TOKENS_MAX} tokens"), "Send bulk data with COPY."));
    }
    let mut chains = vec![0_usize];
    let mut set_operations = 0_usize;
    let mut cases = 0_usize;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => {}
            Token::LParen | Token::LBracket => {
                chains.push(0);
                if chains.len() > PARENTHESES_MAX {
                    return Err(too_complex("stack depth limit exceeded".to_owned(), "Use fewer nested parentheses."));
                }
            }
            Token::RParen | Token::RBracket if chains.len() > 1 => {
                chains.pop();
            }
            Token::SemiColon => {
                chains = vec![0];
                cases = 0;
                set_operations = 0;
            }
            Token::Comma => reset(&mut chains),
            Token::Word(word) => match word.keyword {
                Keyword::AND | Keyword::OR | Keyword::AT | Keyword::NOT | Keyword::COLLATE => grow(&mut chains)?,
                // The parser would take the innermost of too many for a name, and complain of that.
                Keyword::CASE => {
                    cases += 1;
                    reset(&mut chains);
                    if cases > CASES_MAX {
                        return Err(too_complex("stack depth limit exceeded".to_owned(), "Use fewer nested CASE expressions."));
                    }
                }
                Keyword::END => cases = cases.saturating_sub(1),
                Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => {
                    set_operations += 1;
                    if set_operations > SET_OPERATIONS_MAX {
                        return Err(too_complex(
                            format!("a statement may combine at most {SET_OPERATIONS_MAX} queries"),
                            "Use VALUES, IN or a reference table.",
                        ));
                    }
                    reset(&mut chains);
                }
                Keyword::SELECT | Keyword::FROM | Keyword::WHERE | Keyword::WHEN | Keyword::THEN => reset(&mut chains),
                _ => {}
            },
            Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::StringConcat
            | Token::Arrow
            | Token::LongArrow
            | Token::HashArrow
            | Token::HashLongArrow
            | Token::HashMinus
            | Token::Caret
            | Token::Sharp
            | Token::ShiftLeft
            | Token::ShiftRight
            | Token::Ampersand
            | Token::Pipe
            | Token::DoubleColon => grow(&mut chains)?,
            _ => {}
        }
    }
    Ok(())
}

/// Cuts identifiers to the 63 bytes that PostgreSQL keeps of them.
pub(super) fn cut_names(tokens: &mut [TokenWithSpan]) {
    for token in tokens {
        if let Token::Word(word) = &mut token.token
            && word.value.len() > NAME_BYTES_MAX
        {
            let end = (0..=NAME_BYTES_MAX).rev().find(|end| word.value.is_char_boundary(*end)).unwrap_or(0);
            word.value.truncate(end);
        }
    }
}

/// The first number that runs on into something else: `1_000` and `123abc` are none.
pub(super) fn junk(tokens: &[TokenWithSpan]) -> Option<(&TokenWithSpan, String)> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let Token::Number(number, long) = &token.token else { return None };
        match tokens.get(at + 1).map(|next| &next.token) {
            _ if number.contains('_') || *long => Some((token, number.clone())),
            Some(Token::Word(word)) if word.quote_style.is_none() => Some((token, format!("{number}{}", word.value))),
            _ => None,
        }
    })
}

fn reset(chains: &mut [usize]) {
    if let Some(chain) = chains.last_mut() {
        *chain = 0;
    }
}

fn grow(chains: &mut [usize]) -> Result<()> {
    if let Some(chain) = chains.last_mut() {
        *chain += 1;
        if *chain > CHAIN_MAX {
            return Err(too_complex(
                format!("stack depth limit exceeded: more than {CHAIN_MAX} operators in one chain"),
                "Use IN (...) or a reference table in place of long chains.",
            ));
        }
    }
    Ok(())
}

fn too_complex(message: String, hint: &str) -> Error {
    Error::new(Kind::StatementTooComplex, message).with_hint(hint)
}
