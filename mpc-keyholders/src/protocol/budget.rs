//! How many blocks one key epoch may release before the masks, together, could tell something.
//!
//! Without the summand of one set the coalition of t nodes sees `noise + phi` for each block, with `phi` the sum of
//! two uniform draws of width W = 2^(71 + s). The bounds for one block, with sigma the root mean square of the noise:
//!
//! - statistical distance: a shift by e changes the triangular distribution of phi by at most |e| / W, so the mean over
//!   the noise is at most sigma / W;
//! - squared Hellinger distance: with `|p(k) - p(k - e)| <= e / W^2` and `(sqrt a - sqrt b)^2 <= (a - b)^2 / (a + b)`
//!   a shift by e gives at most `e^2 / (2 W^2) * (ln(2 W / e) + 3)`; this is concave in e^2 and squared Hellinger
//!   distance is convex, so the noise enters by sigma.
//!
//! N blocks: the first adds up, `N sigma / W`. The second adds up, too, even if later ciphertexts depend on earlier
//! results, and the statistical distance is at most the root of twice the sum: `sqrt(N (sigma / W)^2 (ln(2 W / sigma)
//! + 3))`. The budget is the larger N that keeps the distance below 2^-40.

use super::mask::Flooding;

/// Bound of the standard deviation of the noise after squashing, log2: `trine_fhe::noise::squashed_deviation`, rounded up.
pub const SQUASHED_NOISE_STD_LOG2: f64 = 64.7;
/// Statistical distance that an epoch may reach, log2.
pub const EPOCH_DISTANCE_LOG2: f64 = -40.0;

/// Blocks released and the bound on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: u64,
    spent: u64,
}

/// The epoch has released what it may: the committee needs a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{spent} of {limit} blocks of this key epoch are released, {asked} more are asked for")]
pub struct BudgetError {
    /// Blocks released so far.
    pub spent: u64,
    /// Most blocks of the epoch.
    pub limit: u64,
    /// Blocks of the request.
    pub asked: u64,
}

impl Budget {
    /// The budget of an epoch with these masks, of which `spent` blocks are used up.
    pub fn new(flooding: Flooding, spent: u64) -> Self {
        Self { limit: limit(flooding), spent }
    }

    /// Most blocks of the epoch.
    pub fn limit(self) -> u64 {
        self.limit
    }

    /// Blocks released.
    pub fn spent(self) -> u64 {
        self.spent
    }

    /// The budget after releasing `blocks` more (TR.M3). A ciphertext that was released before costs nothing: its
    /// masks are the same.
    pub fn charge(self, blocks: u64) -> Result<Self, BudgetError> {
        match self.spent.checked_add(blocks) {
            Some(spent) if spent <= self.limit => Ok(Self { spent, ..self }),
            _ => Err(BudgetError { spent: self.spent, limit: self.limit, asked: blocks }),
        }
    }
}

fn limit(flooding: Flooding) -> u64 {
    let ratio_log2 = SQUASHED_NOISE_STD_LOG2 - f64::from(flooding.draw_bits());
    let by_distance = EPOCH_DISTANCE_LOG2 - ratio_log2;
    let logarithm = (1.0 - ratio_log2) * std::f64::consts::LN_2 + 3.0;
    let by_hellinger = 2.0 * EPOCH_DISTANCE_LOG2 - 2.0 * ratio_log2 - logarithm.log2();
    by_distance.max(by_hellinger).exp2().floor() as u64
}

#[cfg(test)]
mod tests {
    use super::super::committee::CommitteeSize;
    use super::*;

    fn of(nodes: u8, faults: u8) -> Budget {
        Budget::new(Flooding::of(CommitteeSize::new(nodes, faults).unwrap()).unwrap(), 0)
    }

    #[test]
    fn the_budget_is_the_derived_one() {
        // 2^(-80 + 108.6 - log2(54.3 ln 2 + ln 2 + 3)) = 2^23.2 for four nodes.
        assert_eq!((of(4, 1).limit() as f64).log2().round(), 23.0);
        // At s = 41 the masks are narrower: 2^9.4 by Hellinger distance, 2^7.3 by the sum.
        assert_eq!((of(13, 4).limit() as f64).log2().round(), 9.0);
        assert!(of(7, 2).limit() < of(4, 1).limit());
    }

    #[test]
    fn the_epoch_ends_at_its_limit_tr_m3() {
        let limit = of(4, 1).limit();
        let nearly = of(4, 1).charge(limit - 1).unwrap();
        let full = nearly.charge(1).unwrap();
        assert_eq!(full.spent(), limit);
        assert_eq!(full.charge(0), Ok(full));
        assert_eq!(full.charge(1), Err(BudgetError { spent: limit, limit, asked: 1 }), "TR.M3");
        assert!(nearly.charge(u64::MAX).is_err());
    }

    #[test]
    fn the_noise_assumed_bounds_the_noise_of_the_parameter_set() {
        assert!(trine_fhe::noise::squashed_deviation().log2() <= SQUASHED_NOISE_STD_LOG2);
        assert!(trine_fhe::noise::SQUASHED_ERROR_BITS < super::super::mask::NOISE_BOUND_LOG2 as i32);
    }

    /// The bound of one block holds for a narrow mask, where the distance can be summed up exactly.
    #[test]
    fn the_hellinger_bound_holds_where_it_can_be_computed() {
        for width in [64i64, 1024, 4096] {
            let p = |k: i64| (width - k.abs()).max(0) as f64 / (width * width) as f64;
            for shift in [1i64, 2, 5, width / 8] {
                let affinity: f64 = (-width..=width + shift).map(|k| (p(k) * p(k - shift)).sqrt()).sum();
                let (e, w) = (shift as f64, width as f64);
                let bound = e * e / (2.0 * w * w) * ((2.0 * w / e).ln() + 3.0);
                assert!(
                    1.0 - affinity <= bound,
                    "width {width}, shift {shift}: {} > {bound}",
                    1.0 - affinity
                );
                let distance: f64 =
                    (-width..=width + shift).map(|k| (p(k) - p(k - shift)).abs()).sum::<f64>() / 2.0;
                assert!(distance <= e / w + 1e-12);
            }
        }
    }
}
