/** IPv6 addresses as small numbers, so that a flow's key is the same few words in either family. */
import { InternTable } from './intern-table';
import { ADDRESS_SHIFT } from './layout';

export const addresses = new InternTable(4, ADDRESS_SHIFT);
