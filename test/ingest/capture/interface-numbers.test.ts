import test from 'ava';
import {
  interfaceNumbersText,
  parseInterfaceNumbers,
  withoutInterfaceNumbers,
} from '../../../src/ingest/capture/interface-numbers.js';

const LINKS = [
  { ifindex: 1, name: 'lo' },
  { ifindex: 17, name: 'a=b' },
  { ifindex: 3, name: 'eth0.100@x' },
];

test('what is listed is read again, wherever it stands', (t) => {
  const text = interfaceNumbersText(LINKS)!;
  t.is(text, 'interfaces 1=lo 17=a=b 3=eth0.100@x');
  for (const whole of [text, `any.pcap; ${text}`, `${text}; both.pcapng`, `a; ${text}; b`]) {
    t.deepEqual(
      [...parseInterfaceNumbers(whole)],
      LINKS.map(({ ifindex, name }) => [ifindex, name]),
      whole,
    );
    t.false(withoutInterfaceNumbers(whole).includes('interfaces'), whole);
  }
});

test('other words are no list, and a name that would end it is not listed', (t) => {
  for (const text of [
    null,
    '',
    'interfaces',
    'interfaces of lab 1=lo',
    'my interfaces 1=lo',
    'interfaces 1=lo, 2',
  ])
    t.is(parseInterfaceNumbers(text).size, 0, `${text}`);
  t.is(interfaceNumbersText([{ ifindex: 2, name: 'a;b' }]), null);
});

test('of more than an option has room for, none is cut short', (t) => {
  const many = Array.from({ length: 9000 }, (_, i) => ({ ifindex: i + 1, name: `veth${i}` }));
  const text = interfaceNumbersText(many)!;
  t.true(text.length < 65_000);
  for (const [ifindex, name] of parseInterfaceNumbers(text)) t.is(name, `veth${ifindex - 1}`);
});
