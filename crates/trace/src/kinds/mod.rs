//! Every kind of event that the program knows, a file a layer.
//!
//! They stand here, on the ground, so that the reading side can tell what happened without importing what made it
//! happen.

pub mod app;
pub mod dhcp;
pub mod dns;
pub mod ip;
pub mod ipv6;
pub mod link;
pub mod tcp;

use crate::Kind;

/// Declares kinds of events and the list of them all: `NAME = "id", Class, "line with {0} and {1}", [Arg, Arg], "RFC";`.
#[macro_export]
macro_rules! kinds {
    ($($name:ident = $id:expr, $class:ident, $line:expr, [$a:expr, $b:expr], $rfc:expr;)*) => {
        $(
            #[doc = $line]
            pub static $name: $crate::Kind = {
                #[allow(unused_imports)]
                use $crate::Arg::*;
                $crate::Kind { id: $id, class: $crate::Class::$class, line: $line, args: [$a, $b], rfc: $rfc }
            };
        )*
        /// Every kind declared here.
        pub static ALL: &[&$crate::Kind] = &[$(&$name),*];
    };
}

/// Every kind of event.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    [app::ALL, dhcp::ALL, dns::ALL, ip::ALL, ipv6::ALL, link::ALL, tcp::ALL].into_iter().flatten().copied()
}

/// The kind with this id.
pub fn find(id: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.id == id)
}

#[cfg(test)]
mod tests {
    use crate::{Arg, Class};

    #[test]
    fn every_kind_is_whole() {
        let mut ids = std::collections::BTreeSet::new();
        for kind in super::all() {
            assert!(ids.insert(kind.id), "{} twice", kind.id);
            assert!(!kind.rfc.is_empty() && kind.line.len() > 5, "{}", kind.id);
            for (i, arg) in kind.args.iter().enumerate() {
                let used = kind.line.contains(&format!("{{{i}}}"));
                assert!(!used || !matches!(arg, Arg::None), "{}: {{{i}}} is not there", kind.id);
            }
            assert!(matches!(kind.class, Class::Act | Class::Timer | Class::Decision | Class::Passage));
        }
    }
}
