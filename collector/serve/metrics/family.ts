/** One series without the family's name: its labels as text, and its value. */
export type Sample = readonly [series: string, value: number];

type Kind = 'gauge' | 'counter';

/** One metric family: its two lines of comment, then a line a sample. */
export function* family(name: string, type: Kind, purpose: string, samples: readonly Sample[]): Generator<string> {
  yield heading(name, type, purpose);
  for (const [series, value] of samples) yield series === '' ? `${name} ${value}\n` : `${name}{${series}} ${value}\n`;
}

/**
 * A family of many lines, some kilobytes at a time. `endings`: each line behind its opening brace, without its end, `LABELS} VALUE`; undefined where
 * there is none.
 */
export function* longFamily(
  name: string,
  type: Kind,
  purpose: string,
  endings: Iterable<string | undefined>,
): Generator<string> {
  let text = heading(name, type, purpose);
  const opening = `${name}{`;
  let quiet = 0;
  for (const ending of endings) {
    if (ending === undefined) {
      if (++quiet % quietItems !== 0) continue;
    } else text += `${opening}${ending}\n`;
    if (ending !== undefined && text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield text;
}

const pieceLength = 8 * 1024;

function heading(name: string, type: Kind, purpose: string): string {
  return `# HELP ${name} ${purpose}\n# TYPE ${name} ${type}\n`;
}

export function single(name: string, type: Kind, purpose: string, value: number | undefined): Generator<string> {
  return family(name, type, purpose, value === undefined ? [] : [['', value]]);
}

/** How many of `all` have each of `values`; others are not counted. `times`: one stands for as many. */
export function* counted<T>(
  name: string,
  purpose: string,
  label: string,
  values: readonly string[],
  all: Iterable<T>,
  of: (one: T) => string | undefined,
  times: (one: T) => number = () => 1,
): Generator<string> {
  const counts = new Map<string | undefined, number>();
  let quiet = 0;
  for (const one of all) {
    const value = of(one);
    counts.set(value, (counts.get(value) ?? 0) + times(one));
    if (++quiet % quietItems === 0) yield '';
  }
  yield* family(
    name,
    'gauge',
    purpose,
    values.map((value) => [pairs({ [label]: value }), counts.get(value) ?? 0] as const),
  );
}

/** Reading this many items without a line still takes less than some milliseconds. */
export const quietItems = 1_000;

export function pairs(labels: Readonly<Record<string, string>>): string {
  const parts: string[] = [];
  for (const name in labels) parts.push(`${name}="${escapeLabel(labels[name] ?? '')}"`);
  // Joined text is flat: what is put together by + is walked through again each time that it is written.
  return parts.join(',');
}

/** Text format 0.0.4: backslash, double quote and line feed are escaped; lone surrogates are not text. */
export function escapeLabel(value: string): string {
  if (isPlain.test(value)) return value;
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Printable ASCII without those that are escaped: nearly every label. */
const isPlain = /^[ !#-[\]-~]*$/;
