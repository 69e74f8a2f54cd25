import test from 'ava';
import { dropFilter } from './drops.js';

test('noise is left out by the numbers of this kernel', (t) => {
  const format =
    '\tfield:enum skb_drop_reason reason;\toffset:36;\n' +
    '__print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, { 4, "SOCKET_CLOSE" }, { 16, "IP_RPFILTER" })';
  t.is(dropFilter(format), 'reason != 2 && reason != 4');
});

test('a kernel that knows no reasons has no filter', (t) => {
  t.is(dropFilter('\tfield:unsigned short protocol;\toffset:32;\n'), null);
});
