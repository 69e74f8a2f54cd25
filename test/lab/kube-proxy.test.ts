import test from 'ava';
import { iptablesRules, nftablesRules, type Service } from './kube-proxy.js';

function service(change: Partial<Service>): Service {
  return {
    namespace: 'default',
    name: 'kubernetes',
    portName: 'https',
    clusterIp: '10.96.0.1',
    loadBalancerIp: '192.168.1.100',
    protocol: 'tcp',
    port: 443,
    endpoints: ['10.244.0.10:8080', '10.244.1.10:8080', '10.244.1.11:8080'],
    masquerade: true,
    ...change,
  };
}

// Every cluster has these two chains, whatever its size: the names are hashes of the Service's name alone.
test('chains have the names that kube-proxy gives them', (t) => {
  t.regex(iptablesRules(service({})), /^:KUBE-SVC-NPX46M4PTMTKRN6Y - /m);
  const dns = service({ namespace: 'kube-system', name: 'kube-dns', portName: 'dns-tcp' });
  t.regex(iptablesRules(dns), /^:KUBE-SVC-ERIFXISQEP7F7OF4 - /m);
  const documented = service({ namespace: 'ns1', name: 'svc1', portName: 'p80' });
  t.regex(nftablesRules(documented), /chain service-ULMVA6XW-ns1\/svc1\/tcp\/p80 \{/);
});

test('each backend gets an even share', (t) => {
  const shares = [...iptablesRules(service({})).matchAll(/--probability (\S+)/g)].map((match) => match[1]);
  t.deepEqual(shares, ['0.3333333333', '0.5000000000'], 'of what the ones before have left');
  t.regex(nftablesRules(service({})), /numgen random mod 3 vmap/);
  t.notRegex(iptablesRules(service({ endpoints: ['10.244.1.10:8080'] })), /--probability/);
});

test('outside traffic is masqueraded only where that is wanted', (t) => {
  const external = /^-A KUBE-EXT-\w+ .*-j KUBE-MARK-MASQ$/m;
  t.regex(iptablesRules(service({})), external);
  t.notRegex(iptablesRules(service({ masquerade: false })), external);
  const externalChain = /chain external-\S+ \{\s+jump mark-for-masquerade/;
  t.regex(nftablesRules(service({})), externalChain);
  t.notRegex(nftablesRules(service({ masquerade: false })), externalChain);
});
