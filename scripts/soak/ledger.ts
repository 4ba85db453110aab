import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What agents kept, and what they were told is kept: written by their processes, line by line, and read by the checker. */
export interface Ledger {
  /** By "AGENT EPOCH": the marks of events by seq, as the outbox had them on disk. */
  kept: Map<string, Map<number, string>>;
  /** By "AGENT EPOCH": the highest seq that the collector acked. */
  acked: Map<string, number>;
}

type Line = { agent: string; epoch: string } & ({ kept: number; mark: string } | { acked: number });

export function note(file: string, line: Line): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function readLedgers(files: readonly string[]): Ledger {
  const ledger: Ledger = { kept: new Map(), acked: new Map() };
  for (const file of files) {
    if (!existsSync(file)) continue;
    // The last line may be torn: its process was killed.
    for (const text of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const line: Line = JSON.parse(text);
      const key = `${line.agent} ${line.epoch}`;
      if ('acked' in line) ledger.acked.set(key, Math.max(ledger.acked.get(key) ?? 0, line.acked));
      else {
        const kept = ledger.kept.get(key) ?? new Map<number, string>();
        ledger.kept.set(key, kept.set(line.kept, line.mark));
      }
    }
  }
  return ledger;
}
