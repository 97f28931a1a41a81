//! Operation lists against their circuits: every operation, type and edge value; noise, range and form of circuits.

mod admission;
mod builders;
mod counts;
mod lowering;
mod merging;
mod operations;
mod random_lists;
mod release;
mod segments;
mod text;
