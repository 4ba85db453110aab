/** Does `text` hold every word of the filter, in any case? An empty filter lets everything through. */
export function matches(filter: string, text: readonly (string | undefined)[]): boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const haystack = text.join('\n').toLowerCase();
  return words.every((word) => haystack.includes(word));
}

/** "owner=payments": a filter may name the key, or only the value. */
export function labelWords(labels: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}
