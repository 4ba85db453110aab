import { messageOf } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';
import { begunAgain, type ClockSkew, measured, unmeasured } from './clock-skew.ts';
import type { Changed, Heard, LastHeard, Records } from './records.ts';

/** What is known of a host's voice, apart from what it said. */
export interface Presence {
  connected: boolean;
  /** Nothing heard for longer than silent_after_seconds: its facts are no longer knowledge. */
  silent: boolean;
  /** Milliseconds since 1970. */
  heardAt: number | undefined;
  observedAt: number | undefined;
  /** Milliseconds since the agent's last look; undefined when this process was told of none. */
  lookAgeMs: number | undefined;
  /** How far its clock is ahead (receive/clock-skew.ts); undefined: this process has not measured it. */
  clockSkewSeconds: number | undefined;
}

/** A look at the facts of the current snapshot. */
export interface Look {
  /** By the agent's clock, milliseconds since 1970. */
  observedAt: number;
  /** How long ago that was when it was told, in milliseconds, by the agent's clock alone: a wrong clock changes nothing. */
  ageMs: number;
}

export interface Liveness {
  connected: (agentId: string) => void;
  disconnected: (agentId: string) => void;
  /**
   * A frame came; `look` if it said when the current snapshot's facts were last seen, `saidAt` if it said at what instant, by the agent's clock in
   * milliseconds since 1970, it was sent.
   */
  heard: (agentId: string, look?: Look, saidAt?: number) => void;
  presence: (agentId: string) => Presence;
  /** Not heard here yet, and this process has not been there long enough for every agent that was cut off to come back. */
  isAwaited: (agentId: string) => boolean;
  /** Agents that were heard, here or elsewhere since this was last asked. */
  heardSince: () => string[];
  /** Agents with a session here. */
  connectedCount: () => number;
  /** Reads what other collectors heard. */
  refresh: () => Promise<void>;
  /** Writes down what was heard since the last time. */
  close: () => Promise<void>;
}

export interface LivenessNeeds {
  records: Pick<Records, 'lastHeard' | 'noteHeard'>;
  /** As kept, when this process started. */
  heard: readonly LastHeard[];
  clock: Clock;
  log: Log;
  silentAfterMs: number;
  changed: Changed;
}

interface Voice {
  connected: boolean;
  /** Connected to another collector, as that one tells. */
  elsewhere: boolean;
  heardAt: number | undefined;
  /** As last read of what is kept. */
  keptAt: number | undefined;
  /** When that was last found to be another instant, on the monotonic clock; undefined: not since this process started. */
  keptMonotonic: number | undefined;
  /** On the monotonic clock; undefined when last heard by an earlier process. */
  heardMonotonic: number | undefined;
  observedAt: number | undefined;
  /** When that was, on the monotonic clock. */
  lookedMonotonic: number | undefined;
  skew: ClockSkew;
  unsaved: boolean;
  /** As last told to the pages. */
  silent: boolean;
}

/** An agent tries again at least so often (agent/report/reconnect.ts). */
const comeBackMs = 300_000;
const saveEveryMs = 30_000;
/** Written in one transaction: some milliseconds. All of a large fleet in one would hold everything up for a tenth of a second. */
const savedAtATime = 500;
/** What another collector hears is known here after it was written down there: twice that, since a write may fail. */
const toldLateMs = 2 * saveEveryMs;

/** Follows who is heard. Hosts heard by this process age on the monotonic clock, so that a jump silences nobody. */
export function createLiveness({ records, heard, clock, log, silentAfterMs, changed }: LivenessNeeds): Liveness {
  const voices = new Map<string, Voice>();
  let lately = new Set<string>();
  take(heard, undefined);
  for (const voice of voices.values()) voice.silent = isSilent(voice);
  const begunAt = clock.monotonic();
  let savedAt = begunAt;
  let failing = false;
  const stop = every(clock, Math.min(5_000, Math.max(50, silentAfterMs / 10)), sweep);

  return {
    connected(agentId) {
      const voice = note(agentId);
      voice.connected = true;
      voice.silent = false;
      voice.skew = begunAgain(voice.skew);
    },
    disconnected(agentId) {
      voiceOf(agentId).connected = false;
    },
    heard(agentId, look, saidAt) {
      const voice = note(agentId);
      if (saidAt !== undefined) voice.skew = measured(voice.skew, saidAt, clock.now());
      if (!look) return;
      // No clock that is ahead, or was, puts a look into the future.
      const newest = Math.max(voice.observedAt ?? look.observedAt, look.observedAt);
      voice.observedAt = Math.min(newest, clock.now() - look.ageMs);
      voice.lookedMonotonic = clock.monotonic() - look.ageMs;
    },
    presence(agentId) {
      const voice = voices.get(agentId);
      if (!voice) return unheard;
      const { heardAt, observedAt, lookedMonotonic, skew } = voice;
      const connected = voice.connected || isHeardElsewhere(voice);
      const lookAgeMs = lookedMonotonic === undefined ? undefined : clock.monotonic() - lookedMonotonic;
      return { connected, silent: isSilent(voice), heardAt, observedAt, lookAgeMs, clockSkewSeconds: skew.seconds };
    },
    isAwaited: (agentId) =>
      clock.monotonic() - begunAt < comeBackMs + silentAfterMs && voices.get(agentId)?.heardMonotonic === undefined,
    heardSince() {
      const all = [...lately];
      lately = new Set();
      return all;
    },
    connectedCount: () => [...voices.values()].filter((voice) => voice.connected).length,
    async refresh() {
      take(await records.lastHeard(), clock.monotonic());
    },
    async close() {
      stop();
      await save();
    },
  };

  function voiceOf(agentId: string): Voice {
    const known = voices.get(agentId);
    if (known) return known;
    const voice = newVoice(undefined);
    voices.set(agentId, voice);
    return voice;
  }

  function note(agentId: string): Voice {
    const voice = voiceOf(agentId);
    voice.heardAt = clock.now();
    voice.heardMonotonic = clock.monotonic();
    voice.unsaved = true;
    lately.add(agentId);
    return voice;
  }

  /** What was told here is newer than what was written down. */
  function take(list: readonly LastHeard[], at: number | undefined): void {
    for (const { agentId, heardAt, elsewhere } of list) {
      const voice = voiceOf(agentId);
      if (elsewhere !== voice.elsewhere || heardAt !== voice.keptAt) lately.add(agentId);
      if (elsewhere && !voice.elsewhere && !voice.connected) {
        voice.lookedMonotonic = undefined;
        voice.skew = unmeasured;
      }
      voice.elsewhere = elsewhere;
      if (heardAt !== voice.keptAt) voice.keptMonotonic = at;
      voice.keptAt = heardAt;
      if (heardAt === undefined || (voice.heardAt !== undefined && heardAt <= voice.heardAt)) continue;
      voice.heardAt = heardAt;
      // Heard at another collector, by the wall clock.
      if (!voice.connected) voice.heardMonotonic = undefined;
    }
  }

  /** Its collector may believe in it, or have failed to write down its end: only what is heard there counts. */
  function isHeardElsewhere({ elsewhere, keptAt, keptMonotonic }: Voice): boolean {
    if (!elsewhere || keptAt === undefined) return false;
    const ageMs = keptMonotonic === undefined ? Math.abs(clock.now() - keptAt) : clock.monotonic() - keptMonotonic;
    return ageMs <= silentAfterMs + toldLateMs;
  }

  function isSilent(voice: Voice): boolean {
    if (isHeardElsewhere(voice)) return false;
    if (voice.heardMonotonic !== undefined) return clock.monotonic() - voice.heardMonotonic > silentAfterMs;
    return voice.heardAt === undefined || Math.abs(clock.now() - voice.heardAt) > silentAfterMs;
  }

  function sweep(): void {
    const turned: string[] = [];
    for (const [agentId, voice] of voices) {
      const silent = isSilent(voice);
      if (silent !== voice.silent) turned.push(agentId);
      voice.silent = silent;
    }
    if (turned.length > 0) changed(['hosts', 'endpoints', 'findings'], turned);
    if (clock.monotonic() - savedAt >= saveEveryMs) void save();
  }

  async function save(): Promise<void> {
    savedAt = clock.monotonic();
    const unsaved = [...voices].filter(([, voice]) => voice.unsaved);
    for (let at = 0; at < unsaved.length; at += savedAtATime) await saveSome(unsaved.slice(at, at + savedAtATime));
  }

  async function saveSome(some: readonly (readonly [agentId: string, voice: Voice])[]): Promise<void> {
    const list: Heard[] = [];
    for (const [agentId, voice] of some) {
      voice.unsaved = false;
      const { heardAt, observedAt } = voice;
      if (heardAt !== undefined) list.push({ agentId, heardAt, ...(observedAt === undefined ? {} : { observedAt }) });
    }
    if (list.length === 0) return;
    const trouble = await troubleOf(list);
    if (trouble !== undefined && !failing)
      log.error({ detail: trouble }, 'what was heard could not be written down: trying again');
    failing = trouble !== undefined;
    if (failing) for (const [, voice] of some) voice.unsaved = true;
  }

  async function troubleOf(list: Heard[]): Promise<string | undefined> {
    try {
      const kept = await records.noteHeard(list);
      return kept.ok ? undefined : kept.failure.detail;
    } catch (error) {
      return messageOf(error);
    }
  }
}

const unheard: Presence = {
  connected: false,
  silent: true,
  heardAt: undefined,
  observedAt: undefined,
  lookAgeMs: undefined,
  clockSkewSeconds: undefined,
};

function newVoice(heardAt: number | undefined): Voice {
  return {
    connected: false,
    elsewhere: false,
    heardAt,
    keptAt: undefined,
    keptMonotonic: undefined,
    heardMonotonic: undefined,
    observedAt: undefined,
    lookedMonotonic: undefined,
    skew: unmeasured,
    unsaved: false,
    silent: true,
  };
}
