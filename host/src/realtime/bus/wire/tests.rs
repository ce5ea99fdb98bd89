use proptest::prelude::*;

use super::*;

/// What a bus would send.
fn reply(kind: u8, fields: &[u8], body: &[u8]) -> Option<Message> {
    let mut bytes = vec![b'l', kind, 0, 1];
    put_u32(&mut bytes, body.len() as u32);
    put_u32(&mut bytes, 7);
    put_u32(&mut bytes, fields.len() as u32);
    let mut padded = fields.to_vec();
    align(&mut padded, 8);
    Message::read(&MessageHead::read(&bytes)?, &padded, body.to_vec())
}

#[test]
fn a_call_is_as_the_specification_has_it() {
    let call = MethodCall {
        destination: "d.d",
        path: "/p",
        interface: "i.i",
        member: "M",
        arguments: &[Argument::U64(5), Argument::U32(6)],
    };
    let bytes = call.bytes(3);
    let head = MessageHead::read(&bytes[..HEAD_BYTES]).unwrap();
    assert_eq!((head.body_bytes, head.kind), (12, MessageKind::Other));
    let (fields, body) = bytes[HEAD_BYTES..].split_at(head.fields_bytes);
    let message = Message::read(&head, fields, body.to_vec()).unwrap();
    assert_eq!(message.signature, "tu");
    assert_eq!(body, [5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
    assert_eq!(&fields[..11], b"\x01\x01o\0\x02\0\0\0/p\0");
}

#[test]
fn numbers_and_complaints_are_read() {
    let mut fields = vec![REPLY_TO, 1, b'u', 0, 9, 0, 0, 0];
    put_signature_field(&mut fields, "v");
    let number = |body: &[u8]| reply(2, &fields, body).unwrap().number();
    assert_eq!(number(b"\x01i\0\0\x14\0\0\0").unwrap(), 20);
    assert_eq!(
        number(b"\x01x\0\0\0\0\0\0\x40\x0d\x03\0\0\0\0\0").unwrap(),
        200_000
    );
    assert!(number(b"\x01s\0\0\0\0\0\0\0").is_none());
    assert_eq!(reply(2, &fields, b"").unwrap().reply_to, Some(9));
    let mut fields = Vec::new();
    put_field(&mut fields, ERROR, 's', "a.Name");
    assert_eq!(reply(3, &fields, b"").unwrap().complaint(), "a.Name");
    put_signature_field(&mut fields, "s");
    let complaint = reply(3, &fields, b"\x02\0\0\0no\0").unwrap().complaint();
    assert_eq!(complaint, "no");
}

proptest! {
    #[test]
    fn noise_is_no_message_and_does_no_harm(
        head in prop::collection::vec(any::<u8>(), HEAD_BYTES),
        fields in prop::collection::vec(any::<u8>(), 0..200),
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut head = head;
        head[0] = b'l';
        head[12..16].copy_from_slice(&(fields.len() as u32).to_le_bytes());
        if let Some(message) = MessageHead::read(&head).and_then(|head| Message::read(&head, &fields, body)) {
            let _ = (message.number(), message.complaint());
        }
    }
}
