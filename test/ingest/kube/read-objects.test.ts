import test from 'ava';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { readObjects } from '../../../src/ingest/kube/read-objects.js';
import { InputError } from '../../../src/model/errors.js';

const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' } };

test('JSON, YAML and several documents of it are told apart by content', (t) => {
  t.deepEqual(readObjects(JSON.stringify(SERVICE), 'f'), SERVICE);
  t.deepEqual(readObjects(`---\n${dump(SERVICE)}`, 'f'), SERVICE);
  t.deepEqual(readObjects(`${dump(SERVICE)}---\n---\n${dump(SERVICE)}`, 'f'), [SERVICE, SERVICE]);
});

test('whatever the objects hold, JSON and YAML give the same', (t) => {
  const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 });
  fc.assert(
    fc.property(object, (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      t.deepEqual(readObjects(dump(plain), 'f'), readObjects(JSON.stringify(plain), 'f'));
    }),
  );
});

test('what is neither is told with its place, what is no object too, and aliases without end', (t) => {
  const refused = (text: string, words: RegExp) =>
    t.throws(() => readObjects(text, 'services.yaml'), { instanceOf: InputError, message: words });
  refused('a: b\nc: [1,\n', /^services\.yaml: at octet \d+: neither JSON nor YAML \(/);
  refused('{"a":', /^services\.yaml: .*not JSON/);
  refused('No resources found\n', /holds no object of Kubernetes/);
  const doubling = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
  refused(`a0: &a0 [1]\n${doubling.join('\n')}\n`, /neither JSON nor YAML \(.*alias/);
});
