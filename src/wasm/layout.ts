/**
 * What lies where in the memory that the WebAssembly module and its callers share. Compiled by both TypeScript and
 * AssemblyScript, hence plain numbers.
 */

/** Words (of four octets) of a flow's row; 64 octets, a cache line. */
export const FLOW_ADDRESS_A = 0;
export const FLOW_ADDRESS_B = 1;
/** Port of a in the upper half, of b in the lower; an echo's identifier and sequence number. */
export const FLOW_PORTS = 2;
/** IP version and `TRANSPORT_` in bits 0-3, `STATE_` above; 0 where the row is free. */
export const FLOW_STATE = 3;
/**
 * Initial sequence number of the client, or (midstream) the first sequence number from a. Of UDP: the ID of a DNS
 * message.
 */
export const FLOW_CLIENT_SEQUENCE = 4;
/**
 * Initial sequence number of the server, or (midstream) the first one from b. Of UDP: the digest of the first datagram
 * from the client.
 */
export const FLOW_SERVER_SEQUENCE = 5;
export const FLOW_FIRST_SECONDS = 6;
export const FLOW_FIRST_NANOSECONDS = 7;
export const FLOW_LAST_SECONDS = 8;
export const FLOW_LAST_NANOSECONDS = 9;
/** Cell of a sighting plus 1, 0 for none. */
export const FLOW_FIRST_SIGHTING = 10;
export const FLOW_LAST_SIGHTING = 11;
/** Row of the instance of the 5-tuple before this one plus 1, 0 for none. Of a free row, the next free one. */
export const FLOW_OLDER = 12;
/** Sightings met, also those that were too many to be kept. */
export const FLOW_SIGHTINGS = 13;
/** Of UDP: sightings kept of datagrams from the client, and from the server. */
export const FLOW_CLIENT_KEPT = 14;
export const FLOW_SERVER_KEPT = 15;
/** Of TCP: row of another leg with the same initial sequence number of the client plus 1, in a ring; 0 for none. */
export const FLOW_SIBLING = 14;
/**
 * Of TCP, in ms above the `DATA_` bits: when payload of the server's was seen first; as long as there is none, when
 * payload of the client's was first acknowledged, or before that seen first.
 */
export const FLOW_FIRST_DATA = 15;
export const FLOW_SHIFT = 6;

/** What a flow's key says besides addresses and ports: the IP version, and a bit for each protocol but TCP. */
export const TRANSPORT_UDP = 1;
export const TRANSPORT_ECHO = 8;

/** Bits of a row's state. */
export const STATE_TRANSPORT = 0xf;
export const STATE_VERSION = 6;
/** Which end is the client is known, and it is b. Without the former it is open. */
export const STATE_CLIENT_KNOWN = 1 << 4;
export const STATE_CLIENT_IS_B = 1 << 5;
export const STATE_SYN = 1 << 6;
export const STATE_SYN_ACK = 1 << 7;
/** Segments with ACK and neither SYN nor RST. */
export const STATE_A_SPOKE = 1 << 8;
export const STATE_B_SPOKE = 1 << 9;
export const STATE_A_RESET = 1 << 10;
export const STATE_B_RESET = 1 << 11;
export const STATE_A_FIN = 1 << 12;
export const STATE_B_FIN = 1 << 13;
/** The client sent payload. */
export const STATE_PAYLOAD = 1 << 14;
/** The SYN-ACK came again behind that, and nothing else of the server had. */
export const STATE_IGNORED = 1 << 15;
/** First sequence number from a, from b, noted in a midstream row. */
export const STATE_A_SEQUENCE = 1 << 16;
export const STATE_B_SEQUENCE = 1 << 17;
export const STATE_ICMP_ERROR = 1 << 18;
/** The row's times are set: a packet of it had one. */
export const STATE_TIMED = 1 << 19;
/** Of UDP: the first datagram that was seen came from the server. */
export const STATE_SERVER_FIRST = 1 << 20;
/** Of TCP: the server sent payload. */
export const STATE_SERVER_PAYLOAD = 1 << 20;
/** The row is among those that are over or silent. */
export const STATE_SETTLED = 1 << 21;
/** A sighting was kept by another way than a plain handshake's. */
export const STATE_ODD = 1 << 22;
/** There was no room for a sighting: what is known of the flow is not all that was seen. */
export const STATE_LOST = 1 << 23;
/** A newer instance of the 5-tuple was let go: what comes late is of that one. */
export const STATE_SUCCEEDED = 1 << 24;
/**
 * Of a connection that met nothing and is one of a sample: how many it stands for, in five bits, as a power of two. It
 * is known at the end.
 */
export const STATE_SHARE_SHIFT = 25;
export const STATE_SHARE = 0x1f;
/**
 * The server's first payload came again soon, and again `UNANSWERED` later, and the client had nothing of it since; where
 * there is none, the client's did, and it did not go on behind it.
 */
export const STATE_UNANSWERED = 1 << 30;
/** The server acknowledged payload of the client's. */
export const STATE_ANSWERED = 1 << 31;
export const STATE_SPOKE = STATE_A_SPOKE | STATE_B_SPOKE;
export const STATE_RESET = STATE_A_RESET | STATE_B_RESET;
export const STATE_FINISHED = STATE_A_FIN | STATE_B_FIN;

/**
 * How long after it was seen first, ms, payload comes again that was lost, and how long if it is lost each time: a host
 * waits for 0.2 s or more, then for twice as long each (RFC 6298 section 5.5, TCP_RTO_MIN). What is nearer is a copy at
 * another interface.
 */
export const SENT_AGAIN = 150;
export const UNANSWERED = 1200;
/** Times go round after 12 days; what seems older came a little before. */
export const OLDEST_DATA = 1 << 29;
/** Below the time of `FLOW_FIRST_DATA`: the payload came again since; its sender got on behind it. */
export const DATA_AGAIN = 1;
export const DATA_WENT_ON = 2;
export const DATA_SHIFT = 2;

/** Words of a sighting's cell. */
export const CELL_SECONDS = 0;
/** Nanoseconds in bits 0-29, `CLOCK_` above. */
export const CELL_NANOSECONDS = 1;
export const CELL_PACKET = 2;
/** Of datagrams and echoes: the payload's length, and octets digested. */
export const CELL_TIMESTAMP_VALUE = 3;
export const CELL_TIMESTAMP_ECHO_REPLY = 4;
/** IPv4 identification in bits 0-15, window in 16-31. */
export const CELL_ID_WINDOW = 5;
/** Number of the frame in bits 0-19 (or FRAME_ELSEWHERE), ttl in 20-27, `KIND_` in 28-30, sent by end `b` in 31. */
export const CELL_FRAME = 6;
/** Cell of the flow's next sighting plus 1 in bits 0-29, 0 at the end; `EXTENT_` above. Of a free cell, the next free one. */
export const CELL_NEXT = 7;
/** Words of the second cell. Of datagrams and echoes: the payload's digest, and the long one. */
export const CELL_SEQUENCE_NUMBER = 8;
export const CELL_ACKNOWLEDGMENT_NUMBER = 9;
/** ICMP: version, type and code in a byte each. */
export const CELL_ICMP = 10;
/** ICMP error: id of the interned address that it came from. */
export const CELL_ICMP_FROM = 11;
/** Number of a frame that does not fit in CELL_FRAME. */
export const CELL_WIDE_FRAME = 12;
export const CELL_SHIFT = 5;

export const CLOCK_NANOSECONDS = (1 << 30) - 1;
export const CLOCK_NO_TIME = 1 << 30;
export const CLOCK_HAS_TIMESTAMPS = 1 << 31;

export const EXTENT_NEXT = (1 << 30) - 1;
/** There is a second cell. */
export const EXTENT_SECOND = 1 << 30;
/** Its first words are a payload's digests. */
export const EXTENT_PAYLOAD = 1 << 31;

export const FRAME_ELSEWHERE = (1 << 20) - 1;
export const TTL_SHIFT = 20;
export const KIND_SHIFT = 28;
export const FROM_B = 1 << 31;

export const KIND_SYN = 0;
export const KIND_SYN_ACK = 1;
export const KIND_ACK = 2;
export const KIND_RST = 3;
export const KIND_ICMP_ERROR = 4;
export const KIND_DATAGRAM = 5;
export const KIND_ECHO_REQUEST = 6;
export const KIND_ECHO_REPLY = 7;

/** Words of a frame's row: how packets lay on the wire. */
export const FRAME_INTERFACE = 0;
/** `LINK_` bits; above them packetType + 1 (0 where not cooked), and VID + 1 (0 untagged). */
export const FRAME_LINK = 1;
/** The upper 16 bits of the source's MAC, then those of the destination's; the lower 32 follow. */
export const FRAME_ETHER_HIGH = 2;
export const FRAME_SOURCE_LOW = 3;
export const FRAME_DESTINATION_LOW = 4;
/** Id of interned encapsulations; 0 for none. */
export const FRAME_TUNNELS = 5;
export const FRAME_SHIFT = 5;

export const LINK_IS_IFINDEX = 1;
export const LINK_HAS_SOURCE = 2;
export const LINK_HAS_DESTINATION = 4;
export const LINK_PACKET_TYPE_SHIFT = 3;
export const LINK_PACKET_TYPE = 0xf;
export const LINK_VLAN_SHIFT = 8;

/** Octets of an IPv6 address, as a power of two. */
export const ADDRESS_SHIFT = 4;

/** Words of a server's row: connections that were counted and let go. */
export const SERVED_FRONT = 0;
export const SERVED_BACK = 1;
/** Port, and below it IP version in four bits. */
export const SERVED_PORT = 2;
/** The fourth word of the key is 0. */
export const SERVED_COUNT = 4;
export const SERVED_KEPT = 5;
export const SERVED_SHIFT = 5;

/** Words of a note: initial sequence number of the client, and the word of the server's address. */
export const NOTE_NUMBER = 0;
export const NOTE_SERVER = 1;
/** Half of a hash of the SYN's time stamp, and of that which a SYN-ACK echoes; 0 where there is none. */
export const NOTE_STAMPS = 2;
export const NOTE_STAMP = 0xffff;
export const NOTE_ECHO_SHIFT = 16;
/** Half of a hash of the client's address and port, below `NOTE_SERVER_NUMBER`. */
export const NOTE_MARKS = 3;
export const NOTE_CLIENT = 0xffff;
/** Some bits of the server's initial sequence number, of which the lowest says that it is known; else 0. */
export const NOTE_SERVER_NUMBER = -1 << 16;
export const NOTE_SERVER_KNOWN = 1 << 16;
export const NOTE_SHIFT = 4;

/** A SYN or SYN-ACK this far after a flow's last packet, in seconds, is of another attempt, even with the same numbers. */
export const STALE_SECONDS = 300;

/**
 * Sightings kept of one flow: six SYNs and as many SYN-ACKs at a dozen capture points each. Beyond that (a loop,
 * a flood with one 5-tuple) they are counted in `FLOW_SIGHTINGS` alone.
 */
export const MAX_SIGHTINGS_PER_FLOW = 256;

export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_LINUX_SLL2 = 276;

/** Flows of one capture that the memory of a module, of 4 GiB at the most, can be set up for. */
export const MOST_FLOWS = 3_000_000;

/** Octets of the buffer that packets are read into. */
export const BUFFER_SIZE = 256 * 1024;
/** Octets of an address or a packet's headers that are handed over by themselves. */
export const SCRATCH_SIZE = 256;

/** Rows that `lone.ts` is given at a time, */
export const LONE_CHUNK = 4096;
/** and what it makes of each: it has nothing in common with another leg; or it may have. 0: it is no leg. */
export const MARK_LONE = 1;
export const MARK_OTHER = 2;

/** Octets of a segment, as a power of two: `Segment` of `read-segment.ts`. */
export const SEGMENT_SHIFT = 6;

/** Octets of what is known of a 5-tuple in a window, as a power of two: `Course` of `course.ts`. */
export const COURSE_SHIFT = 5;

/**
 * Octets of a window, in which a large file is read by however many threads: each costs its taker a turn through all
 * layers of reading, and may cost a thread's sleep, so that it is larger than what is read at once otherwise. In a larger
 * one more connections begin and end, and more memory is met for the first time.
 */
export const WINDOW_SIZE = 1536 * 1024;
/**
 * Windows that a thread may have read before they are taken in, each in a slot of its own: what another wrote last is
 * slow to write.
 */
export const SLOTS_EACH = 3;
/** Threads that there can be slots for. */
export const MOST_THREADS = 3;
export const SLOTS = MOST_THREADS * SLOTS_EACH;
/** What is read at once behind a window, where the last record goes on, */
export const OVERHANG_READ = 2048;
/** and octets of it that can lie there: as many as libpcap's records can have. */
export const OVERHANG = 256 * 1024 + 16;
/** Segments that can be made of a window, a power of two: a small packet has 70 octets with its header. */
export const SLOT_SEGMENTS = 32768;
/** Octets of a cache line, for what two threads write. */
export const LINE = 64;
/** Brief connections that there can be in a window: each has five packets at the least. */
export const SLOT_BRIEFS = SLOT_SEGMENTS >>> 2;
/** Octets of a slot that the records of a window are read into. */
export const SLOT_ROOM = (WINDOW_SIZE + OVERHANG + LINE - 1) & -LINE;
/**
 * Where in a slot, behind its words, things are: the octets; their segments; for each of these in two octets which brief
 * connection it is of, from 1; and those connections.
 */
export const SLOT_ROOM_AT = LINE;
export const SLOT_SEGMENTS_AT = SLOT_ROOM_AT + SLOT_ROOM;
export const SLOT_PARTS_AT = SLOT_SEGMENTS_AT + (SLOT_SEGMENTS << SEGMENT_SHIFT);
export const SLOT_BRIEFS_AT = SLOT_PARTS_AT + (SLOT_SEGMENTS << 1);
export const SLOT_SIZE = SLOT_BRIEFS_AT + (SLOT_BRIEFS << COURSE_SHIFT);
/** Words of a slot: where in the window its records begin, their octets, how many segments, and brief connections there are. */
export const SLOT_START = 0;
export const SLOT_OCTETS = 1;
export const SLOT_COUNT = 2;
export const SLOT_BRIEF_COUNT = 3;
/** The earliest and the latest time of the packets of brief connections: nanoseconds, and behind them seconds. */
export const SLOT_FIRST = 4;
export const SLOT_LAST = 6;
/** Whether these packets are out of order (`order.ts`); so many words there are. */
export const SLOT_DISORDER = 8;
/** In place of the number of a brief connection: it is no plain segment. */
export const PART_OTHER = 0xffff;

/** Words before the slots, by octets: windows that somebody began to read, and windows that were taken in. */
export const RING_BEGUN = 0;
export const RING_TAKEN = LINE;
/** Windows of which it is known where their last record ends, and where in the next one that is; -1 where none follows. */
export const RING_DIVIDED = 2 * LINE;
export const RING_START = RING_DIVIDED + 4;
/** For each window, in turn: that it is read, and in which slot it is. */
export const RING_READ = 3 * LINE;
export const RING_SLOTS = RING_READ + SLOTS * LINE;
/** Behind the slots, for each thread what it needs to find brief connections. */
export const RING_SCRATCH = RING_SLOTS + SLOTS * SLOT_SIZE;
/** What there may be of a connection's state and a segment: `course-states.ts`. */
export const COURSE_EVENTS = 1 << 12;
/** Places of the two tables of `courses.ts`, twice as many as segments; and octets of what they lead to. */
export const BRIEF_PLACES = SLOT_SEGMENTS * 2;
export const BRIEF_SCRATCH = BRIEF_PLACES * 6 + (SLOT_SEGMENTS << COURSE_SHIFT) + COURSE_EVENTS;
export const RING_SIZE = RING_SCRATCH + MOST_THREADS * BRIEF_SCRATCH;

/** Beyond the connections that are kept whole, of those that were made a sample of a share of as many is kept, */
export const SAMPLE_SHARE = 8;
/** and of each server between half as many and as many, or all that there are; fewer of each where they are many. */
export const KEPT_OF_SERVER = 8;
/** Legs that NAT makes of a connection at the most, by which they are told from connections that share a number. */
export const LEGS_OF_CONNECTION = 4;
