import { readFileSync, statSync } from 'node:fs';
import { printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { codeOf, startFailure } from '../failure.ts';
import { maxSheetBytes, readSheet } from '../inventory/sheet.ts';
import type { Target } from '@certherd/handshake/outside/ask-places';
import { mostTargets, parseTarget, type TargetDefaults, targetText } from '../scan/target.ts';
import type { Estate } from '../serve/estate.ts';
import type { ListedFacts } from '../store/facts.ts';

/** A text that is to be a target, and where it stands. */
export interface WrittenTarget {
  text: string;
  /** "line 3 of domains.txt"; undefined: on the command line. */
  place?: string;
  /** Of a sheet's row: its name, and what the sheet says whose it is. */
  listed?: Pick<ListedFacts, 'name' | 'labels'>;
}

/** The targets that these texts name, each once, in their order. Rejects with the first mistakes, where there are any. */
export function targetsOf(written: readonly WrittenTarget[], defaults: TargetDefaults): Target[] {
  const found = new Map<string, Target>();
  const mistakes: string[] = [];
  for (const { text, place } of written) {
    const parsed = parseTarget(text, defaults);
    if (!parsed.ok) mistakes.push(`${place === undefined ? '' : `${place}: `}${printable(parsed.failure)}`);
    else for (const target of parsed.value) found.set(targetText(target), target);
    if (found.size > mostTargets) throw startFailure(`more than ${mostTargets} targets: scan them in parts`);
  }
  if (mistakes.length > 5) mistakes.splice(5, Infinity, `and ${mistakes.length - 5} more`);
  if (mistakes.length > 0) throw startFailure(mistakes.join('; '));
  return [...found.values()];
}

/** A list of targets, one a line, where "#" begins a comment; or a sheet (CSV), whose column of names counts. "-": standard input. */
export function writtenIn(file: string, complain: (line: string) => void): WrittenTarget[] {
  const text = textOf(file);
  const name = file === '-' ? 'standard input' : printable(file);
  const first = text.split(/\r\n|\r|\n/).find((line) => line.trim() !== '' && !line.trimStart().startsWith('#')) ?? '';
  if (/[,;\t]/.test(first)) return namesOf(text, name, complain);
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const target = line.replace(/(?:^|\s)#.*$/, '').trim();
    return target === '' ? [] : [{ text: target, place: `line ${index + 1} of ${name}` }];
  });
}

/**
 * Rows that name nobody that can be asked, wildcards among them, are told and left out: a sheet is somebody's own. A port or a protocol that stands with the
 * name counts.
 */
function namesOf(text: string, name: string, complain: (line: string) => void): WrittenTarget[] {
  const sheet = readSheet(text);
  if (!sheet.ok) throw startFailure(`${name}: ${printable(sheet.failure)}`);
  const asked = sheet.value.rows.flatMap(({ row, written }): WrittenTarget[] => {
    if (!row.ok || row.value.name.startsWith('*.')) return [];
    const isTarget = written !== undefined && parseTarget(written, { ports: [443] }).ok;
    return [{ text: isTarget ? written : row.value.name, listed: row.value }];
  });
  const left = sheet.value.rows.length - asked.length;
  if (left > 0) complain(`${counted(left, 'row')} of ${name} left out: a wildcard, or no name`);
  return asked;
}

/** What the fleet knows: the names of endpoints and of what they serve, at the endpoint's port; and the imported list's names. */
export function fleetTargets(
  estate: Pick<Estate, 'endpoints' | 'certificates'>,
  listed: readonly ListedFacts[],
): Target[] {
  const names = new Map(estate.certificates.map(({ fingerprint, subjectAltNames }) => [fingerprint, subjectAltNames]));
  const found = new Map<string, Target>();
  const add = (name: string, port: number, startTls?: Target['startTls']) => {
    const parsed = parseTarget(name, { ports: [port], startTls });
    const isName = /^[a-z0-9_.-]+\.[a-z0-9_.-]+$/i.test(name);
    if (parsed.ok && isName) for (const target of parsed.value) found.set(targetText(target), target);
  };
  for (const { serverName, port, startTls, served } of estate.endpoints) {
    if (port === 0) continue;
    for (const name of [serverName, ...(names.get(served ?? '') ?? [])]) add(name, port, startTls);
  }
  for (const { name } of listed) add(name, 443);
  return [...found.values()];
}

function textOf(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > maxSheetBytes)
      throw startFailure(`${printable(file)}: larger than 16 MiB`);
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if (!codeOf(error)) throw error;
    throw startFailure(`${printable(file)}: cannot be read (${codeOf(error)})`);
  }
}
