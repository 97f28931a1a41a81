//! The whole way of ballots under the real parameter set: encrypted, added up, squashed, decrypted by a committee.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeMap;
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::noise::{fresh_variance, linear_variance};
use trine_fhe::squashing::SquashingKey;
use trine_fhe::{encryption, keys, linear};
use trine_keyholder::node::release::Squasher;
use trine_keyholder::protocol::combine::combine;
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::mask::Flooding;
use trine_keyholder::protocol::message::Context;
use trine_keyholder::protocol::share::DecryptionShare;
use trine_keyholder::protocol::squashed::Squashed;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};

#[test]
fn a_committee_decrypts_the_totals_of_encrypted_ballots() {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set = DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).unwrap();
    let dealer = set.read_dealer().unwrap();
    let public = keys::decode_public_key(&std::fs::read(&set.compact_public_key).unwrap()).unwrap();

    let ballot =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
    // All, none, every third.
    let votes: Vec<[u64; 3]> = (0..15).map(|voter| [1, 0, u64::from(voter % 3 == 0)]).collect();
    let ballots: Vec<_> = votes
        .iter()
        .map(|v| encryption::expand(&encryption::encrypt(&public, &ballot, v).unwrap(), ballot).unwrap())
        .collect();
    let program = LinearProgram::sum(15, ballot, 15).unwrap();
    let total = linear::evaluate(&program, &ballots).unwrap().remove(0);

    let squasher = SquashingKey::from_bytes(&std::fs::read(&set.server_key).unwrap()).unwrap();
    let variance = linear_variance(&program, fresh_variance());
    let squashed = Squashed::new(Squasher::squash(&squasher, &total, variance).unwrap()).unwrap();

    let size = CommitteeSize::FOUR;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key_id = set.key_digest().unwrap();
    let (_, nodes) = deal(size, 1, key_id, &dealer.squashing_secret(), &mut rng).unwrap();
    let context = Context { chain_id: 31337, coprocessor: [1; 20], epoch: 1, key_id };
    let flooding = Flooding::of(size).unwrap();
    let share = |n: usize| DecryptionShare::compute(&nodes[n].key_share, flooding, &context, &squashed);
    let shares: BTreeMap<_, _> = size.all().map(|n| (n, share(usize::from(n.get())))).collect();
    let combined = combine(size, &squashed.bodies(), &shares).unwrap();
    assert_eq!(combined.plaintexts, [15, 0, 5]);
    assert!(combined.culprits.is_empty());

    // Two shares of one ciphertext under different epochs differ by their masks alone: each is far wider than the noise.
    let later = Context { epoch: 2, ..context.clone() };
    let again = DecryptionShare::compute(&nodes[0].key_share, flooding, &later, &squashed);
    let wide = |a: u128, b: u128| (a.wrapping_sub(b) as i128).unsigned_abs() > 1 << 90;
    let sets = nodes[0].key_share.sets().len();
    for position in 0..sets {
        let pairs = share(0).of_set(position).to_vec().into_iter().zip(again.of_set(position).to_vec());
        assert!(pairs.into_iter().all(|(a, b)| wide(a, b)));
    }
}
