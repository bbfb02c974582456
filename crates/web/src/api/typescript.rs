//! The page's types, generated from the API's.
