import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { printable } from '@certherd/command-line/printable';
import { Compile } from 'typebox/compile';
import { codeOf, startFailure } from '../failure.ts';
import { SeenTarget } from '../scan/seen.ts';

/** Where a scan keeps what it saw, a line of JSON for each target, so that another run goes on from there. */
export interface ScanJournal {
  /** What is there already, by target. */
  known: ReadonlyMap<string, SeenTarget>;
  add: (seen: SeenTarget) => void;
  close: () => void;
}

/** Opens FILE, or begins it. A line that is cut off, as the last one after a crash, is passed over: its target is asked again. */
export function openJournal(file: string): ScanJournal {
  try {
    const text = textOf(file);
    const check = Compile(SeenTarget);
    const known = new Map<string, SeenTarget>();
    for (const line of text.split('\n')) {
      const value = parsed(line);
      if (check.Check(value)) known.set(value.target, value);
    }
    if (known.size === 0 && text.trim() !== '')
      throw startFailure(`${printable(file)}: not what a scan wrote; name another file`);
    const descriptor = openSync(file, 'a', 0o600);
    if (text !== '' && !text.endsWith('\n')) writeSync(descriptor, '\n');
    return {
      known,
      add: (seen) => void writeSync(descriptor, `${JSON.stringify(seen)}\n`),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    if (!codeOf(error)) throw error;
    throw startFailure(`${printable(file)}: cannot be used (${codeOf(error)})`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
