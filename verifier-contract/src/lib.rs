//! Contract artifacts, bindings and in-process EVM.
