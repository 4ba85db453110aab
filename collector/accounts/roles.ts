/** From the least to the most. */
export const roles = ['viewer', 'operator', 'admin'] as const;

/** Is `role` at least `least`? undefined: nobody. */
export function reaches(role: (typeof roles)[number] | undefined, least: (typeof roles)[number]): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(least);
}

/** A word as typed. */
export function roleOf(word: string | undefined): (typeof roles)[number] | undefined {
  return roles.find((role) => role === word);
}
