import type { Finding } from '@certherd/protocol/finding';
import { type Attempt, attemptsToKeep } from './decide/retry.ts';
import type { Log, State } from './ports.ts';

/** What the agent must remember from look to look and through a restart. */
export interface Memory {
  attempts: Attempt[];
  /** Findings of the last look: a finding that goes on keeps its beginning, and only a new one is an event. */
  findings: Finding[];
  /** Newest fingerprint of each lineage at the last look; undefined before the very first. */
  issued: Record<string, string> | undefined;
}

const fileName = 'memory.json';

/** A damaged or missing file costs nothing but the memory: the facts are read again. */
export function recall(state: State, log: Log): Memory {
  const stored = state.read(fileName);
  const blank: Memory = { attempts: [], findings: [], issued: undefined };
  if (!stored.ok || stored.value === undefined) return blank;
  try {
    const read = JSON.parse(stored.value) as Partial<Memory>;
    if (!Array.isArray(read.attempts) || !Array.isArray(read.findings)) throw new Error('fields are missing');
    return { attempts: read.attempts, findings: read.findings, issued: read.issued };
  } catch (error) {
    log.warn({ file: fileName, error: String(error) }, 'the memory of earlier looks is damaged and was set aside');
    return blank;
  }
}

/** Written only when it differs, so that a quiet host writes nothing. */
export function rememberer(state: State, log: Log): (memory: Memory, now: number) => void {
  let last = '';
  return (memory, now) => {
    const text = `${JSON.stringify({ ...memory, attempts: attemptsToKeep(memory.attempts, now) })}\n`;
    if (text === last) return;
    const written = state.write(fileName, text);
    if (written.ok) last = text;
    else log.warn({ detail: written.failure.detail }, 'the state directory cannot be written');
  };
}
