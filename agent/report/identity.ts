import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Result, failed, success } from '@certherd/protocol/failure';
import { sessionStatement } from '@certherd/protocol/session';
import Type, { type Static } from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import type { State } from '../ports.ts';

/** Where this host is enrolled. */
const Enrolment = Type.Object({
  authority: Type.String(),
  pin: Type.String(),
  agentId: Type.String(),
  collectorId: Type.String(),
});
export type Enrolment = Static<typeof Enrolment>;

const Generation = Type.Object({ generation: Type.Integer({ minimum: 0 }) });

const keyFile = 'agent-key.pem';
const enrolmentFile = 'enrolment.json';
const generationFile = 'generation.json';

/** The host's Ed25519 key, made here at first use and never sent anywhere. */
export function loadOrMakeKey(state: State): Result<KeyObject> {
  const stored = state.read(keyFile);
  if (!stored.ok) return stored;
  if (stored.value !== undefined) {
    try {
      return success(createPrivateKey(stored.value));
    } catch {
      return failed('malformed', `${keyFile} in the state directory is not a private key: remove it and enrol again`);
    }
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  const written = state.write(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return written.ok ? success(privateKey) : written;
}

/** SubjectPublicKeyInfo, DER, base64: the half that the collector keeps. */
export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}

export function signSession(key: KeyObject, session: Parameters<typeof sessionStatement>[0]): string {
  return sign(null, Buffer.from(sessionStatement(session)), key).toString('base64');
}

/** Undefined while this host is not enrolled. */
export function loadEnrolment(state: Pick<State, 'read'>): Result<Enrolment | undefined> {
  const stored = state.read(enrolmentFile);
  if (!stored.ok) return stored;
  if (stored.value === undefined) return success(undefined);
  const enrolment = checkedJson(stored.value, Enrolment);
  return enrolment
    ? success(enrolment)
    : failed('malformed', `${enrolmentFile} in the state directory is damaged: enrol again`);
}

export function saveEnrolment(state: State, enrolment: Enrolment): Result<void> {
  return state.write(enrolmentFile, `${JSON.stringify(enrolment, null, 2)}\n`);
}

/** A number that no earlier session of this identity had: on disk before it is used, so that a copied state shows. */
export function nextGeneration(state: State): Result<number> {
  const stored = state.read(generationFile);
  if (!stored.ok) return stored;
  const generation = (checkedJson(stored.value ?? '', Generation)?.generation ?? 0) + 1;
  const written = state.write(generationFile, `${JSON.stringify({ generation })}\n`);
  return written.ok ? success(generation) : written;
}
