//! Interned types. Reading takes no lock; an id, once given, never moves.

use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, OnceLock, PoisonError};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::kind::{Basic, Interface, Type, TypeId};

/// Slots in the first chunk; each further chunk is twice as large as the one before. There are several lists in each of
/// many builds, and most are short.
const FIRST_CHUNK: usize = 1 << 6;
/// Together they hold `FIRST_CHUNK << CHUNKS` slots, which is above `u32::MAX`.
const CHUNKS: usize = 27;
const SHARDS: usize = 16;

/// An append-only list that many threads read and extend.
pub(crate) struct Arena<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    len: Mutex<u32>,
}

impl<T> Arena<T> {
    pub fn new() -> Self {
        Arena {
            chunks: [const { OnceLock::new() }; CHUNKS],
            len: Mutex::new(0),
        }
    }

    /// Chunk, and slot in it, of an index.
    #[inline]
    fn place(index: u32) -> (usize, usize) {
        let position = index as usize + FIRST_CHUNK;
        let chunk = (position.ilog2() - FIRST_CHUNK.ilog2()) as usize;
        (chunk, position - (FIRST_CHUNK << chunk))
    }

    pub fn push(&self, value: T) -> u32 {
        let mut len = self.len.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *len;
        *len = len.saturating_add(1);
        let (chunk, slot) = Self::place(index);
        if let Some(chunk_cell) = self.chunks.get(chunk) {
            let slots = chunk_cell
                .get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect());
            if let Some(cell) = slots.get(slot) {
                let _ = cell.set(value);
            }
        }
        index
    }

    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        let (chunk, slot) = Self::place(index);
        self.chunks.get(chunk)?.get()?.get(slot)?.get()
    }
}

/// Gives equal values equal indices. The values themselves are in the arena alone.
pub(crate) struct Interner<T> {
    arena: Arena<T>,
    shards: [Mutex<HashTable<u32>>; SHARDS],
}

impl<T: Eq + Hash> Interner<T> {
    pub fn new() -> Self {
        Interner {
            arena: Arena::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    pub fn intern(&self, value: T) -> u32 {
        let hash = FxBuildHasher.hash_one(&value);
        // Bits from the middle: the table itself uses the lowest and the highest.
        let shard = (hash >> 40) as usize % SHARDS;
        let Some(shard) = self.shards.get(shard) else {
            return 0;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |index: &u32| self.arena.get(*index) == Some(&value);
        if let Some(index) = shard.find(hash, is_same) {
            return *index;
        }
        let index = self.arena.push(value);
        let hash_of = |index: &u32| {
            let value = self.arena.get(*index);
            value.map_or(0, |value| FxBuildHasher.hash_one(value))
        };
        shard.insert_unique(hash, index, hash_of);
        index
    }

    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        self.arena.get(index)
    }
}

/// All types of a program.
pub(crate) struct TypeTable {
    types: Interner<Type>,
}

impl TypeTable {
    pub fn new() -> Self {
        let table = TypeTable {
            types: Interner::new(),
        };
        // The constants of `TypeId` rely on this order.
        table.intern(Type::Unknown);
        for basic in Basic::ALL {
            table.intern(Type::Basic(*basic));
        }
        table.intern(Type::Tuple(Box::new([])));
        table
    }

    pub fn intern(&self, ty: Type) -> TypeId {
        TypeId(self.types.intern(ty))
    }

    /// `any`.
    pub fn empty_interface(&self) -> TypeId {
        self.intern(Type::Interface(Interface::default().into()))
    }

    #[inline]
    pub fn get(&self, id: TypeId) -> &Type {
        self.types.get(id.0).unwrap_or(&Type::Unknown)
    }
}

impl Basic {
    const ALL: &[Basic] = &[
        Basic::Bool,
        Basic::Int,
        Basic::Int8,
        Basic::Int16,
        Basic::Int32,
        Basic::Int64,
        Basic::Uint,
        Basic::Uint8,
        Basic::Uint16,
        Basic::Uint32,
        Basic::Uint64,
        Basic::Uintptr,
        Basic::Float32,
        Basic::Float64,
        Basic::Complex64,
        Basic::Complex128,
        Basic::String,
        Basic::UnsafePointer,
        Basic::UntypedBool,
        Basic::UntypedInt,
        Basic::UntypedRune,
        Basic::UntypedFloat,
        Basic::UntypedComplex,
        Basic::UntypedString,
        Basic::UntypedNil,
    ];

    /// The interned type.
    #[inline]
    pub fn id(self) -> TypeId {
        TypeId(self as u32 + 1)
    }
}

impl TypeId {
    /// [`Type::Unknown`].
    pub const UNKNOWN: TypeId = TypeId(0);
    /// No values: the type of a call without results.
    pub const VOID: TypeId = TypeId(Basic::ALL.len() as u32 + 1);

    /// Whether nothing is known of it.
    #[inline]
    pub fn is_unknown(self) -> bool {
        self == TypeId::UNKNOWN
    }
}
