//! One bootstrapping on two threads, an output component each.
//!
//! A thread owns one polynomial of the accumulator. In each step it transforms the digits of its own, shows them to the
//! other thread, and computes its component from both. Digits lie in two slots used in turn: a thread can write the slot of
//! step i + 2 only after the other has shown step i + 1, and so has done with step i. The locks are therefore never waited
//! for.

use super::batch::{Exponents, Kernels};
use super::key::RotationKey;
use super::polynomial::{Accumulator, Polynomial};
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Polls before a waiting thread offers its core to others.
const POLLS: usize = 1 << 8;

/// What a thread shows to the other.
struct Shown<D> {
    slots: [RwLock<Box<D>>; 2],
    steps: AtomicUsize,
}

/// All steps of one bootstrapping on this thread and another.
pub(super) fn rotate<K: Kernels>(
    kernels: &K,
    key: &RotationKey,
    accumulator: &mut Accumulator,
    exponents: &Exponents,
) {
    let shown = [(); 2].map(|()| Shown {
        slots: [(); 2].map(|()| RwLock::new(kernels.digits())),
        steps: AtomicUsize::new(0),
    });
    let [mask, body] = &mut accumulator.polynomials;
    std::thread::scope(|scope| {
        scope.spawn(|| rotate_component(kernels, key, body, 1, exponents, &shown));
        rotate_component(kernels, key, mask, 0, exponents, &shown);
    });
}

fn rotate_component<K: Kernels>(
    kernels: &K,
    key: &RotationKey,
    own: &mut Polynomial,
    c: usize,
    exponents: &Exponents,
    shown: &[Shown<K::Digits>; 2],
) {
    let mut workspace = kernels.workspace();
    let (mine, other) = (&shown[c], &shown[1 - c]);
    let _end = End(&mine.steps);
    for (group, exponents) in exponents.groups.iter().enumerate() {
        let slot = group % 2;
        kernels.transform_digits(own, &mut mine.slots[slot].write().expect("no thread panics"));
        mine.steps.store(group + 1, Ordering::Release);
        other.wait_for(group + 1);
        let [mask, body] = [0, 1].map(|u| shown[u].slots[slot].read().expect("no thread panics"));
        kernels.component(key.operands(group, c), exponents, [&mask, &body], &mut workspace, own);
    }
}

/// Lets the other thread go on, into a poisoned lock, if this one unwinds.
struct End<'a>(&'a AtomicUsize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(usize::MAX, Ordering::Release);
    }
}

impl<D> Shown<D> {
    fn wait_for(&self, steps: usize) {
        let mut polls = 0;
        while self.steps.load(Ordering::Acquire) < steps {
            polls += 1;
            if polls % POLLS == 0 {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}
