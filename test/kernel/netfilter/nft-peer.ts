/**
 * A neighbour of the router under test: sends packets as told on standard input, a line of JSON for each batch, and
 * answers UDP on the addresses and ports of its first argument. Says `ready`, then `sent` after
 * each batch.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export interface Sending {
  protocol: 'tcp' | 'udp';
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
}

export interface PeerSetup {
  addresses: string[];
  ports: number[];
}

async function open(address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return socket;
}

const { addresses, ports } = JSON.parse(process.argv[2]!) as PeerSetup;
for (const address of addresses) {
  for (const port of ports) {
    const socket = await open(address, port);
    socket.on('message', (data, from) => socket.send(data, from.port, from.address, () => undefined));
  }
}

/** Left open until the next batch, for a closed port answers with ICMP. */
let last: Socket[] = [];

async function send(sending: Sending): Promise<void> {
  const { source, sourcePort, destination, destinationPort } = sending;
  if (sending.protocol === 'tcp') {
    const socket = connect({
      host: destination,
      port: destinationPort,
      localAddress: source,
      localPort: sourcePort,
    });
    socket.on('error', () => undefined);
    setTimeout(() => socket.destroy(), 20);
    return;
  }
  const socket = await open(source, sourcePort);
  last.push(socket);
  await new Promise<void>((resolve) =>
    socket.send('question', destinationPort, destination, () => resolve()),
  );
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  for (const socket of last) socket.close();
  last = [];
  for (const sending of JSON.parse(line) as Sending[]) await send(sending);
  process.stdout.write('sent\n');
}
