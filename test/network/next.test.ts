import test from 'ava';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { isOneNeighbour } from '../../src/network/next.js';
import { Station } from '../../src/network/station.js';

const GLOBAL = 'fd00:1::1';
const LINK_LOCAL = 'fe80::1';
const MAC = '02:00:00:00:00:01';

interface Entry {
  dst: string;
  dev: string;
  lladdr?: string;
  router?: null;
  state: string[];
}

function isOne(...entries: Entry[]): boolean {
  const files = new Map([['ip-neigh.json', JSON.stringify(entries)]]);
  const station = new Station(readSnapshot(files, 'node1', null, 'node1'));
  return isOneNeighbour(station, 'eth0', LINK_LOCAL, GLOBAL);
}

const router: Entry = { dst: LINK_LOCAL, dev: 'eth0', lladdr: MAC, router: null, state: ['REACHABLE'] };

test("a router's link-local and global addresses: by the MAC that both have", (t) => {
  t.true(isOne(router, { dst: GLOBAL, dev: 'eth0', lladdr: MAC, state: ['STALE'] }));
  t.false(isOne(router, { dst: GLOBAL, dev: 'eth0', lladdr: '02:00:00:00:00:02', state: ['STALE'] }));
});

test('a gateway without an entry is the one router on the link, and none where there are two', (t) => {
  t.true(isOne(router));
  t.true(isOne(router, { dst: GLOBAL, dev: 'eth0', state: ['FAILED'] }));
  const second = { ...router, dst: 'fe80::2', lladdr: '02:00:00:00:00:02' };
  t.false(isOne(router, second));
  t.true(isOne(router, { ...second, dev: 'eth1' }));
  t.false(isOne({ ...router, router: undefined }));
});
