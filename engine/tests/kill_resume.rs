//! Kill and resume.
