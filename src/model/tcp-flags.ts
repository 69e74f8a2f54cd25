/** Bits of a TCP header's flags. Compiled by both TypeScript and AssemblyScript, hence plain numbers. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
