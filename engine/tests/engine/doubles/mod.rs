//! Chain, prover and store as the tests want them.

mod chain;
mod prover;
mod store;

pub use chain::{FakeChain, OTHERS};
pub use prover::{Conduct, FakeProver};
pub use store::{FakeCrash, Moment, Side};
