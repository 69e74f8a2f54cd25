/** Sends a recorded bundle as the script on a node does, and stays until nobody listens: `node replay.js DIRECTORY`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory] = process.argv.slice(2) as [string];
for (const name of readdirSync(directory)) {
  if (!/\.(json|txt|log)$/.test(name)) continue;
  const content = readFileSync(join(directory, name));
  process.stderr.write(`\x01returnpath ${name} 0 ${content.length}\n`);
  process.stderr.write(content);
}
process.stdout.write(readFileSync(join(directory, 'any.pcap')));
process.stdin.on('end', () => process.stderr.write('\x01returnpath . 0 0\n')).resume();
