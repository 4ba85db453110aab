import test from 'ava';
import fc from '../../helpers/properties.ts';
import {
  instantInWindow,
  isHttps,
  readDirectory,
  readRenewalInformation,
  renewalInfoUrl,
  spreadWait,
  waitAfterFailures,
  waitBeforeAsking,
} from '../../../agent/formats/renewal-information.ts';

const minute = 60_000;
const hour = 60 * minute;
const now = Date.parse('2026-11-24T12:00:00Z');
const body = (start: unknown, end: unknown, more: object = {}) =>
  JSON.stringify({ suggestedWindow: { start, end }, ...more });

test("the RFC's own example is read", (t) => {
  const explanationURL = 'https://acme.example.com/docs/ari';
  t.deepEqual(readRenewalInformation(body('2025-01-02T04:00:00Z', '2025-01-03T04:00:00Z', { explanationURL })), {
    start: Date.parse('2025-01-02T04:00:00Z'),
    end: Date.parse('2025-01-03T04:00:00Z'),
    explanation: explanationURL,
  });
});

test('instants may have fractions and offsets, as RFC 3339 allows', (t) => {
  const read = readRenewalInformation(body('2025-01-02T04:00:00.123456789+01:00', '2025-01-02t04:00:00z'));
  t.deepEqual(read, { start: Date.parse('2025-01-02T03:00:00.123Z'), end: Date.parse('2025-01-02T04:00:00Z') });
});

test('a window that nobody should act upon is none', (t) => {
  const good = '2025-01-02T04:00:00Z';
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    'not JSON',
    '{"suggestedWindow":null}',
    body(good, good),
    body('2025-01-03T04:00:00Z', good),
    body(good, 'tomorrow'),
    body(good, '2025-13-40T99:99:99Z'),
    body(good, '+275760-09-13T00:00:00Z'),
    body('2025', '2026'),
    body('2025-01-02 04:00:00', '2026-01-02 04:00:00'),
    body(0, 1_900_000_000),
    body(good, `2026-01-02T04:00:00Z${' '.repeat(100)}`),
    `{"suggestedWindow":{"start":"${good}"}}`,
  ])
    t.is(readRenewalInformation(text), undefined, text.slice(0, 80));
});

test('an explanation that is no web address is left out, and the window still counts', (t) => {
  const start = '2025-01-02T04:00:00Z';
  const end = '2025-01-03T04:00:00Z';
  for (const explanationURL of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    7,
    null,
    ['https://a'],
    `https://a/${'x'.repeat(3000)}`,
    'https://',
  ])
    t.is(readRenewalInformation(body(start, end, { explanationURL }))?.explanation, undefined, String(explanationURL));
  t.is(readRenewalInformation(body(start, end, { explanationURL: 'javascript:0' }))?.end, Date.parse(end));
});

test('any text gives a window inside four-digit years, or none', (t) => {
  const isSound = (text: string) => {
    const window = readRenewalInformation(text);
    return (
      !window || (window.end > window.start && window.start >= -62_167_219_200_000 && window.end < 253_402_300_800_000)
    );
  };
  fc.assert(fc.property(fc.string(), isSound));
  fc.assert(fc.property(fc.json(), isSound));
  fc.assert(fc.property(fc.string(), fc.string(), (start, end) => isSound(body(start, end))));
  const far = fc
    .date({ min: new Date(-8.64e15), max: new Date(8.64e15), noInvalidDate: true })
    .map((date) => date.toISOString());
  fc.assert(fc.property(far, far, (start, end) => isSound(body(start, end))));
  t.pass();
});

test("a directory's renewalInfo counts where it is https, and a certID goes behind one slash", (t) => {
  t.deepEqual(readDirectory('{"renewalInfo":"https://ca.example/ari/"}'), { renewalInfo: 'https://ca.example/ari/' });
  t.deepEqual(readDirectory('{"newOrder":"https://ca.example/new"}'), {});
  for (const address of ['http://ca.example/ari', 'file:///etc/shadow', '', 'https://user:word@ca.example/'])
    t.deepEqual(readDirectory(JSON.stringify({ renewalInfo: address })), {}, address);
  t.is(readDirectory('<html>'), undefined);
  t.is(readDirectory('{"renewalInfo":{}}'), undefined);
  t.is(renewalInfoUrl('https://ca.example/ari/', 'a.b'), 'https://ca.example/ari/a.b');
  t.is(renewalInfoUrl('https://ca.example/ari', 'a.b'), 'https://ca.example/ari/a.b');
  t.true(isHttps('https://localhost:14000/dir'));
  t.false(isHttps('HTTP://localhost/dir'));
});

test('Retry-After is obeyed in seconds and as a date, between a minute and twelve hours; six hours without', (t) => {
  t.is(waitBeforeAsking('21600', now), 6 * hour);
  t.is(waitBeforeAsking(' 7200 ', now), 2 * hour);
  t.is(waitBeforeAsking('Tue, 24 Nov 2026 15:00:00 GMT', now), 3 * hour);
  t.is(waitBeforeAsking('Tue, 24 Nov 2026 11:00:00 GMT', now), minute, 'a date in the past');
  t.is(waitBeforeAsking('0', now), minute);
  t.is(waitBeforeAsking('999999999', now), 12 * hour);
  for (const odd of [undefined, '', '-5', '1.5', 'soon', '9'.repeat(400), '1e3', '2026-11-24T15:00:00Z'])
    t.is(waitBeforeAsking(odd, now), 6 * hour, odd);
  fc.assert(
    fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (header, drawn) => {
      const wait = waitBeforeAsking(header, now);
      const spread = spreadWait(wait, drawn);
      return wait >= minute && wait <= 12 * hour && spread >= wait && spread <= 12 * hour;
    }),
  );
});

test('failures wait 5 minutes, then twice as long each time, and six hours from then on', (t) => {
  t.deepEqual([1, 2, 3, 7].map(waitAfterFailures), [5 * minute, 10 * minute, 20 * minute, 320 * minute]);
  t.deepEqual(
    [8, 9, 1000, Number.MAX_SAFE_INTEGER].map(waitAfterFailures),
    [6, 6, 6, 6].map((hours) => hours * hour),
  );
});

test('the instant in a window is the same for one certificate and spread over many', (t) => {
  const window = { start: now, end: now + 2 * hour };
  const marks = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0').repeat(32));
  const instants = marks.map((mark) => instantInWindow(window, mark));
  t.deepEqual(
    marks.map((mark) => instantInWindow(window, mark)),
    instants,
  );
  t.true(instants.every((at) => at >= window.start && at < window.end));
  const quarters = [0, 1, 2, 3].map(
    (quarter) => instants.filter((at) => Math.floor((at - now) / (hour / 2)) === quarter).length,
  );
  t.deepEqual(quarters, [64, 64, 64, 64]);
});
