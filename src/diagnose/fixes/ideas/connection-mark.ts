/**
 * Replies of pods behind a translation are routed while they still have the pod's address, so that no rule on the VIP
 * sees them. A mark that the connection remembers tells by which interface it came in, whoever the client is.
 */

import { sysctlKey } from '../../../kernel/sysctl.js';
import { familyOf } from '../../../model/address.js';
import { outerInterfaces, TUNNELS } from '../../../network/link.js';
import { ipCommand } from '../../ip-command.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { nftStep, step } from '../step.js';
import { hasIptables } from './firewall.js';
import { firstPriority, freeMark, nftTable, tableBack } from './tables.js';
import { clientsOf, fleeting, isTranslated, podNetwork, wayInto } from './way-in.js';

/** @param checked the reverse-path filter refuses the request as it is: it has to see the mark, to find the same way back */
export function connectionMarks(problem: Problem, { checked }: { checked: boolean }): FixIdea[] {
  const [risk] = problem.risks;
  const { station, trip } = risk!;
  const door = wayInto(problem);
  if (!door || door.gateway === null || clientsOf(problem).includes(door.gateway)) return [];
  // Through a tunnel from a node that nobody recorded, they may be translated as well.
  const isByTunnel = TUNNELS.has(station.model.link(door.interface)?.kind ?? '');
  if (!isTranslated(risk!) && !problem.translated && !isByTunnel) return [];
  const backend = trip.request.packet.destination.text;
  const family = familyOf(backend)!;
  if (checked && family === 6) return [];
  const mark = freeMark(problem, door);
  const priority = firstPriority(station.snapshot, family);
  if (mark === null || priority === null || station.model.hasAddress(backend)) return [];
  const { table, fill } = tableBack(problem, family, door);
  const pods = podNetwork(station, backend, outerInterfaces(station));
  const ip = ipCommand(family);
  const marking = hasIptables(station.snapshot, family)
    ? iptablesMarks(door.interface, mark, family).map((command) => step(station, command))
    : [nftMarks(station, door.interface, mark, family)];
  const filter = checked
    ? [
        step(
          station,
          `sysctl -w ${shellWord(`${sysctlKey('net.ipv4.conf', door.interface, 'src_valid_mark')}=1`)}`,
        ),
      ]
    : [];
  const strict = checked ? ' The reverse-path filter is told to look at the mark, and stays as it is.' : '';
  return [
    {
      summary: `Have ${station.label} remember by a connection mark what came in by ${door.interface} for its pods, and send what they answer back there, through ${door.gateway}.${strict}`,
      steps: [
        step(station, fill),
        step(station, `${ip} rule add from ${pods} lookup main suppress_prefixlength 0 priority ${priority}`),
        step(
          station,
          `${ip} rule add from ${pods} fwmark ${mark}/${mark} lookup ${table} priority ${priority + 1}`,
        ),
        ...marking,
        ...filter,
      ],
      risk: `Whoever comes in by ${door.interface} from outside is answered through ${door.gateway}: if several nodes send there, each needs a mark of its own. The mark ${mark} is in no rule of the snapshot; the network plugin may still use it.${fleeting(pods, backend)}`,
      cost: COST.change + COST.intricate,
    },
  ];
}

/**
 * Both ways are given the mark: the check of what clients send looks up the way back with it. Each of their packets
 * marks the connection, for another rule may set its mark anew with each of them.
 */
function iptablesMarks(name: string, mark: string, family: 4 | 6): string[] {
  const tool = family === 6 ? 'ip6tables' : 'iptables';
  return [
    `${tool} -t mangle -A PREROUTING -i ${shellWord(name)} -m conntrack --ctdir ORIGINAL -j CONNMARK --set-xmark ${mark}/${mark}`,
    `${tool} -t mangle -A PREROUTING -m connmark --mark ${mark}/${mark} -j CONNMARK --restore-mark --nfmask ${mark} --ctmask ${mark}`,
  ];
}

function nftMarks(station: Problem['risks'][0]['station'], name: string, mark: string, family: 4 | 6) {
  const [kind, bits, table] = [family === 6 ? 'ip6' : 'ip', Number(mark), nftTable(mark)];
  const body =
    `chain prerouting { type filter hook prerouting priority mangle; ` +
    `iifname "${name}" ct direction original ct mark set ct mark or ${mark}; ` +
    `ct mark and ${mark} == ${mark} meta mark set meta mark or ${mark}; }`;
  const where = { family: kind, table };
  const [ct, meta] = [{ ct: { key: 'mark' } }, { meta: { key: 'mark' } }];
  const chain = {
    ...where,
    name: 'prerouting',
    type: 'filter',
    hook: 'prerouting',
    prio: -150,
    policy: 'accept',
  };
  const added = [
    { table: { family: kind, name: table } },
    { chain },
    {
      rule: {
        ...where,
        chain: 'prerouting',
        expr: [
          { match: { op: '==', left: { meta: { key: 'iifname' } }, right: name } },
          { match: { op: '==', left: { ct: { key: 'direction' } }, right: 'original' } },
          { mangle: { key: ct, value: { '|': [ct, bits] } } },
        ],
      },
    },
    {
      rule: {
        ...where,
        chain: 'prerouting',
        expr: [
          { match: { op: '==', left: { '&': [ct, bits] }, right: bits } },
          { mangle: { key: meta, value: { '|': [meta, bits] } } },
        ],
      },
    },
  ];
  return nftStep(station, `nft ${shellWord(`table ${kind} ${table} { ${body}; }`)}`, (listing) => [
    ...listing,
    ...added,
  ]);
}
