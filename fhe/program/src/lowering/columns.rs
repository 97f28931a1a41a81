//! Addition: columns of blocks become clean blocks, carries moving up.
//!
//! A chunk of a column is summed for free and split into message and carry. Up to 7 the two functions share one
//! table, so adding two integers takes one bootstrapping a block; up to 15 they are two lookups, which is still the
//! cheaper way for three summands and more. The last column keeps no carry.

use crate::lowering::Builder;
use crate::lowering::form::Form;
use std::collections::VecDeque;

/// Sums the columns, least significant first, modulo 4 to their number. Each form takes values from 0 to 15.
pub fn propagate(builder: &mut Builder, columns: Vec<Vec<Form>>) -> Vec<Form> {
    let mut blocks = Vec::with_capacity(columns.len());
    let mut carries: Vec<Form> = Vec::new();
    let last = columns.len().saturating_sub(1);
    for (index, mut column) in columns.into_iter().enumerate() {
        column.append(&mut carries);
        blocks.push(sum_column(builder, column, (index != last).then_some(&mut carries)));
    }
    blocks
}

/// The sum of a column modulo 4. Carries are pushed where there is a next column.
fn sum_column(builder: &mut Builder, column: Vec<Form>, mut carries: Option<&mut Vec<Form>>) -> Form {
    let constant: i32 = column.iter().filter_map(Form::as_constant).sum();
    let mut pool: VecDeque<Form> = column.into_iter().filter(|f| f.as_constant().is_none()).collect();
    if let Some(carries) = &mut carries {
        carries.push(Form::constant(constant / 4));
    }
    let mut pending = constant % 4;
    loop {
        let chunk = take_chunk(builder, &mut pool, pending);
        let sum = chunk.iter().fold(Form::constant(pending), |sum, f| sum.plus(1, f));
        pending = 0;
        let high = builder.reach(&sum).high();
        if high < 4 && pool.is_empty() {
            return sum;
        }
        if high < 4 && chunk.len() == 1 && builder.level(&sum) == 1 {
            // The next one is too noisy to join: it goes first, alone.
            pool.push_back(sum);
            continue;
        }
        let message = builder.lookup(&sum, |v| v & 3);
        if let Some(carries) = &mut carries {
            let carry = builder.lookup(&sum, |v| v >> 2);
            carries.push(carry);
        }
        match message.as_constant() {
            Some(value) => pending = value,
            None => pool.push_back(message),
        }
    }
}

/// As many blocks from the front as noise level and range allow; at least one if there is any.
fn take_chunk(builder: &Builder, pool: &mut VecDeque<Form>, constant: i32) -> Vec<Form> {
    let mut sum = Form::constant(constant);
    let mut chunk = Vec::new();
    while let Some(next) = pool.front() {
        sum = sum.plus(1, next);
        if !chunk.is_empty() && !builder.is_block(&sum) {
            break;
        }
        chunk.extend(pool.pop_front());
    }
    chunk
}
