//! Arguments of calls, as numbers.

use super::Descriptor;
use crate::run::{Runner, Stop};
use crate::script::{Call, Expression, Value};
use crate::symbols;

impl Runner<'_> {
    /// The `i`th argument.
    pub(super) fn argument<'c>(&self, call: &'c Call, i: usize) -> Result<&'c Expression, Stop> {
        call.arguments.get(i).ok_or_else(|| Stop::Invalid(format!("{} needs {} arguments", call.name, i + 1)))
    }
    /// That a call has so many arguments.
    pub(super) fn arguments(&self, call: &Call, n: usize) -> Result<(), Stop> {
        let has = call.arguments.len();
        if has == n { Ok(()) } else { Err(Stop::Invalid(format!("{} has {n} arguments, not {has}", call.name))) }
    }
    /// The `i`th argument as a number.
    pub(super) fn number(&self, call: &Call, i: usize) -> Result<i64, Stop> {
        self.integer(self.argument(call, i)?)
    }
    /// The `i`th argument as a descriptor.
    pub(super) fn fd(&self, call: &Call, i: usize) -> Result<i32, Stop> {
        i32::try_from(self.number(call, i)?).map_err(|_| Stop::Invalid("this is no descriptor".to_owned()))
    }
    /// The `i`th argument as a descriptor that is open. The script must not use another.
    pub(super) fn open_fd(&self, call: &Call, i: usize) -> Result<i32, Stop> {
        let fd = self.fd(call, i)?;
        match self.descriptors.get(fd) {
            Some(_) => Ok(fd),
            None => Err(Stop::Invalid(format!("the descriptor {fd} is not open"))),
        }
    }
    /// The `i`th argument as a descriptor of a socket, or `None` if it is another thing.
    pub(super) fn socket_fd(&self, call: &Call, i: usize) -> Result<Option<i32>, Stop> {
        let fd = self.open_fd(call, i)?;
        Ok(matches!(self.descriptors.get(fd), Some(Descriptor::Socket(_))).then_some(fd))
    }

    /// An expression as a number.
    pub(crate) fn integer(&self, expression: &Expression) -> Result<i64, Stop> {
        match &expression.value {
            Value::Integer(n) => Ok(*n),
            Value::Word(name) => {
                symbols::number(name).ok_or_else(|| Stop::unsupported(format!("the name {name} is not known")))
            }
            Value::Or(left, right) => Ok(self.integer(left)? | self.integer(right)?),
            Value::List(members) if members.len() == 1 => self.integer(&members[0]),
            Value::Function(name, argument) if name == "htons" || name == "htonl" => self.integer(argument),
            _ => Err(Stop::Invalid("a number is expected here".to_owned())),
        }
    }
}

/// A field of a record.
pub(super) fn field<'e>(expression: &'e Expression, name: &str) -> Option<&'e Expression> {
    match &expression.value {
        Value::Record(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, value)| value),
        _ => None,
    }
}

/// That a record has no other fields than these: what is not known is not passed over.
pub(super) fn only(expression: &Expression, what: &str, known: &[&str]) -> Result<(), Stop> {
    let Value::Record(fields) = &expression.value else { return Ok(()) };
    match fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(Stop::unsupported(format!("the field {name} of {what}"))),
        None => Ok(()),
    }
}

/// Whether it is the null pointer.
pub(super) fn is_null(expression: &Expression) -> bool {
    matches!(&expression.value, Value::Word(name) if name == "NULL") || matches!(expression.value, Value::Integer(0))
}
