import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fileChunks } from '../../../src/ingest/capture/source.js';
import { InputError } from '../../../src/model/errors.js';
import { fixture, ROOT } from '../../support.js';
import { collect, readPackets } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'returnpath-source-'));
test.after.always(() => rmSync(directory, { recursive: true }));

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
