//! `profile.proto`: <https://github.com/google/pprof/blob/main/proto/profile.proto>.

mod decode;
mod encode;
mod pieces;
mod samples;
mod wire;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use pieces::decode_pieces;
