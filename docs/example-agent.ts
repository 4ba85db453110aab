// A whole agent for one certificate file: node example-agent.ts JOIN STATE-FILE CERTIFICATE-FILE
// It enrols once, tells a snapshot and an event, and ends when both are kept. Node 24 and the package `ws`; protocol.md says why each step.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import tls from 'node:tls';
import WebSocket from 'ws';

const [joinText = '', stateFile = '', certificateFile = ''] = process.argv.slice(2);
const [, authority = '', pin = '', token = ''] =
  /^certherd:\/\/([^/]+)\/([\w-]{43})\.([\w-]{43})$/.exec(joinText) ?? [];
if (authority === '' || certificateFile === '')
  throw new Error('usage: example-agent.ts JOIN STATE-FILE CERTIFICATE-FILE');

// What must survive: the key before it is sent, the generation before it is used, the event until it is acked.
const makeKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const state: { key: string; agentId?: string; generation: number; epoch: string; seq: number } = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, 'utf8'))
  : { key: makeKey(), generation: 0, epoch: randomBytes(16).toString('base64url'), seq: 1 };
const save = () => {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
  renameSync(`${stateFile}.new`, stateFile);
};
save();
const key = createPrivateKey(state.key);

// Connect, and check the key that the server shows before anything is written.
const colon = authority.lastIndexOf(':');
const [host, port] = [authority.slice(0, colon).replace(/^\[|\]$/g, ''), Number(authority.slice(colon + 1))];
const socket = tls.connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' }) ?? '';
if (createHash('sha256').update(spki).digest('base64url') !== pin)
  throw new Error('not the collector of this join string');
const wire = new WebSocket(`wss://${authority}/agent/v1`, { createConnection: () => socket, perMessageDeflate: false });
const send = (frame: object) => wire.send(JSON.stringify(frame));

// The snapshot: every certificate that it refers to, once, and the file that holds them.
const algorithms = new Map(Object.entries({ ec: 'ecdsa', rsa: 'rsa', ed25519: 'ed25519' }));
const pem = readFileSync(certificateFile, 'utf8');
const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
const certificates = found.map((text) => {
  const one = new X509Certificate(text);
  const names = (one.subjectAltName ?? '').split(', ').map((name) => name.replace(/^DNS:|^IP Address:/, ''));
  return {
    fingerprint: createHash('sha256').update(one.raw).digest('hex'),
    subject: one.subject.replaceAll('\n', ', '),
    issuer: one.issuer.replaceAll('\n', ', '),
    subjectAltNames: names.filter(Boolean),
    serialNumber: one.serialNumber,
    notBefore: one.validFromDate.toISOString(),
    notAfter: one.validToDate.toISOString(),
    algorithm: algorithms.get(one.publicKey.asymmetricKeyType ?? '') ?? 'other',
    key: one.publicKey.asymmetricKeyType ?? 'unknown',
    isAuthority: one.ca,
  };
});
const fingerprints = certificates.map((one) => one.fingerprint);
const once = certificates.filter((one, at) => fingerprints.indexOf(one.fingerprint) === at);
const files = [{ path: certificateFile, fingerprints, modifiedAt: statSync(certificateFile).mtime.toISOString() }];
const about = {
  name: hostname(),
  agentVersion: 'example',
  platform: process.platform,
  mode: 'observe',
  lookSeconds: 300,
};
const nothing = { lineages: [], servers: [], deployments: [], endpoints: [], findings: [] };
const snapshot = JSON.stringify({ host: about, certificates: once, files, ...nothing });
const snapshotDigest = createHash('sha256').update(snapshot).digest('hex');

const hello = (collectorId: string, collectorNonce: string, agentId: string) => {
  state.generation += 1;
  save();
  const { generation, epoch } = state;
  const nonce = randomBytes(32).toString('base64url');
  const statement = ['certherd-session-1', collectorId, collectorNonce, nonce, agentId, String(generation)].join('\n');
  const signature = sign(null, Buffer.from(statement), key).toString('base64');
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const session = { minVersion: 1, maxVersion: 2, agentId, nonce, generation, signature, epoch, snapshotDigest };
  send({ type: 'hello', ...session, bootId, hostName: hostname(), agentVersion: 'example' });
};

let nonce = '';
wire.on('message', (bytes: Buffer) => {
  const frame = JSON.parse(bytes.toString('utf8'));
  const at = new Date().toISOString();
  if (frame.type === 'challenge') {
    nonce = frame.nonce;
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
    if (state.agentId) hello(frame.collectorId, nonce, state.agentId);
    else send({ type: 'enrol', token, publicKey, hostName: hostname() });
  } else if (frame.type === 'enrolled') {
    state.agentId = frame.agentId;
    hello(frame.collectorId, nonce, frame.agentId);
  } else if (frame.type === 'welcome') {
    const digest = snapshotDigest;
    if (frame.wantSnapshot)
      wire.send(`{"type":"snapshot","digest":"${digest}","observedAt":"${at}","snapshot":${snapshot}}`);
    const told = { kind: 'agent-started', subject: { kind: 'host', id: hostname() }, ok: true, summary: 'it started' };
    send({ type: 'events', epoch: state.epoch, events: [{ seq: state.seq, at, ...told, detail: {}, steps: [] }] });
  } else if (frame.type === 'ack') {
    state.seq = frame.seq + 1;
    save();
    process.stdout.write(`acked ${frame.seq}\n`);
    wire.close();
  } else if (frame.type === 'refused') throw new Error(`refused: ${frame.reason}`);
});
