/** Line (from 1) on which a top-level key or table is first named; 1 when it cannot be found. */
export function lineOfKey(text: string, key: string): number {
  const escaped = key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const naming = new RegExp(`^\\s*(?:\\[{1,2}\\s*)?["']?${escaped}["']?\\s*[=.\\]]`);
  const index = text.split('\n').findIndex((line) => naming.test(line));
  return index < 0 ? 1 : index + 1;
}

/** The known name that was most likely meant: at most a third of its letters differ. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.slice(0, 64), candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.ceil(best.candidate.length / 3) ? best.candidate : undefined;
}

/** A found value as one short line. */
export function shown(value: unknown): string {
  return shortened(JSON.stringify(value) ?? String(value));
}

/** One line of at most 80 characters. */
export function shortened(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, '\u{FFFD}');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
