import test from 'ava';
import {
  afterAnswer,
  afterLook,
  afterRenewal,
  type AskedCertificate,
  readStored,
  storedText,
  suggestedRenewals,
} from '../../../agent/observe/suggested-renewals.ts';
import { certificate, day, lineage, noon, observed } from '../../helpers/observed.ts';

const hour = 3_600_000;
const window = { start: noon + day, end: noon + 2 * day };

function entry(mark: string, change: Partial<AskedCertificate> = {}): AskedCertificate {
  return {
    certId: `key.${mark}`,
    fingerprint: mark.repeat(64),
    lineage: 'shop',
    notBefore: noon - 45 * day,
    notAfter: noon + 45 * day,
    nextAskAt: noon,
    failures: 0,
    ...change,
  };
}
const only = (...entries: AskedCertificate[]) => new Map(entries.map((one) => [one.certId, one]));
const renewedHost = (change: { live: string; issued: string }) =>
  observed({
    certificates: [
      certificate('a'),
      certificate('b', { notBefore: new Date(noon).toISOString(), notAfter: new Date(noon + 90 * day).toISOString() }),
    ],
    lineages: [lineage({ live: change.live.repeat(64), issued: change.issued.repeat(64) })],
  });

test('a window is kept with the instant at which it was told, and the same one told again keeps that', (t) => {
  const first = afterAnswer(entry('a', { failures: 3 }), window, noon + 6 * hour, noon);
  t.deepEqual([first.window, first.failures, first.nextAskAt], [{ ...window, from: noon }, 0, noon + 6 * hour]);
  const again = afterAnswer(
    first,
    { ...window, explanation: 'https://ca.example/why' },
    noon + 12 * hour,
    noon + 6 * hour,
  );
  t.deepEqual(again.window, { ...window, explanation: 'https://ca.example/why', from: noon });
});

test('a window that is moved counts from then on; one that is due and stays due keeps its beginning', (t) => {
  const first = afterAnswer(entry('a'), window, noon, noon);
  const past = { start: noon - 3 * day, end: noon - 2 * day };
  const moved = afterAnswer(first, past, noon, noon + hour);
  t.is(moved.window?.from, noon + hour);
  const relative = { start: past.start + hour, end: past.end + hour };
  t.is(
    afterAnswer(moved, relative, noon, noon + 2 * hour).window?.from,
    noon + hour,
    'a CA that says "an hour ago" each time',
  );
  t.is(afterAnswer(moved, window, noon, noon + 2 * hour).window?.from, noon + 2 * hour, 'back into the future');
});

test('an outage takes no window back, and a CA that has none to tell does', (t) => {
  const told = afterAnswer(entry('a'), window, noon, noon);
  const failed = afterAnswer(afterAnswer(told, 'failed', noon + 1, noon), 'failed', noon + 2, noon);
  t.deepEqual([failed.window, failed.failures, failed.nextAskAt], [told.window, 2, noon + 2]);
  t.is(afterAnswer(failed, 'none', noon + 3, noon).window, undefined);
});

test('a certificate that was renewed, by whomever, has no window any more: not even where it is live again', (t) => {
  const asked = only(entry('a', { window: { ...window, from: noon } }));
  t.is(suggestedRenewals(asked).size, 1);
  const after = afterLook(asked, renewedHost({ live: 'b', issued: 'b' }), noon + hour);
  t.is(after.get('key.a')?.renewedAt, noon + hour);
  t.is(suggestedRenewals(after).size, 0);
  const restored = afterLook(after, renewedHost({ live: 'a', issued: 'a' }), noon + 2 * hour);
  t.is(suggestedRenewals(restored).size, 0, 'although the newer one is gone from the archive');
  t.is(afterLook(restored, renewedHost({ live: 'a', issued: 'b' }), noon + 3 * hour), restored, 'nothing to write');
});

test('the old certificate that is linked back before anybody looked counts as renewed too', (t) => {
  const after = afterLook(only(entry('a')), renewedHost({ live: 'a', issued: 'b' }), noon);
  t.is(after.get('key.a')?.renewedAt, noon);
});

test('an older certificate out of a backup is no renewal of the newer one', (t) => {
  const asked = only(entry('b', { notBefore: noon, notAfter: noon + 90 * day }));
  const after = afterLook(asked, renewedHost({ live: 'a', issued: 'a' }), noon + hour);
  t.is(after.size, 0, 'it is forgotten, and asked for anew should it come back');
});

test('while certbot rewrites its links, or its directory cannot be read, nothing is marked and nothing forgotten', (t) => {
  const asked = only(entry('a'));
  const settling = { ...renewedHost({ live: 'b', issued: 'b' }), settling: ['shop'] };
  t.is(afterLook(asked, settling, noon), asked);
  const unreadable = observed({
    lineages: [],
    certificates: [],
    certbot: { directory: { reason: 'permission-denied', detail: '' }, binary: 'present' },
  });
  t.is(afterLook(asked, unreadable, noon), asked);
});

test('a mark is kept until its certificate has ended', (t) => {
  const asked = only(entry('a', { renewedAt: noon }));
  const gone = observed({ lineages: [], certificates: [] });
  t.is(afterLook(asked, gone, noon + 44 * day).size, 1);
  t.is(afterLook(asked, gone, noon + 45 * day).size, 0);
});

test("after an early renewal on the CA's advice the next advice counts from a sixth of the life on", (t) => {
  const young = entry('a', { notBefore: noon - day, notAfter: noon + 89 * day, window: { ...window, from: noon } });
  const renewed = afterRenewal(only(young), young.fingerprint, true, noon);
  t.like(renewed.get('key.a'), { renewedAt: noon, advised: true });
  const next = entry('b', {
    notBefore: noon,
    notAfter: noon + 90 * day,
    window: { start: noon - 2, end: noon - 1, from: noon },
  });
  const elsewhere = entry('c', { lineage: 'other', window: { ...window, from: noon } });
  const suggested = suggestedRenewals(new Map([...renewed, ...only(next, elsewhere)]));
  t.is(suggested.get(next.fingerprint)?.from, noon + 15 * day);
  t.is(suggested.get(elsewhere.fingerprint)?.from, noon, 'another lineage is not held back');

  const old = entry('a', { window: { ...window, from: noon } });
  const inTime = afterRenewal(only(old), old.fingerprint, true, noon);
  t.is(
    suggestedRenewals(new Map([...inTime, ...only(next)])).get(next.fingerprint)?.from,
    noon,
    'a renewal in its time holds nothing back',
  );
});

test('what is stored is read back, damage is told, and the number is bounded', (t) => {
  const asked = only(
    entry('a', { window: { ...window, from: noon, explanation: 'https://ca.example/' } }),
    entry('b', { renewedAt: noon }),
  );
  t.deepEqual(readStored(storedText(asked)), asked);
  for (const text of [
    '',
    '{}',
    '[]',
    '{"version":2,"certificates":[]}',
    '{"version":1,"certificates":[{}]}',
    storedText(asked).slice(0, -3),
  ])
    t.is(readStored(text), undefined, text.slice(0, 60));
  const many = Array.from({ length: 20_001 }, (_, index) =>
    entry('a', { certId: `key.${index}`, notAfter: noon + index }),
  );
  const read = readStored(storedText(only(...many)));
  t.is(read?.size, 20_000);
  t.false(read?.has('key.0'), 'the one that ends first goes first');
});
