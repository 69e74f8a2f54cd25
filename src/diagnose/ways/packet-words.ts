import type { Attempt } from '../../correlate/attempt.js';

/** What a protocol calls its first packets. */
export interface PacketWords {
  request: string;
  reply: string;
}

const WORDS: Readonly<Record<Attempt['protocol'], PacketWords>> = {
  tcp: { request: 'SYN', reply: 'SYN-ACK' },
  udp: { request: 'request', reply: 'reply' },
  icmp: { request: 'echo request', reply: 'echo reply' },
};

export function packetWords({ protocol }: Pick<Attempt, 'protocol'>): PacketWords {
  return WORDS[protocol];
}
