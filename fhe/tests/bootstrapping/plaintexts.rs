//! What an unmodified client key of tfhe-rs decrypts.

use crate::keys::{block, dealer, decrypt, evaluator, request, server};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::LookupTable;
use trine_fhe::bootstrapping::table::MAX_FUNCTIONS;

#[test]
fn every_plaintext_goes_through_a_table() {
    let tables = [|x: u8| x, |x| (3 * x + 1) % 16, |x| (x * x + 7) % 16]
        .map(|f| LookupTable::from_function(f).unwrap());
    let blocks: Vec<BlockWords> = (0..16)
        .map(|m| BlockWords::from_shortint(&dealer().client().unchecked_encrypt(m)).unwrap())
        .collect();
    let requests: Vec<_> = blocks.iter().flat_map(|b| tables.each_ref().map(|t| request(b, t))).collect();
    let outputs = evaluator(2).evaluate(&requests).unwrap();
    for (index, output) in outputs.iter().enumerate() {
        let (plaintext, table) = (index / tables.len(), &tables[index % tables.len()]);
        assert_eq!(output.len(), 1);
        assert_eq!(decrypt(&output[0]), u64::from(table.boxes()[plaintext]), "{plaintext} {table:?}");
    }
}

/// A plaintext with its padding bit set reads the table negated: what tfhe-rs does, and why the bit is kept clear.
#[test]
fn a_set_padding_bit_negates() {
    let table = LookupTable::from_function(|x| x).unwrap();
    let blocks: Vec<BlockWords> = (17..20).map(|m| block(&format!("padding {m}"), m)).collect();
    let requests: Vec<_> = blocks.iter().map(|b| request(b, &table)).collect();
    for (output, plaintext) in evaluator(2).evaluate(&requests).unwrap().iter().zip(1..) {
        // Minus the plaintext, modulo 32.
        assert_eq!(decrypt(&output[0]), 32 - plaintext);
    }
}

#[test]
fn functions_that_share_a_table_are_those_of_tfhe_rs() {
    let key = server().decompress();
    for count in 1..=MAX_FUNCTIONS {
        let ours: Vec<Box<dyn Fn(u8) -> u8>> = (0..count as u8)
            .map(|f| Box::new(move |x: u8| (x * (f + 1) + f) % 16) as Box<dyn Fn(u8) -> u8>)
            .collect();
        let theirs: Vec<Box<dyn Fn(u64) -> u64>> = (0..count as u64)
            .map(|f| Box::new(move |x: u64| (x * (f + 1) + f) % 16) as Box<dyn Fn(u64) -> u64>)
            .collect();
        let table = LookupTable::packed(&ours.iter().map(|f| &**f).collect::<Vec<_>>()).unwrap();
        let many = key.generate_many_lookup_table(&theirs.iter().map(|f| &**f).collect::<Vec<_>>());
        assert_eq!(
            table.accumulator(0).polynomials[1][..],
            *many.acc.get_body().as_ref(),
            "{count} functions"
        );
        let offsets: Vec<usize> = table.offsets().map(|offset| offset.get()).collect();
        let stride = many.sample_extraction_stride;
        assert_eq!(offsets, (0..count).map(|f| f * stride).collect::<Vec<_>>());

        let plaintexts = 0..table.inputs() as u64;
        let blocks: Vec<BlockWords> =
            plaintexts.clone().map(|m| block(&format!("packed {count} {m}"), m)).collect();
        let requests: Vec<_> = blocks.iter().map(|b| request(b, &table)).collect();
        let outputs = evaluator(2).evaluate(&requests).unwrap();
        for (plaintext, outputs) in plaintexts.zip(&outputs) {
            let decrypted: Vec<u64> = outputs.iter().map(decrypt).collect();
            let expected: Vec<u64> = theirs.iter().map(|f| f(plaintext)).collect();
            assert_eq!(decrypted, expected, "{count} functions of {plaintext}");
        }
    }
}

/// The same ciphertext, the same table: words differ, since tfhe-rs rounds in its transform, and plaintexts do not.
#[test]
fn tfhe_rs_gives_the_same_plaintexts() {
    let key = server().decompress();
    let table = LookupTable::from_function(|x| (5 * x + 2) % 16).unwrap();
    let theirs = key.generate_lookup_table(|x| (5 * x + 2) % 16);
    let inputs: Vec<_> = (0..16).map(|m| dealer().client().unchecked_encrypt(m)).collect();
    let blocks: Vec<BlockWords> = inputs.iter().map(|c| BlockWords::from_shortint(c).unwrap()).collect();
    let requests: Vec<_> = blocks.iter().map(|b| request(b, &table)).collect();
    let outputs = evaluator(2).evaluate(&requests).unwrap();
    for (input, output) in inputs.iter().zip(&outputs) {
        let expected = dealer().client().decrypt_message_and_carry(&key.apply_lookup_table(input, &theirs));
        assert_eq!(decrypt(&output[0]), expected);
    }
}
