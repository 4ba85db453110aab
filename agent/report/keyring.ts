import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Result, failed, success } from '@certherd/protocol/failure';
import type { Ports } from '../ports.ts';
import {
  type Enrolment,
  keyFileOf,
  keyText,
  loadEnrolment,
  loadKey,
  loadOrMakeKey,
  otherKeyFileOf,
  saveEnrolment,
} from './identity.ts';

/** Whose key an identity has for longer than this makes another one. */
const keyLifeMs = 30 * 86_400_000;

/**
 * Which key proves this host's identity. Beside the current one another is kept: the next, from before the collector is told of it
 * until its answer came, and later the one before, in case the collector is put back from a backup. Whoever is
 * refused with one tries the other, so that no lost answer locks a host out.
 */
export interface Keyring {
  /** The key for the next session. */
  key: (enrolment: Enrolment) => Result<KeyObject>;
  /** The collector took the key that was given last. */
  accepted: () => void;
  /** The collector knows another key. True: there is one left to try. */
  rejected: () => boolean;
  /** The key to tell of in this session, on disk already; undefined while the current one is young. */
  next: () => KeyObject | undefined;
  /** The collector has it: it is the current one from now on. */
  rotated: () => void;
}

export function createKeyring(ports: Pick<Ports, 'state' | 'clock' | 'log'>): Keyring {
  const { state, clock, log } = ports;
  let enrolment: Enrolment | undefined;
  let tryOther = false;

  return {
    key(current) {
      if (enrolment?.agentId !== current.agentId) tryOther = false;
      enrolment = current;
      const other = tryOther ? loadKey(state, otherKeyFileOf(current)) : success(undefined);
      return other.ok && other.value ? success(other.value) : loadOrMakeKey(state, keyFileOf(current));
    },
    accepted() {
      if (tryOther) exchange();
      tryOther = false;
    },
    rejected() {
      if (!enrolment) return false;
      const other = loadKey(state, otherKeyFileOf(enrolment));
      tryOther = !tryOther && other.ok && other.value !== undefined;
      return tryOther;
    },
    next() {
      if (!enrolment) return undefined;
      const age = Math.abs(clock.now() - (enrolment.keyMadeAt ?? 0));
      if (!enrolment.rotating && age < keyLifeMs) return undefined;
      const key = enrolment.rotating ? loadKey(state, otherKeyFileOf(enrolment)) : make(enrolment);
      if (!key.ok) log.warn({ detail: key.failure.detail }, 'the key is old, and another one cannot be kept');
      return key.ok ? key.value : undefined;
    },
    rotated: exchange,
  };

  function make(current: Enrolment): Result<KeyObject> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const written = state.write(otherKeyFileOf(current), keyText(privateKey));
    return written.ok ? keep({ ...current, rotating: true }, privateKey) : written;
  }

  /** The other key is the current one from now on, and this one is kept beside it. */
  function exchange(): void {
    if (!enrolment) return;
    const { rotating: _, ...rest } = enrolment;
    const kept = keep({ ...rest, keyFile: otherKeyFileOf(enrolment), keyMadeAt: clock.now() }, undefined);
    if (!kept.ok) log.warn({ detail: kept.failure.detail }, 'which key is the current one could not be kept');
  }

  function keep<T>(changed: Enrolment, value: T): Result<T> {
    const onDisk = loadEnrolment(state);
    if (onDisk.ok && onDisk.value?.agentId !== changed.agentId)
      return failed('io-error', 'this host was enrolled anew in the meantime');
    const saved = saveEnrolment(state, changed);
    if (!saved.ok) return failed(saved.failure.reason, saved.failure.detail);
    enrolment = changed;
    return success(value);
  }
}
