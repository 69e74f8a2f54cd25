/** IPv6 addresses as small numbers, so that a flow's key is the same few words in either family. */
import { InternTable } from './intern-table';

export const addresses = new InternTable(4, 4);
