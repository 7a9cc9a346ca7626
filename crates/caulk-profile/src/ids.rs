//! Indexes into the columns of a profile, one type per column so that they cannot be mixed up.

macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default,
            bytemuck::Pod, bytemuck::Zeroable,
        )]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in its column.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
pub(crate) use index_type;

index_type! {
    /// A string of a profile's [`StringTable`](crate::StringTable); 0 is always the empty string.
    StringId
}
index_type! {
    /// A position in [`Profile::functions`](crate::Profile::functions).
    FunctionIndex
}
index_type! {
    /// A position in [`Profile::locations`](crate::Profile::locations).
    LocationIndex
}
index_type! {
    /// A position in [`Profile::mappings`](crate::Profile::mappings).
    MappingIndex
}
