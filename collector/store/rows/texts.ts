/** Gives parsed JSON back with each text in it kept once: what was read before says most of what is read next. */
export type Once = <T>(parsed: T) => T;

/** Texts of these are few, whatever the fleet is. */
const common: ReadonlySet<string> = new Set([
  'issuer',
  'algorithm',
  'key',
  'signature',
  'agentVersion',
  'platform',
  'configFile',
  'server',
  'address',
  'tlsVersion',
  'alpn',
  'acmeDirectory',
  'authenticator',
  'installer',
  'reached',
  'vantage',
]);
const mostCommon = 4_096;
/** Longer ones are somebody's own, and would let one host fill this. */
const longestCommon = 256;

/**
 * For each host a new one: a fingerprint, a path or an id stands in a host's rows many times, and each JSON.parse makes it anew. What is the same on many
 * hosts, as issuers are, is kept once for all, up to a few thousand texts.
 */
export function textsOfHosts(): () => Once {
  const ofAll = new Map<string, string>();
  return () => {
    const ofHost = new Map<string, string>();
    return <T>(parsed: T): T => {
      if (isObject(parsed)) visit(parsed);
      return parsed;
    };

    function visit(value: Record<string, unknown>): void {
      for (const name of Object.keys(value)) {
        const inner = value[name];
        if (typeof inner === 'string') value[name] = once(inner, common.has(name) && inner.length <= longestCommon);
        else if (isObject(inner)) visit(inner);
      }
    }

    function once(text: string, isCommon: boolean): string {
      const kept = ofHost.get(text) ?? (isCommon ? ofAll.get(text) : undefined);
      if (kept !== undefined) return kept;
      if (isCommon && ofAll.size < mostCommon) ofAll.set(text, text);
      else ofHost.set(text, text);
      return text;
    }
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** As it was parsed: for what is not kept. */
export const asParsed: Once = (parsed) => parsed;
