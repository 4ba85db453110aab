import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';

/** JSON text as the schema wants it, or undefined: for what this program itself wrote, which disks and people alter. */
export function checkedJson<T extends TSchema>(text: string, schema: T): Static<T> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Check(schema, value) ? value : undefined;
}
