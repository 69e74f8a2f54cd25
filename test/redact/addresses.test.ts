/** What is kept of addresses that are replaced: how many bits they share, and what they are for. */
import test from 'ava';
import fc from 'fast-check';
import { formatAddress, formatMac, parseAddress, parseMac } from '../../src/model/address.js';
import { Addresses } from '../../src/redact/addresses.js';
import { commonBits } from '../../src/redact/prefix-preserving.js';
import { Pseudorandom } from '../../src/redact/pseudorandom.js';

const key = fc.uint8Array({ minLength: 16, maxLength: 32 });
const addresses = key.map((octets) => new Addresses(new Pseudorandom(octets)));

/** Two of one length; the second has a prefix of the first, of any length. */
function pairs(length: number): fc.Arbitrary<[Uint8Array, Uint8Array]> {
  const octets = fc.uint8Array({ minLength: length, maxLength: length });
  return fc.tuple(octets, octets, fc.integer({ min: 0, max: length * 8 })).map(([one, other, bits]) => {
    const mask = (i: number) => 0xff & (0xff << Math.max(0, 8 - Math.max(0, bits - i * 8)));
    return [one, other.map((octet, i) => (one[i]! & mask(i)) | (octet & ~mask(i)))];
  });
}

/** The networks that tell what an address is for; each address is in the same ones before and after. */
const NETWORKS = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.168.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '::/127', 'fe80::/10', 'fc00::/7', 'fd00::/8'],
  ...['ff00::/8', 'ff02::/16', '2000::/3', '::ffff:0:0/96', '64:ff9b::/96'],
].map((network) => {
  const [address, length] = network.split('/');
  return { octets: parseAddress(address!)!, length: Number(length) };
});

function networksOf(address: Uint8Array): boolean[] {
  return NETWORKS.map(
    ({ octets, length }) => octets.length === address.length && commonBits(octets, address) >= length,
  );
}

/** Any address, those of the networks as often as others. */
function address(length: number): fc.Arbitrary<Uint8Array> {
  const any = fc.uint8Array({ minLength: length, maxLength: length });
  const networks = NETWORKS.filter(({ octets }) => octets.length === length);
  const within = fc.tuple(fc.constantFrom(...networks), any).map(([{ octets, length: bits }, host]) =>
    host.map((octet, i) => {
      const mask = 0xff & (0xff << Math.max(0, 8 - Math.max(0, bits - i * 8)));
      return (octets[i]! & mask) | (octet & ~mask);
    }),
  );
  return fc.oneof(any, within);
}

function isMadeOfMac(address: Uint8Array): boolean {
  return address.length === 16 && address[11] === 0xff && address[12] === 0xfe;
}

for (const length of [4, 16]) {
  test(`IPv${length === 4 ? 4 : 6}: two that share n bits share n bits after`, (t) => {
    fc.assert(
      fc.property(addresses, pairs(length), (map, [one, other]) => {
        // What is made of a MAC stays so, and goes another way than what only begins like it.
        fc.pre(isMadeOfMac(one) === isMadeOfMac(other));
        t.is(commonBits(map.octets(one), map.octets(other)), commonBits(one, other));
      }),
      { numRuns: 500 },
    );
  });

  test(`IPv${length === 4 ? 4 : 6}: in the same networks of a kind as before`, (t) => {
    fc.assert(
      fc.property(addresses, address(length), (map, octets) => {
        t.deepEqual(networksOf(map.octets(octets)), networksOf(octets));
      }),
      { numRuns: 500 },
    );
  });
}

test('MACs: vendor and flags', (t) => {
  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(addresses, mac, mac, (map, one, other) => {
      t.is(map.mac(one)[0]! & 3, one[0]! & 3);
      const sameVendor = Uint8Array.of(...one.subarray(0, 3), ...other.subarray(3));
      t.deepEqual(map.mac(sameVendor).subarray(0, 3), map.mac(one).subarray(0, 3));
      t.deepEqual(map.mac(one.subarray(0, 3)), map.mac(one).subarray(0, 3));
    }),
  );
});

test('an address that was made of a MAC is made of what stands for it, and so is its solicited-node group', (t) => {
  const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
  const network = fc.constantFrom('fe80::', '2001:db8:1:2::', 'fd00:5::');
  const made = (from: Uint8Array, of: Uint8Array) => {
    const [a, b, c, d, e, f] = of as unknown as [number, number, number, number, number, number];
    return Uint8Array.of(...from.subarray(0, 8), a ^ 2, b, c, 0xff, 0xfe, d, e, f);
  };
  const group = (of: Uint8Array) =>
    Uint8Array.of(...parseAddress('ff02::1:ff00:0')!.subarray(0, 13), ...of.slice(13));
  fc.assert(
    fc.property(addresses, mac, network, (map, octets, prefix) => {
      fc.pre((octets[0]! & 1) === 0 && octets[0] !== 0);
      const original = made(parseAddress(prefix)!, octets);
      const mapped = map.octets(original);
      t.deepEqual(mapped, made(mapped, map.mac(octets)));
      t.deepEqual(map.octets(group(original)), group(mapped));
      const groupMac = (of: Uint8Array) => Uint8Array.of(0x33, 0x33, ...of.slice(12));
      t.deepEqual(map.mac(groupMac(group(original))), groupMac(group(mapped)));
    }),
  );
});

test('a network stays one, and its hosts stay in it', (t) => {
  const octets = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(addresses, octets, fc.integer({ min: 8, max: 32 }), (map, host, length) => {
      const network = host.map((octet, i) => octet & (0xff << Math.max(0, 8 - Math.max(0, length - i * 8))));
      const mapped = parseAddress(map.address(formatAddress(network, 0, 4), length)!)!;
      t.true(commonBits(mapped, map.octets(host)) >= length);
      const cleared = mapped.map(
        (octet, i) => octet & (0xff << Math.max(0, 8 - Math.max(0, length - i * 8))),
      );
      t.deepEqual(mapped, cleared);
    }),
  );
});

test('what means the same everywhere stays, and so do the ends of a /24', (t) => {
  const map = new Addresses(new Pseudorandom(Buffer.from('a key for the tests')));
  for (const same of [
    '0.0.0.0',
    '127.0.0.1',
    '127.0.0.53',
    '224.0.0.18',
    '255.255.255.255',
    '255.255.255.0',
    '::',
    '::1',
    'ff02::1',
    'ff02::12',
  ])
    t.is(map.address(same), same);
  for (const host of ['0', '255', '1', '254'])
    t.regex(map.address(`192.168.77.${host}`)!, new RegExp(`^192\\.168\\.\\d+\\.${host}$`));
  for (const same of [
    'ff:ff:ff:ff:ff:ff',
    '00:00:00:00:00:00',
    '01:00:5e:00:00:12',
    '33:33:00:00:00:01',
    '00:00:5e:00:01:33',
  ])
    t.is(formatMac(map.mac(parseMac(same)!)), same);
  t.not(map.address('8.8.8.8'), '8.8.8.8');
  t.is(map.address('no address'), null);
});

test('another key, other addresses', (t) => {
  const [one, other] = ['the first of keys', 'the other of keys'].map(
    (text) => new Addresses(new Pseudorandom(Buffer.from(text))),
  );
  t.not(one!.address('10.20.30.40'), other!.address('10.20.30.40'));
  t.is(
    one!.address('10.20.30.40'),
    new Addresses(new Pseudorandom(Buffer.from('the first of keys'))).address('10.20.30.40'),
  );
});
