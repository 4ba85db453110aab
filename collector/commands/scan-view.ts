import { aligned } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { NotTold } from '@certherd/protocol/look';
import { stapleFault } from '../evaluate/outside/staple.ts';
import { endingLeft } from '../evaluate/outside/target-findings.ts';
import { writeSheet } from '../inventory/write-sheet.ts';
import { answerProblems, type SeenAnswer, type SeenPlace, type SeenTarget } from '../scan/seen.ts';
import { attributeValues } from '../evaluate/distinguished-name.ts';
import type { PresentedProblem } from '../evaluate/outside/problems.ts';
import type { ListedFacts } from '../store/facts.ts';

/** One line of a scan: an answer, or what stands in its place. */
export interface ScanRow {
  seen: SeenTarget;
  place?: SeenPlace;
  answer?: SeenAnswer;
  /** A family of addresses of which no resolver told. */
  family?: NotTold['family'];
  /** What is wrong, in words; empty: nothing. */
  problem: string;
  /** `wrong`: with what is served; `unseen`: nothing was shown. */
  verdict: 'wrong' | 'unseen' | 'fine';
}

/** What is wrong first, then what was not seen, then by the end of validity. `now`: milliseconds since 1970. */
export function rowsOf(all: readonly SeenTarget[], now: number): ScanRow[] {
  const rows = all.flatMap((seen): ScanRow[] => {
    const { notTold, places, failure } = seen;
    if (failure) return [{ seen, problem: failureText(failure), verdict: 'unseen' }];
    const rest: ScanRow[] = notTold
      ? [{ seen, family: notTold.family, problem: `not-resolved: ${notTold.detail}`.slice(0, 300), verdict: 'unseen' }]
      : [];
    return [...places.flatMap((place) => rowsOfPlace(seen, place, now)), ...rest];
  });
  const rank = { wrong: 0, unseen: 1, fine: 2 };
  return rows.sort((one, other) => rank[one.verdict] - rank[other.verdict] || order(untilOf(one), untilOf(other)));
}

function rowsOfPlace(seen: SeenTarget, place: SeenPlace, now: number): ScanRow[] {
  if (place.failure) return [{ seen, place, problem: failureText(place.failure), verdict: 'unseen' }];
  return place.answers.map((answer): ScanRow => {
    const problem = problemText(answer, now);
    return { seen, place, answer, problem, verdict: problem === '' ? 'fine' : 'wrong' };
  });
}

/**
 * What a line leaves open, without harm to its verdict: a server that has no such key may also hang up on whoever asks for it, as Windows does, and a scan does
 * not know what was there before.
 */
function notesOf({ leftOut }: SeenTarget, place: SeenPlace | undefined): string[] {
  const lost = (place?.notAnswered ?? []).map(
    ({ algorithm, failure }) => `${algorithm} not answered: ${failure.reason}`,
  );
  return [...(leftOut > 0 ? [`${leftOut} more addresses not asked`] : []), ...lost];
}

/** What is seen as JSON has it: each answer with what is wrong with it, in the words of the table. */
export function withProblems(all: readonly SeenTarget[], now: number): object[] {
  return all.map(({ places, ...seen }) => ({
    ...seen,
    places: places.map(({ answers, ...place }) => ({
      ...place,
      answers: answers.map((answer) => ({ ...answer, problems: problemsNow(answer, now) })),
    })),
  }));
}

/** Lines for people. */
export function scanTable(rows: readonly ScanRow[], columns: number | undefined): string[] {
  const cells = rows.map(({ seen, place, answer, family, problem }) => [
    printable(seen.target),
    place?.address ?? family ?? '',
    answer ? `${answer.algorithm}${place?.versions ? ` ${versionsText(place.versions)}` : ''}` : '',
    answer ? untilOf({ answer }).slice(0, 10) : '',
    answer ? printable(issuerOf(answer)) : '',
    [printable(problem) || 'ok', ...notesOf(seen, place)].join('; '),
  ]);
  return aligned(
    [['TARGET', 'ADDRESS', 'KEY', 'UNTIL', 'ISSUER', 'SAYS'], ...cells].map((row) => row.map((text) => ({ text }))),
    { ...(columns !== undefined && { columns }), flexible: 0, ellipsis: '...' },
  );
}

/** Labels of a name: owner, team, environment, platform and others. */
export type LabelsOf = (name: string) => Readonly<Record<string, string>>;

/** With the columns of the lists that people keep, owner and the like as `labelsOf` has them; import reads it back. */
export function scanSheet(rows: readonly ScanRow[], labelsOf: LabelsOf): string {
  const more = new Map(rows.map((row) => [listedOf(row, labelsOf), row]));
  return writeSheet([...more.keys()], (listed) => {
    const row = more.get(listed);
    return {
      seen_target: row?.seen.target ?? '',
      seen_address: row?.place?.address ?? '',
      seen_key: row?.answer?.certificates[0]?.key ?? '',
      seen_fingerprint: row?.answer?.certificates[0]?.fingerprint ?? '',
      seen_tls: row?.place?.versions ? versionsText(row.place.versions) : (row?.answer?.tlsVersion ?? ''),
      seen_problem: row?.problem ?? '',
    };
  });
}

/** As a row of somebody's list: what is asked by its address alone goes by the first name in its certificate. */
export function listedOf({ seen, answer }: ScanRow, labelsOf: LabelsOf = () => ({})): ListedFacts {
  const isName = /[a-z_]/i.test(seen.host) && !seen.host.includes(':');
  const named = answer?.certificates[0]?.subjectAltNames.find((name) => /^[^\s:@]+\.[^\s:@]+$/.test(name));
  const name = isName ? seen.host : (named ?? seen.host).toLowerCase();
  return {
    name,
    expiration: answer ? untilOf({ answer }).slice(0, 10) : '',
    issuer: answer ? issuerOf(answer) : '',
    labels: { ...labelsOf(name) },
  };
}

/** "3 targets, 5 addresses: 4 fine, 1 wrong, 1 not seen." */
export function scanSummary(all: readonly SeenTarget[], rows: readonly ScanRow[]): string {
  const count = (verdict: ScanRow['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  const addresses = all.reduce((sum, { places }) => sum + places.length, 0);
  const kept = all.flatMap(({ places }) => places).filter(({ failure }) => failure?.reason === 'not-allowed').length;
  const allowed =
    kept === 0
      ? ''
      : ` ${kept} may not be asked: --allow-private and --allow-loopback let this scan, scan_allow every look.`;
  return `${all.length} target${all.length === 1 ? '' : 's'}, ${addresses} address${addresses === 1 ? '' : 'es'}: ${count('fine')} fine, ${count('wrong')} wrong, ${count('unseen')} not seen.${allowed}`;
}

function problemText(answer: SeenAnswer, now: number): string {
  const more: Readonly<Partial<Record<string, string>>> = {
    untrusted: answer.chainProblem ?? 'not read',
    'staple-invalid': stapleFault(answer, now),
    ending: `${lifeLeft(answer, now)} left`,
  };
  return problemsNow(answer, now)
    .map((problem) => (more[problem] === undefined ? problem : `${problem}: ${more[problem]}`))
    .join(', ');
}

/** What ends soon is told by the part of its life that is left, as of a target that is asked again and again. */
function problemsNow(answer: SeenAnswer, now: number): (PresentedProblem | 'ending')[] {
  const problems = answerProblems(answer, now);
  const [leaf] = answer.certificates;
  const [begin, end] = [Date.parse(leaf?.notBefore ?? ''), Date.parse(leaf?.notAfter ?? '')];
  const isEnding = end > now && begin <= now && end - now <= (end - begin) * endingLeft;
  return isEnding ? ['ending', ...problems] : problems;
}

/** "9 d", "31 h": of a short life in hours. */
function lifeLeft({ certificates: [leaf] }: SeenAnswer, now: number): string {
  const hours = (Date.parse(leaf?.notAfter ?? '') - now) / 3_600_000;
  return hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`;
}

function failureText({ reason, detail }: { reason: string; detail: string }): string {
  return `${reason}: ${detail}`.slice(0, 300);
}

function issuerOf({ certificates: [leaf] }: SeenAnswer): string {
  const issuer = leaf?.issuer ?? '';
  return attributeValues(issuer, 'O')[0] ?? attributeValues(issuer, 'CN')[0] ?? issuer;
}

function untilOf({ answer }: Pick<ScanRow, 'answer'>): string {
  return answer?.certificates[0]?.notAfter ?? '';
}

/** "1.2 1.3" */
function versionsText(versions: readonly string[]): string {
  return versions.map((version) => (version === 'TLSv1' ? '1.0' : version.slice(4))).join(' ');
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
