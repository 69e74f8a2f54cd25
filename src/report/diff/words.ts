import type { ComparedFinding, ComparedService, FindingChange, Success } from '../../model/comparison.js';
import { numberText } from '../../model/texts.js';
import { counted, nodeText, placeText } from '../terminal/words.js';

/** `rp-filter on node2 flannel.1`, as it is now, else as it was. */
export function findingName({ cause, service, before, after }: ComparedFinding): string {
  const state = (after ?? before)!;
  if (state.node !== null) return `${cause} on ${placeText(nodeText(state), state.interface)}`;
  return service === null ? cause : `${cause} of ${service}`;
}

/** `4 of 4 connections to 192.168.1.100 were made (before: 0 of 4)` */
export function successText({ address, protocol, before, after }: ComparedService): string {
  const to = address === null ? 'other addresses' : address;
  const kind = protocol === 'tcp' ? 'connection' : `${protocol} exchange`;
  return `${numberText(after.made)} of ${counted(after.all, kind)} to ${to} succeed (before: ${numberText(before.made)} of ${numberText(before.all)})`;
}

/** `3 of 4 (75%)`; `none seen` where nothing was. */
export function shareText({ made, all }: Success): string {
  if (all === 0) return 'none seen';
  // Not all is never 100%, and some is never 0%.
  const percent =
    made === 0 || made === all
      ? (made / all) * 100
      : Math.min(99, Math.max(1, Math.round((made / all) * 100)));
  return `${numberText(made)} of ${numberText(all)} (${percent}%)`;
}

export function changeText(change: FindingChange): string {
  return change.replace('-', ' ');
}
