//! Writer: bytes one after the other, in constants as well as at run time.
//!
//! In: values. Out: little-endian records in a slice. Over a slice that is too short it only
//! counts, so that one walk over a declaration serves for its length and for its bytes.

use crate::manifest::tags::Tag;

/// The bytes of a record before its payload: the tag and the length.
const RECORD_HEAD_BYTES: usize = 6;

/// From this length on, copying is fewer steps of const evaluation than a loop over the bytes. The
/// compiler refuses constants that take two million.
const COPIED_BYTES_MIN: usize = 32;

/// A slice and the place where the next byte goes.
pub(super) struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were written, or would have been.
    pub(super) const fn len(&self) -> usize {
        self.at
    }

    pub(super) const fn raw(&mut self, payload: &[u8]) {
        self.put(self.at, payload);
        self.at += payload.len();
    }

    /// One record of the given bytes.
    pub(super) const fn record(&mut self, tag: Tag, payload: &[u8]) {
        let start = self.begin(tag);
        self.raw(payload);
        self.end(start);
    }

    pub(super) const fn text(&mut self, tag: Tag, text: &str) {
        self.record(tag, text.as_bytes());
    }

    /// Nothing for an empty text: a thousand parameters have to fit.
    pub(super) const fn text_if_any(&mut self, tag: Tag, text: &str) {
        if !text.is_empty() {
            self.text(tag, text);
        }
    }

    /// One record for each text.
    pub(super) const fn texts(&mut self, tag: Tag, texts: &[&str]) {
        let mut at = 0;
        while at < texts.len() {
            self.text(tag, texts[at]);
            at += 1;
        }
    }

    pub(super) const fn code(&mut self, tag: Tag, code: u8) {
        self.record(tag, &[code]);
    }

    /// One record of numbers, as their bits.
    pub(super) const fn numbers(&mut self, tag: Tag, numbers: &[f64]) {
        let start = self.begin(tag);
        let mut at = 0;
        while at < numbers.len() {
            self.raw(&numbers[at].to_bits().to_le_bytes());
            at += 1;
        }
        self.end(start);
    }

    /// Opens a record whose length `end` fills in; returns where its payload starts.
    pub(super) const fn begin(&mut self, tag: Tag) -> usize {
        let [low, high] = tag.number.to_le_bytes();
        self.raw(&[low, high, 0, 0, 0, 0]);
        self.at
    }

    /// Closes the record whose payload starts at `start`.
    pub(super) const fn end(&mut self, start: usize) {
        let length = (self.at - start) as u32;
        self.put(start - RECORD_HEAD_BYTES + 2, &length.to_le_bytes());
    }

    const fn put(&mut self, at: usize, payload: &[u8]) {
        if at + payload.len() > self.bytes.len() {
            return;
        }
        if payload.len() > COPIED_BYTES_MIN {
            let (_, rest) = self.bytes.split_at_mut(at);
            let (place, _) = rest.split_at_mut(payload.len());
            place.copy_from_slice(payload);
            return;
        }
        let mut next = 0;
        while next < payload.len() {
            self.bytes[at + next] = payload[next];
            next += 1;
        }
    }
}
