//! What an administrator can do with a user.

/// One of the administrators' doors, for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Disable,
    Enable,
    EndSessions,
    MakeAdmin,
    UnmakeAdmin,
    Remove,
}

impl Deed {
    /// Said when it is done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Disable => "Disabled, and signed out everywhere.",
            Self::Enable => "Enabled: they can sign in again.",
            Self::EndSessions => "Signed out everywhere.",
            Self::MakeAdmin => "An administrator now. They have to sign in again.",
            Self::UnmakeAdmin => "Not an administrator any more. They have to sign in again.",
            Self::Remove => "Removed.",
        }
    }
}
