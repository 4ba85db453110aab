import { join } from 'node:path';
import { Rehearsal } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import type { Files } from '../ports.ts';

/** A rehearsal as `act` keeps it. */
export const KeptRehearsal = Type.Object({
  ...Rehearsal.properties,
  /** Rehearsals in a row that did not go well, this one included. */
  failures: Type.Integer({ minimum: 0 }),
});
export type KeptRehearsal = Static<typeof KeptRehearsal>;

/** By lineage: the last one of each. */
export const KeptRehearsals = Type.Record(Type.String(), KeptRehearsal);
export type KeptRehearsals = Static<typeof KeptRehearsals>;

/** Where root keeps what its actions leave behind, for an agent of another account: its own state directory is not root's. */
export const rootsActDirectory = '/var/lib/certherd-act';

/** In the agent's state directory, or in root's. */
export const rehearsalsFile = 'rehearsals.json';

/**
 * The last rehearsal of every lineage; of two places the later one. What is not there, or damaged, or lies ahead of `now` (milliseconds
 * since 1970: a wrong clock wrote it), is as if it had not been.
 */
export function observeRehearsals(
  files: Files,
  directories: readonly string[],
  now: number,
): Map<string, KeptRehearsal> {
  const found = new Map<string, KeptRehearsal>();
  for (const directory of directories) {
    const content = files.read(join(directory, rehearsalsFile));
    const kept = content.ok ? checkedJson(new TextDecoder().decode(content.value.bytes), KeptRehearsals) : undefined;
    for (const [lineage, rehearsal] of Object.entries(kept ?? {}))
      if (Date.parse(rehearsal.at) <= now && rehearsal.at > (found.get(lineage)?.at ?? ''))
        found.set(lineage, rehearsal);
  }
  return found;
}
