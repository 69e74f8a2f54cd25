import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { LinkType, linkTypeName } from '../../../src/ingest/capture/linktypes.js';
import { testWith } from '../../gates.js';
import { scratch } from '../../scratch.js';
import { writePcap } from './writer.js';

test('names', (t) => {
  t.is(linkTypeName(1), 'ETHERNET');
  t.is(linkTypeName(101), 'RAW');
  t.is(linkTypeName(12), 'RAW');
  t.is(linkTypeName(14), 'RAW');
  t.is(linkTypeName(276), 'LINUX_SLL2');
  t.is(linkTypeName(4711), 'LINKTYPE_4711');
});

/** Names of libpcap's that are not the registry's. */
const DLT_NAMES: Record<string, string> = {
  ETHERNET: 'EN10MB',
  IEEE802_5: 'IEEE802',
  ARCNET_BSD: 'ARCNET',
  PPP_HDLC: 'PPP_SERIAL',
  IEEE802_11_PRISM: 'PRISM_HEADER',
  IEEE802_11_RADIOTAP: 'IEEE802_11_RADIO',
  IEEE802_11_AVS: 'IEEE802_11_RADIO_AVS',
  IEEE802_15_4_WITHFCS: 'IEEE802_15_4',
};

testWith('tcpdump')('as libpcap names them', (t) => {
  const directory = scratch(t);
  let known = 0;
  for (const [name, linkType] of Object.entries(LinkType)) {
    const path = join(directory, `${linkType}.pcap`);
    writeFileSync(path, writePcap([], { linkType }));
    const command = 'tcpdump -r "$0" -w /dev/null 2>&1 || true';
    const output = execFileSync('sh', ['-c', command, path], { encoding: 'utf8' });
    const told = /link-type (\w+)/.exec(output)?.[1] ?? '';
    // A number where this libpcap has no name.
    if (/^\d+$/.test(told)) continue;
    known++;
    t.is(told, DLT_NAMES[name] ?? name);
  }
  t.true(known >= 40);
});
