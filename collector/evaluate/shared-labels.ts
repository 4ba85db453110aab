export interface Labelled {
  labels?: Readonly<Record<string, string>>;
}

/** Labels of what all these serve: of one certificate whoever says nothing agrees, of several only what is the same for all. undefined: there is no endpoint. */
export function labelsOf(concerned: readonly (Labelled & { served?: string })[]): Record<string, string> | undefined {
  const isOne = concerned.every(({ served }) => served !== undefined && served === concerned[0]?.served);
  if (!isOne || concerned.length < 2) return shared(concerned);
  const said = Map.groupBy(
    concerned.flatMap(({ labels = {} }) => Object.entries(labels)),
    ([key]) => key,
  );
  return Object.fromEntries(
    [...said].flatMap(([key, [first, ...others]]) =>
      first && others.every(([, value]) => value === first[1]) ? [[key, first[1]]] : [],
    ),
  );
}

/** Labels that are the same for all; undefined where there is no endpoint. */
export function shared([first, ...others]: readonly Labelled[]): Record<string, string> | undefined {
  if (first === undefined) return undefined;
  const same = ([key, value]: [string, string]) => others.every(({ labels }) => labels?.[key] === value);
  return Object.fromEntries(Object.entries(first.labels ?? {}).filter(same));
}

/** Labels of a host or a server: its own, and those that all of its endpoints share where it has none. */
export function labelsOfPlace(
  own: Readonly<Record<string, string>> | undefined,
  endpoints: readonly Labelled[],
): Record<string, string> {
  return { ...shared(endpoints), ...own };
}

/** Each value of labels that these do not all have alike, in order: of keys that `alike` does not have. undefined: there is none. */
export function partlyOf(
  concerned: readonly Labelled[],
  alike: Readonly<Record<string, string>>,
): Record<string, string[]> | undefined {
  const values = new Map<string, Set<string>>();
  for (const { labels = {} } of concerned)
    for (const [key, value] of Object.entries(labels)) {
      if (Object.hasOwn(alike, key)) continue;
      const known = values.get(key);
      if (known) known.add(value);
      else values.set(key, new Set([value]));
    }
  return values.size === 0 ? undefined : Object.fromEntries([...values].map(([key, set]) => [key, [...set].sort()]));
}
