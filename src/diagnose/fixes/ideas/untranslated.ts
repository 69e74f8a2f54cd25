import { hasPorts } from '../../../kernel/protocols.js';
import { outerInterfaces } from '../../../network/link.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type IdeasFor, type Problem } from '../idea.js';
import { nftStep, step } from '../step.js';
import { connectionMarks } from './connection-mark.js';
import { hasIptables } from './firewall.js';
import { localPolicy } from './local-policy.js';
import { backTheWayIn } from './source-routing.js';
import { nftTable } from './tables.js';
import { podNetwork } from './way-in.js';

/** The reply has to get back to the node that translated the request: by its route, or as that node asks for it itself. */
export const untranslatedIdeas: IdeasFor = (problem) => [
  ...connectionMarks(problem, { checked: false }),
  ...backTheWayIn(problem),
  ...localPolicy(problem),
  ...masquerading(problem),
];

/** The node that translated the destination gives the request its own address as well: the backend answers to it. */
function masquerading({ risks: [risk] }: Problem): FixIdea[] {
  const { trip } = risk!;
  const leg = trip.request.legs.find(({ passage }) => passage.connection?.destinationNat);
  const { packet } = trip.request;
  const port = packet.destinationPort;
  if (!leg?.hop || !hasPorts(packet.protocol) || port === null) return [];
  const { station, hop } = leg;
  const family = packet.family;
  const to = podNetwork(station, packet.destination.text, outerInterfaces(station));
  const command = hasIptables(station.snapshot, family)
    ? step(
        station,
        `${family === 6 ? 'ip6tables' : 'iptables'} -t nat -A POSTROUTING -d ${to} -o ${shellWord(hop.dev)} -p ${packet.protocol} -m ${packet.protocol} --dport ${port} -m conntrack --ctstate DNAT -j MASQUERADE`,
      )
    : nftMasquerade(station, family, hop.dev, { to, protocol: packet.protocol, port });
  return [
    {
      summary: `Have ${station.label} masquerade what it translates and sends on to ${to} by ${hop.dev}, as kube-proxy does unless it is told not to.`,
      steps: [command],
      risk: `The backends then see the address of ${station.label} in place of the client's: not where they log it, or admit clients by it.`,
      cost: COST.change + COST.hidesClient,
    },
  ];
}

function nftMasquerade(
  station: Parameters<typeof nftStep>[0],
  family: 4 | 6,
  device: string,
  { to, protocol, port }: { to: string; protocol: string; port: number },
) {
  const ip = family === 6 ? 'ip6' : 'ip';
  const [addr, length] = to.split('/', 2);
  const table = nftTable(`${protocol}_${port}`);
  const rule = `oifname "${device}" ${ip} daddr ${to} ${protocol} dport ${port} ct status dnat masquerade`;
  const body = `chain postrouting { type nat hook postrouting priority srcnat; ${rule}; }`;
  const where = { family: ip, table };
  const payload = (name: string, field: string) => ({ payload: { protocol: name, field } });
  const added = [
    { table: { family: ip, name: table } },
    {
      chain: { ...where, name: 'postrouting', type: 'nat', hook: 'postrouting', prio: 100, policy: 'accept' },
    },
    {
      rule: {
        ...where,
        chain: 'postrouting',
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: device } },
          {
            match: {
              op: '==',
              left: payload(ip, 'daddr'),
              right: length === undefined ? addr : { prefix: { addr, len: Number(length) } },
            },
          },
          { match: { op: '==', left: payload(protocol, 'dport'), right: port } },
          { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
          { masquerade: null },
        ],
      },
    },
  ];
  return nftStep(station, `nft ${shellWord(`table ${ip} ${table} { ${body}; }`)}`, (listing) => [
    ...listing,
    ...added,
  ]);
}
