//! Calendar dates as numbers of days, which are ordered as the dates are.

/// First year that has numbers.
pub const FIRST_YEAR: u16 = 1900;

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year, from [`FIRST_YEAR`].
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

impl Date {
    /// Days since 1 January of [`FIRST_YEAR`].
    pub fn number(self) -> u16 {
        let years: u16 = (FIRST_YEAR..self.year).map(days_of_year).sum();
        let months: u16 = (1..self.month).map(|month| u16::from(days_of_month(self.year, month))).sum();
        years + months + u16::from(self.day - 1)
    }

    /// The date with this number.
    pub fn from_number(number: u16) -> Self {
        let (mut rest, mut year, mut month) = (number, FIRST_YEAR, 1);
        while rest >= days_of_year(year) {
            rest -= days_of_year(year);
            year += 1;
        }
        while rest >= u16::from(days_of_month(year, month)) {
            rest -= u16::from(days_of_month(year, month));
            month += 1;
        }
        Self { year, month, day: rest as u8 + 1 }
    }

    /// The last birthday of those who have the age on this date. Who is born on 29 February is a year older on 1 March of
    /// a common year.
    pub fn years_before(self, years: u16) -> Self {
        let year = self.year - years;
        Self { year, day: self.day.min(days_of_month(year, self.month)), ..self }
    }

    /// Whole years of life on `today` of who was born on this date.
    pub fn age_on(self, today: Self) -> u16 {
        let had_birthday = (today.month, today.day) >= (self.month, self.day);
        today.year - self.year - u16::from(!had_birthday)
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u16) -> u16 {
    365 + u16::from(is_leap(year))
}

fn days_of_month(year: u16, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn date(year: u16, month: u8, day: u8) -> Date {
        Date { year, month, day }
    }

    #[test]
    fn numbers_count_the_days_of_the_calendar() {
        for (date, number) in [
            (date(1900, 1, 1), 0),
            (date(1900, 3, 1), 59),
            (date(1970, 1, 1), 25_567),
            (date(2000, 2, 29), 36_583),
            (date(2000, 3, 1), 36_584),
            (date(2079, 6, 6), 65_535),
        ] {
            assert_eq!((date.number(), Date::from_number(number)), (number, date));
        }
    }

    #[test]
    fn every_number_is_a_date_and_they_are_ordered_alike() {
        let dates: Vec<Date> = (0..=u16::MAX).map(Date::from_number).collect();
        assert!(dates.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(dates.iter().enumerate().all(|(number, date)| usize::from(date.number()) == number));
    }

    #[test]
    fn an_age_is_reached_on_the_last_birthday_that_has_it() {
        for today in [date(2026, 11, 24), date(2024, 2, 29), date(2024, 3, 1), date(2023, 2, 28)] {
            let last = today.years_before(18).number();
            assert!(Date::from_number(last).age_on(today) >= 18, "{today}");
            assert_eq!(Date::from_number(last + 1).age_on(today), 17, "{today}");
        }
    }
}
