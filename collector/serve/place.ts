import type { PartLists } from './assemble-host.ts';
import { byHost, type HostKey } from './estate-order.ts';
import { type Sorted, sorted } from './sorted.ts';

/** Where a host has a certificate, if it has it anywhere: as one text, since there is one for each certificate of each host. */
export class Place implements HostKey {
  readonly #host: HostKey;
  readonly text: string;

  constructor(host: HostKey, files: readonly string[], endpoints: readonly string[]) {
    this.#host = host;
    this.text = JSON.stringify([files, endpoints]);
  }

  get name(): string {
    return this.#host.name;
  }

  get agentId(): string {
    return this.#host.agentId;
  }

  /** Paths, and ids of endpoints. */
  read(): [files: string[], endpoints: string[]] {
    return JSON.parse(this.text);
  }
}

export const noPlaces: Sorted<HostKey, Place> = sorted(byHost);

/** By fingerprint. */
export function placesOf(
  host: HostKey,
  { files, endpoints }: Pick<PartLists, 'files' | 'endpoints'>,
): Map<string, Place> {
  const found = new Map<string, { paths: string[]; ids: string[] }>();
  for (const { fingerprint, path } of files) at(fingerprint).paths.push(path);
  for (const { served, id } of endpoints) if (served !== undefined) at(served).ids.push(id);
  return new Map([...found].map(([fingerprint, { paths, ids }]) => [fingerprint, new Place(host, paths, ids)]));

  function at(fingerprint: string) {
    const known = found.get(fingerprint) ?? { paths: [], ids: [] };
    found.set(fingerprint, known);
    return known;
  }
}
