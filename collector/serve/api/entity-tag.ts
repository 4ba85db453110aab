/** Names states of what is never changed, but replaced: the same object has the same tag. */
export interface EntityTags {
  /** Weak (RFC 9110 8.8.1): the instant in an answer differs although nothing else does. */
  of: (state: object) => string;
  /** Of what a number names already. */
  numbered: (kind: string, number: number) => string;
}

/** `run` tells this process from others, whose numbers mean other states. */
export function createEntityTags(run: string): EntityTags {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return {
    of(state) {
      const number = numbers.get(state) ?? ++last;
      numbers.set(state, number);
      return `W/"${run}-${number}"`;
    },
    numbered: (kind, number) => `W/"${run}-${kind}-${number}"`,
  };
}

/** Does an If-None-Match header (RFC 9110 13.1.2) name this tag? Compared weakly. */
export function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const opaque = (text: string) => text.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((one) => opaque(one) === opaque(tag));
}
