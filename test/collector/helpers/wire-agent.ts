import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Challenge, CollectorFrame, Enrolled, Hello, Refused, Welcome } from '@certherd/protocol/frame';
import { type Join, parseJoin } from '@certherd/protocol/join';
import { agentPath, sessionStatement } from '@certherd/protocol/session';
import { WebSocket } from 'ws';

type FrameOf<K extends CollectorFrame['type']> = Extract<CollectorFrame, { type: K }>;

/** A real connection to a collector: TLS with the pin checked, WebSocket, frames in order of arrival. */
export interface Wire {
  challenge: Challenge;
  send(frame: object): void;
  sendText(text: string): void;
  /** The next frame of this type that was not taken yet; rejects when the connection ends without one. */
  next<K extends CollectorFrame['type']>(type: K): Promise<FrameOf<K>>;
  /** The close code. */
  closed: Promise<number>;
  socket: WebSocket;
  close(): void;
}

export interface WireIdentity {
  agentId: string;
  key: KeyObject;
}

export function readJoin(text: string): Join {
  const join = parseJoin(text);
  if (!join.ok) throw new Error(join.failure);
  return join.value;
}

/** Connects and takes the challenge. `localAddress` makes it seem another machine; `dial` gives the TLS connection. */
export async function connect(
  join: Join,
  localAddress = '127.0.0.1',
  dial?: (options: { host: string; port: number }) => TLSSocket,
): Promise<Wire> {
  const { hostname, port } = new URL(`https://${join.authority}`);
  const socket = new WebSocket(`wss://${join.authority}${agentPath}`, {
    rejectUnauthorized: false,
    perMessageDeflate: false,
    localAddress,
    ...(dial && { createConnection: () => dial({ host: hostname, port: Number(port) }) }),
  });
  const arrived: CollectorFrame[] = [];
  let notify = () => {};
  let isClosed = false;
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => {
      isClosed = true;
      resolve(code);
      notify();
    });
  });
  socket.on('error', () => {});
  socket.on('upgrade', (response) => {
    const presented = response.socket instanceof TLSSocket ? response.socket.getPeerX509Certificate() : undefined;
    const spki = presented?.publicKey.export({ type: 'spki', format: 'der' });
    const pin = createHash('sha256')
      .update(spki ?? '')
      .digest('base64url');
    if (pin !== join.pin) socket.terminate();
  });
  socket.on('message', (data) => {
    const frame: CollectorFrame = JSON.parse(Buffer.isBuffer(data) ? data.toString() : '');
    arrived.push(frame);
    notify();
  });

  const next = async <K extends CollectorFrame['type']>(type: K): Promise<FrameOf<K>> => {
    for (;;) {
      const index = arrived.findIndex((frame) => frame.type === type);
      const [frame] = index < 0 ? [] : arrived.splice(index, 1);
      if (frame && isOfType(frame, type)) return frame;
      if (isClosed) throw new Error(`closed (${await closed}) without ${type}`);
      await new Promise<void>((resolve) => {
        const before = notify;
        notify = () => {
          before();
          resolve();
        };
      });
    }
  };
  const challenge = await next('challenge');
  return {
    challenge,
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendText: (text) => socket.send(text),
    next,
    closed,
    socket,
    close: () => socket.close(),
  };
}

function isOfType<K extends CollectorFrame['type']>(frame: CollectorFrame, type: K): frame is FrameOf<K> {
  return frame.type === type;
}

export function makeKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Spends the token of a join string on a connection of its own. */
export async function enrol(join: Join, hostName: string, key = makeKey()): Promise<WireIdentity> {
  const wire = await connect(join);
  wire.send({ type: 'enrol', token: join.token, publicKey: publicHalf(key), hostName });
  const { agentId }: Enrolled = await wire.next('enrolled');
  wire.close();
  await wire.closed;
  return { agentId, key };
}

export interface HelloChange extends Partial<Omit<Hello, 'type' | 'signature'>> {
  signature?: string;
  localAddress?: string;
}

/** A hello for this connection's challenge, signed unless told otherwise. */
export function hello(wire: Wire, identity: WireIdentity, change: HelloChange = {}): Hello {
  const { localAddress: _, ...rest } = change;
  const unsigned = {
    minVersion: 1,
    maxVersion: 1,
    agentId: identity.agentId,
    nonce: randomBytes(32).toString('base64url'),
    generation: 1,
    bootId: 'boot-a',
    hostName: 'web-1',
    agentVersion: '0.1.0',
    epoch: 'epoch-0001',
    ...rest,
  };
  const { collectorId, nonce } = wire.challenge;
  const statement = sessionStatement({
    collectorId,
    collectorNonce: nonce,
    agentNonce: unsigned.nonce,
    agentId: unsigned.agentId,
    generation: unsigned.generation,
  });
  const signature = sign(null, Buffer.from(statement), identity.key).toString('base64');
  return { type: 'hello', signature, ...unsigned };
}

/** Connects, says hello, and takes the welcome. */
export async function begin(
  join: Join,
  identity: WireIdentity,
  change: HelloChange = {},
): Promise<Wire & { welcome: Welcome }> {
  const wire = await connect(join, change.localAddress);
  wire.send(hello(wire, identity, change));
  const welcome = await wire.next('welcome');
  return { ...wire, welcome };
}

/** Ends a session in good order: the next one of the same host need not wait for it. */
export async function ended(wire: Wire): Promise<void> {
  wire.close();
  await wire.closed;
}

/** The refusal that ends a connection, with its close code. */
export async function refusal(wire: Wire): Promise<{ frame: Refused; code: number }> {
  const frame = await wire.next('refused');
  return { frame, code: await wire.closed };
}

export function freshToken(): string {
  return randomBytes(32).toString('base64url');
}
