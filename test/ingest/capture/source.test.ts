import { execFileSync, spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fileChunks, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { InputError } from '../../../src/model/errors.js';
import { scratch } from '../../scratch.js';
import { fixture, ROOT } from '../../support.js';
import { collect, readPackets } from './support.js';

const directory = scratch();

test('a file of many reads, as it is', async (t) => {
  const path = join(directory, 'long');
  const octets = Buffer.from(Array.from({ length: 300_000 }, (_, i) => `${i}`).join());
  writeFileSync(path, octets);
  t.true((await collect(fileChunks(path))).equals(octets));
});

test('a FIFO, while it is being written', async (t) => {
  const path = join(directory, 'fifo');
  execFileSync('mkfifo', [path]);
  const writer = spawn('cp', [fixture('captures', 'ethernet.pcap'), path]);
  const { summary } = await readPackets(fileChunks(path));
  t.is(summary.packets, 38);
  t.is(writer.exitCode ?? 0, 0);
});

/** What a listener is told while a file is read. */
async function listen(path: string) {
  const told: [file: string, octets: number, total: number | null, ended: boolean][] = [];
  const into = new ReadBuffer((...call) => told.push(call));
  const done = await readPackets(fileChunks(path, 'name', into)).catch((error) => error);
  return { told, done };
}

test('how far it is: octets of the file as it lies there, up to its size', async (t) => {
  const path = fixture('captures', 'dumpcap.pcapng.zst');
  const { size } = statSync(path);
  const { told } = await listen(path);
  t.deepEqual(told.at(-1), ['name', size, size, true]);
  t.deepEqual(told.filter(([, octets, , ended]) => octets === size && !ended).length, 1);
  t.true(told.every(([, octets], i) => octets >= (told[i - 1]?.[1] ?? 0)));
});

test('how far it is: a FIFO has no size, and the end is told of what broke off', async (t) => {
  const fifo = join(directory, 'told');
  execFileSync('mkfifo', [fifo]);
  const path = fixture('captures', 'ethernet.pcap');
  spawn('cp', [path, fifo]);
  t.deepEqual((await listen(fifo)).told.at(-1), ['name', statSync(path).size, null, true]);
  const missing = await listen('/nonexistent/eth0.pcap');
  t.true(missing.done instanceof InputError);
  t.deepEqual(missing.told, [['name', 0, null, true]]);
});

test('what cannot be read is told by its name', async (t) => {
  const refused = (path: string, name?: string) =>
    t.throwsAsync(collect(fileChunks(path, name)), { instanceOf: InputError });
  t.is((await refused('/nonexistent/eth0.pcap')).message, '/nonexistent/eth0.pcap: no such file');
  t.is((await refused('/nonexistent', 'node1.tar:eth0.pcap')).message, 'node1.tar:eth0.pcap: no such file');
  t.is((await refused(directory)).message, `${directory}: is a directory`);
});

test('standard input', (t) => {
  const script = `
    import { readCapture } from '${ROOT}/dist/src/ingest/capture/reader.js';
    import { stdinChunks } from '${ROOT}/dist/src/ingest/capture/source.js';
    const { packets } = await readCapture(stdinChunks(), '-', () => {});
    process.stdout.write(String(packets));`;
  const shell = `zstd -q -d -c "$1" | "$0" --input-type=module -e "$2"`;
  const path = fixture('captures', 'dumpcap.pcapng.zst');
  t.is(execFileSync('sh', ['-c', shell, process.execPath, path, script], { encoding: 'utf8' }), '58');
});
