import type { Pseudorandom } from './pseudorandom.js';

/** What a name is of: what stands for it begins so. */
const NAME_KINDS = [
  'node',
  'interface',
  'netns',
  'namespace',
  'service',
  'pod',
  'port',
  'pool',
  'advertisement',
  'chain',
  'table',
  'set',
  'file',
] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/** `ns` and `if`: interfaces have no more than 15 characters. */
const SHORT: Partial<Record<NameKind, string>> = {
  namespace: 'ns',
  interface: 'if',
  advertisement: 'advert',
};

/** These name nobody, and many of them are words of the reports. */
const GENERIC = new Set(
  `access adm admin any app backend bridge client cluster control-plane coredns database db default dns edge external
  firewall frontend gateway gw host http https ingress-nginx internal kube-dns kube-node-lease kube-public kube-system
  kubernetes lan lb localhost loopback main master metallb metallb-system metrics net netns network nginx node peer pod
  pool private proxy public router server service speaker switch target tcp test udp wan web worker`.split(
    /\s+/,
  ),
);

/** Names that kernels, udev and network plug-ins give by themselves, with the number of a VLAN. */
const COMMON_INTERFACE =
  /^(?:any|lo|(?:eth|wlan|wwan|bond|team|br|tun|tap|wg|ppp|dummy|ipvl|macvlan|vlan|vxlan|gre|gretap|sit|ip6tnl|tunl|ib|usb|vmbr|virbr|docker|cni|flannel|flannel-v6|weave|lan|wan|em|p\d+p|ens|eno|vti|nlmon|ifb|venet|ovs)\.?\d*|en(?:p\d+)?s\d+\w{0,6}|en[opx]\d\w{0,10}|(?:vxlan(?:-v6)?|wireguard|tunl|ip6tnl)\.(?:calico|cali)|wireguard\.cali|cilium_(?:host|net|vxlan|geneve)|kube-(?:ipvs0|bridge|dummy-if)|nodelocaldns|lxcbr0|lxdbr0|ovn-k8s-mp0|ovs-system|genev_sys_6081|vxlan_sys_4789|antrea-(?:gw|tun)0|br-(?:int|ex|tun)|cbr0|mynet0)(?:\.\d{1,4})?$/;
/** A fixed part, and one that is made of the name of a pod or container. */
const HASHED_INTERFACE = /^(veth|cali|lxc|lxd|azv|eni|gke|nic|tap|br-)([0-9a-f]{5,12})(\.\d{1,4})?$/;
const WITH_MAC = /^enx([0-9a-f]{12})$/;
const VLAN = /^(.*?)(\.\d{1,4})?$/s;

/** Of netfilter itself, and of kube-proxy, Docker and others for all. */
const COMMON_CHAIN =
  /^(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|ACCEPT|DROP|REJECT|RETURN|U?LOG|NFLOG|MARK|CONNMARK|MASQUERADE|[DS]NAT|REDIRECT|TCPMSS|TPROXY|NOTRACK|CT|QUEUE|NFQUEUE|SET|CLASSIFY|DSCP|TOS|TTL|HL|CHECKSUM|NETMAP|AUDIT|TRACE|TEE|SECMARK|SYNPROXY|CLUSTERIP|input|output|forward|prerouting|postrouting|ingress|egress|KUBE-(?!(?:SVC|SEP|FW|XLB|EXT|SVL|NWPLCY|POD-FW)-)[A-Z-]+|DOCKER[A-Z-]*|FLANNEL-[A-Z]+|CILIUM_[A-Z_]+|CNI-(?:FORWARD|ADMIN|HOSTPORT-[A-Z]+)|cali-(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|[a-z]+-(?:dispatch|host-endpoint|hep-forward|forward)[\w-]*)|ufw6?-[a-z-]+|(?:services|nodeports|cluster-ips-check|nat|filter|mangle|raw|security)[\w-]*)$/;
/** A fixed part, and one that is made of the name of a service, policy or pod. */
const HASHED_CHAIN =
  /^(KUBE-(?:SVC|SEP|FW|XLB|EXT|SVL|NWPLCY|POD-FW)-|cali-(?:tw|fw|pi|po|pri|pro|th|fh|sm|from|to)-|CNI-(?:DN-)?)(.+)$/;
const COMMON_TABLE =
  /^(?:filter|nat|mangle|raw|security|broute|main|local|default|all|firewalld|kube-proxy|calico|cilium|f2b-table)$/;

const TOKEN = 6;

/** Names to what stands for them: the same name always to the same, under the same key. */
export class Names {
  readonly #random: Pseudorandom;
  readonly #mac: (text: string) => string;
  readonly #nodes: ReadonlySet<string>;
  readonly #known = new Map<string, string>();

  /**
   * @param mac of a text of six octets
   * @param nodes by which files and directories are called
   */
  constructor(random: Pseudorandom, mac: (text: string) => string, nodes: ReadonlySet<string>) {
    this.#random = random;
    this.#mac = mac;
    this.#nodes = nodes;
  }

  /** What stands for a name; the name itself where it tells nothing of whose it is. */
  of(kind: NameKind, name: string): string {
    const key = `${kind} ${name}`;
    const known = this.#known.get(key) ?? this.#of(kind, name);
    this.#known.set(key, known);
    return known;
  }

  #of(kind: NameKind, name: string): string {
    if (kind === 'interface') return this.#interface(name);
    if (kind === 'chain') return this.#chain(name);
    if (kind === 'table' && COMMON_TABLE.test(name)) return name;
    if (kind === 'file') return this.#file(name);
    if (kind === 'pod' && name.includes('/')) return this.#pod(name);
    return isGeneric(name) ? name : this.#token(kind, name);
  }

  /** @param name an empty one stays */
  #token(kind: NameKind, name: string): string {
    return name === '' ? '' : `${SHORT[kind] ?? kind}-${this.#random.word(`name of ${kind}`, name, TOKEN)}`;
  }

  /** @param name `NAMESPACE/NAME` */
  #pod(name: string): string {
    const [namespace = '', ...rest] = name.split('/');
    return `${this.of('namespace', namespace)}/${this.of('pod', rest.join('_'))}`;
  }

  #interface(name: string): string {
    if (COMMON_INTERFACE.test(name) || name === '?' || name === '') return name;
    const mac = WITH_MAC.exec(name)?.[1];
    if (mac) return `enx${this.#mac(mac.match(/../g)!.join(':')).replaceAll(':', '')}`;
    const [, kept, hash, tag = ''] = HASHED_INTERFACE.exec(name) ?? [];
    if (kept && hash) return `${kept}${this.#hash(hash)}${tag}`;
    const [, base = '', vlan = ''] = VLAN.exec(name) ?? [];
    return isGeneric(base) ? name : `${this.#token('interface', base)}${vlan}`;
  }

  #hash(name: string): string {
    return this.#random.word('hash', name, name.length, '0123456789abcdef');
  }

  #chain(name: string): string {
    if (COMMON_CHAIN.test(name)) return name;
    const [, kept, made] = HASHED_CHAIN.exec(name) ?? [];
    if (!kept || !made) return this.#token('chain', name);
    return `${kept}${HASHED_INTERFACE.test(made) ? this.#interface(made) : this.#random.word('hash', made, TOKEN).toUpperCase()}`;
  }

  /** What kind of file it is is still seen. A member of an archive stays one. */
  #file(name: string): string {
    const [, archive, member] = /^(.*?\.(?:tar(?:\.\w+)?|tgz|txz|zip)):(.*)$/s.exec(name) ?? [];
    if (archive === undefined || member === undefined) return this.#path(name, true);
    return `${this.#path(archive, true)}:${this.#path(member, false)}`;
  }

  /** @param isWhole whether what stands before the last name is one place, whatever it is made of */
  #path(path: string, isWhole: boolean): string {
    const segments = path.split('/');
    const last = segments.pop()!;
    const file = this.#fileName(last);
    const directories =
      isWhole && segments.length > 0
        ? [this.#token('file', segments.join('/'))]
        : segments.map((one) =>
            one === 'netns' || one === 'kube' || one === '' || one === '.' ? one : this.#part(one),
          );
    return [...directories, file].join('/');
  }

  #fileName(name: string): string {
    const [, stem = name, extensions = ''] =
      /^(.+?)((?:\.(?:pcap|pcapng|cap|gz|zst|xz|tar|tgz|txz|zip|json|txt|log))*)$/s.exec(name) ?? [];
    const isCommon = COMMON_FILE.test(stem) || COMMON_INTERFACE.test(stem);
    return isCommon ? name : `${this.#part(stem)}${extensions}`;
  }

  /** Of a path: by whom it is called, where that is known. */
  #part(name: string): string {
    if (this.#nodes.has(name)) return this.of('node', name);
    return HASHED_INTERFACE.test(name) ? this.#interface(name) : this.#token('file', name);
  }
}

/** The bundle's files, and what tools name theirs. */
const COMMON_FILE =
  /^(?:any|arp|NODE|capture|node|ip-(?:addr|link|route6?|rule6?|neigh)|sysctl|nstat-(?:before|after)|kernel|dmesg|kern|clock|drops|nft|ip6?tables-save|conntrack|speaker|stdin|standard input|-)$/;

/** Whether a name tells nothing of whose it is. */
export function isGeneric(name: string): boolean {
  return GENERIC.has(name) || name.trim() === '';
}
