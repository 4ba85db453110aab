import type { Result } from '@certherd/protocol/failure';

/** "owner=payments" as typed: the value is everything behind the first "=". */
export function readLabel(word: string): Result<[key: string, value: string], string> {
  const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const mistake = word.includes('=') ? (mistakeInKey(key) ?? mistakeInValue(value)) : 'there is no "="';
  return mistake === undefined
    ? { ok: true, value: [key, value] }
    : { ok: false, failure: `expected KEY=VALUE, as owner=payments, found ${JSON.stringify(word)}: ${mistake}` };
}

/** "owner=payments,team=web" as typed. */
export function readLabels(text: string): Result<Record<string, string>, string> {
  const labels: Record<string, string> = {};
  for (const word of text.split(',')) {
    const label = readLabel(word);
    if (!label.ok) return label;
    const [key, value] = label.value;
    labels[key] = value;
  }
  return { ok: true, value: labels };
}

/** Also a legal label's name in Prometheus; undefined: it is fine. */
export function mistakeInKey(key: string): string | undefined {
  return /^[a-z][a-z0-9_]{0,31}$/.test(key)
    ? undefined
    : 'a key is a lower-case letter, then at most 31 lower-case letters, digits or "_"';
}

/** undefined: it is fine. */
export function mistakeInValue(value: string): string | undefined {
  if (value.trim() === '') return 'a label without a value says nothing; label remove takes one away';
  return value.length <= 500 ? undefined : `a value has at most 500 characters, this one has ${value.length}`;
}

/** A host name or a name, "*" for any characters; undefined: it is fine. */
export function mistakeInPattern(pattern: string): string | undefined {
  return /^[^\s\p{C}]{1,253}$/u.test(pattern) ? undefined : 'a pattern has 1 to 253 characters and no spaces';
}
