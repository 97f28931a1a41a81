//! Client library and command line.
