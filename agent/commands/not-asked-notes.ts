import type { NotAsked, NotAskedReason } from '../observe/endpoints/not-asked.ts';
import { wrapped } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Terminal } from '@certherd/command-line/terminal';

const because: Readonly<Record<NotAskedReason, string>> = {
  'no-name-found': 'no name was found that the expression is first to match',
  'expression-not-read': 'only nginx itself can tell what the expression matches',
  'claimed-elsewhere': 'every name tried under it belongs to another server block',
  variable: 'the name holds a variable',
  'not-the-default': 'no client can ask for it: another server is the default one there',
  'too-many-addresses': 'the host has more addresses than a look asks',
  'address-unreachable': 'the host itself has no way to the address',
};

/** What nobody was asked for, so that a table without it is not taken for the whole; undefined where all were asked. */
export function notAskedNotes(notAsked: readonly NotAsked[], wide: boolean, to: Terminal): string | undefined {
  // A catch-all that is not the default can never be reached by a client: nothing is missing without it.
  const told = notAsked.filter(({ reason }) => wide || reason !== 'not-the-default');
  if (told.length === 0) return undefined;
  return told
    .flatMap(({ reason, count, examples }) => {
      const named = examples.slice(0, wide ? examples.length : 1).map(printable);
      const more = count > named.length ? ` and ${count - named.length} more` : '';
      return wrapped(`not asked: ${named.join(', ')}${more}: ${because[reason]}`, to.columns ?? 120);
    })
    .map((line) => to.colours.dim(line))
    .join('\n');
}
