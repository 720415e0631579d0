//! What needs what, and what may start now.
