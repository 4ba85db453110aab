import test from 'ava';
import fc from '../helpers/properties.ts';
import { StartTls } from '@certherd/protocol/snapshot';
import { continueDialogue, openDialogue } from '../../handshake/starttls.ts';

interface Ended {
  end: string;
  /** What the client said, each turn with its ends of lines. */
  said: string[];
}

/** Plays a server that says each piece when its turn comes, whatever the client said; ends at the go-ahead or a failure. */
function played(protocol: StartTls, pieces: readonly (string | Uint8Array)[]): Ended {
  let turn = openDialogue(protocol);
  const said = turn.send.length > 0 ? [Buffer.from(turn.send).toString('hex')] : [];
  for (const piece of pieces) {
    const next = continueDialogue(turn.dialogue, typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    if (!next.ok) return { end: next.failure.reason, said };
    turn = next.value;
    if (turn.send.length > 0) said.push(Buffer.from(turn.send).toString('latin1'));
    if (turn.go) return { end: 'go', said };
  }
  return { end: 'waits', said };
}

const ldapRequest = Buffer.from('\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037', 'latin1').toString('hex');
const ehlo = 'EHLO [127.0.0.1]\r\n';
const cases: [title: string, protocol: StartTls, pieces: string[], expected: Ended][] = [
  [
    'SMTP with a greeting and extensions of several lines',
    'smtp',
    [
      '220-mail.example.test\r\n220-be patient\r\n220 ESMTP\r\n',
      '250-mail\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 OK\r\n',
      '220 go\r\n',
    ],
    { end: 'go', said: [ehlo, 'STARTTLS\r\n'] },
  ],
  [
    'SMTP whose lines end in LF alone and say nothing but numbers',
    'smtp',
    ['220\n', '250-x\n250 starttls\n', '220\n'],
    { end: 'go', said: [ehlo, 'STARTTLS\r\n'] },
  ],
  ['SMTP without STARTTLS', 'smtp', ['220 hi\r\n', '250 mail\r\n'], { end: 'starttls-refused', said: [ehlo] }],
  [
    'SMTP with an extension that only begins like it',
    'smtp',
    ['220 hi\r\n', '250-STARTTLSX\r\n250 OK\r\n'],
    { end: 'starttls-refused', said: [ehlo] },
  ],
  [
    'FTP whose greeting has lines of any kind in its middle',
    'ftp',
    ['220-hi\r\n  there\r\n', '2200 no end\r\n220 go on\r\n', '234 TLS\r\n'],
    { end: 'go', said: ['AUTH TLS\r\n'] },
  ],
  ['FTP that knows no TLS', 'ftp', ['220 hi\r\n', '534 no\r\n'], { end: 'starttls-refused', said: ['AUTH TLS\r\n'] }],
  ['HTTP in the place of FTP', 'ftp', ['HTTP/1.1 400 Bad Request\r\n'], { end: 'malformed', said: [] }],
  [
    'MySQL without TLS, its greeting in two pieces',
    'mysql',
    ['\x14\0\0', '\0\n8.0\0\x01\0\0\0abcdefgh\0\xff\xf7'],
    { end: 'starttls-refused', said: [] },
  ],
  [
    'MySQL that lets nobody in',
    'mysql',
    ['\x08\0\0\0\xff\x6a\x04denied'.slice(0, 12)],
    { end: 'starttls-refused', said: [] },
  ],
  ['a packet of another protocol in the place of MySQL', 'mysql', ['HTTP/1.1 400'], { end: 'malformed', said: [] }],
  [
    'LDAP that refuses, its answer in two pieces and with a long length',
    'ldap',
    ['\x30\x81\x0c\x02\x01\x01\x78\x07', '\x0a\x01\x35\x04\0\x04\0'],
    { end: 'starttls-refused', said: [ldapRequest] },
  ],
  [
    'LDAP that answers another message',
    'ldap',
    ['\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\0\x04\0\x04\0'],
    { end: 'malformed', said: [ldapRequest] },
  ],
  ['SMTP that is too busy', 'smtp', ['421 later\r\n'], { end: 'starttls-refused', said: [] }],
  [
    'SMTP that has no certificate now',
    'smtp',
    ['220 hi\r\n', '250 STARTTLS\r\n', '454 4.7.0 TLS not available\r\n'],
    { end: 'starttls-refused', said: [ehlo, 'STARTTLS\r\n'] },
  ],
  ['HTTP in the place of SMTP', 'smtp', ['HTTP/1.1 400 Bad Request\r\n'], { end: 'malformed', said: [] }],
  [
    'SMTP that says more behind its leave',
    'smtp',
    ['220 hi\r\n', '250 STARTTLS\r\n', '220 go\r\n250 injected\r\n'],
    { end: 'malformed', said: [ehlo, 'STARTTLS\r\n'] },
  ],
  ['SMTP that answers before it is asked', 'smtp', ['220 hi\r\n250 STARTTLS\r\n'], { end: 'malformed', said: [] }],
  [
    'IMAP with untagged lines at every place',
    'imap',
    ['* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n* OK more\r\n', '* CAPABILITY IMAP4rev1\r\nc1 OK begin\r\n'],
    { end: 'go', said: ['c1 STARTTLS\r\n'] },
  ],
  ['IMAP that knows its client already', 'imap', ['* PREAUTH hello\r\n'], { end: 'starttls-refused', said: [] }],
  [
    'IMAP that refuses',
    'imap',
    ['* OK hi\r\n', 'c1 BAD unknown command\r\n'],
    { end: 'starttls-refused', said: ['c1 STARTTLS\r\n'] },
  ],
  [
    'IMAP that says more behind its leave',
    'imap',
    ['* OK hi\r\n', 'c1 OK go\r\n* PREAUTH gotcha\r\n'],
    { end: 'malformed', said: ['c1 STARTTLS\r\n'] },
  ],
  ['IMAP that answers before it is asked', 'imap', ['* OK hi\r\nc1 OK go\r\n'], { end: 'malformed', said: [] }],
  ['POP3', 'pop3', ['+OK hi\r\n', '+OK begin\r\n'], { end: 'go', said: ['STLS\r\n'] }],
  ['POP3 that refuses', 'pop3', ['+OK hi\r\n', '-ERR no\r\n'], { end: 'starttls-refused', said: ['STLS\r\n'] }],
  ['PostgreSQL with TLS', 'postgres', ['S'], { end: 'go', said: ['0000000804d2162f'] }],
  ['PostgreSQL without', 'postgres', ['N'], { end: 'starttls-refused', said: ['0000000804d2162f'] }],
  ['PostgreSQL in trouble', 'postgres', ['E\0\0\0'], { end: 'starttls-refused', said: ['0000000804d2162f'] }],
  ['PostgreSQL that says more', 'postgres', ['SEvil'], { end: 'malformed', said: ['0000000804d2162f'] }],
];
for (const [title, protocol, pieces, expected] of cases) {
  test(`${title}: ${expected.end}`, (t) => {
    t.deepEqual(played(protocol, pieces), expected);
  });
}

test('cut into any pieces, the same answers have the same end', (t) => {
  const whole = cases.filter(([, , , { end }]) => end === 'go');
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(fc.nat(), { maxLength: 20 }),
      ([, protocol, pieces, expected], cuts) => {
        const cut = pieces.flatMap((piece) => {
          const places = [0, ...cuts.map((at) => at % (piece.length + 1)).toSorted((a, b) => a - b), piece.length];
          return places.slice(1).map((end, index) => piece.slice(places[index], end));
        });
        t.deepEqual(played(protocol, cut), expected);
      },
    ),
  );
});

test('no bytes make it throw, go on for ever, or keep more than 64 KiB', (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .constantFrom('220 x\r\n', '250-STARTTLS\r\n', '250 OK\r\n', '* OK\r\n', 'c1 OK\r\n', '+OK\r\n', 'S')
      .map((text) => Buffer.from(text)),
    fc.nat(90_000).map((size) => new Uint8Array(size).fill(0x61)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...StartTls.enum), fc.array(piece, { maxLength: 12 }), (protocol, pieces) => {
      const { end } = played(protocol, pieces);
      t.true(['go', 'waits', 'starttls-refused', 'malformed'].includes(end));
    }),
  );
});

test('a greeting without an end is given up', (t) => {
  t.is(played('smtp', ['220-'.padEnd(9000, 'x')]).end, 'malformed');
  t.is(played('imap', ['* OK\r\n', ...Array.from({ length: 40 }, () => `* ${'x'.repeat(2000)}\r\n`)]).end, 'malformed');
});
