//! Alerts (RFC 8446 §6): errors, and the end of a connection.

use super::{AlertDescription, AlertLevel};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// Fields of alerts.
    pub ALERT_FIELDS;
    ALERT = "tls.alert", "Alert", "RFC 8446 §6", Group, "an error, or the end of the connection";
    LEVEL = "tls.alert.level", "Level", "RFC 8446 §6", Dec, "warning or fatal; TLS 1.3 ignores it and goes by the description", codes AlertLevel::CODES;
    DESCRIPTION = "tls.alert.description", "Description", "RFC 8446 §6", Dec, "what happened", codes AlertDescription::CODES;
}

/// An alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alert {
    /// Warning or fatal.
    pub level: AlertLevel,
    /// What happened.
    pub description: AlertDescription,
}

impl Alert {
    /// Whether it ends the connection without fault: close_notify or user_canceled (RFC 8446 §6.1).
    pub fn is_closure(&self) -> bool {
        matches!(self.description, AlertDescription::CLOSE_NOTIFY | AlertDescription::USER_CANCELED)
    }
}

/// Decodes an alert, as a group.
///
/// # Errors
/// If it is cut short.
pub fn alert<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Alert, Malformed> {
    reader
        .group(&ALERT, |reader| Ok(Alert { level: reader.get(&LEVEL, 8)?, description: reader.get(&DESCRIPTION, 8)? }))
}
