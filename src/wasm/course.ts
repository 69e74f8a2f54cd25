/**
 * What is known of a 5-tuple in a window: 32 octets. Of a brief connection, which begins and ends in it, each packet of its
 * handshake seen once and in its order, that is all that is needed.
 */
@unmanaged
export class Course {
  /** As the first segment has them: of IPv6, `a` is where its addresses are, and the hash is none. */
  a: u32;
  b: u32;
  ports: u32;
  hashed: u32;
  /** Initial sequence numbers. */
  clientSequence: u32;
  serverSequence: u32;
  /** The first segment, and its traits. */
  first: u16;
  /** Segments up to and with the last one before it that may be of any connection. */
  since: u16;
  /** Number of the brief connection, from 1; 0: it is none. */
  brief: u16;
  traits: u8;
  state: u8;
}
