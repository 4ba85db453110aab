/** Is a `.if` or `.elif` expression true? A fault is HAProxy's. What only the running program knows is taken to be so. */
export function conditionIn(
  expression: string,
  variables: ReadonlyMap<string, string>,
): { ok: true; value: boolean } | { ok: false } {
  const reader: Reader = { rest: expression.trim(), variables, depth: 0 };
  const value = anyOf(reader);
  return value === undefined || reader.rest !== '' ? { ok: false } : { ok: true, value };
}

interface Reader {
  rest: string;
  variables: ReadonlyMap<string, string>;
  depth: number;
}

function anyOf(reader: Reader): boolean | undefined {
  let value = allOf(reader);
  while (value !== undefined && take(reader, /^\|\|/)) {
    const next = allOf(reader);
    value = next === undefined ? undefined : value || next;
  }
  return value;
}

function allOf(reader: Reader): boolean | undefined {
  let value = term(reader);
  while (value !== undefined && take(reader, /^&&/)) {
    const next = term(reader);
    value = next === undefined ? undefined : value && next;
  }
  return value;
}

function term(reader: Reader): boolean | undefined {
  if (++reader.depth > 1000) return undefined;
  if (take(reader, /^!/)) {
    const value = term(reader);
    return value === undefined ? undefined : !value;
  }
  if (take(reader, /^\(/)) {
    const value = anyOf(reader);
    return take(reader, /^\)/) ? value : undefined;
  }
  const number = take(reader, /^[+-]?\d+(?![\w(])/);
  if (number) return Number(number[0]) !== 0;
  const call = take(reader, /^(\w+)\(([^()]*)\)/);
  return call ? predicate(call[1] ?? '', (call[2] ?? '').split(','), reader.variables) : undefined;
}

function predicate(name: string, args: string[], variables: ReadonlyMap<string, string>): boolean | undefined {
  const [first = '', second = ''] = args.map((arg) => arg.trim());
  if (name === 'defined') return variables.has(first);
  if (name === 'streq') return first === second;
  if (name === 'strneq') return first !== second;
  if (name === 'strstr') return first.includes(second);
  if (['version_before', 'openssl_version_before', 'awslc_api_before'].includes(name)) return false;
  return ['feature', 'enabled', 'version_atleast', 'openssl_version_atleast', 'ssllib_name_startswith'].includes(
    name,
  ) || name === 'awslc_api_atleast'
    ? true
    : undefined;
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  const found = pattern.exec(reader.rest);
  if (found) reader.rest = reader.rest.slice(found[0].length).trimStart();
  return found ?? undefined;
}
