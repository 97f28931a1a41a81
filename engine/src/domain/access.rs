//! Principals and access lists.

use serde::{Deserialize, Serialize};

/// What a principal may do beyond its own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and changes its own data, reads what lists allow.
    User,
    /// Reads and changes everything.
    Operator,
}

/// Who calls: the name that the configuration gives to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// Who may read a ciphertext and the jobs that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessList {
    /// Uploaded the value or submitted the job.
    pub owner: String,
    /// May read besides.
    pub readers: Vec<String>,
    /// Anybody may read.
    pub public: bool,
}

impl AccessList {
    /// A list with an owner alone.
    pub fn owned_by(owner: &str) -> Self {
        Self { owner: owner.into(), readers: Vec::new(), public: false }
    }

    /// Whether the caller may read. `None`: no token was shown.
    pub fn may_read(&self, caller: Option<&Principal>) -> bool {
        self.public || caller.is_some_and(|c| self.may_change(c) || self.readers.contains(&c.name))
    }

    /// Whether the caller may change the list.
    pub fn may_change(&self, caller: &Principal) -> bool {
        caller.role == Role::Operator || caller.name == self.owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_readers_and_operators_read_what_is_not_public() {
        let caller = |name: &str, role| Principal { name: name.into(), role };
        let mut list = AccessList { readers: vec!["bob".into()], ..AccessList::owned_by("alice") };
        assert!(list.may_read(Some(&caller("alice", Role::User))));
        assert!(list.may_read(Some(&caller("bob", Role::User))));
        assert!(list.may_read(Some(&caller("root", Role::Operator))));
        assert!(!list.may_read(Some(&caller("carol", Role::User))));
        assert!(!list.may_read(None));
        assert!(!list.may_change(&caller("bob", Role::User)));
        list.public = true;
        assert!(list.may_read(None));
        assert!(!list.may_change(&caller("carol", Role::User)));
    }
}
