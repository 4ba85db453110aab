import { createHash } from 'node:crypto';
import path from 'node:path';
import Type, { type Static } from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import type { Files } from '../ports.ts';

const closed = { additionalProperties: false };

/** What is kept of an adoption beside the files themselves, in adoptions/INSTANT-LINEAGE/record.json. */
export const AdoptionRecord = Type.Object(
  {
    version: Type.Literal(1),
    /** `begun`: the config may have been changed, and nobody said how it ended. */
    state: Type.Enum(['begun', 'done', 'restored', 'restore-failed']),
    certificatePath: Type.String(),
    lineage: Type.Object({ name: Type.String(), certificatePath: Type.String(), keyPath: Type.String() }, closed),
    names: Type.Array(Type.String()),
    acmeDirectory: Type.String(),
    /** The Nth file is kept as original-N and edited-N; digests are SHA-256. */
    files: Type.Array(
      Type.Object({ path: Type.String(), target: Type.String(), before: Type.String(), after: Type.String() }, closed),
    ),
  },
  closed,
);
export type AdoptionRecord = Static<typeof AdoptionRecord>;

/** An adoption that was cut off after its first file was changed, with all that is needed to end it. */
export interface UnfinishedAdoption {
  /** Its directory below the one that was looked in: "INSTANT-LINEAGE". */
  place: string;
  record: AdoptionRecord;
  files: { path: string; target: string; before: Uint8Array; after: Uint8Array }[];
}

/**
 * The newest unfinished adoption that `name` (a server name, a certificate's path or a lineage) belongs to, in `directory`, which
 * must be written by this account alone. Undefined where there is none, where its files were changed by somebody since, and where
 * none of them was changed before it ended.
 */
export function observeUnfinished(files: Files, directory: string, name: string): UnfinishedAdoption | undefined {
  const places = files.list(directory);
  for (const place of (places.ok ? places.value : []).toReversed()) {
    const text = files.read(path.join(directory, place, 'record.json'));
    const record = text.ok ? checkedJson(new TextDecoder().decode(text.value.bytes), AdoptionRecord) : undefined;
    if (record?.state !== 'begun' || !isAbout(record, name)) continue;
    const kept = record.files.flatMap(({ path: file, target }, index) => {
      const [before, after] = ['original', 'edited'].map((kind) =>
        files.read(path.join(directory, place, `${kind}-${index + 1}`)),
      );
      return before?.ok && after?.ok
        ? [{ path: file, target, before: before.value.bytes, after: after.value.bytes }]
        : [];
    });
    if (kept.length !== record.files.length) continue;
    const states = kept.map((one) => stateOf(files, one));
    if (states.every((state) => state !== 'other') && states.includes('after')) return { place, record, files: kept };
  }
  return undefined;
}

/** Which of the two a config file is now; `other` where it is neither, or cannot be read. */
export function stateOf(
  files: Pick<Files, 'read'>,
  { path: file, before, after }: { path: string; before: Uint8Array; after: Uint8Array },
): 'before' | 'after' | 'other' {
  const now = files.read(file);
  if (!now.ok) return 'other';
  const digest = digestOf(now.value.bytes);
  if (digest === digestOf(after)) return 'after';
  return digest === digestOf(before) ? 'before' : 'other';
}

/** SHA-256, lower-case hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isAbout({ certificatePath, lineage, names }: AdoptionRecord, name: string): boolean {
  return [certificatePath, lineage.name, lineage.certificatePath, ...names].includes(name);
}
