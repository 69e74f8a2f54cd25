import type { Correlation } from './correlate/correlate.js';
import type { CaptureResult, Inputs } from './correlate/reading/inputs.js';
import type { Observations } from './correlate/track/observations.js';
import { cutArchiveGaps } from './cut-archives.js';
import { orNeighbours } from './diagnose/recording.js';
import { linkTypeName } from './ingest/capture/linktypes.js';
import type { Gap } from './model/analysis.js';
import { MOST_FLOWS } from './wasm/layout.js';

/** What the inputs themselves lack, whatever was found in them. */
export function inputGaps(
  { captures, problems, snapshots, brokenOff, interruptions }: Inputs,
  { vips, vipUnseen, clocks, seenTwice }: Correlation,
): Gap[] {
  const gaps: Gap[] = [];
  if (captures.length === 0) {
    const why = 'there is no capture among the inputs, so no connection can be followed';
    gaps.push({
      node: null,
      interface: null,
      why,
      capture: 'tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap',
    });
  }
  if (vipUnseen) {
    const named = vips.map((vip) => vip.address).join(', ');
    gaps.push({
      node: null,
      interface: null,
      why: `no packet to ${named} or to a backend known to be behind it was captured; every connection in the captures is listed`,
      capture: `tcpdump -i any -n -s 128 -w NODE.pcap 'host ${vips[0]!.address} or udp port 4789 or udp port 8472 ${orNeighbours(vips[0]!.address)}'`,
    });
  }
  for (const node of brokenOff) {
    const why = `the recording of ${node} was broken off before its end: what it saw last, and its counters afterwards, may be missing`;
    gaps.push({ node, interface: null, why, capture: null });
  }
  gaps.push(...interruptionGaps(interruptions));
  const byCap = new Set(
    captures.filter(({ recorded }) => recorded?.engine === 'cap').map(({ file }) => file.node),
  );
  for (const node of byCap) {
    const why = `${node} was captured by the engine cap: times are those of delivery, milliseconds late at times and not in order between interfaces, and packets that the kernel dropped are not counted`;
    gaps.push({ node, interface: null, why, capture: 'returnpath capture --engine tcpdump' });
  }
  for (const capture of captures) gaps.push(...captureGaps(capture, seenTwice.get(capture.file.file) ?? 0));
  for (const { node, wasSet } of clocks.describe()) {
    if (!wasSet) continue;
    const why = `the clock of ${node}, or that of the first node, was set while capturing: what the two saw is not surely placed against each other in time`;
    gaps.push({ node, interface: null, why, capture: null });
  }
  gaps.push(...cutArchiveGaps({ problems, snapshots }));
  for (const { node, message, isCut } of problems) {
    if (!isCut) gaps.push({ node, interface: null, why: `${message}; it was passed over`, capture: null });
  }
  return gaps;
}

/** @param seenTwice packets of connections that another capture holds too */
function captureGaps({ file, observations, summary, undecoded }: CaptureResult, seenTwice: number): Gap[] {
  const gaps: Gap[] = [];
  const at = { node: file.node, interface: null };
  const { leftOut } = observations.neighbours;
  if (leftOut > 0) {
    const why = `${file.file}: of ARP or neighbour discovery, ${leftOut} messages are left out: there are more addresses, or changes of one, than are kept; an owner that only they tell of is not known`;
    gaps.push({ ...at, why, capture: null });
  }
  if (seenTwice > 0) {
    const why = `${file.file}: overlaps another capture of the same interface; ${seenTwice} packets of connections are in both, and count once`;
    gaps.push({ ...at, why, capture: null });
  }
  if (observations.unfollowed.since > 0) gaps.push({ ...at, ...unfollowedGap(file.file, observations) });
  if (observations.isMiscounted) {
    const why = `${file.file}: its packets are not in the order of their times; connections of which some came again much later may be counted twice. A file is read again for that, what comes by a pipe cannot be`;
    gaps.push({ ...at, why, capture: null });
  }
  if (undecoded > 0) {
    const types = summary.interfaces.map((i) => linkTypeName(i.linkType)).join(', ');
    const why = `${file.file}: packets of a link type that is not decoded (${types}): ${undecoded}`;
    gaps.push({ ...at, why, capture: 'tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap' });
  }
  if (summary.dropped !== null && summary.dropped > 0) {
    const why = `${file.file}: the capturing system lost ${summary.dropped} packets; one that is not seen may be among them`;
    gaps.push({ ...at, why, capture: NARROWER });
  }
  if (summary.error)
    gaps.push({ ...at, why: `${summary.error.message}; what comes after it was not read`, capture: null });
  return gaps;
}

/** Of a node whose interfaces come and go, more would hide what else is missing. */
const MOST_INTERRUPTIONS = 20;

/** What was not captured meanwhile. */
function interruptionGaps(interruptions: Inputs['interruptions']): Gap[] {
  const gaps = interruptions
    .slice(0, MOST_INTERRUPTIONS)
    .map(({ node, interface: name, from, until, why }) => {
      const place = name === null ? node : `${name} of ${node}`;
      const time = until === null ? `from ${from} on` : `from ${from} to ${until}`;
      return { node, interface: name, why: `${place} was not captured ${time}: ${why}`, capture: null };
    });
  const left = interruptions.length - gaps.length;
  if (left > 0) {
    const why = `captures were interrupted ${left} times more; node.json tells when`;
    gaps.push({ node: interruptions.at(-1)!.node, interface: null, why, capture: null });
  }
  return gaps;
}

const NARROWER = 'tcpdump -B 65536 -s 128, with a filter that is as narrow as can be';

/** Of connections that there was no room for, only packets can be counted. */
function unfollowedGap(
  file: string,
  { unfollowed, capacity, passedOver }: Observations,
): Pick<Gap, 'why' | 'capture'> {
  const { since, tunnels, syns, segments, datagrams, flows } = unfollowed;
  const counts = [
    [syns, 'SYNs'],
    [segments, 'other packets of TCP connections'],
    [datagrams, 'datagrams and echoes'],
  ] as const;
  const passed = counts.flatMap(([count, name]) => (count > 0 ? [`${count} ${name}`] : []));
  const room =
    tunnels > 0
      ? `connections in ${tunnels} tunnels (by outer addresses, ports and VNIs)`
      : `${capacity} connections of one capture (--max-attempts)`;
  const parts = [
    `${file}: the room for ${room} was used up at packet ${since}; none that began there or later is followed`,
  ];
  if (passed.length > 0) parts.push(`passed over: ${passed.join(', ')}`);
  if (flows > 0) parts.push(`left out, as part of their packets found no room: ${flows} connections`);
  if (capacity < MOST_FLOWS && tunnels === 0)
    parts.push(`a larger --max-attempts (up to ${MOST_FLOWS}) has room for more`);
  // Where packets are passed over already, or cannot be (`read-for-vips.ts`), it would be no help.
  if (passedOver === null)
    parts.push('of captures of one node that are files, and in no archive, --vip needs less');
  return { why: parts.join('; '), capture: NARROWER };
}
