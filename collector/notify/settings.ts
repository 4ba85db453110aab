import type { Severity } from '@certherd/protocol/finding';

/** What collector.toml says of telling people: frozen, every field has a value. */
export interface NotifySettings {
  /** Where people open the page, "https://certherd.example.org"; undefined: messages have no links. */
  page: string | undefined;
  /** Where runbooks are, a finding's code takes the place of {code}; undefined: the page's own. A label `runbook` counts before it. */
  runbooks: string | undefined;
  channels: ReadonlyMap<string, ChannelSettings>;
  /** In order: the first that fits tells. */
  rules: readonly Rule[];
  maintenance: readonly Maintenance[];
  /** Pinged while all is well: a file whose first line is the URL. */
  deadMansSwitch: { urlFile: string; everyMs: number } | undefined;
}

/** A span of time: fixed, or a part of the certificate's life (`elseMs` where there is none). */
export type Span = { ms: number } | { ofLife: number; elseMs: number };

export interface Rule {
  name: string;
  match: {
    severities: readonly Exclude<Severity, 'notice'>[];
    /** undefined: all. */
    codes: readonly string[] | undefined;
    /** Patterns with "*"; undefined: all. */
    hosts: readonly string[] | undefined;
    names: readonly string[] | undefined;
    /** Each key has one of these values, patterns with "*". */
    labels: ReadonlyMap<string, readonly string[]>;
    /** At most this is left of the life of what is served. */
    left: Span | undefined;
  };
  /** How long it has to stand before it is told. */
  for: Span;
  /** How long the first message waits for more of the same. */
  waitMs: number;
  /** Between a message and the one that tells of more of the same. */
  moreAfterMs: number;
  /** How long until it is told again; undefined: never. */
  repeat: Span | undefined;
  /** What messages have in common: cause, host, code, name, or a label's key. */
  groupBy: readonly string[];
  /** Channels; "{owner}" is the channel that is called as the label says. */
  to: readonly string[];
  /** Where nobody took it on. */
  escalate: readonly { after: Span; to: readonly string[] }[];
  /** What is not critical waits until they are over. */
  quiet: Hours | undefined;
}

/** Hours of a day, from and until minutes after midnight; until before from is over midnight. */
export interface Hours {
  from: number;
  until: number;
  /** 0 is Sunday; undefined: every day. The day is the one on which they begin. */
  days: readonly number[] | undefined;
  /** Of their zone. */
  clock: WallClock;
}

/** Day of the week, 0 is Sunday, and minutes after midnight, as clocks on the wall have them. */
export type WallClock = (now: number) => { day: number; minute: number };

export interface Maintenance {
  name: string;
  /** Milliseconds since 1970, or hours that come again. */
  when: { from: number; until: number } | Hours;
  hosts: readonly string[] | undefined;
  names: readonly string[] | undefined;
  labels: ReadonlyMap<string, readonly string[]>;
}

export type ChannelSettings =
  | { kind: 'slack'; urlFile: string }
  | { kind: 'teams'; urlFile: string }
  | { kind: 'webhook'; url: string; secretFile: string | undefined }
  | { kind: 'pagerduty'; url: string; keyFile: string }
  | { kind: 'alertmanager'; url: string; user: string | undefined; passwordFile: string | undefined }
  | {
      kind: 'email';
      server: string;
      port: number;
      tls: 'starttls' | 'tls' | 'none';
      caFile: string | undefined;
      user: string | undefined;
      passwordFile: string | undefined;
      from: string;
      to: readonly string[];
    };

export const noNotifying: NotifySettings = Object.freeze({
  page: undefined,
  runbooks: undefined,
  channels: new Map(),
  rules: [],
  maintenance: [],
  deadMansSwitch: undefined,
});

/** Of how many places one message tells: people read the first, and Alertmanager has to know each. */
export function placesTold(kind: ChannelSettings['kind'] | undefined): number {
  return kind === 'alertmanager' ? 10_000 : 100;
}

/** How long a span is for a certificate that lives so long; `lifeMs` undefined: there is none. */
export function spanMs(span: Span, lifeMs: number | undefined): number {
  if ('ms' in span) return span.ms;
  return lifeMs === undefined ? span.elseMs : span.ofLife * lifeMs;
}
