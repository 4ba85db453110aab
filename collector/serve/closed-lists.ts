import type { Endpoint, Lineage } from '@certherd/protocol/snapshot';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { HeldFile } from './assemble-host.ts';
import type { EndpointView } from './estate.ts';

type Labels = EndpointView['labels'];

/** What of an endpoint was judged: its status, and the labels of its name. */
interface Verdict {
  status: EndpointView['status'];
  labels?: Labels;
}

/** As it was told, with what was judged of it. */
type Judged = Verdict & Pick<Endpoint, 'reached' | 'reachedAt'>;

/** A host's lists as they were told, with what was judged of each endpoint. */
interface ToldLists {
  endpoints: readonly Endpoint[];
  verdicts: readonly Verdict[];
  lineages: readonly Lineage[];
  files: readonly HeldFile[];
}

/** Of an endpoint what each scrape tells. */
export interface SeenEndpoint extends Verdict {
  id: string;
  served: string | undefined;
  tlsVersion: string | undefined;
  /** Seconds from the file on disk to the first look that saw it served, where both are known of the newest certificate. */
  servedAfter: number | undefined;
  /** The same until it was served everywhere. */
  everywhereAfter: number | undefined;
}

/** As text; `scraped` is what each scrape reads: it is opened alone, and first. A line for each list: JSON has no line feed of its own. */
export interface ListTexts {
  scraped: string;
  told: string;
}

/** Compressed (RFC 1951), a byte each character: such a text has less beside it than a buffer. */
export type ClosedLists = ListTexts;

/** Opened as far as somebody reads. */
export interface OpenedLists extends ToldLists {
  texts: ListTexts;
  seen: readonly SeenEndpoint[];
}

/**
 * How far an endpoint got is told as it was judged. `fingerprints`: of the host's certificates, which are kept beside it; what is one of those is told by its
 * place among them.
 */
export function textsOfLists(
  lists: Omit<ToldLists, 'verdicts'> & { verdicts: readonly Judged[] },
  fingerprints: readonly string[],
): ListTexts {
  const places = new Map<string, number>();
  for (const [at, one] of fingerprints.entries()) places.set(one, at);
  const place = (one: string | undefined) => (one === undefined ? one : (places.get(one) ?? one));
  const seen: (Place | null)[] = [];
  const endpoints = lists.endpoints.map((one, at) => {
    const { reached, reachedAt } = lists.verdicts[at] ?? one;
    const served = place(one.served);
    const everywhere = secondsFromDisk(reachedAt, 'served-everywhere') ?? null;
    seen.push(one.id, served ?? null, one.tlsVersion ?? null, secondsFromDisk(reachedAt, 'served') ?? null, everywhere);
    return { ...one, reached, reachedAt, issued: place(one.issued), configured: place(one.configured), served };
  });
  const files: (Place | undefined)[] = [];
  for (const { path, fingerprint } of lists.files) files.push(path, place(fingerprint));
  const lineages = lists.lineages.map((one) => ({ ...one, issued: place(one.issued), live: place(one.live) }));
  return {
    scraped: `${JSON.stringify(seen)}\n${JSON.stringify(closedVerdicts(lists.verdicts))}\n${JSON.stringify(files)}`,
    told: `${JSON.stringify(endpoints)}\n${JSON.stringify(lineages)}`,
  };
}

/**
 * Of most hosts it comes in one piece; room for more would have to be collected. A window of 8 KB finds as much in such texts as one of 32, and asks malloc for less,
 * which has to be mapped anew each time, or comes to lie between what stays.
 */
const quick = { level: 1, chunkSize: 4 * 1024, windowBits: 13, memLevel: 7 };

export function closeLists({ scraped, told }: ListTexts): ClosedLists {
  // What was told has the same ids and paths.
  const dictionary = Buffer.from(scraped);
  return {
    scraped: deflateRawSync(dictionary, quick).toString('latin1'),
    told: deflateRawSync(told, { ...quick, dictionary }).toString('latin1'),
  };
}

/** `fingerprints`: as they were when it was closed. */
export function openLists(closed: ClosedLists, fingerprints: readonly string[]): OpenedLists {
  const scraped = inflateRawSync(Buffer.from(closed.scraped, 'latin1'), { chunkSize: roomFor(closed.scraped, 8) });
  const [seen, verdicts, files] = scraped.toString().split('\n');
  let told: string | undefined;
  const lists: Partial<ToldLists> = {};
  return {
    get texts() {
      return { scraped: scraped.toString(), told: toldText() };
    },
    get endpoints() {
      return (lists.endpoints ??= placed<Endpoint>(toldList(0), ['issued', 'configured', 'served'], fingerprints));
    },
    get verdicts() {
      return (lists.verdicts ??= openedVerdicts(verdicts));
    },
    get lineages() {
      return (lists.lineages ??= placed<Lineage>(toldList(1), ['issued', 'live'], fingerprints));
    },
    get files() {
      return (lists.files ??= openedFiles(files, fingerprints));
    },
    get seen() {
      return openedSeen(seen, this.verdicts, fingerprints);
    },
  };

  function toldList(line: number) {
    return JSON.parse(toldText().split('\n')[line] ?? '[]');
  }

  function toldText(): string {
    const options = { chunkSize: roomFor(closed.told, 16), dictionary: scraped };
    return (told ??= inflateRawSync(Buffer.from(closed.told, 'latin1'), options).toString());
  }
}

/**
 * Most hosts' lists are that many times as long open, or less: what comes in one piece needs not be put together. Room that is not needed has to be collected,
 * and V8's collector, once many buffers came, works for milliseconds at each further one.
 */
function roomFor(closed: string, times: number): number {
  return Math.min(32, Math.ceil((closed.length * times) / 1024)) * 1024;
}

/** A certificate that the host names, by its place among them; another one by its fingerprint. */
type Place = number | string;

/** With a fingerprint in place of each number. */
function placed<One extends Record<string, unknown>>(
  list: One[],
  keys: string[],
  fingerprints: readonly string[],
): One[] {
  const raw: Record<string, unknown>[] = list;
  for (const one of raw)
    for (const key of keys) {
      const place = one[key];
      if (typeof place === 'number') one[key] = fingerprints[place];
    }
  return list;
}

/** Labels are nearly always the same ones: each is there once. */
type ClosedVerdicts = [Labels[], (EndpointView['status'] | [EndpointView['status'], number])[]];

function closedVerdicts(verdicts: readonly Verdict[]): unknown[] {
  const texts: string[] = [];
  const judged = verdicts.map(({ status, labels }) => {
    if (!labels) return status;
    const text = JSON.stringify(labels);
    if (!texts.includes(text)) texts.push(text);
    return [status, texts.indexOf(text)];
  });
  return [texts.map((text): unknown => JSON.parse(text)), judged];
}

function openedVerdicts(text = '[[],[]]'): Verdict[] {
  const [labels, judged]: ClosedVerdicts = JSON.parse(text);
  return judged.map((one) => (typeof one === 'string' ? { status: one } : { status: one[0], labels: labels[one[1]] }));
}

function openedFiles(text = '[]', fingerprints: readonly string[]): HeldFile[] {
  const flat: Place[] = JSON.parse(text);
  return Array.from({ length: flat.length / 2 }, (_, at) => ({
    path: String(flat[at * 2]),
    fingerprint: fingerprintOf(flat[at * 2 + 1], fingerprints) ?? '',
  }));
}

function openedSeen(text = '[]', verdicts: readonly Verdict[], fingerprints: readonly string[]): SeenEndpoint[] {
  const flat: (Place | null)[] = JSON.parse(text);
  return verdicts.map(({ status, labels }, index) => {
    const at = index * 5;
    const [version, after, everywhere] = [flat[at + 2], flat[at + 3], flat[at + 4]];
    return {
      id: String(flat[at]),
      status,
      labels,
      served: fingerprintOf(flat[at + 1], fingerprints),
      tlsVersion: typeof version === 'string' ? version : undefined,
      servedAfter: typeof after === 'number' ? after : undefined,
      everywhereAfter: typeof everywhere === 'number' ? everywhere : undefined,
    };
  });
}

function fingerprintOf(place: Place | null | undefined, fingerprints: readonly string[]): string | undefined {
  return typeof place === 'number' ? fingerprints[place] : (place ?? undefined);
}

function secondsFromDisk(reachedAt: Endpoint['reachedAt'], state: 'served' | 'served-everywhere'): number | undefined {
  const { 'on-disk': onDisk, [state]: reached } = reachedAt ?? {};
  if (onDisk === undefined || reached === undefined) return undefined;
  const seconds = (Date.parse(reached) - Date.parse(onDisk)) / 1000;
  // Below nothing is a clock that jumped.
  return seconds >= 0 ? seconds : undefined;
}
