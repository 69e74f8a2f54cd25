import { endpointLabel } from '../../model/endpoint.js';
import { listed } from '../words.js';
import { byValue, type Dimension } from './dimension.js';
import { backendOf, entryOf, relaysOf } from './ways.js';

/**
 * The classic: works when the pod is on the node that announces the VIP, and fails when it is on another, for there
 * the packet takes a hop more, and its reply another way.
 */
export const backendPlace: Dimension = {
  family: 'backend',
  among: 'port',
  values: 'given',
  candidates(cases, { context, nodes }) {
    const relays = relaysOf(cases);
    const places = new Map([SAME, ANOTHER].map((place) => [place, new Set<string>()]));
    return byValue(
      'backend-node',
      cases,
      (attempt) => {
        const backend = backendOf(attempt);
        const entry = entryOf(attempt, relays, context);
        const isSame = backend && entry !== null ? nodes.isOn(backend.address, entry) : null;
        if (isSame === null) return null;
        const place = isSame ? SAME : ANOTHER;
        places.get(place)!.add(nodes.nodeOf(backend!.address)!);
        return place;
      },
      (place, first) =>
        `when ${first ? 'the backend' : 'it'} is on ${place === SAME ? 'the ' : ''}${place} (${listed([...places.get(place)!])}) ${place === SAME ? 'as' : 'than'} the one that takes the request in`,
    );
  },
};

const SAME = 'same node';
const ANOTHER = 'another node';

export const backendNode: Dimension = {
  family: 'backend',
  among: 'port',
  values: 'given',
  candidates(cases, { nodes }) {
    return byValue(
      'backend-node',
      cases,
      (attempt) => {
        const backend = backendOf(attempt);
        return backend && nodes.nodeOf(backend.address);
      },
      (names, first) => `when ${first ? 'the backend' : 'it'} is on ${names}`,
    );
  },
};

export const backend: Dimension = {
  family: 'backend',
  among: 'port',
  values: 'given',
  candidates(cases, { nodes }) {
    return byValue(
      'backend',
      cases,
      (attempt) => {
        const taken = backendOf(attempt);
        const node = taken && nodes.nodeOf(taken.address);
        return taken && `${endpointLabel(taken)}${node === null ? '' : ` on ${node}`}`;
      },
      (names) => `with backend ${names}`,
    );
  },
};
