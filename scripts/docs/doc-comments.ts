import { readFileSync } from 'node:fs';

/** What the comments above a schema and its fields say, by name; of an enumeration, by value. */
export interface DocComments {
  /** Of an exported schema: "Hello". */
  ofSchema(name: string): string;
  /** Of a field or value within it: ("Hello", "generation"). */
  ofField(schema: string, field: string): string;
  /** Names of all exported schemas, in the order in which they stand. */
  schemas: readonly string[];
  /** "Schema.field" of every comment that was found. */
  fields: readonly string[];
}

/** Reads the doc comments of these files of `protocol`, or of another folder: the schemas say what may be, the comments what it means. */
export function readDocComments(files: readonly string[], folder = 'protocol'): DocComments {
  const schemas = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(new URL(`../../${folder}/${file}`, import.meta.url), 'utf8');
    for (const [, comment, name = '', body = ''] of text.matchAll(
      /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+) = ([\s\S]*?\n?)\);\n/g,
    )) {
      schemas.set(name, plain(comment));
      for (const [, inner, field] of body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*'?([\w-]+)'?\s*[:,]/g))
        fields.set(`${name}.${field}`, plain(inner));
    }
  }
  return {
    ofSchema: (name) => schemas.get(name) ?? '',
    ofField: (schema, field) => fields.get(`${schema}.${field}`) ?? '',
    schemas: [...schemas.keys()],
    fields: [...fields.keys()],
  };
}

/** One line, without the stars. */
function plain(comment = ''): string {
  return comment
    .replaceAll(/\n\s*\*/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
