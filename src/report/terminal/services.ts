import type { Analysis, AnalysisAnnouncer, AnalysisCluster, AnalysisService } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, table } from './table.js';
import { counted, endpointText, placeText, shortTimeText } from './words.js';
import { labelled, wrap } from './wrap.js';

/** A cluster may have hundreds. */
const MOST_SERVICES = 12;
/** Beyond these, they are counted. */
const MOST_BACKENDS = 6;
const MOST_ANNOUNCERS = 4;
const MOST_HAND_OVERS = 4;
const MOST_PORTS = 4;

const COLUMNS: Column[] = [
  { title: 'VIP' },
  { title: 'Service' },
  { title: 'ports' },
  { title: 'policy' },
  { title: 'announced by' },
];

/** How a VIP is made known, for a person. */
const MEANS: Readonly<Record<string, string>> = {
  'metallb-l2': 'MetalLB, layer 2',
  'metallb-bgp': 'MetalLB, BGP',
  'kube-vip': 'kube-vip',
  'kube-vip-bgp': 'kube-vip, BGP',
  keepalived: 'keepalived',
  'node-address': "a node's own address",
  'interface-address': "an address on a node's interface",
};

/** What Kubernetes says of the VIPs: their Services, the backends and where they run, who announces them. */
export function servicesSection(analysis: Analysis, style: Style): string[] {
  const { services = [], cluster, vips, findings } = analysis;
  if (services.length === 0) return [];
  const asked = new Set([...vips.map((vip) => vip.address), ...findings.map((finding) => finding.vip)]);
  const concerned = services.filter((service) => asked.has(service.vip));
  const shown = concerned.slice(0, MOST_SERVICES);
  const more = services.length - shown.length;
  const rows = shown.map((service): Cell[] => [
    service.vip,
    `${service.namespace}/${service.name}`,
    portsText(service),
    service.externalTrafficPolicy ?? '-',
    announcedByText(service),
  ]);
  const notes = shown.map((service) => notesOf(service, style));
  return [
    ...heading('Services', style),
    ...(cluster ? wrap(clusterText(cluster), style.measure) : []),
    ...(rows.length > 0 ? table(COLUMNS, rows, style, 0, notes) : []),
    ...(more > 0
      ? wrap(`${style.ellipsis} and ${counted(more, 'Service')} more (see --format json)`, style.measure)
      : []),
  ];
}

export function clusterText({ kubeProxyMode, strictARP }: AnalysisCluster): string {
  if (kubeProxyMode === null) return "kube-proxy's mode is not known.";
  // The other modes put no VIP on any interface: there it changes nothing.
  if (kubeProxyMode !== 'ipvs') return `kube-proxy runs in ${kubeProxyMode} mode.`;
  const strict =
    strictARP === null ? 'whether strictARP is set is not known' : `strictARP is ${strictARP ? 'on' : 'off'}`;
  return `kube-proxy runs in ipvs mode; ${strict}.`;
}

export function portsText({ ports }: AnalysisService): string {
  const texts = ports.map(({ port, protocol }) => `${port}/${protocol}`);
  const more = texts.length - MOST_PORTS;
  return [...texts.slice(0, MOST_PORTS), ...(more > 0 ? [`and ${more} more`] : [])].join(' ') || '-';
}

export function announcedByText({ announcedBy }: AnalysisService): string {
  if (announcedBy === null) return 'not known';
  return announcedBy
    .split(', ')
    .map((means) => MEANS[means] ?? means)
    .join('; ');
}

function notesOf(service: AnalysisService, style: Style): string[] {
  const announcers = service.announcers.toSorted(
    (a, b) => Number(b.current === true) - Number(a.current === true),
  );
  const others = announcers.length - MOST_ANNOUNCERS;
  const rows: [string, string | null][] = [
    ['backends', backendsText(service)],
    ...announcers.slice(0, MOST_ANNOUNCERS).map((one): [string, string] => ['announcer', announcerText(one)]),
    ['', others > 0 ? `${style.ellipsis} and ${counted(others, 'announcer')} more` : null],
    ['hand-overs', handOversText(service)],
    ['pool', poolText(service)],
  ];
  const lines = rows.flatMap(([label, text]) =>
    text === null ? [] : labelled(`  ${label}`, text, style.measure, 14, style.dim),
  );
  return [...lines, ...caveat(service, style)];
}

/** The last of them, with what came before counted; null where there was none. */
export function handOversText({ handOvers = [] }: AnalysisService): string | null {
  if (handOvers.length === 0) return null;
  const last = handOvers.slice(-MOST_HAND_OVERS);
  const texts = last.map(({ time, from, to }) => `${shortTimeText(time)} from ${from} to ${to}`);
  const earlier = handOvers.length - last.length;
  return `${texts.join('; ')} (UTC)${earlier > 0 ? `, and ${numberText(earlier)} before` : ''}`;
}

export function poolText({ pool, advertisements }: AnalysisService): string | null {
  if (pool === null) return null;
  const by =
    advertisements.length === 0 ? 'no advertisement is for it' : `advertised by ${advertisements.join(', ')}`;
  return `${pool}; ${by}`;
}

export function backendsText({ backends }: AnalysisService): string {
  if (backends.length === 0) return 'none';
  const byNode = new Map<string | null, AnalysisService['backends']>();
  for (const backend of backends) byNode.set(backend.node, [...(byNode.get(backend.node) ?? []), backend]);
  return [...byNode]
    .map(([node, own]) => {
      const where = node === null ? 'on an unknown node' : `on ${node}`;
      if (backends.length > MOST_BACKENDS) return `${where} ${readyText(own)}`;
      const each = own.map(({ address, port, pod, ready }) => {
        const name = pod === null ? '' : ` (${pod.slice(pod.indexOf('/') + 1)})`;
        return `${endpointText({ address, port })}${name}${ready ? '' : ' not ready'}`;
      });
      return `${where} ${each.join(', ')}`;
    })
    .join('; ');
}

function readyText(backends: AnalysisService['backends']): string {
  const ready = backends.filter((backend) => backend.ready).length;
  const rest = backends.length - ready;
  return `${numberText(ready)} ready${rest === 0 ? '' : `, ${numberText(rest)} not`}`;
}

/** `node1 eth0, now; 2 announcements, 11-20 11:00:00 to 11-20 11:05:00` */
export function announcerText(announcer: AnalysisAnnouncer): string {
  const { node, interface: name, count, firstTime, lastTime, current } = announcer;
  const now = current === null ? '' : current ? ', now' : ', no more';
  const [first, last] = [shortTimeText(firstTime), shortTimeText(lastTime)];
  const times = firstTime === null ? [] : [first === last ? first : `${first} to ${last}`];
  const told = [...(count === 0 ? [] : [counted(count, 'announcement')]), ...times].join(', ');
  return `${placeText(node, name)}${now}${told === '' ? '' : `; ${told}`}`;
}

/** With externalTrafficPolicy: Local, a node hands requests to pods of its own alone, and drops the rest. */
function caveat({ externalTrafficPolicy, announcers, backends }: AnalysisService, style: Style): string[] {
  if (externalTrafficPolicy !== 'Local' || backends.some((backend) => backend.node === null)) return [];
  const ready = new Set(backends.filter((backend) => backend.ready).map((backend) => backend.node));
  const without = announcers.filter(({ node, current }) => current === true && !ready.has(node));
  if (without.length === 0) return [];
  const text = `${without.map(({ node }) => node).join(', ')} announces it and has no ready backend: with the policy Local its requests are dropped there.`;
  return labelled('!', text, style.measure, 2, style.yellow);
}
