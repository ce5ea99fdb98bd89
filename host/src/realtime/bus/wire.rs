//! Wire: messages of D-Bus as bytes, as far as four calls need them.
//!
//! In: a call, or the bytes of what came. Out: its bytes, or a message whose first value is known.
//!
//! Pure. Values lie at multiples of their own size, counted from the begin of the message; the
//! body begins at a multiple of eight, so it can be read for itself.

/// The fixed part of every message, and the length of its fields.
pub(super) const HEAD_BYTES: usize = 16;

/// The most that a message may hold: replies here are a number or a sentence.
const BYTES_MAX: usize = 64 * 1_024;

/// Fields of a header, as they are numbered.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR: u8 = 4;
const REPLY_TO: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// A call of a method.
#[derive(Debug)]
pub(crate) struct MethodCall<'a> {
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    pub(crate) arguments: &'a [Argument<'a>],
}

/// What a method is called with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    U32(u32),
    U64(u64),
}

/// The fixed part of a message that came.
#[derive(Debug)]
pub(super) struct MessageHead {
    kind: MessageKind,
    order: Endian,
    pub(super) body_bytes: usize,
    /// With what fills them up to a multiple of eight.
    pub(super) fields_bytes: usize,
    /// Without.
    fields_end: usize,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageKind {
    Reply,
    Error,
    Other,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endian {
    Little,
    Big,
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(super) kind: MessageKind,
    pub(super) reply_to: Option<u32>,
    error: String,
    signature: String,
    order: Endian,
    body: Vec<u8>,
}

impl Argument<'_> {
    const fn signature(&self) -> char {
        match self {
            Self::Text(_) => 's',
            Self::U32(_) => 'u',
            Self::U64(_) => 't',
        }
    }

    fn write(&self, into: &mut Vec<u8>) {
        match self {
            Self::Text(text) => put_text(into, text),
            Self::U32(value) => put_u32(into, *value),
            Self::U64(value) => {
                align(into, 8);
                into.extend(value.to_le_bytes());
            }
        }
    }
}

impl MethodCall<'_> {
    /// The message, under this number.
    pub(super) fn bytes(&self, serial: u32) -> Vec<u8> {
        let mut body = Vec::new();
        for argument in self.arguments {
            argument.write(&mut body);
        }
        let mut fields = Vec::new();
        put_field(&mut fields, PATH, 'o', self.path);
        put_field(&mut fields, INTERFACE, 's', self.interface);
        put_field(&mut fields, MEMBER, 's', self.member);
        put_field(&mut fields, DESTINATION, 's', self.destination);
        if !self.arguments.is_empty() {
            let signature: String = self.arguments.iter().map(Argument::signature).collect();
            put_signature_field(&mut fields, &signature);
        }
        // Little-endian, a call, without flags, version 1.
        let mut bytes = vec![b'l', 1, 0, 1];
        put_u32(&mut bytes, body.len() as u32);
        put_u32(&mut bytes, serial);
        put_u32(&mut bytes, fields.len() as u32);
        bytes.extend(fields);
        align(&mut bytes, 8);
        bytes.extend(body);
        bytes
    }
}

impl MessageHead {
    /// The fixed part of a message; `None` where it is none, or of one that is too long.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let order = match bytes.first()? {
            b'l' => Endian::Little,
            b'B' => Endian::Big,
            _ => return None,
        };
        let kind = match bytes.get(1)? {
            2 => MessageKind::Reply,
            3 => MessageKind::Error,
            _ => MessageKind::Other,
        };
        let body_bytes = order.u32(bytes, 4)? as usize;
        let fields_end = order.u32(bytes, 12)? as usize;
        let fits = body_bytes <= BYTES_MAX && fields_end <= BYTES_MAX;
        fits.then(|| Self {
            kind,
            order,
            body_bytes,
            fields_bytes: fields_end.next_multiple_of(8),
            fields_end,
        })
    }
}

impl Message {
    /// A message of its parts; `None` where its fields are not as they should be.
    pub(super) fn read(head: &MessageHead, fields: &[u8], body: Vec<u8>) -> Option<Self> {
        let mut message = Self {
            kind: head.kind,
            reply_to: None,
            error: String::new(),
            signature: String::new(),
            order: head.order,
            body,
        };
        let fields = fields.get(..head.fields_end)?;
        let mut at = 0;
        while at < fields.len() {
            at = message.field(fields, at)?.next_multiple_of(8);
        }
        Some(message)
    }

    /// Takes the field at a place; returns where it ends.
    fn field(&mut self, fields: &[u8], at: usize) -> Option<usize> {
        let number = *fields.get(at)?;
        let (signature, at) = text_of(fields, at + 1, *fields.get(at + 1)? as usize, 1)?;
        let (text, end) = match signature {
            "u" => {
                let at = at.next_multiple_of(4);
                if number == REPLY_TO {
                    self.reply_to = Some(self.order.u32(fields, at)?);
                }
                return Some(at + 4);
            }
            "g" => text_of(fields, at, *fields.get(at)? as usize, 1)?,
            "s" | "o" => {
                let at = at.next_multiple_of(4);
                text_of(fields, at, self.order.u32(fields, at)? as usize, 4)?
            }
            _ => return None,
        };
        match number {
            ERROR => text.clone_into(&mut self.error),
            SIGNATURE => text.clone_into(&mut self.signature),
            _ => {}
        }
        Some(end)
    }

    /// The whole number that a reply holds, in a variant as properties have it.
    pub(crate) fn number(&self) -> Option<i64> {
        if self.signature != "v" {
            return None;
        }
        let (signature, at) = text_of(&self.body, 0, *self.body.first()? as usize, 1)?;
        match signature {
            "i" => {
                let value = self.order.u32(&self.body, at.next_multiple_of(4))?;
                Some(i64::from(value.cast_signed()))
            }
            "u" => Some(i64::from(
                self.order.u32(&self.body, at.next_multiple_of(4))?,
            )),
            "x" => self
                .order
                .u64(&self.body, at.next_multiple_of(8))
                .map(u64::cast_signed),
            _ => None,
        }
    }

    /// What an error says: its sentence, or its name.
    pub(super) fn complaint(&self) -> String {
        let sentence = self.signature.starts_with('s').then(|| {
            let length = self.order.u32(&self.body, 0)? as usize;
            Some(text_of(&self.body, 0, length, 4)?.0)
        });
        let text = sentence.flatten().unwrap_or(&self.error);
        text.escape_debug().to_string()
    }
}

impl Endian {
    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        })
    }
}

/// A text behind its length, which takes so many bytes; and where what follows its last zero is.
fn text_of(bytes: &[u8], at: usize, length: usize, head: usize) -> Option<(&str, usize)> {
    let start = at + head;
    let end = start.checked_add(length)?;
    let text = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    (*bytes.get(end)? == 0).then_some((text, end + 1))
}

fn align(into: &mut Vec<u8>, to: usize) {
    into.resize(into.len().next_multiple_of(to), 0);
}

fn put_u32(into: &mut Vec<u8>, value: u32) {
    align(into, 4);
    into.extend(value.to_le_bytes());
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    put_u32(into, text.len() as u32);
    into.extend(text.as_bytes());
    into.push(0);
}

/// A field that is a text: its number, its type, itself.
fn put_field(into: &mut Vec<u8>, number: u8, kind: char, text: &str) {
    align(into, 8);
    into.extend([number, 1, kind as u8, 0]);
    put_text(into, text);
}

fn put_signature_field(into: &mut Vec<u8>, signature: &str) {
    align(into, 8);
    into.extend([SIGNATURE, 1, b'g', 0, signature.len() as u8]);
    into.extend(signature.as_bytes());
    into.push(0);
}

#[cfg(test)]
mod tests;
