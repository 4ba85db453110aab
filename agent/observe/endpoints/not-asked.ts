/** Why a name, or an address, was not asked although the config names it. */
export type NotAskedReason =
  /** No name was found that the expression matches, or that it is first to match. */
  | 'no-name-found'
  /** It uses what only PCRE itself can tell (lookaround, back references), or an expression before it does. */
  | 'expression-not-read'
  /** Every name tried under it belongs to another server block. */
  | 'claimed-elsewhere'
  /** It holds a variable. */
  | 'variable'
  /** A catch-all, or an address for a name, which no handshake can carry (RFC 6066 3), where another server is the default one. */
  | 'not-the-default'
  /** The host has more addresses, or more names at them, than a look asks. */
  | 'too-many-addresses'
  /** The host itself has no way to one of its addresses. */
  | 'address-unreachable';

/** Counted, since a thousand of a kind say no more than a few. */
export interface NotAsked {
  reason: NotAskedReason;
  count: number;
  /** The first of them, at most five: "NAME@ADDRESS:PORT". */
  examples: string[];
}

export interface Counting {
  note: (reason: NotAskedReason, example: string, count?: number) => void;
  counted: () => NotAsked[];
}

const mostExamples = 5;

/** Counts by reason, in the order in which the reasons are first met. */
export function countNotAsked(): Counting {
  const byReason = new Map<NotAskedReason, NotAsked>();
  return {
    note: (reason, example, count = 1) => {
      const known = byReason.get(reason) ?? { reason, count: 0, examples: [] };
      known.count += count;
      if (known.examples.length < mostExamples) known.examples.push(example);
      byReason.set(reason, known);
    },
    counted: () => [...byReason.values()],
  };
}
