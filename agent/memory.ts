import { Finding } from '@certherd/protocol/finding';
import Type, { type Static } from 'typebox';
import { Attempt } from './decide/retry.ts';
import { checkedJson } from './formats/checked-json.ts';
import type { Log, State } from './ports.ts';

/** What the agent must remember from look to look and through a restart. */
const Memory = Type.Object({
  attempts: Type.Array(Attempt),
  /** Findings of the last look: a finding that goes on keeps its beginning, and only a new one is an event. */
  findings: Type.Array(Finding),
  /** Newest fingerprint of each lineage at the last look; absent before the very first. */
  issued: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type Memory = Static<typeof Memory>;

const fileName = 'memory.json';

/** A damaged or missing file costs nothing but the memory: the facts are read again. */
export function recall(state: State, log: Log): Memory {
  const stored = state.read(fileName);
  if (!stored.ok || stored.value === undefined) return { attempts: [], findings: [] };
  const memory = checkedJson(stored.value, Memory);
  if (memory) return memory;
  log.warn({ file: fileName }, 'the memory of earlier looks is damaged and was set aside');
  return { attempts: [], findings: [] };
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
