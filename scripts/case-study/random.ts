/** Numbers that look random and follow from a seed. */
export interface Random {
  between: (low: number, high: number) => number;
  pick: <T>(from: readonly T[]) => T;
  /** A place below `length`; low ones come more often. */
  skewed: (length: number) => number;
  shuffled: <T>(items: readonly T[]) => T[];
}

export function randomBy(seed: number): Random {
  let state = seed >>> 0;
  // A linear congruential generator modulo 2^32 (Numerical Recipes, "quick and dirty").
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    between: (low, high) => low + next() * (high - low),
    pick(from) {
      const item = from[Math.floor(next() * from.length)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
    skewed: (length) => Math.floor(next() ** 2 * length),
    shuffled(items) {
      const keyed = items.map((item) => ({ item, key: next() }));
      return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
    },
  };
}
