import { failed, type Result, success } from '@certherd/protocol/failure';
import { type AdoptionPlan, adoptionPlace } from '../decide/adoption.ts';
import { type AdoptionRecord, digestOf } from '../observe/adoption-records.ts';
import type { Keeping } from '../ports.ts';
import type { AdoptPorts } from './adopt.ts';

/** Where the originals are kept, and how the end is written down there. */
export interface KeptAdoption {
  place: string;
  ended(state: Exclude<AdoptionRecord['state'], 'begun'>): void;
}

/**
 * Keeps each file as it was and as it will be, the diff, and a record that comes last: an adoption that is killed after this is
 * brought to its end by the next one.
 */
export function keepAdoption(plan: AdoptionPlan, { clock, keepIn }: AdoptPorts): Result<KeptAdoption> {
  const place = plan.resumes ?? adoptionPlace(clock.now(), plan.lineage.name);
  const state = keepIn(place);
  const record: AdoptionRecord = {
    version: 1,
    state: 'begun',
    certificatePath: plan.certificatePath,
    lineage: plan.lineage,
    names: plan.names,
    acmeDirectory: plan.acmeDirectory,
    files: plan.files.map(({ path, target, before, after }) => ({
      path,
      target,
      before: digestOf(before),
      after: digestOf(after),
    })),
  };
  const kept: KeptAdoption = {
    place,
    // where this cannot be written, the next adoption of these names finds the files as they are, and nothing to do
    ended: (ending) => void writeRecord(state, { ...record, state: ending }),
  };
  if (plan.resumes !== undefined) return success(kept);
  const writes: [string, string | Uint8Array][] = [
    ...plan.files.flatMap(({ before, after }, index): [string, Uint8Array][] => [
      [`original-${index + 1}`, before],
      [`edited-${index + 1}`, after],
    ]),
    ['diff', plan.files.map(({ diff }) => diff).join('')],
  ];
  for (const [name, content] of writes) {
    const written = state.write(name, content);
    if (!written.ok) return failed(written.failure.reason, written.failure.detail);
  }
  const written = writeRecord(state, record);
  return written.ok ? success(kept) : written;
}

function writeRecord(state: Keeping, record: AdoptionRecord): Result<void> {
  return state.write('record.json', `${JSON.stringify(record, null, 2)}\n`);
}
