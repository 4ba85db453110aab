import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Result, failed, success } from '@certherd/protocol/failure';
import { rotationStatement, sessionStatement } from '@certherd/protocol/session';
import Type, { type Static } from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import type { State } from '../ports.ts';

/** Where this host is enrolled. */
const Enrolment = Type.Object({
  authority: Type.String(),
  pin: Type.String(),
  agentId: Type.String(),
  collectorId: Type.String(),
  /** Where this identity's key is, in the state directory; without it, in the first of keyFiles. */
  keyFile: Type.Optional(Type.String()),
  /** Milliseconds since 1970. */
  keyMadeAt: Type.Optional(Type.Number()),
  /** The other key file holds a key that the collector was, or is to be, told of. */
  rotating: Type.Optional(Type.Boolean()),
});
export type Enrolment = Static<typeof Enrolment>;

const Generation = Type.Object({ generation: Type.Integer({ minimum: 0 }) });

/** One holds the key of the enrolment; the other the key before it, one that is about to take its place, or nothing. */
const keyFiles = ['agent-key.pem', 'agent-key-next.pem'] as const;
const enrolmentFile = 'enrolment.json';
const generationFile = 'generation.json';

export function keyFileOf(enrolment: Enrolment | undefined): string {
  return enrolment?.keyFile ?? keyFiles[0];
}

export function otherKeyFileOf(enrolment: Enrolment | undefined): string {
  return keyFileOf(enrolment) === keyFiles[0] ? keyFiles[1] : keyFiles[0];
}

/** The host's Ed25519 key, made here at first use and never sent anywhere. */
export function loadOrMakeKey(state: State, file: string): Result<KeyObject> {
  const stored = loadKey(state, file);
  if (!stored.ok) return stored;
  if (stored.value) return success(stored.value);
  const { privateKey } = generateKeyPairSync('ed25519');
  const written = state.write(file, keyText(privateKey));
  return written.ok ? success(privateKey) : written;
}

/** PKCS #8, PEM: for the state directory alone. */
export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Undefined where there is none. */
export function loadKey(state: State, file: string): Result<KeyObject | undefined> {
  const stored = state.read(file);
  if (!stored.ok) return stored;
  if (!stored.value) return success(undefined);
  try {
    return success(createPrivateKey(stored.value));
  } catch {
    return failed('malformed', `${file} in the state directory is not a private key: remove it and enrol again`);
  }
}

/** Overwrites a key that is of no use any more. */
export function forgetKey(state: State, file: string): Result<void> {
  return state.write(file, '');
}

/** SubjectPublicKeyInfo, DER, base64: the half that the collector keeps. */
export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}

export function signSession(key: KeyObject, session: Parameters<typeof sessionStatement>[0]): string {
  return sign(null, Buffer.from(sessionStatement(session)), key).toString('base64');
}

/** The old key and the new one sign the same statement. */
export function signRotation(old: KeyObject, next: KeyObject, session: Omit<Rotation, 'publicKey'>) {
  const publicKey = publicHalf(next);
  const statement = Buffer.from(rotationStatement({ ...session, publicKey }));
  const by = (key: KeyObject) => sign(null, statement, key).toString('base64');
  return { publicKey, signature: by(old), proof: by(next) };
}

type Rotation = Parameters<typeof rotationStatement>[0];

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

/** As loadEnrolment, for who asks over and over: the same text is read as what it was. */
export function enrolmentReader(state: Pick<State, 'read'>): () => Result<Enrolment | undefined> {
  let text: string | undefined;
  let read: Result<Enrolment | undefined> = success(undefined);
  return () => {
    const stored = state.read(enrolmentFile);
    if (!stored.ok) return stored;
    if (stored.value !== text) read = loadEnrolment({ read: () => stored });
    text = stored.value;
    return read;
  };
}

export function saveEnrolment(state: State, enrolment: Enrolment): Result<void> {
  return state.write(enrolmentFile, `${JSON.stringify(enrolment, null, 2)}\n`);
}

/** A number that no earlier session of this identity had: on disk before it is used, so that a copied state shows. */
export function nextGeneration(state: State): Result<number> {
  const stored = state.read(generationFile);
  if (!stored.ok) return stored;
  const generation = (checkedJson(stored.value ?? '', Generation)?.generation ?? 0) + 1;
  // A full disk is no reason to be silent about a host: without its number no session begins.
  const options = { lasting: true, inPlaceIfFull: true };
  const written = state.write(generationFile, `${JSON.stringify({ generation })}\n`, options);
  return written.ok ? success(generation) : written;
}
