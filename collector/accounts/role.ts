import Type, { type Static } from 'typebox';

/** What a person, or a program with a token, may do: read; also ask hosts for something and set labels; also let hosts and programs in. */
export const Role = Type.Enum(['viewer', 'operator', 'admin']);
export type Role = Static<typeof Role>;

/** From the least to the most. */
export const roles = ['viewer', 'operator', 'admin'] as const satisfies Role[];

/** Is `role` at least `least`? undefined: nobody. */
export function reaches(role: Role | undefined, least: Role): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(least);
}

/** A word as typed. */
export function roleOf(word: string | undefined): Role | undefined {
  return roles.find((role) => role === word);
}
