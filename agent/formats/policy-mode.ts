import type { Mode } from '@certherd/protocol/snapshot';
import { parse } from 'smol-toml';

/**
 * The text of agent.toml with another mode for the host, every other byte as it was. Undefined where that cannot be done with
 * certainty: then a person has to.
 */
export function withMode(text: string, mode: Mode): string | undefined {
  const lines = text.split('\n');
  const firstTable = lines.findIndex((line) => /^\s*\[/.test(line));
  const above = firstTable < 0 ? lines.length : firstTable;
  const at = lines.findIndex((line, index) => index < above && /^\s*(?:mode|"mode"|'mode')\s*=/.test(line));
  const changed =
    at < 0
      ? [`mode = "${mode}"`, ...lines]
      : lines.toSpliced(at, 1, (lines[at] ?? '').replace(/=\s*(?:"[^"]*"|'[^']*')/, `= "${mode}"`));
  const result = changed.join('\n');
  return differsInModeAlone(text, result, mode) ? result : undefined;
}

function differsInModeAlone(before: string, after: string, wanted: Mode): boolean {
  try {
    const { mode: _was, ...rest } = parse(before);
    const { mode, ...restAfter } = parse(after);
    return mode === wanted && JSON.stringify(rest) === JSON.stringify(restAfter);
  } catch {
    return false;
  }
}
