/** The one spelling of a name as somebody typed it. */
export function spelled(name: string): string {
  return name.trim().toLowerCase();
}

/** Of a user, or of an API token; undefined: it is fine. */
export function mistakeInName(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(name)
    ? undefined
    : 'a name has 1 to 64 lower-case letters, digits and . _ @ + -, and begins with a letter or a digit';
}
