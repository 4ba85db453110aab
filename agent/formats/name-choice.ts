import { matchesName } from './name-match.ts';
import { type NamePattern, parseNamePattern } from './name-pattern.ts';

/** A server block of one listener by a key of its own, and its names as the config has them. */
export interface NamedBlock {
  block: string;
  names: readonly string[];
}

/** Which block of one listener nginx chooses for a name: its key, 'none' where only the default server is left, 'unknown' where it cannot be told. */
export type NameChoice = (name: string) => string;

/** More expressions at one listener are not followed: each name asked is compared with those before it. */
const mostPatterns = 100;

/**
 * nginx's choice among the blocks of one listener, in their order (ngx_http_find_virtual_server): the exact name, the longest
 * wildcard at the front, the longest at the end, the first expression that matches. ".a.b" is "a.b" and "*.a.b". Of two blocks with
 * one name the first has it.
 */
export function nameChoice(blocks: readonly NamedBlock[]): NameChoice {
  const exact = new Map<string, string>();
  const leading = new Map<string, string>();
  const trailing = new Map<string, string>();
  const expressions: { block: string; pattern: NamePattern | undefined }[] = [];
  const keep = (known: Map<string, string>, name: string, block: string) => {
    if (!known.has(name)) known.set(name, block);
  };
  for (const { block, names } of blocks) {
    for (const written of names) {
      const name = written.toLowerCase();
      if (written.startsWith('~')) {
        const isFollowed = expressions.length < mostPatterns;
        expressions.push({ block, pattern: isFollowed ? parseNamePattern(written.slice(1)) : undefined });
      } else if (name.startsWith('*.')) keep(leading, name.slice(2), block);
      else if (name.startsWith('.')) {
        keep(exact, name.slice(1), block);
        keep(leading, name.slice(1), block);
      } else if (name.endsWith('.*')) keep(trailing, name.slice(0, -2), block);
      else keep(exact, name, block);
    }
  }
  return (name) =>
    exact.get(name) ??
    longest(leading, name, (labels, cut) => labels.slice(cut)) ??
    longest(trailing, name, (labels, cut) => labels.slice(0, -cut)) ??
    firstMatching(expressions, name);
}

/** Tries the name without one label, without two, …: what is left gets shorter. */
function longest(
  known: Map<string, string>,
  name: string,
  without: (labels: string[], cut: number) => string[],
): string | undefined {
  if (known.size === 0) return undefined;
  const labels = name.split('.');
  for (let cut = 1; cut < labels.length; cut++) {
    const found = known.get(without(labels, cut).join('.'));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An expression that is not read may match too; of the same block, that makes no difference. */
function firstMatching(expressions: { block: string; pattern: NamePattern | undefined }[], name: string): string {
  const unread = new Set<string>();
  for (const { block, pattern } of expressions) {
    const matches = pattern && matchesName(pattern, name);
    if (matches === undefined) unread.add(block);
    else if (matches) return [...unread].every((other) => other === block) ? block : 'unknown';
  }
  return unread.size > 0 ? 'unknown' : 'none';
}
