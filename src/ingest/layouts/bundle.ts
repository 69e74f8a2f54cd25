import { locate } from '../bundle-path.js';
import { isKernelLogName } from '../snapshot/join-logs.js';
import { isSnapshotFile } from '../snapshot/snapshot.js';
import { type Layout, layoutOf } from './layout.js';
import { procSysNet } from './proc.js';

const about = { name: 'bundle', called: 'a bundle', scope: 'node', lacks: [] } as const;

/** What else may lie in a bundle, in place of a file of its own. */
const copies = layoutOf({ ...about, rules: [procSysNet('proc/sys/net')] });

/** Our own bundle (README.md): its files have their names, whatever directory they lie in. */
export const bundle: Layout = {
  ...about,
  take(path) {
    const place = locate(path);
    if (!isSnapshotFile(place.name)) return copies.take(path);
    // Of an installation or a container: `var/log/installer/syslog`.
    if (isKernelLogName(place.name) && /(^|\/)var\/log\/.+$/.test(place.root)) return null;
    const placement = { ...place, node: null, rank: 0, isPart: false, isCommon: false };
    return { placements: [placement], convert: null };
  },
};
