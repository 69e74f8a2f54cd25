/**
 * Reads inputs of which only some VIPs' connections are wanted: what can be nothing to them is passed over before it is
 * looked up, with the same result.
 *
 * Captures of several nodes are read whole: their clocks are set against each other by all connections that both saw,
 * and those that failed, which one asks for, were often seen by one alone.
 */
import { canBeReadAgain, type InputListing, sizeOf } from '../ingest/input-files.js';
import { listInputs, type ReadInputsOptions, readListings } from './read-inputs.js';
import type { Inputs } from './reading/inputs.js';
import { linkedServers, wantedNumbers } from './reading/linked-servers.js';
import type { PassedOver, Wanted } from './track/interest.js';
import type { Vips } from './vips.js';

/** Octets from which on it pays to read the snapshots beforehand. */
const FILTER_OCTETS = 16 * 1024 * 1024;

/**
 * Octets of each capture that are looked at for legs behind NAT before it is read: most servers that are found later
 * are found there, and it need not be read twice for them. A share of all inputs, within bounds.
 */
const PROBE_SHARE = 256;
const FEWEST_PROBED = 1024 * 1024;
const MOST_PROBED = 4 * 1024 * 1024;
/** How many times as large the inputs are at the least, that this pays. */
const PROBE_PAYS = 16;

/** Notes of one capture that there is room for, 16 octets each. */
const MOST_NOTES = 1 << 22;

/** What is wanted beyond the VIPs' own addresses: of more, little would be passed over. */
const MOST_SERVERS = 1 << 16;
const MOST_NUMBERS = 1 << 20;

export interface ReadForVipsOptions extends ReadInputsOptions {
  /** Octets of the inputs from which on packets are passed over; 0: of all inputs that can be read again. */
  filterOctets?: number | undefined;
  /** Octets of each capture that are looked at beforehand. */
  probeOctets?: number | undefined;
  /** Notes of one capture that there is room for, up to `MOST_NOTES`, which is the default. */
  mostNotes?: number | undefined;
}

/**
 * Reads all inputs as `readInputs` does.
 *
 * @param vipsOf what is wanted, by what the nodes said of themselves
 * @throws InputError where one cannot be read (with `keepGoing`: where none can)
 * @throws UsageError where the names do not fit
 */
export async function readForVips(
  inputs: readonly string[],
  options: ReadForVipsOptions,
  vipsOf: (told: Inputs) => Vips,
): Promise<Inputs> {
  const { filterOctets = FILTER_OCTETS, mostNotes = MOST_NOTES } = options;
  const listings = await listInputs(inputs);
  const octets = octetsToFilter(listings);
  if (octets === null || octets < filterOctets) return readListings(listings, options);
  const beforehand = { keepGoing: true, mayBeEmpty: true, maxAttempts: options.maxAttempts, threads: 0 };
  const told = await readListings(listings, { ...beforehand, snapshotsOnly: true });
  const { named, backends } = vipsOf(told);
  if (named.length === 0 || told.nodes.length !== 1) return readListings(listings, options);
  const addresses = [...new Set([...named.map((vip) => vip.address), ...backends.keys()])];
  const asked: Wanted = { addresses, linked: [], numbers: [], mostNotes };
  const share = Math.min(MOST_PROBED, Math.max(FEWEST_PROBED, Math.floor(octets / PROBE_SHARE)));
  const { probeOctets = share } = options;
  const isProbed = octets >= PROBE_PAYS * probeOctets;
  const linked = isProbed
    ? linkedServers(
        passedOver(await readListings(listings, { ...beforehand, wanted: asked, mostOctets: probeOctets })),
      )
    : [];
  const wanted = { ...asked, linked };
  const found = await readListings(listings, { ...options, wanted });
  const more = await linkedBesides(listings, options, wanted, found);
  if (more === null) return readListings(listings, options);
  if (more.length === 0) return found;
  return readListings(listings, {
    ...options,
    wanted: { ...wanted, linked: [...linked, ...more], mostNotes: 0 },
  });
}

/**
 * Words of the servers' addresses whose connections were passed over and may be legs of those that are wanted; null
 * where there is no telling.
 */
async function linkedBesides(
  listings: readonly InputListing[],
  options: ReadForVipsOptions,
  wanted: Wanted,
  found: Inputs,
): Promise<number[] | null> {
  let passed = passedOver(found);
  if (passed.some(({ isWantedWhole }) => !isWantedWhole)) return null;
  if (passed.some(({ areNotesWhole }) => !areNotesWhole)) {
    const numbers = wantedNumbers(passed);
    if (numbers.length > MOST_NUMBERS) return null;
    passed = passedOver(await readListings(listings, { ...options, wanted: { ...wanted, numbers } }));
    if (passed.some(({ areNotesWhole }) => !areNotesWhole)) return null;
  }
  const known = new Set(wanted.linked);
  const servers = linkedServers(passed).filter((server) => !known.has(server));
  return servers.length > MOST_SERVERS ? null : servers;
}

function passedOver({ captures }: Inputs): PassedOver[] {
  return captures.flatMap(({ observations }) => observations.passedOver ?? []);
}

/** The size of the inputs; null where they cannot be read again. */
function octetsToFilter(listings: readonly InputListing[]): number | null {
  const files = listings.flatMap((listing) => listing.files);
  if (!files.every(canBeReadAgain)) return null;
  return files.reduce((sum, file) => sum + Math.max(0, sizeOf(file)), 0);
}
