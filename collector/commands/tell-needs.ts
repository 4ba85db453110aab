import { wrapped } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import { lifeAt, sharePercent, type Validity } from '../present/life.ts';
import type { Need } from '../present/needs.ts';
import { absolute, ago, timeLeft } from '../wording/duration.ts';
import { isSentence } from '../wording/remedy.ts';
import { severityTone } from '../wording/words.ts';
import type { Console } from './command.ts';
import { colours, toned } from './toned.ts';

/** What somebody said about a need, in words. */
export type AnswerWords = (need: Need) => readonly string[];

const indent = '    ';

/**
 * Each need as one sentence, then since when, the deadline, whose it is, what was said about it, and the remedy. `rows`: no more than have room in so
 * many lines, but one. Returns how many were told.
 */
export function tellNeeds(
  needs: readonly Need[],
  { now, answers = () => [], rows = Infinity }: { now: number; answers?: AnswerWords; rows?: number },
  console: Pick<Console, 'print'>,
): number {
  let left = rows;
  for (const [index, need] of needs.entries()) {
    const lines = [...(index > 0 ? [''] : []), ...linesOf(need, answers(need), now)];
    left -= lines.length;
    if (index > 0 && left < 0) return index;
    for (const line of lines) console.print(line);
  }
  return needs.length;
}

function linesOf(need: Need, answers: readonly string[], now: number): string[] {
  const { severity, hostName, name, code, cause, since, deadline, remedy, stale, labels } = need;
  const room = Math.max(40, (process.stdout.isTTY ? process.stdout.columns : 120) - indent.length);
  const plain = (text: string) => wrapped(printable(text), room).map((line) => indent + line);
  const dim = (text: string) => wrapped(printable(text), room).map((line) => indent + colours().dim(line));
  const where = name === undefined ? hostName : `${name} on ${hostName}`;
  const more = [code, stale ? 'as it was at the last look' : undefined].filter((one) => one !== undefined).join(', ');
  const whose = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    `${toned(severityTone[severity], severity)}  ${colours().bold(printable(where))}${more === '' ? '' : colours().dim(`  ${printable(more)}`)}`,
    ...plain(cause),
    ...dim(`since ${absolute(since)}, ${ago(now - Date.parse(since))}`),
    ...(deadline ? dim(deadlineWords(deadline, now)) : []),
    ...(whose.length > 0 ? dim(whose.join(', ')) : []),
    ...answers.flatMap(plain),
    ...(remedy === '' ? [] : isSentence(remedy) ? plain(remedy) : commandLines(need)),
  ];
}

function deadlineWords(deadline: Validity, now: number): string {
  const { leftMs, shareLeft } = lifeAt(deadline, now);
  return `the served certificate: ${timeLeft(leftMs)}, ${sharePercent(shareLeft)} of its life, until ${absolute(deadline.notAfter)}`;
}

/** Whole, whatever the width: it is to be copied. What is of no host is mended where the collector is, and its commands say so. */
function commandLines({ remedy, hostName, agentId }: Need): string[] {
  const lines = remedy.split('\n').map((line) => `${indent}  ${printable(line)}`);
  return [...(agentId === '' ? [] : [`${indent}${colours().dim(`on ${printable(hostName)}:`)}`]), ...lines];
}
