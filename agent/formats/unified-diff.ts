/**
 * What changed in a file, as `diff -u` shows it and `patch` takes it (POSIX diff, "Unified Format"), or "" where nothing did. Where
 * both have as many lines, each changed line is told by itself; else all from the first difference to the last.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const [old, now] = [linesOf(before), linesOf(after)];
  const hunks = joined(old.length === now.length ? changedLines(old, now) : [changedStretch(old, now)]);
  return `--- ${path}\n+++ ${path}\n${hunks.map((changes) => hunk(old, now, changes)).join('')}`;
}

/** Lines [from, oldEnd) became [from + shift, newEnd). */
interface Change {
  oldFrom: number;
  oldEnd: number;
  newFrom: number;
  newEnd: number;
}

const context = 3;

/** Each with its line feed, which the last one may lack. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function changedLines(old: string[], now: string[]): Change[] {
  return old.flatMap((line, at) =>
    line === now[at] ? [] : [{ oldFrom: at, oldEnd: at + 1, newFrom: at, newEnd: at + 1 }],
  );
}

function changedStretch(old: string[], now: string[]): Change {
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return { oldFrom: head, oldEnd: old.length - tail, newFrom: head, newEnd: now.length - tail };
}

/** Changes whose surroundings touch share a hunk. */
function joined(changes: Change[]): Change[][] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last && change.oldFrom - last.oldEnd <= 2 * context) hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function hunk(old: string[], now: string[], changes: Change[]): string {
  const [first, last] = [changes[0], changes.at(-1)];
  if (!first || !last) return '';
  const from = Math.max(0, first.oldFrom - context);
  const end = Math.min(old.length, last.oldEnd + context);
  const newFrom = first.newFrom - (first.oldFrom - from);
  const newEnd = last.newEnd + (end - last.oldEnd);
  let body = '';
  let at = from;
  for (let index = 0; index < changes.length; index++) {
    const change = changes[index];
    if (!change) continue;
    // lines that follow each other are told as one: all the old ones, then all the new ones
    let next = changes[index + 1];
    let until = change;
    while (next && next.oldFrom === until.oldEnd) {
      until = next;
      next = changes[++index + 1];
    }
    body += marked(' ', old.slice(at, change.oldFrom));
    body += marked('-', old.slice(change.oldFrom, until.oldEnd)) + marked('+', now.slice(change.newFrom, until.newEnd));
    at = until.oldEnd;
  }
  body += marked(' ', old.slice(at, end));
  return `@@ -${range(from, end)} +${range(newFrom, newEnd)} @@\n${body}`;
}

function marked(sign: string, lines: string[]): string {
  return lines.map((line) => `${sign}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`).join('');
}

/** Of no lines the line before is named. */
function range(from: number, end: number): string {
  const count = end - from;
  const start = count === 0 ? from : from + 1;
  return count === 1 ? String(start) : `${start},${count}`;
}
