import Type, { type TSchema } from 'typebox';
import type { DocComments } from './doc-comments.ts';

/** JSON Schema, as far as the wire uses it. */
interface Shape {
  type?: string;
  title?: string;
  const?: string;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: TSchema;
  required?: string[];
  properties?: Record<string, TSchema>;
  patternProperties?: Record<string, TSchema>;
}

/** Words for schemas, each name of `named` with a section of its own. */
export interface SchemaTables {
  /** A table of the fields of an object, or of the values of an enumeration. */
  table(name: string): string;
}

export function schemaTables(named: Readonly<Record<string, TSchema>>, comments: DocComments): SchemaTables {
  const names = new Map(Object.entries(named).map(([name, schema]) => [JSON.stringify(schema), name]));

  return {
    table(name) {
      const shape = shapeOf(named[name]);
      if (shape.enum) return shape.enum.map((value) => `- \`${value}\`${told(name, value)}`).join('\n');
      if (!shape.properties) return `${words(shape)}.`;
      return ['| Field | | Meaning |', '|---|---|---|', ...rows(name, '', shape)].join('\n');
    },
  };

  function told(schema: string, field: string): string {
    const comment = comments.ofField(schema, field);
    return comment === '' ? '' : `: ${comment}`;
  }

  function rows(schema: string, before: string, { properties = {} }: Shape): string[] {
    return Object.entries(properties).flatMap(([field, one]) => {
      const inner = nested(one);
      const path = `${before}${field}${Type.IsOptional(one) ? '?' : ''}`;
      const row = `| \`${path}\` | ${escaped(kindOf(one))} | ${escaped(comments.ofField(schema, field))} |`;
      return inner ? [row, ...rows(schema, `${path}.`, inner)] : [row];
    });
  }

  /** An object without a name of its own is told in its parent's table. */
  function nested(schema: TSchema): Shape | undefined {
    const shape = shapeOf(schema);
    if (names.has(JSON.stringify(schema))) return undefined;
    return shape.type === 'array' && shape.items ? nested(shape.items) : shape.properties ? shape : undefined;
  }

  function kindOf(schema: TSchema): string {
    const name = names.get(JSON.stringify(schema));
    return name === undefined ? words(shapeOf(schema)) : `[${name}](#${name.toLowerCase()})`;
  }

  function words(shape: Shape): string {
    if (shape.const !== undefined) return `\`"${shape.const}"\``;
    if (shape.enum) return shape.enum.map((value) => `\`"${value}"\``).join(', ');
    if (shape.type === 'array')
      return `array of ${shape.items ? kindOf(shape.items) : 'anything'}${range(shape.minItems, shape.maxItems, 'items')}`;
    const [values] = Object.values(shape.patternProperties ?? {});
    if (values) return `object of ${kindOf(values)}`;
    if (shape.type === 'string')
      return `string${shape.pattern ? ` \`${shape.pattern}\`` : range(shape.minLength, shape.maxLength, 'characters')}`;
    return `${shape.type}${range(shape.minimum, shape.maximum, '')}`;
  }
}

function shapeOf(schema: TSchema | undefined): Shape {
  return schema ?? {};
}

function range(low: number | undefined, high: number | undefined, unit: string): string {
  if (low === undefined && high === undefined) return '';
  const told = high === undefined ? `${low} or more` : low === undefined ? `at most ${high}` : `${low} to ${high}`;
  return `, ${told} ${unit}`.trimEnd();
}

function escaped(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
