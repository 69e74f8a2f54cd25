/**
 * A small server: over TCP, one request like HTTP's and one response, then it closes, unless it is to keep alive; over
 * UDP, one datagram for one. The response names the server, and has as many octets as the request asks for (`X-Octets`). Arguments: name, address, port, `tcp` or `udp`. Runs until it is stopped.
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
    socket.once('data', (request) => {
      const body = 'ok\n'.padStart(Number(/^X-Octets: (\d+)\r$/m.exec(String(request))?.[1] ?? 0), '.');
      const response = `HTTP/1.0 200 OK\r\nServer: ${name}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      if (/^Connection: keep-alive\r$/m.test(String(request))) socket.write(response);
      else socket.end(response);
    });
  }).listen(Number(port), address, ready);
}
