import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';

/** Where a plain-text dialogue before TLS stands; a value, so that it can be replayed. */
export interface Dialogue {
  protocol: StartTls;
  /** What is awaited: the greeting, the answer to EHLO, or the leave to begin TLS. */
  awaits: 'greeting' | 'extensions' | 'go-ahead';
  /** Bytes of the answer that is not whole yet. */
  pending: Uint8Array;
  /** Bytes received so far. */
  received: number;
  /** SMTP: the answer to EHLO named STARTTLS. */
  offered: boolean;
  /** FTP: an answer of several lines has begun; those in its middle may say anything (RFC 959 4.2). */
  within?: boolean;
}

/** One turn of the client: what to send (may be nothing), and whether the next bytes are TLS. */
export interface Turn {
  dialogue: Dialogue;
  send: Uint8Array;
  go: boolean;
}

const most = { received: 65_536, line: 8192 } as const;

/** SSLRequest: its length and the code 1234.5679 (PostgreSQL, "Message Formats"). */
const sslRequest = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** Message 1, extended request 1.3.6.1.4.1.1466.20037 (RFC 4511 4.14). */
const ldapRequest = Buffer.concat([
  Uint8Array.of(0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16),
  Buffer.from('1.3.6.1.4.1.1466.20037', 'latin1'),
]);

/** The first turn: clients of PostgreSQL and LDAP speak first, the others wait to be greeted. */
export function openDialogue(protocol: StartTls): Turn {
  const first = { postgres: sslRequest, ldap: ldapRequest }[protocol as string];
  const awaits = first ? 'go-ahead' : 'greeting';
  const dialogue: Dialogue = { protocol, awaits, pending: new Uint8Array(0), received: 0, offered: false };
  return { dialogue, send: first ?? new Uint8Array(0), go: false };
}

/**
 * Takes what the server sent and tells what to do: SMTP's STARTTLS (RFC 3207), IMAP's (RFC 9051 6.2.1), POP3's STLS (RFC 2595
 * 4), FTP's AUTH TLS (RFC 4217 4), LDAP's StartTLS (RFC 4511 4.14), and the SSLRequests of PostgreSQL and MySQL, whose client begins TLS
 * right behind it: `send` and `go` in one turn. Answers of several lines are read to their end. A byte behind the go-ahead is a failure:
 * it came in plain text, anybody on the way may have put it there, and TLS would take it for the server's (CVE-2011-0411,
 * CVE-2021-23222). Failures: 'starttls-refused' with the server's own words, 'malformed' for what is no such dialogue.
 */
export function continueDialogue(dialogue: Dialogue, bytes: Uint8Array): Result<Turn> {
  const received = dialogue.received + bytes.length;
  if (received > most.received) return failed('malformed', `more than ${most.received} bytes before TLS`);
  let pending: Uint8Array = Buffer.concat([dialogue.pending, bytes]);
  let turn: Turn = { dialogue: { ...dialogue, pending, received }, send: new Uint8Array(0), go: false };
  while (pending.length > 0) {
    const taken = (ends[dialogue.protocol] ?? lineEnd)(pending);
    if (taken === undefined || taken > pending.length) {
      if (Math.max(pending.length, taken ?? 0) > most.line)
        return failed('malformed', `a line of more than ${most.line} bytes before TLS`);
      break;
    }
    const answer = Buffer.from(pending.subarray(0, taken)).toString('latin1');
    // what came before the client asked is no answer to it
    if (turn.send.length > 0 && !(dialogue.protocol === 'imap' && answer.startsWith('* ')))
      return failed('malformed', 'the server answered before it was asked');
    pending = pending.subarray(taken);
    const next = readers[dialogue.protocol](
      turn.dialogue,
      dialogue.protocol in ends ? answer : answer.replace(/\r?\n$/, ''),
    );
    if (!next.ok) return next;
    turn = turn.send.length > 0 ? { ...next.value, send: turn.send } : next.value;
    if (turn.go && pending.length > 0) return failed('malformed', 'plain text behind the leave to begin TLS');
  }
  return success({ ...turn, dialogue: { ...turn.dialogue, pending: Uint8Array.from(pending) } });
}

/** Where an answer ends that is no line, from its first bytes: PostgreSQL's is one byte, MySQL's has its length before it, LDAP's is BER. */
const ends: { [protocol in StartTls]?: (bytes: Uint8Array) => number | undefined } = {
  postgres: () => 1,
  mysql: (bytes) => (bytes.length < 4 ? undefined : 4 + Buffer.from(bytes.subarray(0, 3)).readUIntLE(0, 3)),
  ldap: (bytes) => berEnd(bytes, 0),
};

/** Each takes one line without its end, or one whole answer (latin1). */
const readers: Record<StartTls, (dialogue: Dialogue, line: string) => Result<Turn>> = {
  smtp: readSmtp,
  imap: readImap,
  pop3: readPop3,
  postgres: readPostgres,
  ftp: readFtp,
  mysql: readMysql,
  ldap: readLdap,
};

/** "220-text" goes on, "220 text" or "220" ends (RFC 5321 4.2.1). */
function readSmtp(dialogue: Dialogue, line: string): Result<Turn> {
  const [, code, mark, text = ''] = /^(\d{3})([ -]?)(.*)$/.exec(line) ?? [];
  if (code === undefined) return unexpected(line);
  if (code !== (dialogue.awaits === 'extensions' ? '250' : '220')) return refused(line);
  const offered = dialogue.offered || (dialogue.awaits === 'extensions' && /^STARTTLS\b/i.test(text));
  if (mark === '-') return waiting({ ...dialogue, offered });
  if (dialogue.awaits === 'greeting') return say({ ...dialogue, awaits: 'extensions' }, 'EHLO [127.0.0.1]');
  if (dialogue.awaits === 'go-ahead') return go(dialogue);
  return offered
    ? say({ ...dialogue, offered, awaits: 'go-ahead' }, 'STARTTLS')
    : failed('starttls-refused', 'the server does not offer STARTTLS');
}

/** "* …" tells something, "c1 OK|NO|BAD …" answers. After PREAUTH the command is not allowed any more. */
function readImap(dialogue: Dialogue, line: string): Result<Turn> {
  if (dialogue.awaits === 'greeting') {
    if (/^\* OK\b/i.test(line)) return say({ ...dialogue, awaits: 'go-ahead' }, 'c1 STARTTLS');
    return /^\* (?:BYE|PREAUTH)\b/i.test(line) ? refused(line) : unexpected(line);
  }
  if (/^\* BYE\b/i.test(line)) return refused(line);
  if (line.startsWith('* ')) return waiting(dialogue);
  if (/^c1 OK\b/i.test(line)) return go(dialogue);
  return /^c1 (?:NO|BAD)\b/i.test(line) ? refused(line) : unexpected(line);
}

function readPop3(dialogue: Dialogue, line: string): Result<Turn> {
  if (/^-ERR\b/i.test(line)) return refused(line);
  if (!/^\+OK\b/i.test(line)) return unexpected(line);
  return dialogue.awaits === 'greeting' ? say({ ...dialogue, awaits: 'go-ahead' }, 'STLS') : go(dialogue);
}

/** "S" for yes, "N" for no; "E" begins an error message, which stands unprotected and is not read. */
function readPostgres(dialogue: Dialogue, answer: string): Result<Turn> {
  if (answer === 'S') return go(dialogue);
  if (answer === 'N')
    return failed('starttls-refused', 'the server answers SSLRequest with N: it has no TLS (ssl = off)');
  if (answer === 'E') return failed('starttls-refused', 'the server answers SSLRequest with an error');
  return unexpected(answer);
}

/** "220-text" begins an answer that "220 text" ends; between them a line may say anything. */
function readFtp(dialogue: Dialogue, line: string): Result<Turn> {
  const [, code] = /^(\d{3})(?: |$)/.exec(line) ?? [];
  if (code === undefined)
    return dialogue.within || /^\d{3}-/.test(line) ? waiting({ ...dialogue, within: true }) : unexpected(line);
  if (code !== (dialogue.awaits === 'greeting' ? '220' : '234')) return refused(line);
  return dialogue.awaits === 'greeting'
    ? say({ ...dialogue, within: false, awaits: 'go-ahead' }, 'AUTH TLS')
    : go(dialogue);
}

/** CLIENT_PROTOCOL_41, CLIENT_SSL and CLIENT_SECURE_CONNECTION, packets of 16 MiB, utf8 (MySQL, "Protocol::SSLRequest"). */
const mysqlRequest = Uint8Array.of(32, 0, 0, 1, 0, 0x8a, 0, 0, 0, 0, 0, 1, 0x21, ...new Uint8Array(23));

/** Protocol::HandshakeV10: version 10, the server's version and a zero, 4 + 8 + 1 bytes, then the lower half of its capabilities. */
function readMysql(dialogue: Dialogue, answer: string): Result<Turn> {
  const payload = Buffer.from(answer.slice(4), 'latin1');
  if (payload[0] === 0xff) return refused(payload.subarray(3).toString('latin1'));
  const zero = payload.indexOf(0, 1);
  if (payload[0] !== 10 || zero < 0 || payload.length < zero + 16) return unexpected(answer.slice(4));
  const offersTls = (payload.readUInt16LE(zero + 14) & 0x0800) !== 0;
  return offersTls
    ? success({ dialogue, send: mysqlRequest, go: true })
    : failed('starttls-refused', 'the server does not offer TLS (CLIENT_SSL)');
}

/** LDAPMessage { 1, ExtendedResponse { resultCode, … } }: 0 is leave (RFC 4511 4.2, 4.12). */
function readLdap(dialogue: Dialogue, answer: string): Result<Turn> {
  const bytes = Buffer.from(answer, 'latin1');
  const id = contentAt(bytes, 0);
  const response = id + 3;
  const code = contentAt(bytes, response);
  const isAnswer = bytes[0] === 0x30 && bytes.subarray(id, response).equals(Uint8Array.of(2, 1, 1));
  if (!isAnswer || bytes[response] !== 0x78 || bytes[code] !== 0x0a || bytes[code + 1] !== 1)
    return unexpected(answer.slice(0, 40));
  const result = bytes[code + 2];
  return result === 0 ? go(dialogue) : failed('starttls-refused', `the server answered with resultCode ${result}`);
}

/** Where the element ends whose tag is at `at`; undefined: its length is not there yet. */
function berEnd(bytes: Uint8Array, at: number): number | undefined {
  const content = contentAt(bytes, at);
  if (content > bytes.length) return undefined;
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return content + first;
  return content + bytes.subarray(at + 2, content).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Behind the tag and the length. */
function contentAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1];
  if (first === undefined) return at + 2;
  return at + 2 + (first < 0x80 ? 0 : Math.min(first & 0x7f, 5));
}

function say(dialogue: Dialogue, command: string): Result<Turn> {
  return success({ dialogue, send: Buffer.from(`${command}\r\n`, 'latin1'), go: false });
}

function waiting(dialogue: Dialogue): Result<Turn> {
  return success({ dialogue, send: new Uint8Array(0), go: false });
}

function go(dialogue: Dialogue): Result<Turn> {
  return success({ dialogue, send: new Uint8Array(0), go: true });
}

function refused(line: string): Result<Turn> {
  return failed('starttls-refused', `the server answered: ${line.slice(0, 500)}`);
}

function unexpected(line: string): Result<Turn> {
  return failed('malformed', `expected another answer before TLS, found: ${line.slice(0, 500)}`);
}

function lineEnd(bytes: Uint8Array): number | undefined {
  const at = bytes.indexOf(0x0a);
  return at < 0 ? undefined : at + 1;
}
