//! Io: samples in and out.

mod decode;
mod encode;
mod encoding;

pub use decode::Decoder;
pub use encode::Encoder;
pub use encoding::ByteOrder;
pub use encoding::Encoding;
pub use encoding::EncodingError;
