import type { Clock } from '../ports.ts';

export interface AdmissionLimits {
  /** Sockets that have not authenticated yet. */
  total: number;
  perAddress: number;
  /** Reverse proxies: each may have all places, since many agents come from it. */
  proxies?: readonly string[];
  /** From the first packet to a hello, and to each that follows. */
  deadlineMs: number;
}

/** About 60 KB of memory each while they wait: 15 MB at most. */
export const admissionLimits: AdmissionLimits = { total: 256, perAddress: 128, deadlineMs: 5_000 };

/** A place among the sockets that have yet to prove who they are. */
export interface Slot {
  /** Proved, or gone: the place is free. */
  release: () => void;
  /** It has said who it is: what takes time from now on is this end's own work, such as asking an older session whether it lives. */
  heard: () => void;
  /** Starts the deadline anew. */
  extend: () => void;
  /** What to do when time is up, in place of destroying the socket. */
  onLate: (task: () => void) => void;
}

export interface Admission {
  /** undefined: no place; destroy the socket. */
  admit: (address: string, destroy: () => void) => Slot | undefined;
  waiting: () => number;
  close: () => void;
}

interface Waiting {
  address: string;
  evict: () => void;
}

/** When all places are taken the socket that waited longest goes: idle ones cannot keep real agents out. */
export function createAdmission(clock: Clock, limits: AdmissionLimits): Admission {
  const waiting = new Set<Waiting>();
  const perAddress = new Map<string, number>();

  return {
    admit(address, destroy) {
      const share = limits.proxies?.includes(plain(address)) ? limits.total : limits.perAddress;
      if ((perAddress.get(address) ?? 0) >= share) return undefined;
      if (waiting.size >= limits.total) waiting.values().next().value?.evict();
      return place(address, destroy);
    },
    waiting: () => waiting.size,
    close() {
      for (const one of waiting) one.evict();
    },
  };

  function place(address: string, destroy: () => void): Slot {
    let late = destroy;
    let cancel = clock.after(limits.deadlineMs, () => expire());
    const one: Waiting = {
      address,
      evict() {
        release();
        destroy();
      },
    };
    waiting.add(one);
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    return {
      release,
      heard: () => cancel(),
      extend() {
        cancel();
        if (waiting.has(one)) cancel = clock.after(limits.deadlineMs, () => expire());
      },
      onLate(task) {
        late = task;
      },
    };

    function release(): void {
      cancel();
      if (!waiting.delete(one)) return;
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    }

    function expire(): void {
      release();
      late();
    }
  }
}

/** An IPv4 address as itself, also where the listener is one of IPv6 (RFC 4291 2.5.5.2). */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/, '');
}
