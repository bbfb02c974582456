//! Expressions and statements, parsed.

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Statement {
    /// `assert expression, message`
    Assert { what: Expr, message: Option<Expr>, text: String },
    /// `name = expression`, or `name += expression` as a binary operation.
    Assign(String, Expr),
    /// An expression for its effect: `print(x)`.
    Evaluate(Expr),
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Expr {
    Integer(i128),
    Float(f64),
    Text(String),
    Name(String),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `a < b <= c`
    Chain(Box<Expr>, Vec<(&'static str, Expr)>),
    Call(String, Vec<Expr>),
    Tuple(Vec<Expr>),
}

/// Binary operators from the loosest to the tightest; comparisons stand between `not` and `|`.
const LEVELS: &[&[&str]] = &[&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "//", "/", "%"]];
const COMPARISONS: &[&str] = &["==", "!=", "<=", ">=", "<", ">"];
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "//=", "==", "!=", "<=", ">=", "<<", ">>", "//", "**", "+=", "-=", "*=", "|=", "&=", "%=", "/=", "<",
    ">", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "(", ")", "[", "]", "{", "}", ",", ":", ".",
];
const MAX_DEPTH: usize = 64;

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Number(String),
    Text(String),
    Name(String),
    Operator(&'static str),
}

/// The statements of a block, or what is not understood.
pub(crate) fn parse(code: &str) -> Result<Vec<Statement>, String> {
    let joined = code.replace("\\\n", " ");
    let mut statements = Vec::new();
    let mut first_indent = None;
    for line in logical_lines(&joined) {
        let tokens = tokens(&line)?;
        if tokens.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        // The first line's indentation was cut off in front of the code: the second line's counts.
        if statements.is_empty() || *first_indent.get_or_insert(indent) == indent {
            for part in tokens.split(|token| *token == Token::Name(";".to_owned())) {
                if !part.is_empty() {
                    statements.push(statement(part)?);
                }
            }
        } else {
            return Err("indented blocks are not supported".to_owned());
        }
    }
    Ok(statements)
}

/// Lines, joined while a bracket is open.
fn logical_lines(code: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut depth = 0i32;
    for line in code.lines() {
        let bare = without_comment(line);
        match lines.last_mut() {
            Some(last) if depth > 0 => last.push_str(bare),
            _ => lines.push(bare.to_owned()),
        }
        depth += bare.matches(['(', '[']).count() as i32 - bare.matches([')', ']']).count() as i32;
    }
    lines
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (i, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') => return &line[..i],
            _ => {}
        }
    }
    line
}

fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(c) = rest.chars().next() {
        let len;
        if c.is_ascii_digit() {
            len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'.' || *b == b'_').count();
            found.push(Token::Number(rest[..len].to_owned()));
        } else if c.is_ascii_alphabetic() || c == '_' {
            len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            found.push(Token::Name(rest[..len].to_owned()));
        } else if c == '\'' || c == '"' {
            let end = rest[1..].find(c).ok_or("a string is never closed")?;
            len = end + 2;
            found.push(Token::Text(rest[1..=end].to_owned()));
        } else if c == ';' {
            len = 1;
            found.push(Token::Name(";".to_owned()));
        } else {
            let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
            let operator = operator.ok_or_else(|| format!("`{c}` is not understood"))?;
            len = operator.len();
            found.push(Token::Operator(operator));
        }
        rest = rest[len..].trim_start();
    }
    Ok(found)
}

fn statement(tokens: &[Token]) -> Result<Statement, String> {
    let mut reader = Reader { tokens, at: 0, depth: 0 };
    if let [Token::Name(keyword), ..] = tokens {
        match keyword.as_str() {
            "assert" => {
                reader.at = 1;
                let what = reader.expression()?;
                let text = spell(&tokens[1..reader.at]);
                let message = if reader.takes(",") { Some(reader.expression()?) } else { None };
                reader.end()?;
                return Ok(Statement::Assert { what, message, text });
            }
            "if" | "for" | "while" | "def" | "import" | "from" | "class" | "try" | "with" | "lambda" | "del"
            | "global" => {
                return Err(format!("`{keyword}` is not supported"));
            }
            _ => {}
        }
    }
    if let [Token::Name(name), Token::Operator(operator), ..] = tokens
        && operator.ends_with('=')
        && !COMPARISONS.contains(operator)
    {
        reader.at = 2;
        let value = reader.expression()?;
        reader.end()?;
        let value = match operator.strip_suffix('=').filter(|operator| !operator.is_empty()) {
            None => value,
            Some(operator) => {
                let operator = OPERATORS.iter().find(|known| *known == &operator).ok_or("an operator is not known")?;
                Expr::Binary(operator, Box::new(Expr::Name(name.clone())), Box::new(value))
            }
        };
        return Ok(Statement::Assign(name.clone(), value));
    }
    let value = reader.expression()?;
    reader.end()?;
    Ok(Statement::Evaluate(value))
}

fn spell(tokens: &[Token]) -> String {
    let words: Vec<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Number(text) | Token::Name(text) => text.clone(),
            Token::Text(text) => format!("'{text}'"),
            Token::Operator(operator) => (*operator).to_owned(),
        })
        .collect();
    words.join(" ").replace("( ", "(").replace(" )", ")")
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn operator(&self) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) => Some(operator),
            _ => None,
        }
    }
    fn takes(&mut self, operator: &str) -> bool {
        let found = self.operator() == Some(operator);
        self.at += usize::from(found);
        found
    }
    fn takes_name(&mut self, name: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Name(found)) if found == name);
        self.at += usize::from(found);
        found
    }
    fn end(&self) -> Result<(), String> {
        match self.tokens.get(self.at) {
            None => Ok(()),
            Some(token) => Err(format!("`{}` is not understood here", spell(std::slice::from_ref(token)))),
        }
    }

    fn expression(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("an expression nests too deeply".to_owned());
        }
        let mut left = self.conjunction()?;
        while self.takes_name("or") {
            left = Expr::Binary("or", Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }
    fn conjunction(&mut self) -> Result<Expr, String> {
        let mut left = self.negation()?;
        while self.takes_name("and") {
            left = Expr::Binary("and", Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }
    fn negation(&mut self) -> Result<Expr, String> {
        let mut times = 0;
        while self.takes_name("not") {
            times += 1;
        }
        let inner = self.comparison()?;
        Ok((0..times).fold(inner, |inner, _| Expr::Unary("not", Box::new(inner))))
    }
    fn comparison(&mut self) -> Result<Expr, String> {
        let first = self.level(0)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator().filter(|operator| COMPARISONS.contains(operator)) {
            self.at += 1;
            rest.push((operator, self.level(0)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }
    fn level(&mut self, level: usize) -> Result<Expr, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator().filter(|operator| operators.contains(operator)) {
            self.at += 1;
            left = Expr::Binary(operator, Box::new(left), Box::new(self.level(level + 1)?));
        }
        Ok(left)
    }
    fn unary(&mut self) -> Result<Expr, String> {
        match self.operator() {
            Some(operator @ ("-" | "~" | "+")) => {
                self.at += 1;
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("an expression nests too deeply".to_owned());
                }
                let inner = self.unary()?;
                self.depth -= 1;
                Ok(Expr::Unary(operator, Box::new(inner)))
            }
            _ => self.primary(),
        }
    }
    fn primary(&mut self) -> Result<Expr, String> {
        let token = self.tokens.get(self.at).ok_or("the code ends too early")?.clone();
        self.at += 1;
        match token {
            Token::Number(text) => number(&text).ok_or_else(|| format!("`{text}` is no number")),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Name(name) if self.takes("(") => Ok(Expr::Call(name, self.list()?)),
            Token::Name(name) => Ok(Expr::Name(name)),
            Token::Operator("(") => {
                let mut members = self.list()?;
                Ok(if members.len() == 1 { members.remove(0) } else { Expr::Tuple(members) })
            }
            token => Err(format!("`{}` is not understood here", spell(&[token]))),
        }
    }
    /// Up to the closing parenthesis.
    fn list(&mut self) -> Result<Vec<Expr>, String> {
        let mut members = Vec::new();
        while !self.takes(")") {
            members.push(self.expression()?);
            if !self.takes(",") && self.operator() != Some(")") {
                return Err("a parenthesis is never closed".to_owned());
            }
        }
        Ok(members)
    }
}

fn number(text: &str) -> Option<Expr> {
    let plain = text.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x") {
        return i128::from_str_radix(hex, 16).ok().map(Expr::Integer);
    }
    plain.parse().map(Expr::Integer).ok().or_else(|| plain.parse().map(Expr::Float).ok())
}
