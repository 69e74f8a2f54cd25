import { bundle } from './bundle.js';
import { ciliumBugtool } from './cilium-bugtool.js';
import { clusterInfo } from './cluster-info.js';
import type { Layout, Taken } from './layout.js';
import { metallb } from './metallb.js';
import { mustGather } from './must-gather.js';
import { networkTools } from './network-tools.js';
import { rancher } from './rancher.js';
import { retina } from './retina.js';
import { sosreport } from './sosreport.js';

/** In the order in which they are asked: the more a name tells by itself, the earlier. */
export const LAYOUTS: readonly Layout[] = [
  ...[sosreport, retina, rancher, ciliumBugtool, mustGather, networkTools, metallb, bundle, clusterInfo],
];

/** The layout that takes a file, by its path within what was given; null where none does. */
export function layoutOfFile(path: string): (Taken & { layout: Layout }) | null {
  for (const layout of LAYOUTS) {
    const taken = layout.take(path);
    if (taken) return { ...taken, layout };
  }
  return null;
}

/** @param name as `Layout.name` */
export function layoutNamed(name: string): Layout {
  return LAYOUTS.find((layout) => layout.name === name)!;
}
