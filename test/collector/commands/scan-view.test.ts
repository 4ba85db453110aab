import test from 'ava';
import { rowsOf, scanSheet, scanTable, withProblems } from '../../../collector/commands/scan-view.ts';
import type { SeenAnswer, SeenPlace, SeenTarget } from '../../../collector/scan/seen.ts';
import { certificate } from '../helpers/example-snapshot.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-28T12:00:00.000Z');
const at = (days: number) => new Date(now + days * day).toISOString();

/** So many days of ninety are left. */
function answer(left: number, change: Partial<SeenAnswer['certificates'][number]> = {}): SeenAnswer {
  const leaf = certificate(`${left}`, { notBefore: at(left - 90), notAfter: at(left), issuer: 'O=CA', ...change });
  return { algorithm: 'ecdsa', certificates: [leaf], tlsVersion: 'TLSv1.3', nameMatches: true, trusted: true };
}

function seen(places: SeenPlace[], change: Partial<SeenTarget> = {}): SeenTarget {
  const target = { target: 'shop.example.test:443', host: 'shop.example.test', port: 443 };
  return { ...target, at: at(0), places, leftOut: 0, ...change };
}

const place = (...answers: SeenAnswer[]): SeenPlace => ({ address: '192.0.2.1', answers });
const told = (one: SeenTarget) => rowsOf([one], now).map(({ verdict, problem }) => `${verdict}: ${problem}`);
const lost = { reason: 'timed-out', detail: 'no handshake within 10000 ms' } as const;

const cases: readonly [title: string, one: SeenTarget, rows: string[]][] = [
  ['most of its life is left', seen([place(answer(60))]), ['fine: ']],
  ['just more than a quarter is left', seen([place(answer(22.6))]), ['fine: ']],
  ['a quarter is left', seen([place(answer(22.5))]), ['wrong: ending: 22 d left']],
  ['a day is left', seen([place(answer(1))]), ['wrong: ending: 24 h left']],
  ['it has ended', seen([place(answer(0))]), ['wrong: expired']],
  [
    'it ends soon, and its name is another',
    seen([place({ ...answer(9), nameMatches: false })]),
    ['wrong: ending: 9 d left, name-mismatch'],
  ],
  [
    'who asked for the other kind of key was hung up on',
    seen([{ ...place(answer(60)), notAnswered: [{ algorithm: 'rsa', failure: lost }] }]),
    ['fine: '],
  ],
  [
    'no resolver told of a family',
    seen([place(answer(60))], { notTold: { family: 'ipv6', detail: 'no resolver tells of it (ESERVFAIL)' } }),
    ['unseen: not-resolved: no resolver tells of it (ESERVFAIL)', 'fine: '],
  ],
];

for (const [title, one, rows] of cases)
  test(`${title}: ${rows.join('; ')}`, (t) => {
    t.deepEqual(told(one), rows);
  });

test('a line says what was not asked or answered beside what is wrong, and which family it is about', (t) => {
  const one = seen([{ ...place(answer(-1)), notAnswered: [{ algorithm: 'rsa', failure: lost }] }], {
    leftOut: 4,
    notTold: { family: 'ipv6', detail: 'x' },
  });
  const lines = scanTable(rowsOf([one], now), undefined);
  t.true(
    lines.some((line) =>
      /192\.0\.2\.1 +ecdsa .* expired; 4 more addresses not asked; rsa not answered: timed-out$/.test(line),
    ),
  );
  t.true(lines.some((line) => /:443 +ipv6 .* not-resolved: x/.test(line)));
});

test('a hostile certificate is harmless in the table', (t) => {
  const leaf = answer(60, { issuer: 'O=\u001b]0;owned\u0007\r\n\u202eCA' });
  const [, line = ''] = scanTable(rowsOf([seen([place(leaf)])], now), undefined);
  // oxlint-disable-next-line no-control-regex
  t.notRegex(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  t.regex(line, /owned/);
});

test('JSON has with each answer what the table says of it', (t) => {
  const [one] = withProblems([seen([place(answer(9), { ...answer(60), trusted: false })])], now);
  t.like(one, {
    target: 'shop.example.test:443',
    places: [{ address: '192.0.2.1', answers: [{ problems: ['ending'] }, { problems: ['untrusted'] }] }],
  });
});

test('the sheet has the labels of each name, those of nobody empty', (t) => {
  const rows = rowsOf([seen([place(answer(60))]), seen([place(answer(61))], { host: 'b.example.test' })], now);
  const sheet = scanSheet(rows, (name) => (name.startsWith('shop') ? { owner: 'payments', cost: '12' } : {}));
  const [header = '', ...lines] = sheet.trimEnd().split('\n');
  t.regex(header, /^"domain","expiration","issuer","owner","team","environment","platform","cost",/);
  t.true(lines.some((line) => /^"shop\.example\.test","[^"]*","CA","payments",,,,"12",/.test(line)));
  t.true(lines.some((line) => /^"b\.example\.test","[^"]*","CA",,,,,,/.test(line)));
});
