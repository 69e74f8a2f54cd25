/**
 * A small HTTP-like server: one request, one response, then it closes. The response names the server.
 * Arguments: name, address, port. Runs inside a namespace until it is stopped.
 */
import { createServer } from 'node:net';

const [name, address, port] = process.argv.slice(2) as [string, string, string];

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', () =>
    socket.end(`HTTP/1.0 200 OK\r\nServer: ${name}\r\nContent-Length: 3\r\n\r\nok\n`),
  );
}).listen(Number(port), address, () => process.stdout.write('ready\n'));
