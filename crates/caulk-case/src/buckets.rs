//! The rows of heap profiles, gathered into growth's buckets point by point.

use caulk_growth::{Bucket, Values};
use caulk_profile::Snapshot;

/// Which columns of a heap profile the values of a bucket stand in.
#[derive(Debug, Clone, Copy)]
pub struct HeapColumns {
    pub objects: Option<usize>,
    pub bytes: Option<usize>,
    pub allocated_objects: Option<usize>,
}

impl HeapColumns {
    pub fn of(heap: &Snapshot) -> HeapColumns {
        HeapColumns {
            objects: heap.sample_type_named("inuse_objects"),
            bytes: heap.sample_type_named("inuse_space"),
            allocated_objects: heap.sample_type_named("alloc_objects"),
        }
    }

    /// Adds a row of the profile at point `at` to its bucket. What has no column is 0; allocations that
    /// have none stay unknown.
    pub fn add(self, row: &[i64], at: usize, bucket: &mut Bucket) {
        let add = |values: &mut Values, column: Option<usize>| {
            let value = column.and_then(|column| row.get(column));
            values.pad(at);
            values.push(value.copied().unwrap_or(0));
        };
        add(&mut bucket.objects, self.objects);
        add(&mut bucket.bytes, self.bytes);
        if self.allocated_objects.is_some() {
            add(&mut bucket.allocated_objects, self.allocated_objects);
        }
    }
}

/// A bucket of objects of this size; none has a negative one.
pub fn bucket_of(object_size: i64) -> Bucket {
    Bucket {
        object_bytes: object_size.max(0).unsigned_abs(),
        ..Bucket::default()
    }
}

/// Fills a bucket up with zeros to so many points.
pub fn pad(bucket: &mut Bucket, points: usize) {
    bucket.objects.pad(points);
    bucket.bytes.pad(points);
    if !bucket.allocated_objects.is_empty() {
        bucket.allocated_objects.pad(points);
    }
}
