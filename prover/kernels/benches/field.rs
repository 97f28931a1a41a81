//! Nanoseconds an element of the operations that kernels are made of, on every back end, against arkworks.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use trine_kernels::{Backend, FieldVector, Kernel, LANES, Lanes, Scaled, transform::NegacyclicTransform};

/// Elements of each operand: both stay in the first cache.
const LENGTH: usize = 512;

/// The operation that is timed.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Multiply,
    MultiplyAdd,
    Accumulate,
    AccumulateInteger,
}

/// Applies an operation to the operands, element by element.
struct Apply<'a> {
    operation: Operation,
    left: &'a FieldVector,
    right: &'a FieldVector,
    output: &'a mut FieldVector,
}

impl Kernel for Apply<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Fr {
        let factor = Scaled::<L>::splat(Fr::from(3u64));
        let integers = [7u32; LANES];
        let mut sum = L::empty_sum();
        for ((left, right), output) in
            self.left.blocks().iter().zip(self.right.blocks()).zip(self.output.blocks_mut())
        {
            let (left, right) = (L::load(left), L::load(right));
            match self.operation {
                Operation::Add => left.add(right).store(output),
                Operation::Multiply => left.mul(right).store(output),
                Operation::MultiplyAdd => L::mul_add(left, right, left, right).store(output),
                Operation::Accumulate => L::accumulate(&mut sum, left, right),
                Operation::AccumulateInteger => L::accumulate_u32(&mut sum, factor, &integers),
            }
        }
        L::reduce(sum).sum()
    }
}

fn operations(criterion: &mut Criterion) {
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let mut draw = || (0..LENGTH).map(|_| Fr::rand(&mut random)).collect::<Vec<_>>();
    let (left, right) = (draw(), draw());
    let mut group = criterion.benchmark_group("field");
    group.throughput(Throughput::Elements(LENGTH as u64));
    group.bench_function("arkworks/Multiply", |bencher| {
        let mut output = left.clone();
        bencher.iter(|| {
            for ((output, left), right) in output.iter_mut().zip(&left).zip(&right) {
                *output = left * right;
            }
        });
    });
    for backend in Backend::all() {
        let vector = |elements: &[Fr]| FieldVector::from_elements(backend, elements);
        let (left, right, mut output) = (vector(&left), vector(&right), vector(&left));
        for operation in [
            Operation::Add,
            Operation::Multiply,
            Operation::MultiplyAdd,
            Operation::Accumulate,
            Operation::AccumulateInteger,
        ] {
            let name = BenchmarkId::new(format!("{operation:?}"), format!("{backend:?}"));
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    backend.run(Apply { operation, left: &left, right: &right, output: &mut output })
                });
            });
        }
    }
    group.finish();
}

/// Eight polynomials of the size of production.
fn transforms(criterion: &mut Criterion) {
    const SIZE: usize = 2048;
    let mut random = ChaCha20Rng::seed_from_u64(2);
    let coefficients: Vec<Fr> = (0..SIZE * LANES).map(|_| Fr::rand(&mut random)).collect();
    let mut group = criterion.benchmark_group("transform");
    group.throughput(Throughput::Elements((SIZE * LANES) as u64));
    for backend in Backend::all() {
        let transform = NegacyclicTransform::new(backend, SIZE).expect("a size with roots");
        let source = FieldVector::from_elements(backend, &coefficients);
        let mut values = source.clone();
        group.bench_function(BenchmarkId::new("Values", format!("{backend:?}")), |bencher| {
            bencher.iter(|| transform.values(source.blocks(), values.blocks_mut()));
        });
    }
    group.finish();
}

criterion_group!(benches, operations, transforms);
criterion_main!(benches);
