/** A process in a network namespace that sends UDP datagrams as it is told, one JSON object a line. */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

export interface Datagram {
  family: 4 | 6;
  /** Null: the kernel chooses. */
  source: string | null;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  /** In Base64. */
  data: string;
}

/** @returns null, or the error's code */
function send(datagram: Datagram): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(datagram.family === 4 ? 'udp4' : 'udp6');
    const end = (error: Error | null) => {
      socket.close();
      resolve(error && ((error as NodeJS.ErrnoException).code ?? error.message));
    };
    socket.once('error', end);
    socket.bind(datagram.sourcePort, datagram.source ?? undefined, () => {
      socket.setBroadcast(true);
      socket.send(Buffer.from(datagram.data, 'base64'), datagram.destinationPort, datagram.destination, end);
    });
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await send(JSON.parse(line)))}\n`);
}
