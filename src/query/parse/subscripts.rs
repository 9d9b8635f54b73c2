//! `UPDATE t SET j['a'][0] = …`: sqlparser reads a plain name before `=`. The subscripts become the arguments of a last part of that
//! name which nobody can type: `j."…"('a', 0)`, which sqlparser's tree does have a place for.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace, Word};

/// The part of a name whose arguments are subscripts.
pub(crate) const SUBSCRIPTS: &str = "\u{1}subscripts";

/// Rewrites the subscripts of all that is assigned to.
pub(super) fn name_targets(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    let mut depth = 0_usize;
    // In which depth of parentheses the SET stands whose targets these are.
    let mut list: Option<usize> = None;
    let mut updates = false;
    let mut begins = false;
    while at < tokens.len() {
        match &tokens[at].token {
            Token::Whitespace(_) => {
                at += 1;
                continue;
            }
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::SemiColon => (list, updates) = (None, false),
            Token::Comma if list == Some(depth) => {
                begins = true;
                at += 1;
                continue;
            }
            Token::Word(word) if word.quote_style.is_none() && list.is_none_or(|own| own == depth) => match word.keyword {
                Keyword::UPDATE => updates = true,
                Keyword::SET if updates => {
                    (list, begins) = (Some(depth), true);
                    at += 1;
                    continue;
                }
                Keyword::WHERE | Keyword::FROM | Keyword::RETURNING => list = None,
                _ if begins => target(tokens, at + 1),
                _ => {}
            },
            Token::Word(_) if begins => target(tokens, at + 1),
            _ => {}
        }
        begins = false;
        at += 1;
    }
}

/// The subscripts that begin here, if there are any.
fn target(tokens: &mut Vec<TokenWithSpan>, from: usize) {
    let Some(first) = next(tokens, from).filter(|at| tokens[*at].token == Token::LBracket) else { return };
    let mut open = first;
    while let Some(end) = closing(tokens, open) {
        match next(tokens, end + 1).filter(|at| tokens[*at].token == Token::LBracket) {
            Some(again) => {
                tokens[end].token = Token::Comma;
                tokens[again].token = Token::Whitespace(Whitespace::Space);
                open = again;
            }
            None => {
                tokens[end].token = Token::RParen;
                let span = tokens[first].span;
                let word = Token::Word(Word { value: SUBSCRIPTS.to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword });
                tokens.splice(first..=first, [Token::Period, word, Token::LParen].map(|token| TokenWithSpan { token, span }));
                return;
            }
        }
    }
}

/// The next token that is no blank.
fn next(tokens: &[TokenWithSpan], from: usize) -> Option<usize> {
    (from..tokens.len()).find(|at| !matches!(tokens[*at].token, Token::Whitespace(_)))
}

/// Where the bracket that opens here closes.
fn closing(tokens: &[TokenWithSpan], open: usize) -> Option<usize> {
    let mut depth = 1_usize;
    (open + 1..tokens.len()).find(|at| {
        match tokens[*at].token {
            Token::LBracket | Token::LParen => depth += 1,
            Token::RBracket | Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}
