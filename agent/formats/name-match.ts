import type { NamePattern } from './name-pattern.ts';

/** Steps after which a match is given up: a hostile pattern must not hold a look up. */
const most = 20_000;

/**
 * Does the expression match somewhere in `name`, as nginx asks PCRE? Sets of positions are followed, so that nothing is tried
 * twice and no pattern takes exponential time. Undefined where it would take too long.
 */
export function matchesName(pattern: NamePattern, name: string): boolean | undefined {
  const walk: Walk = { name, left: most };
  const anywhere = new Set(Array.from({ length: name.length + 1 }, (_, at) => at));
  const ends = endsOf(walk, pattern, anywhere);
  if (ends.size > 0) return true;
  return walk.left > 0 ? false : undefined;
}

interface Walk {
  name: string;
  left: number;
}

/** Where the pattern may end, when it may begin at any of these. */
function endsOf(walk: Walk, pattern: NamePattern, starts: Set<number>): Set<number> {
  walk.left -= 1 + starts.size;
  if (walk.left <= 0 || starts.size === 0) return new Set();
  const { name } = walk;
  switch (pattern.kind) {
    case 'one':
      return new Set([...starts].filter((at) => pattern.of.has(name[at] ?? '')).map((at) => at + 1));
    case 'start':
      return new Set([...starts].filter((at) => at === 0));
    case 'end':
      return new Set([...starts].filter((at) => at === name.length));
    case 'sequence':
      return pattern.of.reduce((from, part) => endsOf(walk, part, from), starts);
    case 'choice':
      return new Set(pattern.of.flatMap((part) => [...endsOf(walk, part, starts)]));
    case 'repeat':
      return endsOfRepeat(walk, pattern, starts);
  }
}

function endsOfRepeat(
  walk: Walk,
  { of, least, most: atMost }: Extract<NamePattern, { kind: 'repeat' }>,
  starts: Set<number>,
): Set<number> {
  let from = starts;
  for (let times = 0; times < least && from.size > 0; times++) from = endsOf(walk, of, from);
  const ends = new Set(from);
  for (let times = least; times < atMost && from.size > 0; times++) {
    from = new Set([...endsOf(walk, of, from)].filter((at) => !ends.has(at)));
    for (const at of from) ends.add(at);
  }
  return ends;
}
