/**
 * A small server: over TCP, one request like HTTP's and one response, then it closes; over UDP, one datagram for one.
 * The response names the server. Arguments: name, address, port, `tcp` or `udp`. Runs until it is stopped.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [name, address, port, protocol] = process.argv.slice(2) as [string, string, string, 'tcp' | 'udp'];
const ready = () => process.stdout.write('ready\n');

if (protocol === 'udp') {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => socket.send(name, from.port, from.address));
  socket.on('error', () => {});
  socket.bind(Number(port), address, ready);
} else {
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () =>
      socket.end(`HTTP/1.0 200 OK\r\nServer: ${name}\r\nContent-Length: 3\r\n\r\nok\n`),
    );
  }).listen(Number(port), address, ready);
}
