//! The frames of allocators, profilers and locks that the reference hides in profiles whose form
//! cannot name any. The lists are its own (`legacy_profile.go`), since it writes them on.

use crate::ProfileBuilder;

/// Allocators.
const ALLOCATORS: &[&str] = &[
    r"calloc",
    r"cfree",
    r"malloc",
    r"free",
    r"memalign",
    r"do_memalign",
    r"(__)?posix_memalign",
    r"pvalloc",
    r"valloc",
    r"realloc",
    r"tcmalloc::.*",
    r"tc_calloc",
    r"tc_cfree",
    r"tc_malloc",
    r"tc_free",
    r"tc_memalign",
    r"tc_posix_memalign",
    r"tc_pvalloc",
    r"tc_valloc",
    r"tc_realloc",
    r"tc_new",
    r"tc_delete",
    r"tc_newarray",
    r"tc_deletearray",
    r"tc_new_nothrow",
    r"tc_newarray_nothrow",
    r"malloc_zone_malloc",
    r"malloc_zone_calloc",
    r"malloc_zone_valloc",
    r"malloc_zone_realloc",
    r"malloc_zone_memalign",
    r"malloc_zone_free",
    r"runtime\..*",
    r"BaseArena::.*",
    r"(::)?do_malloc_no_errno",
    r"(::)?do_malloc_pages",
    r"(::)?do_malloc",
    r"DoSampledAllocation",
    r"MallocedMemBlock::MallocedMemBlock",
    r"_M_allocate",
    r"__builtin_(vec_)?delete",
    r"__builtin_(vec_)?new",
    r"__gnu_cxx::new_allocator::allocate",
    r"__libc_malloc",
    r"__malloc_alloc_template::allocate",
    r"allocate",
    r"cpp_alloc",
    r"operator new(\[\])?",
    r"simple_alloc::allocate",
];

/// Frames of Go's runtime that are no allocators.
const NOT_ALLOCATORS: &[&str] = &[
    r"runtime\.panic",
    r"runtime\.reflectcall",
    r"runtime\.call[0-9]*",
];

/// Handlers of the profiler's signal.
const PROFILERS: &[&str] = &[
    r"ProfileData::Add",
    r"ProfileData::prof_handler",
    r"CpuProfiler::prof_handler",
    r"__pthread_sighandler",
    r"__restore",
];

/// Locks.
const LOCKS: &[&str] = &[
    r"RecordLockProfileData",
    r"(base::)?RecordLockProfileData.*",
    r"(base::)?SubmitMutexProfileData.*",
    r"(base::)?SubmitSpinLockProfileData.*",
    r"(base::Mutex::)?AwaitCommon.*",
    r"(base::Mutex::)?Unlock.*",
    r"(base::Mutex::)?UnlockSlow.*",
    r"(base::Mutex::)?ReaderUnlock.*",
    r"(base::MutexLock::)?~MutexLock.*",
    r"(Mutex::)?AwaitCommon.*",
    r"(Mutex::)?Unlock.*",
    r"(Mutex::)?UnlockSlow.*",
    r"(Mutex::)?ReaderUnlock.*",
    r"(MutexLock::)?~MutexLock.*",
    r"(SpinLock::)?Unlock.*",
    r"(SpinLock::)?SlowUnlock.*",
    r"(SpinLockHolder::)?~SpinLockHolder.*",
];

/// Sample types of heap profiles.
const HEAP: &[&[&str]] = &[
    &["allocations", "size"],
    &["objects", "space"],
    &["inuse_objects", "inuse_space"],
    &["alloc_objects", "alloc_space"],
    &[
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ],
];

/// Sets the frames to drop and to keep by what the sample types say of the profile's kind.
pub(super) fn set(builder: &mut ProfileBuilder) {
    let profile = builder.profile_mut();
    let types = profile.sample_types.iter();
    let types: Vec<&str> = types.map(|t| profile.string(t.kind)).collect();
    let (drop, keep) = if HEAP.contains(&&types[..]) {
        (ALLOCATORS, NOT_ALLOCATORS)
    } else if types == ["contentions", "delay"] {
        (LOCKS, &[][..])
    } else {
        (PROFILERS, &[][..])
    };
    let (drop, keep) = (
        builder.string(&drop.join("|")),
        builder.string(&keep.join("|")),
    );
    let profile = builder.profile_mut();
    (profile.drop_frames, profile.keep_frames) = (drop, keep);
}
