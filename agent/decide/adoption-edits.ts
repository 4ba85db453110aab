import { Buffer } from 'node:buffer';
import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import { fromConfigDirectory } from '../formats/nginx-certificates.ts';
import { type ValueEdit, withValues } from '../formats/nginx-edit.ts';
import type { NamedPairs } from '../formats/nginx-named-pairs.ts';
import type { Directive } from '../formats/nginx-parser.ts';
import { unifiedDiff } from '../formats/unified-diff.ts';
import type { Adoptable, ConfigFileSeen } from '../observe/adoptable.ts';
import type { Refusal } from './adoption.ts';

/** One config file before and after. */
export interface FileEdit {
  /** As nginx includes it, and where that leads. */
  path: string;
  target: string;
  before: Uint8Array;
  after: Uint8Array;
  /** Unified. */
  diff: string;
}

/** What else the blocks say that is about the old certificate: it is left as it is. */
export interface AdoptionEdits {
  files: FileEdit[];
  besides: Directive[];
}

/** The two values of every block that names this certificate, wherever its directives stand. Nothing else is touched. */
export function adoptionEdits(
  certificatePath: string,
  lineage: { certificatePath: string; keyPath: string },
  { pairs, files, configDirectory }: Pick<Adoptable, 'pairs' | 'files' | 'configDirectory'>,
  { nginx }: Pick<Config, 'nginx'>,
): Result<AdoptionEdits, Refusal> {
  const isNamed = (value: string) => fromConfigDirectory(nginx.config, value) === certificatePath;
  const own = pairs.filter(({ certificates }) => certificates.some(({ args }) => isNamed(args[0] ?? '')));
  const wanted = new Map<string, { file: string; edit: ValueEdit }>();
  for (const pair of own) {
    const [certificate, key, refusal] = onlyPair(pair);
    if (refusal) return { ok: false, failure: refusal };
    const other = pairs.find((one) => !own.includes(one) && one.keys.some((directive) => isTold(directive, key)));
    if (other)
      return refused(`${placeOf(key)} is the key of ${placeOf(other.server)} too, which has another certificate`);
    for (const [directive, to] of [
      [certificate, lineage.certificatePath],
      [key, lineage.keyPath],
    ] as const) {
      const { file, line, name, args } = directive;
      const edit = { directive: name, line, from: args[0] ?? '', to };
      wanted.set(`${files.get(file)?.target ?? file} ${line} ${name} ${edit.from}`, { file, edit });
    }
  }
  const result: FileEdit[] = [];
  for (const edits of Map.groupBy(wanted.values(), ({ file }) => files.get(file)?.target ?? file).values()) {
    const file = edits[0]?.file ?? '';
    const one = editedFile(
      file,
      edits.map(({ edit }) => edit),
      files.get(file),
      ['/etc', configDirectory],
    );
    if (!one.ok) return one;
    result.push(one.value);
  }
  if (result.length === 0) return refused(`no directive that names ${certificatePath} was found`);
  const besides = new Map(own.flatMap((pair) => pair.besides.map((directive) => [placeOf(directive), directive])));
  return { ok: true, value: { files: result, besides: [...besides.values()] } };
}

type OnlyPair = [Directive, Directive, undefined] | [undefined, undefined, Refusal];

function onlyPair({ server, certificates, keys }: NamedPairs): OnlyPair {
  const [certificate, key] = [certificates[0], keys[0]];
  const refuse = (detail: string): OnlyPair => [undefined, undefined, { reason: 'not-supported', detail }];
  if (!certificate || !key || certificates.length > 1 || keys.length > 1)
    return refuse(`${placeOf(server)} names several certificates or keys: take all but one pair out`);
  // two files cannot be replaced in one step, and between the two nginx would refuse to start
  if (certificate.file !== key.file)
    return refuse(`${placeOf(certificate)} and ${placeOf(key)} are in two files: put the pair into one`);
  return [certificate, key, undefined];
}

function editedFile(
  file: string,
  edits: ValueEdit[],
  seen: ConfigFileSeen | undefined,
  places: readonly string[],
): Result<FileEdit, Refusal> {
  if (!seen) return { ok: false, failure: { reason: 'not-replaceable', detail: `${file} cannot be read` } };
  const { target, bytes: before, failure } = seen;
  if (failure) return { ok: false, failure: { reason: 'not-replaceable', detail: failure.detail } };
  if (target !== file && !places.some((place) => target.startsWith(`${place}/`))) {
    const detail = `${file} leads to ${target}: what is kept elsewhere is changed where it comes from, or the change is lost`;
    return { ok: false, failure: { reason: 'not-replaceable', detail } };
  }
  const after = withValues(before, edits);
  if (!after.ok) return { ok: false, failure: { reason: 'not-supported', detail: `${file}: ${after.failure.detail}` } };
  const edit = { path: file, target, before, after: after.value };
  return { ok: true, value: { ...edit, diff: fileDiff(edit) } };
}

/** Unified, as people read it. */
export function fileDiff({ path, before, after }: Omit<FileEdit, 'diff'>): string {
  return unifiedDiff(path, textOf(before), textOf(after));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Directives are edited by line and value: on one line two may be told alike. */
function isTold(one: Directive, other: Directive): boolean {
  return one.file === other.file && one.line === other.line && one.args[0] === other.args[0];
}

function placeOf({ file, line }: Directive): string {
  return `${file}:${line}`;
}

function refused(detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { reason: 'not-supported', detail } };
}
