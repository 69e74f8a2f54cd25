const A_LINE = 16;

/** A packet's octets as Wireshark and `tcpdump -XX` show them: offset, hex, and what of it is printable. */
export function hexDump(hex: string): string {
  const octets = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += A_LINE) {
    const line = octets.slice(at, at + A_LINE);
    const offset = at.toString(16).padStart(4, '0');
    lines.push(`${offset}  ${line.join(' ').padEnd(A_LINE * 3 - 1)}  ${line.map(printable).join('')}`);
  }
  return lines.join('\n');
}

function printable(octet: string): string {
  const code = Number.parseInt(octet, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.';
}
