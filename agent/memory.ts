import { Finding } from '@certherd/protocol/finding';
import { ReachedAt } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import { Attempt } from './decide/retry.ts';
import { Sighting, shownBefore } from './decide/visible.ts';
import { checkedJson } from './formats/checked-json.ts';
import type { Log, State } from './ports.ts';

/** What the agent must remember from look to look and through a restart. */
const Stored = Type.Object({
  attempts: Type.Array(Attempt),
  /** Every finding that is shown or waits to be, with its times; only one that begins to be shown is an event. */
  sightings: Type.Optional(Type.Array(Sighting)),
  /** In their place until version 0.1.0: the findings of the last look. */
  findings: Type.Optional(Type.Array(Finding)),
  /** Newest fingerprint of each lineage at the last look; absent before the very first. */
  issued: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** By endpoint: when the newest certificate was first seen in each state. */
  reached: Type.Optional(Type.Record(Type.String(), Type.Object({ newest: Type.String(), at: ReachedAt }))),
  /** Requests of a collector that were answered, or (open) begun: the newest ids. */
  requests: Type.Optional(Type.Array(Type.Object({ id: Type.String(), open: Type.Optional(Type.Boolean()) }))),
});
export type Memory = Omit<Static<typeof Stored>, 'sightings' | 'findings'> & { sightings: Sighting[] };

const fileName = 'memory.json';

/** A damaged or missing file costs nothing but the memory: the facts are read again. */
export function recall(state: State, log: Log): Memory {
  const stored = state.read(fileName);
  if (!stored.ok || stored.value === undefined) return { attempts: [], sightings: [] };
  const memory = checkedJson(stored.value, Stored);
  if (memory) {
    const { findings = [], sightings = shownBefore(findings), ...rest } = memory;
    return { ...rest, sightings };
  }
  log.warn({ file: fileName }, 'the memory of earlier looks is damaged and was set aside');
  return { attempts: [], sightings: [] };
}

/** Written only when it differs, so that a quiet host writes nothing. */
export function rememberer(state: State, log: Log): (memory: Memory) => void {
  let last = '';
  return (memory) => {
    const text = `${JSON.stringify(memory)}\n`;
    if (text === last) return;
    const written = state.write(fileName, text);
    if (written.ok) last = text;
    else log.warn({ detail: written.failure.detail }, 'the state directory cannot be written');
  };
}
