import Type, { type Static } from 'typebox';
import { roles } from './roles.ts';

/** What somebody may do: read; also ask hosts for something and set labels; also let hosts, people and programs in. */
export const Role = Type.Enum([...roles]);
export type Role = Static<typeof Role>;
