import type { NamePattern } from './name-pattern.ts';

/** Combinations that are tried; the first ones choose differently where the pattern begins. */
const tries = 256;
/** RFC 1035 2.3.4. */
const longest = 253;
/** What stands where a pattern takes any text: a name that nobody has, and that an operator recognises in a log. */
const words = ['certherd-probe', 'certherdprobe', 'probe', 'a', '1', '01'];

/**
 * Host names that such an expression may match, distinct and in a stable order, at most 768. They are candidates: whether one
 * matches is for `matchesName` to say. Each is a name that a client may send (RFC 1123 2.1, with "_").
 */
export function* nameSamples(pattern: NamePattern): Generator<string> {
  const seen = new Set<string>();
  for (let number = 0; number < tries; number++) {
    let rest = number;
    const text = written(pattern, (options) => {
      const chosen = rest % options;
      rest = Math.floor(rest / options);
      return chosen;
    });
    // without an anchor there may be more on either side, and a name needs it where a dot is at its edge
    for (const name of [text, `${words[0]}${text}`, `${text}${text.endsWith('.') ? '' : '.'}${words[0]}.test`]) {
      if (seen.has(name) || !isHostName(name)) continue;
      seen.add(name);
      yield name;
    }
    if (rest > 0) return;
  }
}

/** A name that fits into a handshake as a host name. All digits and dots would be taken for an address. */
export function isHostName(name: string): boolean {
  return (
    name.length <= longest &&
    !/^[\d.]+$/.test(name) &&
    name.split('.').every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/.test(label))
  );
}

/** One of `options` ways, as a number below it. */
type Choose = (options: number) => number;

function written(pattern: NamePattern, choose: Choose): string {
  switch (pattern.kind) {
    case 'one':
      return oneOf(characters(pattern.of), choose);
    case 'start':
    case 'end':
      return '';
    case 'sequence':
      return pattern.of.reduce((text, part) => (text.length > longest ? text : text + written(part, choose)), '');
    case 'choice':
      return written(pattern.of[choose(pattern.of.length)] ?? { kind: 'start' }, choose);
    case 'repeat':
      return repeated(pattern, choose);
  }
}

function repeated({ of, least, most }: Extract<NamePattern, { kind: 'repeat' }>, choose: Choose): string {
  if (of.kind === 'one') {
    const fitting = words.filter(
      (word) => word.length >= least && word.length <= most && word.split('').every((each) => of.of.has(each)),
    );
    const [first = ''] = characters(of.of);
    return oneOf([...fitting, first.repeat(least), ...(least < most ? [first.repeat(least + 1)] : [])], choose);
  }
  const counts = [...new Set([Math.max(1, least), least, least + 1])].filter((count) => count <= most);
  const count = counts[choose(counts.length)] ?? least;
  let text = '';
  for (let times = 0; times < count && text.length <= longest; times++) {
    const more = written(of, choose);
    if (more === '') break;
    text += more;
  }
  return text;
}

/** A letter, a digit and another sign: more would only repeat what these show. */
function characters(of: ReadonlySet<string>): string[] {
  const all = [...of];
  const kinds = [/[a-z]/, /\d/, /[^a-z\d]/].flatMap((kind) => all.find((each) => kind.test(each)) ?? []);
  return kinds.length > 0 ? kinds : [''];
}

function oneOf(options: string[], choose: Choose): string {
  return options[choose(options.length)] ?? '';
}
