import type { Diagnosed, Diagnosis } from './diagnosis.ts';
import { wrapped } from './layout.ts';
import { printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Who looked at what: the head of a report. */
export interface Report {
  /** "certherd-agent 0.1.0 on web-1, looked at as root" */
  title: string;
  diagnosed: readonly Diagnosed[];
}

const marginColumns = 4;

/** A report for people: a line for each check, and below what is wrong, why that matters and what mends it. */
export function diagnosisView({ title, diagnosed }: Report, to: Terminal): string {
  const widest = Math.max(0, ...diagnosed.map(({ area }) => area.length));
  const lines = diagnosed.flatMap(({ area, diagnoses }) =>
    diagnoses.flatMap((one, index) => linesOf(one, (index === 0 ? area : '').padEnd(widest), to)),
  );
  return [to.colours.bold(printable(title)), '', ...lines, '', countsOf(diagnosed, to)].join('\n');
}

function linesOf(one: Diagnosis, area: string, to: Terminal): string[] {
  const { bold, cyan, dim } = to.colours;
  const mark = markOf(one.verdict, to);
  const indent = ' '.repeat(area.length + 2 + mark.text.length + 2);
  const columns = Math.max(24, (to.columns ?? 120) - indent.length);
  const [first = '', ...more] = wrapped(printable(one.says), columns);
  const isFine = one.verdict === 'ok';
  const why = isFine || one.why === undefined ? [] : wrapped(printable(one.why), columns);
  return [
    `${dim(area)}  ${mark.paint(mark.text)}  ${isFine ? first : bold(first)}`,
    ...more.map((line) => indent + (isFine ? line : bold(line))),
    ...why.map((line) => indent + line),
    // a command is never broken: it is there to be copied
    ...(isFine || one.fix === undefined
      ? []
      : [`${' '.repeat(marginColumns)}${cyan(to.glyphs.arrow)} ${printable(one.fix)}`]),
  ];
}

function markOf(verdict: Diagnosis['verdict'], { colours }: Terminal) {
  if (verdict === 'ok') return { text: 'ok      ', paint: colours.green };
  if (verdict === 'wrong') return { text: 'wrong   ', paint: colours.red };
  return { text: 'not told', paint: colours.yellow };
}

function countsOf(diagnosed: readonly Diagnosed[], { colours }: Terminal): string {
  const all = diagnosed.flatMap(({ diagnoses }) => diagnoses);
  const count = (verdict: Diagnosis['verdict']) => all.filter((one) => one.verdict === verdict).length;
  const [wrong, unknown, fine] = [count('wrong'), count('not-told'), count('ok')];
  const words = [
    wrong > 0 ? colours.red(`${wrong} wrong`) : 'nothing wrong',
    ...(unknown > 0 ? [colours.yellow(`${unknown} not told`)] : []),
    `${fine} ok`,
  ];
  return words.join(', ');
}

/** What `doctor --json` prints; docs/json.md describes it. */
export function diagnosisReport(
  program: { name: string; version: string },
  diagnosed: readonly Diagnosed[],
  now: number,
) {
  return {
    version: 1,
    at: new Date(now).toISOString(),
    program: program.name,
    programVersion: program.version,
    checks: diagnosed.flatMap(({ area, diagnoses }) => diagnoses.map((one) => ({ area, ...one }))),
  };
}
