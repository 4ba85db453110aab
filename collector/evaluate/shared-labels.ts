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
